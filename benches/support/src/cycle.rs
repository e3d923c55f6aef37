//! Objects borrowed and given back, alone and several at once.

use crate::item::Map;
use crate::source::Lend;
use std::hint::black_box;

/// `n` lends and returns.
pub fn empty<S: Lend<Map>>(n: u64) {
    for _ in 0..n {
        black_box(&mut *S::lend());
    }
}

/// The same with one insert.
pub fn insert<S: Lend<Map>>(n: u64) {
    for _ in 0..n {
        let mut map = S::lend();
        map.insert(black_box(1), 2);
        black_box(&*map);
    }
}

/// The limit: one map of the caller's own, reused in place.
pub fn insert_in_place(map: &mut Map, n: u64) {
    for _ in 0..n {
        map.insert(black_box(1), 2);
        black_box(&*map);
        map.clear();
    }
}

/// `n` lends and returns, two at a time.
pub fn nested2<S: Lend<Map>>(n: u64) {
    for _ in 0..n / 2 {
        let (mut a, mut b) = (S::lend(), S::lend());
        black_box((&mut *a, &mut *b));
    }
}

/// `n` lends and returns, four at a time.
pub fn nested4<S: Lend<Map>>(n: u64) {
    for _ in 0..n / 4 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
    }
}

/// `n` lends and returns, two fours at a time.
pub fn nested8<S: Lend<Map>>(n: u64) {
    for _ in 0..n / 8 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        nested4::<S>(4);
    }
}

/// `n` lends and returns, four fours at a time.
pub fn nested16<S: Lend<Map>>(n: u64) {
    for _ in 0..n / 16 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        nested8::<S>(8);
    }
}
