//! The allocator. One of two files of the crate with `unsafe` in them; the other is
//! `pool/home.rs`.

// `GlobalAlloc` is an unsafe trait with unsafe methods: there is no safe way to
// see what a program allocates.
#![allow(unsafe_code)]

use super::counters;
use std::alloc::{GlobalAlloc, Layout, System};

/// An allocator that passes every call on to another one, and counts while
/// somebody [counts](super::count).
///
/// It allocates nothing, takes no lock and cannot panic, so it works before `main`
/// and in the last destructor of a thread.
///
/// # Examples
///
/// ```
/// use millpond::alloc::Counting;
///
/// #[global_allocator]
/// static ALLOCATOR: Counting = Counting::system();
/// # fn main() {}
/// ```
///
/// Around another allocator:
///
/// ```
/// use millpond::alloc::Counting;
/// use mimalloc::MiMalloc;
///
/// #[global_allocator]
/// static ALLOCATOR: Counting<MiMalloc> = Counting::new(MiMalloc);
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting<A = System> {
    inner: A,
}

impl Counting {
    /// Counts calls to the system's allocator, which is Rust's default.
    pub const fn system() -> Self {
        Self::new(System)
    }
}

impl<A> Counting<A> {
    /// Counts calls to another allocator.
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

// While nobody counts, the inner call is the last thing that each of these does: it
// is a jump, and no block has to be kept across it. The counting halves are cold
// functions, so that the quick ones stay small enough to be inlined.

// SAFETY: every call goes to `A` with the arguments it came with, and what `A`
// answers is handed back, so `A`'s guarantees are this allocator's, and what the
// caller promised is promised to `A`. Counting unwinds nowhere and neither allocates
// nor keeps the block.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, that the layout is not empty, is passed on.
        let call = || unsafe { self.inner.alloc(layout) };
        if counters::is_off() {
            return call();
        }
        allocated(layout, call)
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for `alloc`.
        let call = || unsafe { self.inner.alloc_zeroed(layout) };
        if counters::is_off() {
            return call();
        }
        allocated(layout, call)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !counters::is_off() {
            counters::deallocated(layout.size());
        }
        // SAFETY: the caller's promise is passed on: the block came from this
        // allocator, hence from `A`, with this layout.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as for `dealloc`; and the caller promises a size that is neither 0
        // nor, rounded up to the alignment, beyond `isize::MAX`.
        let call = || unsafe { self.inner.realloc(block, layout, size) };
        if counters::is_off() {
            return call();
        }
        reallocated(layout.size(), size, call)
    }
}

#[cold]
#[inline(never)]
fn allocated(layout: Layout, call: impl FnOnce() -> *mut u8) -> *mut u8 {
    let block = call();
    if !block.is_null() {
        counters::allocated(layout.size());
    }
    block
}

#[cold]
#[inline(never)]
fn reallocated(from: usize, to: usize, call: impl FnOnce() -> *mut u8) -> *mut u8 {
    let block = call();
    if !block.is_null() {
        counters::reallocated(from, to);
    }
    block
}
