//! The ways for a map to be borrowed on one thread and given back on another.

use crate::sources::{IDLE, Malloc, Millpond, PoolsharkGlobal, Source};
use crate::threads::{Took, pass};
use std::hint::black_box;

pub(crate) const MILLPOND: &str = "millpond, consumer only drops";
pub(crate) const BORROWING: &str = "millpond, consumer borrows too";
pub(crate) const POOLSHARK: &str = PoolsharkGlobal::NAME;
pub(crate) const MALLOC: &str = Malloc::NAME;

fn lend<S: Source>() -> S::Loan {
    let mut map = S::lend();
    map.insert(black_box(1), 2);
    map
}

pub(crate) type Handoff = fn(u64) -> Took;

/// Name and work of each, malloc first; the work passes so many loans and says how long it took.
pub(crate) fn candidates() -> [(&'static str, Handoff); 5] {
    Millpond::warm(IDLE / 2);
    PoolsharkGlobal::warm(IDLE / 2);
    [
        (MALLOC, |n| pass(n, || {}, lend::<Malloc>)),
        (MILLPOND, |n| pass(n, || {}, lend::<Millpond>)),
        (BORROWING, |n| {
            pass(n, || drop(Millpond::lend()), lend::<Millpond>)
        }),
        (POOLSHARK, |n| pass(n, || {}, lend::<PoolsharkGlobal>)),
        ("nothing but the queue, the floor", |n| {
            pass(n, || {}, || black_box(1_u64))
        }),
    ]
}
