//! Header lists of real requests into a multimap, emptied between requests.

use millpond::{Pool, StringMap};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::black_box;

pub(crate) type Request = Vec<(String, String)>;

pub(crate) const FRESH: &str = "fresh HashMap<String, Vec<String>>";
pub(crate) const BORROWED: &str = "fresh HashMap<&str, SmallVec<[&str; 2]>>";
pub(crate) const STRING_MAP: &str = "StringMap";
pub(crate) const POOLED: &str = "Pool<StringMap>";

/// With `entry`, which is faster here than looking the key up first: most keys
/// are new to the request, so the copy is needed anyway.
fn fill(map: &mut HashMap<String, Vec<String>>, request: &Request) {
    for (key, value) in request {
        map.entry(key.clone()).or_default().push(value.clone());
    }
}

fn append<S: BuildHasher>(map: &mut StringMap<S>, request: &Request) {
    for (key, value) in request {
        map.append(key, value);
    }
}

fn reuse<S: BuildHasher>(map: &mut StringMap<S>, requests: &[Request]) {
    for request in requests {
        append(map, request);
        black_box(&*map);
        map.clear();
    }
}

pub(crate) type Candidate<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Name and work of each; the work is one pass over all requests.
pub(crate) fn candidates(requests: &[Request]) -> Vec<Candidate<'_>> {
    static POOL: Pool<StringMap> = Pool::new().with_create(StringMap::new);

    let mut cleared = HashMap::new();
    let mut map = StringMap::new();
    let mut foldhash = StringMap::with_hasher(foldhash::fast::RandomState::default());
    let mut bytes = String::new();
    vec![
        (
            FRESH,
            Box::new(move || {
                for request in requests {
                    let mut map = HashMap::new();
                    fill(&mut map, request);
                    black_box(&map);
                }
            }),
        ),
        (
            "cleared HashMap<String, Vec<String>>",
            Box::new(move || {
                for request in requests {
                    fill(&mut cleared, request);
                    black_box(&cleared);
                    cleared.clear();
                }
            }),
        ),
        (
            BORROWED,
            Box::new(move || {
                for request in requests {
                    let mut map: HashMap<&str, SmallVec<[&str; 2]>> = HashMap::new();
                    for (key, value) in request {
                        map.entry(key).or_default().push(value);
                    }
                    black_box(&map);
                }
            }),
        ),
        (STRING_MAP, Box::new(move || reuse(&mut map, requests))),
        (
            POOLED,
            Box::new(move || {
                for request in requests {
                    let mut map = POOL.get();
                    append(&mut map, request);
                    black_box(&*map);
                }
            }),
        ),
        (
            "StringMap with foldhash",
            Box::new(move || reuse(&mut foldhash, requests)),
        ),
        (
            "memcpy of all names and values, the limit",
            Box::new(move || {
                for request in requests {
                    bytes.clear();
                    for (key, value) in request {
                        bytes.push_str(key);
                        bytes.push_str(value);
                    }
                    black_box(&bytes);
                }
            }),
        ),
    ]
}
