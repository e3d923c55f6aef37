//! Where objects come and go one by one.

use super::account::Room;
use crate::object::{BATCH, Batch, Object};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counters change under the lock, which spares them locked instructions of their own.
pub(super) struct Inbox<T> {
    /// As many as `objects` in `contents`.
    len: AtomicUsize,
    /// Whether threads are served that are passing through. Changes under the lock.
    is_open: AtomicBool,
    contents: Mutex<Contents<T>>,
    /// Objects that were lent from here, and that came back.
    lent: AtomicU64,
    returned: AtomicU64,
}

pub(super) struct Contents<T> {
    pub(super) objects: Vec<Box<Object<T>>>,
    /// Room claimed ahead, so that not every object has to.
    credit: Room,
    /// The most objects there was credit for since the last sweep.
    most_credit: usize,
}

/// Objects that wait for threads that are passing through, or are lent to them, before the
/// slow path is asked to look.
const PASSING: usize = 2 * BATCH;

/// Returns between two looks at the clock.
const TICK: u64 = 1024;

/// Adds to a counter that changes under a lock.
#[inline]
fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Release);
}

impl<T> Contents<T> {
    pub(super) fn credit(&self) -> Room {
        self.credit
    }

    pub(super) fn add_credit(&mut self, room: Room) {
        self.credit += room;
    }

    /// After credit was added, and what was needed at once spent.
    #[inline]
    pub(super) fn note_credit(&mut self) {
        self.most_credit = self.most_credit.max(self.credit.objects);
    }

    pub(super) fn spend_credit(&mut self, room: Room) {
        self.credit -= room;
    }

    /// Gives all of it up.
    pub(super) fn take_credit(&mut self) -> Room {
        std::mem::take(&mut self.credit)
    }

    /// The most there was since the last call.
    pub(super) fn take_most_credit(&mut self) -> usize {
        std::mem::replace(&mut self.most_credit, self.credit.objects)
    }
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Self {
            len: AtomicUsize::new(0),
            is_open: AtomicBool::new(false),
            contents: Mutex::new(Contents {
                objects: Vec::new(),
                credit: Room::default(),
                most_credit: 0,
            }),
            lent: AtomicU64::new(0),
            returned: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there seem to be.
    pub(super) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    fn changed(&self, contents: &Contents<T>) {
        self.len.store(contents.objects.len(), Relaxed);
    }

    /// Moves up to `max` objects out, those that came last.
    pub(super) fn take(&self, contents: &mut Contents<T>, max: usize, into: &mut Batch<T>) {
        let objects = &mut contents.objects;
        into.extend(objects.drain(objects.len().saturating_sub(max)..));
        self.changed(contents);
    }

    /// Moves up to `max` objects out, if there seem to be any.
    pub(super) fn empty(&self, max: usize, into: &mut Batch<T>) {
        if self.len() > 0 {
            self.take(&mut self.lock(), max, into);
        }
    }

    pub(super) fn put(
        &self,
        contents: &mut Contents<T>,
        objects: impl Iterator<Item = Box<Object<T>>>,
    ) {
        contents.objects.extend(objects);
        self.changed(contents);
    }

    /// The object that came last. Its room stays claimed.
    #[inline]
    pub(super) fn lend(&self, contents: &mut Contents<T>) -> Option<Box<Object<T>>> {
        let object = contents.objects.pop()?;
        self.changed(contents);
        bump(&self.lent);
        Some(object)
    }

    /// Keeps an object for which there is credit.
    #[inline]
    pub(super) fn take_back(&self, contents: &mut Contents<T>, object: Box<Object<T>>) {
        contents.spend_credit(Room::of(&object));
        contents.objects.push(object);
        self.changed(contents);
        bump(&self.returned);
    }

    /// Counts an object that is lent and was never here.
    pub(super) fn count_lent(&self, _: &Contents<T>) {
        bump(&self.lent);
    }

    pub(super) fn lent(&self) -> u64 {
        self.lent.load(Acquire)
    }

    pub(super) fn returned(&self) -> u64 {
        self.returned.load(Acquire)
    }

    // ---- threads that are passing through -----------------------------------

    /// Whether they are served.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// Asks under the lock whether they are to be.
    pub(super) fn open_if(&self, is_wanted: impl FnOnce() -> bool) {
        let mut contents = self.lock();
        let is_open = is_wanted();
        if is_open {
            let more = PASSING.saturating_sub(contents.objects.len());
            contents.objects.reserve(more);
        }
        self.is_open.store(is_open, Relaxed);
    }

    /// Lends to one of them, where there is nothing else to be done. They do little else in
    /// their time, and find nothing of this in the cache: so it is short, and touches little.
    #[inline]
    pub(super) fn lend_in_passing(&self) -> Option<Box<Object<T>>> {
        let mut contents = self.lock();
        if !self.is_open() || contents.credit.objects >= PASSING {
            return None;
        }
        let object = self.lend(&mut contents)?;
        contents.add_credit(Room::of(&object));
        contents.note_credit();
        Some(object)
    }

    /// Takes an object back from one, under the same conditions: also that it is not time
    /// for a sweep, and that nothing needs to be allocated.
    #[inline]
    pub(super) fn take_back_in_passing(
        &self,
        mut object: Box<Object<T>>,
        bytes: usize,
    ) -> Result<(), Box<Object<T>>> {
        let mut contents = self.lock();
        let has_place = contents.objects.len() < contents.objects.capacity();
        let is_tick = is_tick(self.returned.load(Relaxed) + 1);
        if !self.is_open() || !has_place || is_tick || !contents.credit.covers(Room::one(bytes)) {
            return Err(object);
        }
        object.bytes = bytes;
        self.take_back(&mut contents, object);
        Ok(())
    }
}

/// Whether it is time to look at the clock, after so many returns.
pub(super) fn is_tick(returns: u64) -> bool {
    returns.is_multiple_of(TICK)
}
