//! Header lists of real requests into a multimap, emptied between requests.

use crate::corpus::Request;
use crate::item::{Headers, Item};
use crate::source::{Kind, Lend, Malloc, Millpond, Source, ThreadLocal};
use millpond::StringMap;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::hint::black_box;

/// Rows that targets speak of.
pub const FRESH: &str = "fresh HashMap<String, Vec<String>>";
/// As above.
pub const BORROWED: &str = "fresh HashMap<&str, SmallVec<[&str; 2]>>";
/// As above.
pub const STRING_MAP: &str = "StringMap, in place";
/// As above.
pub const POOLED: &str = "millpond, StringMap";

/// What a request comes to.
pub type Answer = BTreeMap<String, Vec<String>>;

/// A multimap that headers go into.
pub trait Multimap: Item {
    /// Adds a header.
    fn add(&mut self, key: &str, value: &str);
    /// Everything in it.
    fn answer(&self) -> Answer;
}

/// With `entry`, which is faster here than looking the key up first: most keys
/// are new to the request, so the copy is needed anyway.
impl Multimap for Headers {
    #[inline]
    fn add(&mut self, key: &str, value: &str) {
        self.entry(key.to_owned())
            .or_default()
            .push(value.to_owned());
    }

    fn answer(&self) -> Answer {
        self.clone().into_iter().collect()
    }
}

impl Multimap for StringMap {
    #[inline]
    fn add(&mut self, key: &str, value: &str) {
        self.append(key, value);
    }

    fn answer(&self) -> Answer {
        answer(self)
    }
}

fn answer<S: BuildHasher>(map: &StringMap<S>) -> Answer {
    let entries = map.iter();
    entries
        .map(|(key, values)| (key.to_owned(), values.to_vec()))
        .collect()
}

fn fill<T: Multimap>(map: &mut T, request: &Request) {
    for (key, value) in request {
        map.add(key, value);
    }
}

/// Makes a map of a request, and says what is in it.
pub type Answers<'a> = Box<dyn FnMut(&Request) -> Answer + 'a>;

/// A way to do the work.
pub struct Candidate<'a> {
    /// Its row.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// One pass over all requests.
    pub work: Box<dyn FnMut() + 'a>,
    /// What it makes of one request, if it makes a map of it.
    pub answer: Option<Answers<'a>>,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<'a> Candidate<'a> {
    /// # Panics
    ///
    /// If it does not answer every request as `fresh` does, twice in a row.
    pub fn check(&mut self, requests: &[Request]) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        for request in requests.iter().chain(requests) {
            let mut expected = Headers::new();
            fill(&mut expected, request);
            assert_eq!(answer(request), expected.answer(), "{}", self.name);
        }
    }

    /// A map from `S` for each request.
    pub fn lent<S: Lend<T>, T: Multimap>(name: &str, requests: &'a [Request]) -> Self {
        let one = |request: &Request| {
            let mut map = S::lend();
            fill(&mut *map, request);
            map
        };
        Self {
            name: name.to_owned(),
            kind: S::KIND,
            work: Box::new(move || {
                for request in requests {
                    black_box(&*one(request));
                }
            }),
            answer: Some(Box::new(move |request| one(request).answer())),
        }
    }
}

/// As it is written without a thought of the allocator.
fn fresh(requests: &[Request]) -> Candidate<'_> {
    let one = |request: &Request| {
        let mut map = Headers::new();
        fill(&mut map, request);
        map
    };
    Candidate {
        name: FRESH.to_owned(),
        kind: Kind::Malloc,
        work: Box::new(move || {
            for request in requests {
                black_box(&one(request));
            }
        }),
        answer: Some(Box::new(move |request| one(request).answer())),
    }
}

/// One map of strings, cleared between requests: what a pool of maps comes to.
fn cleared(requests: &[Request]) -> Candidate<'_> {
    let mut map = Headers::new();
    Candidate {
        name: "cleared HashMap<String, Vec<String>>".to_owned(),
        kind: Kind::Own,
        work: Box::new(move || {
            for request in requests {
                fill(&mut map, request);
                black_box(&map);
                map.clear();
            }
        }),
        answer: None,
    }
}

fn borrowed(requests: &[Request]) -> Candidate<'_> {
    Candidate {
        name: BORROWED.to_owned(),
        kind: Kind::Malloc,
        work: Box::new(move || {
            for request in requests {
                let mut map: HashMap<&str, SmallVec<[&str; 2]>> = HashMap::new();
                for (key, value) in request {
                    map.entry(key).or_default().push(value);
                }
                black_box(&map);
            }
        }),
        answer: None,
    }
}

/// The limit: one map, cleared between requests.
pub fn in_place<'a, S: BuildHasher + 'a>(
    name: &str,
    requests: &'a [Request],
    make: fn() -> StringMap<S>,
) -> Candidate<'a> {
    let append = |map: &mut StringMap<S>, request: &Request| {
        for (key, value) in request {
            map.append(key, value);
        }
    };
    let (mut map, mut other) = (make(), make());
    Candidate {
        name: name.to_owned(),
        kind: Kind::Limit,
        work: Box::new(move || {
            for request in requests {
                append(&mut map, request);
                black_box(&map);
                map.clear();
            }
        }),
        answer: Some(Box::new(move |request| {
            other.clear();
            append(&mut other, request);
            answer(&other)
        })),
    }
}

/// Nothing but the copying.
fn copied(requests: &[Request]) -> Candidate<'_> {
    let mut bytes = String::new();
    Candidate {
        name: "memcpy of all names and values".to_owned(),
        kind: Kind::Limit,
        work: Box::new(move || {
            for request in requests {
                bytes.clear();
                for (key, value) in request {
                    bytes.push_str(key);
                    bytes.push_str(value);
                }
                black_box(&bytes);
            }
        }),
        answer: None,
    }
}

/// As it is recommended here. The peers of that table lend the map of std.
fn pooled(requests: &[Request]) -> Candidate<'_> {
    Candidate {
        kind: Kind::Collection,
        ..Candidate::lent::<Millpond, StringMap>(POOLED, requests)
    }
}

/// All that needs no other pool, fresh first.
pub fn candidates(requests: &[Request]) -> Vec<Candidate<'_>> {
    vec![
        fresh(requests),
        Candidate::lent::<Malloc, Headers>("the same with room for 16", requests),
        borrowed(requests),
        cleared(requests),
        Candidate::lent::<ThreadLocal, Headers>(ThreadLocal::NAME, requests),
        Candidate::lent::<Millpond, Headers>("millpond, HashMap<String, Vec<String>>", requests),
        pooled(requests),
        in_place(STRING_MAP, requests, StringMap::new),
        in_place("StringMap with foldhash, in place", requests, || {
            StringMap::with_hasher(foldhash::fast::RandomState::default())
        }),
        copied(requests),
    ]
}
