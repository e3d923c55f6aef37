//! Threads that come and go. What a pool keeps for a thread is of use only if it
//! finds its way to the next one.

use crate::item::Map;
use crate::lifetime::come_and_go;
use crate::source::{Lend, lend_filled};
use crate::threads::Took;
use std::hint::black_box;

/// Maps that a short-lived thread borrows, one after another.
pub const LOANS: usize = 16;

/// Tasks, each on a thread of its own, that are under way at once.
pub const TASKS: usize = 8;

/// The limit: `n` threads that do nothing.
pub fn nothing(n: u64) -> Took {
    come_and_go(n, 1, || {})
}

/// Hears of the end of its thread.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        black_box(self);
    }
}

/// What a pool needs at the least that hands on what a thread kept: `n` threads that do
/// nothing, and of whose end somebody hears.
pub fn seen_off(n: u64) -> Took {
    thread_local! {
        static END: End = const { End };
    }
    come_and_go(n, 1, || END.with(|end| _ = black_box(end)))
}

/// `n` threads, one after another; each borrows and fills sixteen maps in turn.
pub fn short_lived<S: Lend<Map>>(n: u64) -> Took {
    come_and_go(n, 1, || {
        for _ in 0..LOANS {
            black_box(&*lend_filled::<S>());
        }
    })
}

/// `n` tasks, each on a thread of its own, eight at a time; each holds four maps.
pub fn thread_per_task<S: Lend<Map>>(n: u64) -> Took {
    come_and_go(n, TASKS, || {
        let maps = [0; 4].map(|_| lend_filled::<S>());
        black_box(maps.each_ref().map(|map| &**map as *const Map));
    })
}
