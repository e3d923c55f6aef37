//! Where fronts live, and how a thread gets at its own.
//!
//! A front is made for the first thread that needs one, and handed on from a thread that
//! ends to the next that comes, through a list under a mutex: it lies on that list, or one
//! thread owns it. The owner keeps a pointer to it where no other thread can read it, from
//! the moment it takes the front off the list until before it puts it back.
//!
//! The `thread_local` crate, which did this before, gives each thread an id, and hears of
//! the thread's end to take it back. A pool has to hear of it, too, and twice costs more
//! than anything else that is done when a thread comes and goes; see `benches/churn`. It
//! also panics where a thread asks for the first time in a thread-local's destructor.

#![allow(unsafe_code)]

use super::exit::{self, Parting};
use super::front::{Front, Shared};
use super::near;
use super::{Locals, Touch};
use crate::object::Batch;
use crate::track::Tracker;
use std::ptr::NonNull;
use std::sync::Weak;

/// Threads in a row that made little use of a pool, until the next one is expected to make
/// no more. So many that a few at a program's start or end do not do.
const PASSERS: usize = 16;

/// All fronts of a pool.
pub(super) struct Seats<T> {
    /// As many as most threads had one at once. They stay until the pool goes.
    all: Vec<Seat<T>>,
    /// Those that no thread owns: where they are in `all`. The one that was given back
    /// last is the next to be taken, as it is in somebody's cache.
    vacant: Vec<usize>,
    /// Objects per thread, 0 while the pool is disabled.
    pub(super) capacity: usize,
    /// How many threads in a row have ended that had made little use of the pool.
    passed: usize,
}

/// Owns a front. Not a box, which would say that nobody else points there.
struct Seat<T>(NonNull<Front<T>>);

// SAFETY: it owns a front and nothing else.
unsafe impl<T> Send for Seat<T> where Front<T>: Send {}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        // SAFETY: from `Box::leak` in `Seats::take`, and dropped once, with the `Locals`,
        // whose borrow all references to it carry.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<T: Send> Seats<T> {
    pub(super) const fn new(capacity: usize) -> Self {
        Self {
            all: Vec::new(),
            vacant: Vec::new(),
            capacity,
            passed: 0,
        }
    }

    /// Takes one off the list, or makes one. Who calls it owns it from here on.
    fn take(&mut self) -> NonNull<Front<T>> {
        if let Some(place) = self.vacant.pop() {
            return self.all[place].0;
        }
        let front = Box::new(Front::new(self.all.len()));
        let front = NonNull::from(Box::leak(front));
        self.all.push(Seat(front));
        // So that giving back never allocates.
        self.vacant.reserve(self.all.len());
        front
    }

    /// What all threads may reach of them.
    pub(super) fn shared(&self) -> impl Iterator<Item = &Shared<T>> {
        fn may_be_shared<S: Sync>(shared: &S) -> &S {
            shared
        }
        let fronts = self.all.iter().map(|seat| seat.0.as_ptr());
        // SAFETY: it lives as long as the seat, nobody has a mutable reference to it, and
        // none is made here to the rest of the front, which belongs to its owner.
        fronts.map(|front| may_be_shared(unsafe { &(*front).shared }))
    }
}

impl<T: Send> Locals<T> {
    /// This thread's front, if it has one.
    #[inline]
    pub(crate) fn current(&self) -> Option<&Front<T>> {
        let front = near::recall(self.number()).or_else(|| self.recollect())?;
        // SAFETY: this thread keeps a pointer under this number, which no other `Locals`
        // has, so it is one that `attached` got from `self.seats` and `leave` has not put
        // back. What it points to lives as long as `self` is borrowed, no other thread
        // refers to it, and the reference cannot leave this one: `Front` is not `Sync`.
        Some(unsafe { front.as_ref() })
    }

    /// What the thread keeps where it does not look first, remembered where it does.
    fn recollect(&self) -> Option<NonNull<Front<T>>> {
        let front = exit::seek(self.number())?;
        near::remember(self.number(), front);
        Some(front)
    }

    /// This thread's front, taken if need be; `None` if the thread is, or may be,
    /// on its way out. `touch` says whether the thread is borrowing, `is_passing` whether
    /// a young one is expected to be gone soon; `on_exit` makes what is called when it ends.
    pub(crate) fn attached(
        &self,
        touch: Touch,
        is_passing: bool,
        tracker: &Tracker,
        on_exit: impl FnOnce() -> Weak<dyn exit::OnThreadExit>,
    ) -> Option<&Front<T>> {
        if let front @ Some(_) = self.current() {
            return front;
        }
        if self.number() == near::UNNUMBERED || !exit::may_attach(touch, is_passing) {
            return None;
        }
        let on_exit = on_exit();
        let mut seats = self.seats();
        let taken = seats.take();
        // SAFETY: as in `current`, which will find it.
        let front = unsafe { taken.as_ref() };
        front.attach(seats.capacity, tracker);
        drop(seats);
        exit::keep(self.number(), taken, on_exit);
        near::remember(self.number(), taken);
        Some(front)
    }

