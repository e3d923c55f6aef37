//! When allocations are counted: in runs that are not timed.
//!
//! What counts is `millpond::alloc`, around the program's allocator. While nobody asks it
//! to, all that it adds to an allocation is the load of a flag, which stays in every
//! core's cache, and a branch not taken.

use millpond::alloc::{Counts, ThreadScope};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);

/// Switches counting on, for all threads, while `work` is done. One at a time.
pub fn while_counting<R>(work: impl FnOnce() -> R) -> R {
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    result
}

/// Counts what its thread asks of the allocator, if counting is on when it begins.
#[derive(Debug)]
pub(crate) struct Counter(Option<ThreadScope>);

impl Counter {
    /// # Panics
    ///
    /// If there is something to count, and the program's allocator does not.
    pub(crate) fn begin() -> Self {
        Self(ON.load(Relaxed).then(ThreadScope::begin))
    }

    /// What was asked since then; nothing if it does not count.
    pub(crate) fn counts(&self) -> Counts {
        self.0.as_ref().map(ThreadScope::counts).unwrap_or_default()
    }
}
