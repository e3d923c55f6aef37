//! Sixteen strings into a list, emptied in between. The strings are the values of
//! the requests' headers, in chunks.

use millpond::{Pool, StringList};
use std::hint::black_box;

pub(crate) const FRESH: &str = "fresh Vec<String>";
pub(crate) const STRING_LIST: &str = "StringList";
pub(crate) const POOLED: &str = "Pool<StringList>";

pub(crate) type Texts<'a> = [&'a str; 16];

pub(crate) fn lists(requests: &[Vec<(String, String)>]) -> Vec<Texts<'_>> {
    let mut values = requests.iter().flatten().map(|(_, value)| value.as_str());
    let mut lists = Vec::new();
    while let Some(first) = values.next() {
        let mut list = [first; 16];
        for text in &mut list[1..] {
            match values.next() {
                Some(value) => *text = value,
                None => return lists,
            }
        }
        lists.push(list);
    }
    lists
}

pub(crate) type Candidate<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Name and work of each; the work is one pass over all lists.
pub(crate) fn candidates<'a>(lists: &'a [Texts<'a>]) -> Vec<Candidate<'a>> {
    static POOL: Pool<StringList> = Pool::new().with_create(StringList::new);

    let mut cleared = Vec::new();
    let mut reused = StringList::new();
    vec![
        (
            FRESH,
            Box::new(move || {
                for texts in lists {
                    let mut list = Vec::new();
                    for text in texts {
                        list.push(text.to_string());
                    }
                    black_box(&list);
                }
            }),
        ),
        (
            "fresh Vec<String> of the right size",
            Box::new(move || {
                for texts in lists {
                    let list: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
                    black_box(&list);
                }
            }),
        ),
        (
            "cleared Vec<String>",
            Box::new(move || {
                for texts in lists {
                    for text in texts {
                        cleared.push(text.to_string());
                    }
                    black_box(&cleared);
                    cleared.clear();
                }
            }),
        ),
        (
            STRING_LIST,
            Box::new(move || {
                for texts in lists {
                    for text in texts {
                        reused.push_str(text);
                    }
                    black_box(&reused);
                    reused.clear();
                }
            }),
        ),
        (
            POOLED,
            Box::new(move || {
                for texts in lists {
                    let mut list = POOL.get();
                    for text in texts {
                        list.push_str(text);
                    }
                    black_box(&*list);
                }
            }),
        ),
    ]
}