    /// Gives a front back that this thread has had of it, and moves out what is in it. Called
    /// when the thread ends: nothing of the pool is under way on it, or never goes on, where
    /// a hook has ended the process. Whether the next thread, too, is expected to make so
    /// little use of the pool that it is better off without a front.
    pub(crate) fn leave(&self, front: Parting, into: &mut Batch<T>) -> bool {
        let Some(front) = front.from::<T>(self.number()) else {
            return false;
        };
        // SAFETY: as in `current`; the thread owns it still, until it is on the list.
        let front = unsafe { front.as_ref() };
        front.drain(into);
        let mut seats = self.seats();
        seats.passed = match exit::is_young() && front.uses() < exit::YOUTH {
            true => seats.passed.saturating_add(1),
            false => 0,
        };
        front.detach();
        seats.vacant.push(front.place());
        seats.passed >= PASSERS
    }

    /// Moves out everything, of all threads.
    pub(crate) fn into_objects(self, into: &mut Batch<T>) {
        self.drain(into);
        for seat in &self.seats().all {
            // SAFETY: nobody borrows `self`, so no thread refers to a front of it.
            unsafe { seat.0.as_ref() }.drain_front(into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Setup;
    use std::sync::{Arc, Barrier};
    use std::thread;
    use std::time::Duration;

    /// A pool that hands its fronts on.
    struct Handing(Locals<u8>);

    impl exit::OnThreadExit for Handing {
        fn on_thread_exit(self: Arc<Self>, front: Parting) {
            self.0.leave(front, &mut Batch::new());
        }
    }

    impl Handing {
        fn new() -> Arc<Self> {
            Arc::new(Self(Locals::new(4)))
        }

        /// The address of this thread's front.
        fn attach(self: &Arc<Self>) -> usize {
            let tracker = Tracker::new(&Setup::new(), Duration::default, 0);
            let on_exit = || -> Weak<dyn exit::OnThreadExit> {
                let weak: Weak<Self> = Arc::downgrade(self);
                weak
            };
            let front = self.0.attached(Touch::Borrow, false, &tracker, on_exit);
            std::ptr::from_ref(front.unwrap()).addr()
        }

        fn leave(self: &Arc<Self>) {
            let front = exit::part(self.0.number()).unwrap();
            exit::OnThreadExit::on_thread_exit(Arc::clone(self), front);
        }

        fn len(&self) -> usize {
            self.0.seats().all.len()
        }
    }

    #[test]
    fn a_front_goes_from_a_thread_that_ends_to_the_next() {
        let pool = Handing::new();
        let on_a_thread = || {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.attach()).join().unwrap()
        };
        let first = on_a_thread();
        assert_eq!((on_a_thread(), pool.len()), (first, 1));
        // As soon as somebody has it, the next one gets another.
        assert_eq!(pool.attach(), first);
        assert_ne!(on_a_thread(), first);
        assert_eq!(pool.attach(), first);
        assert_eq!(pool.len(), 2);
        pool.leave();
        assert!(pool.0.current().is_none());
        assert_eq!(on_a_thread(), first);
    }

    #[test]
    fn no_two_threads_have_the_same() {
        let pool = Handing::new();
        let together = Barrier::new(8);
        for _ in 0..50 {
            let mut fronts: Vec<_> = thread::scope(|scope| {
                let attach = || {
                    let front = pool.attach();
                    together.wait();
                    assert_eq!(pool.attach(), front);
                    front
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(attach)).collect();
                threads.into_iter().map(|t| t.join().unwrap()).collect()
            });
            fronts.sort_unstable();
            fronts.dedup();
            assert_eq!(fronts.len(), 8);
            assert_eq!(pool.len(), 8);
        }
    }

    #[test]
    fn a_thread_finds_its_fronts_however_many() {
        let pools: Vec<_> = (0..100).map(|_| Handing::new()).collect();
        let fronts: Vec<_> = pools.iter().map(Handing::attach).collect();
        for _ in 0..3 {
            let again: Vec<_> = pools.iter().map(Handing::attach).collect();
            assert_eq!(again, fronts);
        }
        assert!(pools.iter().all(|pool| pool.len() == 1));
        // Out of the middle of the list.
        pools[50].leave();
        assert!(pools[50].0.current().is_none());
        let rest = || {
            pools
                .iter()
                .zip(&fronts)
                .filter(|(pool, _)| !Arc::ptr_eq(pool, &pools[50]))
        };
        assert!(rest().all(|(pool, front)| pool.attach() == *front));
    }

    #[test]
    fn pools_that_are_gone_do_not_pile_up() {
        for _ in 0..1_000 {
            Handing::new().attach();
        }
        assert!(exit::kept() <= 8, "{}", exit::kept());
    }
}
