//! A map borrowed on one thread and given back on another, with a bounded queue in
//! between. Pools have equal room, maps equal capacity and one entry.

use crate::item::Map;
use crate::source::{Lend, lend_filled};
use crate::threads::{Stages, Took, pass};
use std::hint::black_box;

/// One thread borrows, another drops.
pub const PAIR: Stages = Stages {
    producers: 1,
    consumers: 1,
};
/// Four threads borrow, one drops.
pub const FAN_IN: Stages = Stages {
    producers: 4,
    consumers: 1,
};
/// One thread borrows, four drop.
pub const FAN_OUT: Stages = Stages {
    producers: 1,
    consumers: 4,
};

/// Passes `n` loans to consumers that do nothing but drop them.
pub fn dropping<S: Lend<Map, Loan: Send>>(n: u64, stages: Stages) -> Took {
    pass(n, stages, || {}, lend_filled::<S>)
}

/// The same to consumers that have borrowed once, and so may keep a tier of their own.
pub fn borrowing<S: Lend<Map, Loan: Send>>(n: u64, stages: Stages) -> Took {
    pass(n, stages, || drop(S::lend()), lend_filled::<S>)
}

/// Nothing but the queue: the limit.
pub fn nothing(n: u64, stages: Stages) -> Took {
    pass(n, stages, || {}, || black_box(1_u64))
}
