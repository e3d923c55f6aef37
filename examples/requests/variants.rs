//! Three ways to hold what a request says.
//!
//! All three are filled by the same code and read by the same code; they
//! differ in where the maps and lists come from and where they go.

use crate::input::Request;
use millpond::{Pool, StringList, StringMap};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hint::black_box;

/// The plain map that every answer is checked against.
pub(crate) type Plain = HashMap<String, Vec<String>>;

// One pool a role: header names come back among headers and parameter names
// among parameters, so the maps keep the keys that will be asked for again.
pub(crate) static HEADERS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
pub(crate) static QUERY: Pool<StringMap> = Pool::new().with_create(StringMap::new);
pub(crate) static SEGMENTS: Pool<StringList> = Pool::new().with_create(StringList::new);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Variant {
    /// New maps and a new list for each request, made big enough at once.
    Fresh,
    /// One set of them per thread, cleared after each request: what clearing
    /// pools do today. The strings inside are made anew.
    Cleared,
    /// This library: containers from pools, strings kept.
    Pooled,
}

impl Variant {
    pub(crate) const ALL: [Variant; 3] = [Variant::Fresh, Variant::Cleared, Variant::Pooled];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Fresh => "fresh",
            Variant::Cleared => "cleared-only",
            Variant::Pooled => "pooled",
        }
    }
}

pub(crate) trait Map {
    fn append(&mut self, name: &str, value: &str);
    /// Length of the first value: stands for a handler's look at it.
    fn first_len(&self, name: &str) -> usize;
    fn matches(&self, plain: &Plain) -> bool;
}

impl Map for Plain {
    fn append(&mut self, name: &str, value: &str) {
        // The fastest of the ways people write this, as a fair rival must be:
        // 1,170 ns a request of the corpus; looking with `get_mut` before
        // inserting takes 1,200, `entry(..).or_default().push(..)` 1,600, as
        // it makes room for four values where one comes.
        match self.entry(name.to_owned()) {
            Entry::Occupied(mut o) => o.get_mut().push(value.to_owned()),
            Entry::Vacant(v) => {
                v.insert(vec![value.to_owned()]);
            }
        }
    }

    fn first_len(&self, name: &str) -> usize {
        self.get(name)
            .map_or(0, |v| v.first().map_or(0, String::len))
    }

    fn matches(&self, plain: &Plain) -> bool {
        self == plain
    }
}

impl Map for StringMap {
    fn append(&mut self, name: &str, value: &str) {
        self.append(name, value);
    }

    fn first_len(&self, name: &str) -> usize {
        self.get(name)
            .map_or(0, |v| v.first().map_or(0, String::len))
    }

    fn matches(&self, plain: &Plain) -> bool {
        // Through every door: a stale key may hide from one of them.
        *self == *plain
            && self.len() == plain.len()
            && self.iter().count() == plain.len()
            && plain
                .iter()
                .all(|(name, values)| self.get(name).is_some_and(|v| v[..] == values[..]))
    }
}

pub(crate) trait List {
    fn append(&mut self, text: &str);
    fn as_slice(&self) -> &[String];
}

impl List for Vec<String> {
    fn append(&mut self, text: &str) {
        self.push(text.to_owned());
    }

    fn as_slice(&self) -> &[String] {
        self
    }
}

impl List for StringList {
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }

    fn as_slice(&self) -> &[String] {
        self
    }
}

/// What is done with a request once its maps are filled.
pub(crate) trait Handler {
    fn handle<M: Map, L: List>(&mut self, request: &Request, headers: &M, query: &M, segments: &L);
}

/// The timed handler: a few looks, as a small endpoint takes them.
pub(crate) struct Glance;

impl Handler for Glance {
    #[inline]
    fn handle<M: Map, L: List>(&mut self, _: &Request, headers: &M, query: &M, segments: &L) {
        // Opaque on both sides, so that nothing stored can be called unused.
        let (headers, query, segments) = black_box((headers, query, segments));
        let seen = headers.first_len("accept")
            + headers.first_len("cookie")
            + query.first_len("page")
            + segments.as_slice().last().map_or(0, String::len);
        black_box(seen);
    }
}

