//! Where this thread's fronts lie, so that the hot path need not ask for them: a small
//! table, one for each thread. Those that do not fit are in the list of
//! [`exit`](super::exit).
//!
//! What a place holds is a pointer to the front of *this* thread in the [`Locals`] with
//! the number beside it, and stays one for as long as that `Locals` lives:
//!
//! * Numbers are given out once, so no other pool, of whatever type, is taken for it.
//! * A thread remembers a front that it owns, and forgets it before it gives it back; see
//!   [`seat`](super::seat).
//! * Fronts stay where they are until their `Locals` goes.
//!
//! [`Locals`]: super::Locals

use super::front::Front;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Pools that a thread finds at once. Pools that are made one after another lie beside
/// each other; those that meet in one place, where a program makes and drops many, take
/// the long way in turns, which takes 30 ns instead of 6 and is no less right. 512 bytes
/// for each thread, or 256 on 32-bit targets.
const PLACES: usize = 32;

/// From one number to the next: from it to its place is one instruction, not two.
const STEP: usize = size_of::<Place>();

#[inline]
fn place_of(number: usize) -> usize {
    number / STEP % PLACES
}

/// The number of no pool. Not 0, which is what an empty place holds.
pub(crate) const UNNUMBERED: usize = usize::MAX;

#[derive(Clone, Copy)]
struct Place {
    number: usize,
    /// Never null, which spares the hot path a comparison.
    front: NonNull<()>,
}

const EMPTY: Place = Place {
    number: 0,
    front: NonNull::dangling(),
};

thread_local! {
    // Without a destructor, so that it can be asked to the very end.
    static PLACES_OF_THREAD: [Cell<Place>; PLACES] = const { [const { Cell::new(EMPTY) }; PLACES] };
}

/// A number that no other pool has had. After 2^60 of them (2^29 on 32-bit targets),
/// pools stay without, and have no tiers for threads.
pub(super) fn next_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(STEP);
    let next = |number: usize| number.checked_add(STEP);
    NEXT.fetch_update(Relaxed, Relaxed, next)
        .unwrap_or(UNNUMBERED)
}

/// Where the front of this thread lies in the pool with this number, if that is
/// remembered, and if its objects are `T`.
#[inline]
pub(crate) fn recall<T>(number: usize) -> Option<NonNull<Front<T>>> {
    PLACES_OF_THREAD.with(|places| {
        let place = places[place_of(number)].get();
        (place.number == number).then_some(place.front.cast())
    })
}

pub(super) fn remember<T>(number: usize, front: NonNull<Front<T>>) {
    let front = front.cast();
    PLACES_OF_THREAD.with(|places| places[place_of(number)].set(Place { number, front }));
}

pub(super) fn forget(number: usize) {
    PLACES_OF_THREAD.with(|places| {
        let place = &places[place_of(number)];
        if place.get().number == number {
            place.set(EMPTY);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::{Locals, Touch, exit};
    use super::*;
    use crate::track::{Setup, Tracker};
    use std::cell::RefCell;
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Weak};
    use std::time::Duration;

    struct Nothing;

    impl exit::OnThreadExit for Nothing {
        fn on_thread_exit(self: Arc<Self>, _: exit::Parting) {}
    }

    fn attach(locals: &Locals<u8>) -> Option<&Front<u8>> {
        locals.attached(
            Touch::Borrow,
            false,
            &tracker(),
            || -> Weak<dyn exit::OnThreadExit> { Weak::<Nothing>::new() },
        )
    }

    fn tracker() -> Tracker {
        Tracker::new(&Setup::new(), Duration::default, 0)
    }

    fn is_near(locals: &Locals<u8>) -> bool {
        recall::<u8>(locals.number()).is_some()
    }

    #[test]
    fn what_is_remembered_is_this_threads_front() {
        let (one, two) = (Locals::new(4), Locals::new(4));
        assert!(!is_near(&one));
        for locals in [&one, &two] {
            let front = NonNull::from(attach(locals).unwrap());
            assert_eq!(recall::<u8>(locals.number()), Some(front));
        }
        assert!(is_near(&one));
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!is_near(&one)));
        });
        assert!(recall::<u8>(UNNUMBERED).is_none());
    }

    #[test]
    fn of_two_pools_in_one_place_the_last_is_remembered() {
        let all: Vec<_> = (0..=PLACES).map(|_| Locals::new(4)).collect();
        // Other tests take numbers, too.
        let same = |locals: &&Locals<u8>| place_of(locals.number()) == place_of(all[0].number());
        let other = all[1..].iter().find(same).unwrap_or(&all[1]);
        attach(&all[0]);
        attach(other);
        assert!(is_near(other));
        assert_eq!(is_near(&all[0]), !same(&other));
        attach(&all[0]);
        assert!(is_near(&all[0]));
    }

    /// Asks when it is destroyed: after `EXIT`, if it was touched before.
    struct Late(RefCell<Option<Asked>>);

    type Asked = (Arc<Locals<u8>>, Sender<bool>);

    impl Drop for Late {
        fn drop(&mut self) {
            let (locals, found) = self.0.take().unwrap();
            attach(&locals);
            found.send(is_near(&locals)).unwrap();
        }
    }

    thread_local! {
        static LATE: Late = const { Late(RefCell::new(None)) };
    }

    #[test]
    fn a_thread_that_ends_forgets_and_remembers_nothing_more() {
        let locals = Arc::new(Locals::new(4));
        let (found, late) = channel();
        std::thread::spawn(move || {
            LATE.with(|late| *late.0.borrow_mut() = Some((Arc::clone(&locals), found)));
            attach(&locals);
            assert!(is_near(&locals));
        })
        .join()
        .unwrap();
        assert!(!late.recv().unwrap());
    }
}
