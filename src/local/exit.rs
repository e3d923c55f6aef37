//! How a thread ends, and what it has to give back then.

use super::Touch;
use super::front::Front;
use super::near;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

/// What a pool does when a thread that used it ends.
pub(crate) trait OnThreadExit {
    /// Called in a thread-local's destructor: must not panic. The thread parts with the
    /// front that it had.
    fn on_thread_exit(self: Arc<Self>, front: Parting);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// This thread has had no front.
    Fresh,
    /// `EXIT` is registered.
    Attached,
    /// The thread is being torn down.
    Dead,
}

/// A front that this thread owns, and does not find any more.
pub(crate) struct Parting {
    /// Of its pool; see [`near`].
    number: usize,
    front: NonNull<()>,
}

impl Parting {
    /// Where it is, if it was taken under this number.
    pub(super) fn from<T>(self, number: usize) -> Option<NonNull<Front<T>>> {
        (self.number == number).then_some(self.front.cast())
    }
}

/// A front that this thread owns.
struct Taken {
    front: Parting,
    pool: Weak<dyn OnThreadExit>,
}

impl Taken {
    fn number(&self) -> usize {
        self.front.number
    }
}

/// Most threads that do not live long use a pool or two: no allocation for those.
type Fronts = SmallVec<[Taken; 4]>;

/// Gets and returns up to which a thread may be passing through: 32 loans. To take a front and
/// to give it back takes longer.
pub(super) const YOUTH: usize = 64;

/// A number that no other thread has had, to spread threads over places.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let mut number = NUMBER.get();
    if number == 0 {
        number = NEXT.fetch_add(1, Relaxed);
        NUMBER.set(number);
    }
    number
}

/// The same, or 0 for a thread that may be gone soon: those go where the last one of them
/// was, who left something there.
pub(crate) fn place() -> usize {
    NUMBER.get()
}

/// Whether the thread is so young that it may be gone soon.
#[inline]
pub(crate) fn is_young() -> bool {
    VISITS.get() < YOUTH
}

/// Counts a get or a return of a young thread that has no front there.
#[inline]
pub(crate) fn count_visit() {
    VISITS.set(VISITS.get() + 1);
}

thread_local! {
    // Without destructors: can be read to the very end.
    /// Gets and returns without a front, of any pool, up to `YOUTH`.
    static VISITS: Cell<usize> = const { Cell::new(0) };
    static NUMBER: Cell<usize> = const { Cell::new(0) };
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Fresh) };
    /// Ordered by number. Emptied by `EXIT`.
    static FRONTS: RefCell<ManuallyDrop<Fronts>> =
        const { RefCell::new(ManuallyDrop::new(SmallVec::new_const())) };
    static EXIT: Exit = const { Exit };
}

/// Hears of the thread's end.
struct Exit;

/// Whether this thread may take fronts. From there on, its end is heard of. `is_passing`
/// says whether a young thread of the pool is expected to be gone soon.
///
/// Nothing tells whether a thread that only gives back is being torn down, but that it
/// goes on and on.
pub(super) fn may_attach(touch: Touch, is_passing: bool) -> bool {
    let is_young = is_young();
    if is_young {
        count_visit();
    }
    let may = match (PHASE.get(), touch) {
        (Phase::Dead, _) => false,
        _ if is_young && is_passing => false,
        (Phase::Attached, _) => true,
        (Phase::Fresh, Touch::Return) if is_young => false,
        (Phase::Fresh, _) => EXIT.try_with(|_| PHASE.set(Phase::Attached)).is_ok(),
    };
    if may || !is_young {
        thread_number();
    }
    may
}

/// Where the front that was taken under this number is: O(log of how many this thread has).
#[inline]
pub(super) fn seek<T>(number: usize) -> Option<NonNull<Front<T>>> {
    match PHASE.get() {
        Phase::Fresh => None,
        _ => seek_in_list(number),
    }
}

#[cold]
fn seek_in_list<T>(number: usize) -> Option<NonNull<Front<T>>> {
    FRONTS.with_borrow(|fronts| {
        let at = fronts.binary_search_by_key(&number, Taken::number);
        at.ok().map(|at| fronts[at].front.front.cast())
    })
}

/// Keeps a front until the thread ends.
pub(super) fn keep<T>(number: usize, front: NonNull<Front<T>>, pool: Weak<dyn OnThreadExit>) {
    let front = front.cast();
    let front = Parting { number, front };
    FRONTS.with_borrow_mut(|fronts| {
        // Pools that are gone would pile up in a thread that outlives many: swept when
        // the list would grow, which makes it O(1) amortised.
        if fronts.len() == fronts.capacity() {
            fronts.retain(|taken| taken.pool.strong_count() > 0);
        }
        let taken = Taken { front, pool };
        match fronts.last() {
            Some(last) if number < last.number() => {
                let at = fronts.partition_point(|taken| taken.number() < number);
                fronts.insert(at, taken);
            }
            // Most threads get to know pools in the order in which they were made.
            _ => fronts.push(taken),
        }
    });
}

/// Takes a front off the list and out of the table.
fn forget(take: impl Fn(&mut Fronts) -> Option<Taken>) -> Option<Taken> {
    // Borrowed only where an allocator ends the process while the list grows.
    let taken = FRONTS.with(|fronts| take(&mut *fronts.try_borrow_mut().ok()?))?;
    near::forget(taken.number());
    Some(taken)
}

#[cfg(test)]
pub(super) fn part(number: usize) -> Option<Parting> {
    let take = |fronts: &mut Fronts| {
        let at = fronts.iter().position(|taken| taken.number() == number)?;
        Some(fronts.remove(at))
    };
    Some(forget(take)?.front)
}

#[cfg(test)]
pub(super) fn kept() -> usize {
    FRONTS.with_borrow(|fronts| fronts.len())
}

impl Drop for Exit {
    fn drop(&mut self) {
        PHASE.set(Phase::Dead);
        // One after another: as long as a pool is not told, the thread has its front, and
        // may use it while other pools let go of what they cannot keep.
        while let Some(Taken { front, pool }) = forget(|fronts| fronts.pop()) {
            if let Some(pool) = pool.upgrade() {
                pool.on_thread_exit(front);
            }
        }
        // The memory of a long list.
        FRONTS.with(|fronts| {
            fronts
                .try_borrow_mut()
                .map(|mut fronts| fronts.shrink_to_fit())
                .ok()
        });
    }
}
