//! The per-thread tier. The only part of the tiers that names thread locals.
//!
//! Each thread has a *front*, a handful of slots that only it can reach and that
//! cost neither an atomic read-modify-write nor a lock, and behind it a *back*,
//! the rest of its capacity, under a mutex that it takes once every few objects
//! and that lets others count and trim what lies there. Objects move between the
//! two in halves of the front, so that a thread swinging around a boundary stays
//! within the front.
//!
//! # Threads that end
//!
//! `thread_local::ThreadLocal` finds a thread's value, and has two edges.
//! It keeps the value of a dead thread for the next one that gets its id; and a
//! thread's first contact with it panics in a thread-local's destructor once the
//! crate's own guard has been destroyed, after it has taken an id that nobody
//! gives back. So:
//!
//! * Attaching a thread registers `EXIT`, *after* the crate's guard, so that it
//!   is destroyed before: what the thread cached moves to the shared tier, and
//!   the thread no longer attaches. Its later calls go to the shared tier.
//! * A thread that has never borrowed anything does not attach by dropping a
//!   guard: nothing tells whether it is being torn down. Its returns go to the
//!   shared tier one by one.
//! * What remains is a thread that used the `thread_local` crate for something
//!   else and borrows for the first time inside a destructor, after the crate's
//!   guard. That panic is caught, and the thread uses the shared tier.
//!
//! A front says which thread owns it, and no other touches it, also where a platform
//! were to destroy in another order than this one.

mod exit;
mod front;
mod near;

pub(crate) use exit::{OnThreadExit, thread_number};
pub(crate) use front::{FRONT, Front, Limits, LocalCounts, TICK};
pub(crate) use near::{UNNUMBERED, recall};

use crate::object::Batch;
use crate::track::Tracker;
use crossbeam_utils::CachePadded;
use exit::{EXIT, PHASE, Phase};
use front::Shared;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use thread_local::ThreadLocal;

/// The per-thread tiers of one pool.
pub(crate) struct Locals<T: Send> {
    /// See [`near`].
    number: usize,
    fronts: ThreadLocal<CachePadded<Front<T>>>,
    /// Objects per thread, 0 while the pool is disabled. Set before the backs are locked,
    /// one after another, and read by a thread that attaches under its back's lock: so
    /// one of the two sees the other.
    capacity: AtomicUsize,
    /// The reachable part of every front. Ids of dead threads are used again, so this is
    /// as long as most threads were alive at once.
    shared: Mutex<Vec<Arc<Shared<T>>>>,
}

impl<T: Send> Locals<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            number: near::next_number(),
            fronts: ThreadLocal::new(),
            capacity: AtomicUsize::new(capacity),
            shared: Mutex::new(Vec::new()),
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Shared<T>>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// What is left of a pool that goes: it is no pool, and has no number.
    pub(crate) fn vacant() -> Self {
        Self {
            number: UNNUMBERED,
            fronts: ThreadLocal::new(),
            capacity: AtomicUsize::new(0),
            shared: Mutex::new(Vec::new()),
        }
    }

    /// This thread's front, if it has one.
    pub(crate) fn current(&self) -> Option<&Front<T>> {
        let front = self.fronts.get()?;
        front.shared().is_owned_by(thread_number()).then_some(front)
    }

    /// The same, remembered if it may be.
    fn recollect(&self) -> Option<&Front<T>> {
        let front = self.current()?;
        // At its end a thread uses the tier that it still has, but has forgotten it for
        // good: see `near`.
        if PHASE.get() == Phase::Attached {
            near::remember(self.number, front);
        }
        Some(front)
    }

    /// This thread's front, made if need be; `None` if the thread is, or may be,
    /// on its way out. `touch` says whether the thread is borrowing, `on_exit`
    /// makes what is called when it ends.
    pub(crate) fn attached(
        &self,
        touch: Touch,
        tracker: &Tracker,
        on_exit: impl FnOnce() -> Weak<dyn OnThreadExit>,
    ) -> Option<&Front<T>> {
        if let Some(front) = self.recollect() {
            return Some(front);
        }
        let phase = PHASE.get();
        match (phase, touch) {
            (Phase::Attached, _) | (Phase::Fresh, Touch::Borrow) => {}
            (Phase::Fresh, Touch::Return) | (Phase::Dead, _) => return None,
        }
        let make = || self.fronts.get_or(|| CachePadded::new(self.new_front()));
        let front = match phase {
            Phase::Attached => make(),
            // See the module's third edge. Nothing of ours is torn by the panic:
            // it strikes before `new_front` is called.
            _ => catch_unwind(AssertUnwindSafe(make))
                .inspect_err(|_| PHASE.set(Phase::Dead))
                .ok()?,
        };
        let is_own = EXIT.try_with(|exit| {
            // EXIT exists, and was made after the crate's guard.
            PHASE.set(Phase::Attached);
            let is_own = front.attach(thread_number(), &self.capacity, tracker);
            if is_own {
                exit.push(on_exit());
                near::remember(self.number, front);
            }
            is_own
        });
        is_own.ok()?.then_some(front)
    }

    fn new_front(&self) -> Front<T> {
        let front = Front::new();
        self.all().push(Arc::clone(front.shared()));
        front
    }

    /// Moves out everything that this thread keeps.
    pub(crate) fn drain_current(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.drain(into);
        }
    }

    /// The same because the thread ends: its tier will not fill again.
    pub(crate) fn detach_current(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.detach(into);
        }
    }

    /// Sets every thread's capacity, and moves out what no longer fits where it
    /// can be reached: in all backs, and in this thread's front.
    pub(crate) fn set_capacity(&self, capacity: impl FnOnce() -> usize, into: &mut Batch<T>) {
        let all = self.all();
        let capacity = capacity();
        self.capacity.store(capacity, Relaxed);
        for shared in &*all {
            shared.tune(capacity, into);
        }
        drop(all);
        if let Some(front) = self.current() {
            front.shed(into);
        }
    }

    /// Sends every thread's next `get` through the slow path.
    #[cfg(feature = "track")]
    pub(crate) fn close_fronts(&self) {
        for shared in &*self.all() {
            shared.close_front();
        }
    }

    /// Moves out what can be reached: all backs, and this thread's front.
    pub(crate) fn drain(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.drain_front(into);
        }
        for shared in &*self.all() {
            shared.drain(into);
        }
    }

    /// Moves out what no thread needed from its back since the last sweep.
    pub(crate) fn sweep(&self, into: &mut Batch<T>) {
        for shared in &*self.all() {
            shared.sweep(into);
        }
    }

    /// Moves out everything, of all threads.
    pub(crate) fn into_objects(self, into: &mut Batch<T>) {
        self.drain(into);
        for front in self.fronts {
            front.drain_front(into);
        }
    }

    /// The most objects that one thread had out at once.
    pub(crate) fn depth(&self, handed_over: usize) -> usize {
        let all = self.all();
        let depths = all.iter().map(|shared| shared.depth(handed_over));
        depths.max().unwrap_or(0)
    }

    pub(crate) fn counts(&self) -> LocalCounts {
        let mut sum = LocalCounts::default();
        for shared in &*self.all() {
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