/// The checking handler: compares everything with plain collections.
#[derive(Default)]
pub(crate) struct Check {
    /// Line of each request of which something differed, and what.
    pub(crate) wrong: Vec<(u64, &'static str)>,
}

impl Handler for Check {
    fn handle<M: Map, L: List>(&mut self, request: &Request, headers: &M, query: &M, segments: &L) {
        let what = if !headers.matches(&plain(&request.headers)) {
            "headers"
        } else if !query.matches(&plain(&request.query)) {
            "query"
        } else if segments.as_slice() != request.segments {
            "path segments"
        } else {
            return;
        };
        self.wrong.push((request.line, what));
    }
}

fn plain(pairs: &[(String, String)]) -> Plain {
    let mut map = Plain::new();
    for (name, value) in pairs {
        map.entry(name.clone()).or_default().push(value.clone());
    }
    map
}

#[inline]
fn fill<M: Map, L: List>(request: &Request, headers: &mut M, query: &mut M, segments: &mut L) {
    for (name, value) in &request.headers {
        headers.append(name, value);
    }
    for (name, value) in &request.query {
        query.append(name, value);
    }
    for segment in &request.segments {
        segments.append(segment);
    }
}

/// What one thread keeps of its own: the containers of `Variant::Cleared`.
#[derive(Default)]
pub(crate) struct Bench {
    headers: Plain,
    query: Plain,
    segments: Vec<String>,
}

impl Bench {
    /// Passes all requests through one variant.
    pub(crate) fn run<'a>(
        &mut self,
        variant: Variant,
        requests: impl Iterator<Item = &'a Request>,
        handler: &mut impl Handler,
    ) {
        match variant {
            Variant::Fresh => requests.for_each(|r| fresh(r, handler)),
            Variant::Cleared => requests.for_each(|r| self.cleared(r, handler)),
            Variant::Pooled => requests.for_each(|r| pooled(r, handler)),
        }
    }

    fn cleared(&mut self, request: &Request, handler: &mut impl Handler) {
        let Bench {
            headers,
            query,
            segments,
        } = self;
        fill(request, headers, query, segments);
        handler.handle(request, headers, query, segments);
        headers.clear();
        query.clear();
        segments.clear();
    }
}

fn fresh(request: &Request, handler: &mut impl Handler) {
    // A parser knows how many it found, so growing step by step would be unfair.
    let mut headers = Plain::with_capacity(request.headers.len());
    let mut query = Plain::with_capacity(request.query.len());
    let mut segments = Vec::with_capacity(request.segments.len());
    fill(request, &mut headers, &mut query, &mut segments);
    handler.handle(request, &headers, &query, &segments);
}

fn pooled(request: &Request, handler: &mut impl Handler) {
    let mut headers = HEADERS.get();
    let mut query = QUERY.get();
    let mut segments = SEGMENTS.get();
    fill(request, &mut *headers, &mut *query, &mut *segments);
    handler.handle(request, &*headers, &*query, &*segments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use millpond::alloc;

    fn requests() -> Vec<Request> {
        let lines = br#"[[":path","/a/b?x=1&x=2"],["accept","y"],["via","1"],["via","2"]]
            [[":path","/c"],["accept","z"]]"#;
        crate::input::read(&lines[..], |_, why| panic!("{why}")).unwrap()
    }

    #[test]
    fn all_variants_agree_with_plain_collections() {
        let requests = requests();
        let mut bench = Bench::default();
        for variant in Variant::ALL {
            let mut check = Check::default();
            for _ in 0..3 {
                bench.run(variant, requests.iter(), &mut check);
            }
            assert_eq!(check.wrong, [], "{}", variant.name());
        }
    }

    #[test]
    fn the_check_sees_every_difference() {
        let request = &requests()[0];
        let right = (
            plain(&request.headers),
            plain(&request.query),
            request.segments.clone(),
        );
        let verdict = |spoil: fn(&mut Plain, &mut Plain, &mut Vec<String>)| {
            let (mut headers, mut query, mut segments) = right.clone();
            spoil(&mut headers, &mut query, &mut segments);
            let mut check = Check::default();
            check.handle(request, &headers, &query, &segments);
            // The library's own map must be compared as strictly.
            let mut again = Check::default();
            let (headers, query) = (StringMap::from(headers), StringMap::from(query));
            again.handle(request, &headers, &query, &segments);
            assert_eq!(check.wrong, again.wrong);
            check.wrong.first().map(|&(line, what)| (line, what))
        };
        assert_eq!(verdict(|_, _, _| {}), None);
        assert_eq!(
            verdict(|h, _, _| drop(h.insert("stale".into(), vec!["1".into()]))),
            Some((1, "headers"))
        );
        assert_eq!(
            verdict(|h, _, _| h.get_mut("via").unwrap().reverse()),
            Some((1, "headers"))
        );
        assert_eq!(verdict(|_, q, _| drop(q.remove("x"))), Some((1, "query")));
        assert_eq!(verdict(|_, _, s| drop(s.pop())), Some((1, "path segments")));
    }

    #[test]
    fn warm_and_pooled_allocates_nothing() {
        let requests = requests();
        let mut bench = Bench::default();
        let mut count = |variant| {
            bench.run(variant, requests.iter(), &mut Glance);
            let ((), counts) = alloc::count(|| bench.run(variant, requests.iter(), &mut Glance));
            counts.calls()
        };
        assert_eq!(count(Variant::Pooled), 0);
        // For each pair the name, even of a name that is there already, and the
        // value; for each new name a list, which a second value makes grow; for
        // each segment its text. On top of that, fresh pays for the list of
        // segments and for each map with something in it.
        let pairs = (3 + 2) + 1;
        let lists = (2 + 1) + 1 + 2;
        let segments = 2 + 1;
        let strings = 2 * pairs + lists + segments;
        assert_eq!(count(Variant::Cleared), strings);
        assert_eq!(count(Variant::Fresh), strings + (2 + 1) + (1 + 1));
    }
}
