//! What a pool holds of its inner part, and the short way past it.
//!
//! With `local/seat.rs`, where the argument is, the one file of the core with `unsafe` in
//! it: a reference is made of the pointer to this thread's front that the thread
//! remembers. In exchange, a get and a drop find the front without asking whether the pool
//! has been used yet, and without asking for the thread, twice: 99 instructions for an
//! empty map instead of 133 with `ThreadLocal`, 104 instead of 145 for each of sixteen at
//! once (callgrind), 6.4 ns instead of 9.8.
//!
//! `.ci/tsan` runs what could break it, fronts that go from thread to thread above all,
//! under ThreadSanitizer.

#![allow(unsafe_code)]

use crate::inner::Inner;
use crate::local::{self, Front};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

pub(super) struct Home<T: Send> {
    /// Made at first use, because what threads share needs an `Arc`. Nothing replaces
    /// it, and `take`, which removes it, needs the pool for itself.
    inner: OnceLock<Arc<Inner<T>>>,
    /// The number of its per-thread tiers, and of no other.
    number: AtomicUsize,
}

impl<T: Send + 'static> Home<T> {
    pub(super) const fn new() -> Self {
        Self {
            inner: OnceLock::new(),
            number: AtomicUsize::new(local::UNNUMBERED),
        }
    }

    #[inline]
    pub(super) fn inner(&self) -> Option<&Arc<Inner<T>>> {
        self.inner.get()
    }

    pub(super) fn inner_or_init(&self, init: impl FnOnce() -> Arc<Inner<T>>) -> &Arc<Inner<T>> {
        let inner = self.inner.get_or_init(init);
        self.number.store(inner.number(), Relaxed);
        inner
    }

    /// This thread's front, if the thread remembers where it lies.
    #[inline]
    pub(super) fn front(&self) -> Option<&Front<T>> {
        let front = local::recall::<T>(self.number.load(Relaxed))?;
        // SAFETY: `recall` found the number that `inner_or_init` took from
        // `self.inner`, so the pointer came from the `Locals<T>` in there, and what it
        // points to lives as long as that does: as long as `self` is borrowed. It is
        // this thread's own front, which no other thread refers to (see `local::seat`),
        // and the reference cannot leave the thread, because `Front` is not `Sync`.
        Some(unsafe { front.as_ref() })
    }

    pub(super) fn take(&mut self) -> Option<Arc<Inner<T>>> {
        *self.number.get_mut() = local::UNNUMBERED;
        self.inner.take()
    }
}
