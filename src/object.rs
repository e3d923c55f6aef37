//! What travels between the tiers: one object in a box of its own.
//!
//! A 48-byte map that is moved by value is written by scalars and read back by
//! vector loads, which defeats the processor's store forwarding: pools that hand
//! out `T` measured 17-21 ns a cycle where plain malloc takes 14. A box moves as
//! one pointer, and the object stays where it is, in the cache.

use crate::retain::History;
use crate::track::Lease;

/// A pooled object and what the pool remembers about it.
///
/// It begins a cache line, with what every get and return touches: a small value and that
/// are all that a thread has to fetch that drops another's object. Without the alignment it
/// is one line or two, by luck: opool took 1.04 of the time of a fan-out under jemalloc, 1.27
/// with it, and other hand-offs gained, too. The price is paid by who makes one: some 80 ns
/// under glibc, whose allocator is slow to align, up to 63 bytes, and what that allocator
/// strands in between: 130 bytes for each of many small ones, 50 beside heap memory of 1 KiB.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Object<T> {
    pub(crate) value: T,
    /// [`footprint`](crate::Recycle::footprint) when it came back, so that
    /// taking it out of a tier subtracts what putting it in has added. A front
    /// keeps the figure in a slot of its own, and this one is out of date there.
    pub(crate) bytes: usize,
    /// It has to be looked at before it is recycled: it was large when it came
    /// back last, or all objects of its pool are looked at.
    pub(crate) look: bool,
    /// It does not take the short way back: it has to be looked at, its loan is tracked,
    /// or it owns a spot. One flag, because every return asks.
    pub(crate) watched: bool,
    /// Which spot of the shared tier it owns: see `depot::spots`.
    pub(crate) spot: Option<u8>,
    /// The record of its loan, if that is tracked, or of its last one.
    pub(crate) lease: Lease,
    pub(crate) history: History,
}

impl<T> Object<T> {
    pub(crate) fn new(value: T, look: bool) -> Box<Self> {
        Box::new(Self {
            value,
            bytes: 0,
            look,
            watched: look,
            spot: None,
            lease: Lease::default(),
            history: History::default(),
        })
    }
}

/// Many objects on their way from one tier to another.
///
/// Sixteen fit without an allocation of their own: a batch is at most half a
/// thread's capacity, and beyond sixteen a longer one no longer shows in the
/// hand-off between threads, where an exchange is already a small part.
pub(crate) type Batch<T> = smallvec::SmallVec<[Box<Object<T>>; BATCH]>;

/// The most objects that one exchange with the shared tier moves.
pub(crate) const BATCH: usize = 16;
