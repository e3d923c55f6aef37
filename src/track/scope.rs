//! On whose behalf a thread borrows, for those who ask only about their own.

use crate::local::thread_number;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

thread_local! {
    /// 0: on the thread's own.
    static SCOPE: Cell<u64> = const { Cell::new(0) };
}

/// Counts the questions: a loan knows how many had been asked when it began.
static EPOCH: AtomicU64 = AtomicU64::new(0);

/// A number that no thread has had before stands for the thread.
fn own() -> u64 {
    thread_number() as u64 + 1
}

/// The scope that this thread borrows in, and the epoch.
pub(super) fn current() -> (u64, u64) {
    let scope = match SCOPE.get() {
        0 => own(),
        scope => scope,
    };
    (scope, EPOCH.load(Relaxed))
}

/// From here on loans are told from those before.
#[cfg(feature = "testing")]
pub(crate) fn next_epoch() -> u64 {
    EPOCH.fetch_add(1, Relaxed) + 1
}

/// Those on whose behalf a thread borrows: at first the thread itself.
///
/// A test that starts threads hands them its own, so that its leak check looks at
/// theirs too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(u64);

impl Scope {
    /// The scope that the calling thread borrows in.
    pub fn current() -> Self {
        Self(current().0)
    }

    /// The calling thread borrows in this scope until the guard is dropped.
    pub fn enter(self) -> ScopeGuard {
        ScopeGuard {
            before: SCOPE.replace(self.0),
            not_send: PhantomData,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// Ends what [`Scope::enter`] began when it is dropped.
#[derive(Debug)]
#[must_use = "the scope ends when this is dropped"]
pub struct ScopeGuard {
    before: u64,
    not_send: PhantomData<*const ()>,
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        SCOPE.set(self.before);
    }
}
