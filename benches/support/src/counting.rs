//! An allocator that counts what it is asked for, when told to.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::hint::black_box;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

/// While nothing is timed. Otherwise all that is added to an allocation is the
/// load of this flag, which stays in every core's cache, and a branch not taken.
static ON: AtomicBool = AtomicBool::new(false);

// Const and without a destructor: touching it allocates nothing, and works to the
// thread's last breath.
thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts::ZERO) };
}

/// What an allocator was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Blocks asked for.
    pub allocations: u64,
    /// Blocks asked to grow or shrink.
    pub reallocations: u64,
    /// Bytes of all of these: of a block that grows, all that it then has.
    pub bytes: u64,
}

impl Counts {
    const ZERO: Self = Self {
        allocations: 0,
        reallocations: 0,
        bytes: 0,
    };

    /// What this thread asked for so far, while counting was [on](while_counting).
    pub fn here() -> Self {
        COUNTS.get()
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            allocations: self.allocations + other.allocations,
            reallocations: self.reallocations + other.reallocations,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            allocations: self.allocations - other.allocations,
            reallocations: self.reallocations - other.reallocations,
            bytes: self.bytes - other.bytes,
        }
    }
}

/// Counts what is asked of the allocator in it, for each thread.
#[derive(Debug)]
pub struct Counting<A>(pub A);

impl<A> Counting<A> {
    #[inline]
    fn count(allocations: u64, reallocations: u64, bytes: usize) {
        if ON.load(Relaxed) {
            let one = Counts {
                allocations,
                reallocations,
                bytes: bytes as u64,
            };
            COUNTS.set(COUNTS.get() + one);
        }
    }
}

// SAFETY: every call is passed on to `A` unchanged, which upholds the contract;
// counting does not allocate.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(1, 0, layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(1, 0, layout.size());
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
        Self::count(0, 1, size);
        // SAFETY: as above.
        unsafe { self.0.realloc(memory, layout, size) }
    }
}

/// Switches counting on, for all threads, while `work` is done. One at a time.
pub fn while_counting<R>(work: impl FnOnce() -> R) -> R {
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    result
}

/// What an allocation and its release take through the process's allocator, and
/// through `plain`, which it wraps: best of many rounds, in nanoseconds.
pub fn overhead(plain: &impl GlobalAlloc) -> (f64, f64) {
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
