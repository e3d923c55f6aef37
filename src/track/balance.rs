//! How much memory has gone from borrowers to pools, by whose doing: what a heap check
//! leaves out of a thread's growth, or of the process's.
//!
//! An object that is lent goes from the pool to the thread, with all its memory, and
//! back when it is returned; who allocated it does not matter. What a pool allocates
//! for itself is the pool's from the start.

use crate::alloc::thread_counts;
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

thread_local! {
    static THREAD: Cell<i64> = const { Cell::new(0) };
}

static PROCESS: AtomicI64 = AtomicI64::new(0);

/// Bytes that this thread has moved into pools, less those it took; wraps.
pub(crate) fn of_thread() -> i64 {
    THREAD.get()
}

/// The same of all threads.
pub(crate) fn of_process() -> i64 {
    PROCESS.load(Relaxed)
}

/// Bytes have become a pool's; below 0, a borrower's, or nobody's.
pub(super) fn add(bytes: i64) {
    THREAD.set(THREAD.get().wrapping_add(bytes));
    PROCESS.fetch_add(bytes, Relaxed);
}

/// Runs what works on the pool's own structures: whatever it allocates is the pool's,
/// and whatever it frees was.
pub(crate) fn apart<R>(work: impl FnOnce() -> R) -> R {
    // As if it had done nothing: so it may be called within itself.
    let outside = || thread_counts().live_bytes().wrapping_sub(of_thread());
    let before = outside();
    let result = work();
    add(outside().wrapping_sub(before));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_apart_counts_once() {
        let before = of_thread();
        apart(|| {
            add(1_000);
            apart(|| add(-300));
        });
        // The allocator of this process counts nothing.
        assert_eq!(of_thread(), before);
        add(40);
        assert_eq!(of_thread(), before + 40);
    }
}
