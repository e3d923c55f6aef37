//! Sixteen strings into a list, emptied in between. The strings are the values of
//! the requests' headers, in chunks.

use crate::corpus::Request;
use crate::item::{Item, Texts};
use crate::source::{Kind, Lend, Malloc, Millpond, Source, ThreadLocal};
use millpond::StringList;
use std::hint::black_box;

/// Rows that targets speak of.
pub const FRESH: &str = "fresh Vec<String>";
/// As above.
pub const STRING_LIST: &str = "StringList, in place";
/// As above.
pub const POOLED: &str = "millpond, StringList";

/// The strings of one list.
pub type Sixteen<'a> = [&'a str; 16];

/// The values of all headers, sixteen a list.
pub fn lists(requests: &[Request]) -> Vec<Sixteen<'_>> {
    let values: Vec<&str> = requests
        .iter()
        .flatten()
        .map(|(_, value)| value.as_str())
        .collect();
    values.as_chunks().0.to_vec()
}

/// A list that strings go into.
pub trait List: Item {
    /// Adds a string.
    fn add(&mut self, text: &str);
    /// Everything in it.
    fn texts(&self) -> &[String];
}

impl List for Texts {
    #[inline]
    fn add(&mut self, text: &str) {
        self.push(text.to_owned());
    }

    fn texts(&self) -> &[String] {
        self
    }
}

impl List for StringList {
    #[inline]
    fn add(&mut self, text: &str) {
        self.push_str(text);
    }

    fn texts(&self) -> &[String] {
        self
    }
}

fn fill<T: List>(list: &mut T, texts: &Sixteen<'_>) {
    for text in texts {
        list.add(text);
    }
}

/// A way to do the work: its row, what it is, and one pass over all lists.
pub type Candidate<'a> = (String, Kind, Box<dyn FnMut() + 'a>);

/// A list from `S` each time.
///
/// # Panics
///
/// If it does not come out as it went in.
pub fn lent<'a, S: Lend<T>, T: List>(name: &str, lists: &'a [Sixteen<'a>]) -> Candidate<'a> {
    let one = |texts: &Sixteen<'_>| {
        let mut list = S::lend();
        fill(&mut *list, texts);
        list
    };
    for texts in lists.iter().chain(lists) {
        assert_eq!(one(texts).texts(), texts, "{name}");
    }
    let work = Box::new(move || {
        for texts in lists {
            black_box(&*one(texts));
        }
    });
    (name.to_owned(), S::KIND, work)
}

/// The limit, for lists of this kind: one list, emptied each time.
pub fn in_place<'a, T: List>(name: &str, kind: Kind, lists: &'a [Sixteen<'a>]) -> Candidate<'a> {
    let mut list = T::make();
    for texts in lists {
        fill(&mut list, texts);
        assert_eq!(list.texts(), texts, "{name}");
        list.empty();
    }
    let work = Box::new(move || {
        for texts in lists {
            fill(&mut list, texts);
            black_box(&list);
            list.empty();
        }
    });
    (name.to_owned(), kind, work)
}

/// As it is written without a thought of the allocator.
fn fresh<'a>(lists: &'a [Sixteen<'a>]) -> Candidate<'a> {
    let work = Box::new(move || {
        for texts in lists {
            let mut list = Texts::new();
            fill(&mut list, texts);
            black_box(&list);
        }
    });
    (FRESH.to_owned(), Kind::Malloc, work)
}

/// As it is recommended here. The peers of that table lend the list of std.
fn pooled<'a>(lists: &'a [Sixteen<'a>]) -> Candidate<'a> {
    let (name, _, work) = lent::<Millpond, StringList>(POOLED, lists);
    (name, Kind::Collection, work)
}

/// All that needs no other pool, fresh first.
pub fn candidates<'a>(lists: &'a [Sixteen<'a>]) -> Vec<Candidate<'a>> {
    vec![
        fresh(lists),
        lent::<Malloc, Texts>("the same with room for 16", lists),
        in_place::<Texts>("cleared Vec<String>", Kind::Own, lists),
        lent::<ThreadLocal, Texts>(ThreadLocal::NAME, lists),
        lent::<Millpond, Texts>("millpond, Vec<String>", lists),
        pooled(lists),
        in_place::<StringList>(STRING_LIST, Kind::Limit, lists),
    ]
}
