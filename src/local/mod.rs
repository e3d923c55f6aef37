//! The per-thread tier. The only part of the tiers that names thread locals.
//!
//! Each thread has a *front*, a handful of slots that only it can reach and that
//! cost neither an atomic read-modify-write nor a lock (in one of them, the *hand*,
//! lies what came back last), and behind it a *back*,
//! the rest of its capacity, under a mutex that it takes once every few objects
//! and that lets others count and trim what lies there. Objects move between the
//! two in halves of the front, so that a thread swinging around a boundary stays
//! within the front.
//!
//! # Threads that end
//!
//! What a thread cached moves to the shared tier when it ends, and its front goes to the
//! next thread that comes. To hear of its end, a thread registers a destructor with its first
//! front: when it first borrows, as a rule. So:
//!
//! * A thread in that destructor does not attach to further pools. Its later calls go to
//!   the shared tier.
//! * A thread that has never borrowed anything does not attach by dropping a
//!   guard: nothing tells whether it is being torn down, until it has dropped many. Till
//!   then its returns go to the shared tier one by one.
//!
//! # Threads that are passing through
//!
//! To take a front and to give it back takes as long as dozens of loans, most of it because
//! a thread that has just begun finds nothing in the cache. Where the last sixteen threads
//! of a pool made no more of theirs, the next ones borrow from the shared tier, one by one,
//! for 32 loans: then they are taken for threads that stay. A thread that stayed ends that,
//! and one for which the shared tier has nothing gets a front. What such threads take is in
//! `churn`, in `docs/performance.md`.

mod exit;
mod front;
mod near;
mod seat;

#[cfg(feature = "track")]
pub(crate) use exit::thread_number;
pub(crate) use exit::{OnThreadExit, Parting, count_visit, is_young, place};
pub(crate) use front::{FRONT, Front, Limits, LocalCounts, TICK};
pub(crate) use near::{UNNUMBERED, recall};

use crate::object::Batch;
use seat::Seats;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The per-thread tiers of one pool.
pub(crate) struct Locals<T: Send> {
    /// See [`near`].
    number: usize,
    seats: Mutex<Seats<T>>,
}

impl<T: Send> Locals<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            number: near::next_number(),
            seats: Mutex::new(Seats::new(capacity)),
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// What is left of a pool that goes: it is no pool, and has no number.
    pub(crate) fn vacant() -> Self {
        Self {
            number: UNNUMBERED,
            seats: Mutex::new(Seats::new(0)),
        }
    }

    /// Moves out everything that this thread keeps.
    pub(crate) fn drain_current(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.drain(into);
        }
    }

    /// Sets every thread's capacity, and moves out what no longer fits where it
    /// can be reached: in all backs, and in this thread's front.
    pub(crate) fn set_capacity(&self, capacity: impl FnOnce() -> usize, into: &mut Batch<T>) {
        let mut seats = self.seats();
        let capacity = capacity();
        seats.capacity = capacity;
        for shared in seats.shared() {
            shared.tune(capacity, into);
        }
        drop(seats);
        if let Some(front) = self.current() {
            front.shed(into);
        }
    }

    /// Sends every thread's next `get` through the slow path.
    #[cfg(feature = "track")]
    pub(crate) fn close_fronts(&self) {
        for shared in self.seats().shared() {
            shared.close_front();
        }
    }

    /// Moves out what can be reached: all backs, and this thread's front.
    pub(crate) fn drain(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.drain_front(into);
        }
        for shared in self.seats().shared() {
            shared.drain(into);
        }
    }

    /// Moves out what no thread needed from its back since the last sweep.
    pub(crate) fn sweep(&self, into: &mut Batch<T>) {
        for shared in self.seats().shared() {
            shared.sweep(into);
        }
    }

    /// The most objects that one thread had out at once.
    pub(crate) fn depth(&self, handed_over: usize) -> usize {
        let seats = self.seats();
        let depths = seats.shared().map(|shared| shared.depth(handed_over));
        depths.max().unwrap_or(0)
    }

    pub(crate) fn counts(&self) -> LocalCounts {
        let mut sum = LocalCounts::default();
        for shared in self.seats().shared() {
            shared.add_to(&mut sum);
        }
        sum
    }
}

/// Whether a thread meets the pool by borrowing or by giving back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    Borrow,
    Return,
}
