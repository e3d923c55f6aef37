//! An allocator that counts how often it is asked for memory, when told to.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// While nothing is timed. Otherwise all that is added to an allocation is the
/// load of this flag, which stays in every core's cache, and a branch not taken.
static ON: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Counting<A>(pub(crate) A);

impl<A> Counting<A> {
    #[inline]
    fn count() {
        if ON.load(Relaxed) {
            CALLS.fetch_add(1, Relaxed);
        }
    }
}

// SAFETY: every call is passed on to `A` unchanged, which upholds the contract;
// counting does not allocate.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above; the memory came from `A`.
        unsafe { self.0.dealloc(memory, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count();
        // SAFETY: as above.
        unsafe { self.0.realloc(memory, layout, size) }
    }
}

/// Allocations and reallocations of all threads during `work`.
pub(crate) fn allocations(work: impl FnOnce()) -> u64 {
    CALLS.store(0, Relaxed);
    ON.store(true, Relaxed);
    work();
    ON.store(false, Relaxed);
    CALLS.load(Relaxed)
}

/// What an allocation and its release take through the process's allocator, and
/// through `plain`, which it wraps: best of many rounds, in nanoseconds.
pub(crate) fn overhead(plain: &impl GlobalAlloc) -> (f64, f64) {
    const N: u32 = 10_000;
    // As much as a map of sixteen entries takes.
    let layout = Layout::new::<[u128; 34]>();
    let time = |one: &dyn Fn()| {
        let start = Instant::now();
        for _ in 0..N {
            one();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(N)
    };
    let mut best = (f64::MAX, f64::MAX);
    for _ in 0..200 {
        // SAFETY: the layout is not empty, and the memory is released once, by the
        // allocator it came from.
        best.0 = best.0.min(time(&|| unsafe {
            std::alloc::dealloc(black_box(std::alloc::alloc(layout)), layout);
        }));
        // SAFETY: as above.
        best.1 = best.1.min(time(&|| unsafe {
            plain.dealloc(black_box(plain.alloc(layout)), layout);
        }));
    }
    best
}
