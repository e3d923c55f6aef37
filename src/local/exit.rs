//! How a thread ends, and how far it has got.

use super::near;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

/// What a pool does when a thread that used it ends.
pub(crate) trait OnThreadExit {
    /// Called in a thread-local's destructor: must not panic.
    fn on_thread_exit(self: Arc<Self>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No pool has been borrowed from on this thread.
    Fresh,
    /// `EXIT` is registered, so the `thread_local` crate's guard is alive too.
    Attached,
    /// The thread is being torn down.
    Dead,
}

/// A number that no other thread has had, counted from 1: to spread threads over
/// places, and to say whose something is. `NOBODY` where all have been given out, after
/// 2^64 threads, or 2^32 on 32-bit targets.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(NOBODY + 1);
    let mut number = NUMBER.get();
    if number == NOBODY {
        let next = |number: usize| number.checked_add(1);
        number = NEXT.fetch_update(Relaxed, Relaxed, next).unwrap_or(NOBODY);
        NUMBER.set(number);
    }
    number
}

/// The number of no thread.
pub(super) const NOBODY: usize = 0;

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(NOBODY) };
    // Without a destructor: can be read to the very end.
    pub(super) static PHASE: Cell<Phase> = const { Cell::new(Phase::Fresh) };
    pub(super) static EXIT: ExitList = const { ExitList(RefCell::new(SmallVec::new_const())) };
}

/// The pools to tell when this thread ends.
///
/// Most threads that do not live long use a pool or two: no allocation for those.
pub(super) struct ExitList(RefCell<SmallVec<[Weak<dyn OnThreadExit>; 4]>>);

impl ExitList {
    pub(super) fn push(&self, pool: Weak<dyn OnThreadExit>) {
        let mut list = self.0.borrow_mut();
        // Pools that are gone would pile up in a thread that outlives many:
        // swept when the list would grow, which makes it O(1) amortised.
        if list.len() == list.capacity() {
            list.retain(|pool| pool.strong_count() > 0);
        }
        list.push(pool);
    }
}

impl Drop for ExitList {
    fn drop(&mut self) {
        PHASE.set(Phase::Dead);
        near::forget();
        for pool in self.0.get_mut() {
            if let Some(pool) = pool.upgrade() {
                pool.on_thread_exit();
            }
        }
    }
}
