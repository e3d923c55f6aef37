//! Small requests before and after one giant: what it costs them that their pool has
//! seen it, once it came back.

use crate::item::{Giant, Item};
use crate::source::Lend;
use crate::threads::Took;
use std::hint::black_box;

/// Entries of the giant.
pub const ENTRIES: i64 = 1_000_000;

/// Requests after a giant before the pool should be as it was.
pub const RECOVERY: usize = 10;

/// Borrows a map, inserts, and gives it back.
pub fn request<S: Lend<Giant>>(entries: i64) {
    let mut map = S::lend();
    map.extend((0..entries).map(|n| (n as u64, n)));
    black_box(&*map);
}

fn small<S: Lend<Giant>>() -> Took {
    Took::of(|| request::<S>(4))
}

/// `n` requests of four entries. To be measured where no giant was: some pools never
/// are again what they were.
pub fn before<S: Lend<Giant>>(n: u64) -> Took {
    let mut map = S::lend();
    if !map.is_warm() {
        map.grow();
    }
    drop(map);
    Took::of(|| (0..n).for_each(|_| request::<S>(4)))
}

/// Requests before a giant: it should not be usual.
const CALM: usize = 200;

/// The worst of the ten requests after a giant. One, whatever the number asked for:
/// to be measured once in each round.
pub fn worst<S: Lend<Giant>>(_: u64) -> Took {
    for _ in 0..CALM {
        request::<S>(4);
    }
    request::<S>(ENTRIES);
    let requests = (0..RECOVERY).map(|_| small::<S>());
    requests.max_by_key(|took| took.time).expect("ten requests")
}

/// `n` requests from the tenth after a giant on.
pub fn after<S: Lend<Giant>>(n: u64) -> Took {
    let _worst = worst::<S>(1);
    Took::of(|| (0..n).for_each(|_| request::<S>(4)))
}

/// The limit: a map of one's own that has never seen a giant, reused in place.
pub fn in_place(map: &mut Giant, n: u64) {
    for _ in 0..n {
        map.extend((0..black_box(4)).map(|n| (n as u64, n)));
        black_box(&*map);
        map.empty();
    }
}
