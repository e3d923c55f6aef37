//! Where objects come and go one by one.

use super::account::Room;
use crate::object::{Batch, Object};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Begins a cache line. What changes with each object is in the first 64 bytes: another
/// processor's cache may have had them.
#[repr(C)]
pub(super) struct Inbox<T> {
    /// Whether there is anything in `contents`. Changes under the lock.
    is_filled: AtomicBool,
    contents: Mutex<Contents<T>>,
}

#[repr(C)]
pub(super) struct Contents<T> {
    pub(super) objects: Vec<Box<Object<T>>>,
    /// Room claimed ahead, so that not every object has to.
    credit: Room,
    /// Objects that were lent from here, and that came back, beyond those below.
    lent: u32,
    returned: u32,
    // From here on seldom changed.
    /// The fewest objects since the last sweep.
    low: usize,
    lent_before: u64,
    returned_before: u64,
}

/// Returns between two looks at the clock.
const TICK: u32 = 1024;

/// Counts one more. Whether it is a round number.
#[inline]
fn count(beyond: &mut u32, before: &mut u64) -> bool {
    *beyond += 1;
    let is_round = *beyond == TICK;
    if is_round {
        *before += u64::from(std::mem::take(beyond));
    }
    is_round
}

impl<T> Contents<T> {
    fn new() -> Self {
        Self {
            objects: Vec::new(),
            credit: Room::default(),
            lent: 0,
            returned: 0,
            low: 0,
            lent_before: 0,
            returned_before: 0,
        }
    }

    pub(super) fn credit(&self) -> Room {
        self.credit
    }

    pub(super) fn add_credit(&mut self, room: Room) {
        self.credit += room;
    }

    /// Gives all of it up.
    pub(super) fn take_credit(&mut self) -> Room {
        std::mem::take(&mut self.credit)
    }

    /// Passes room on, of which there is so much, to an object that is kept elsewhere.
    pub(super) fn spend(&mut self, room: Room) {
        self.credit -= room;
    }

    /// Counts an object that is lent.
    #[inline]
    pub(super) fn count_lent(&mut self) {
        count(&mut self.lent, &mut self.lent_before);
    }

    /// Objects that were lent from here.
    pub(super) fn lent(&self) -> u64 {
        self.lent_before + u64::from(self.lent)
    }

    /// Objects that came back.
    pub(super) fn returned(&self) -> u64 {
        self.returned_before + u64::from(self.returned)
    }
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Self {
            is_filled: AtomicBool::new(false),
            contents: Mutex::new(Contents::new()),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there seems to be anything.
    pub(super) fn is_filled(&self) -> bool {
        self.is_filled.load(Relaxed)
    }

    /// Takes note that objects were moved out.
    #[inline]
    fn moved_out(&self, contents: &mut Contents<T>) {
        let len = contents.objects.len();
        self.is_filled.store(len > 0, Relaxed);
        // Mostly read, and so in every processor's cache.
        if len < contents.low {
            contents.low = len;
        }
    }

    /// Moves up to `max` objects out, those that came last.
    pub(super) fn take(&self, contents: &mut Contents<T>, max: usize, into: &mut Batch<T>) {
        let objects = &mut contents.objects;
        into.extend(objects.drain(objects.len().saturating_sub(max)..));
        self.moved_out(contents);
    }

    /// Moves up to `max` objects out, if there seem to be any.
    pub(super) fn empty(&self, max: usize, into: &mut Batch<T>) {
        if self.is_filled() {
            self.take(&mut self.lock(), max, into);
        }
    }

    /// Moves out what was here at every moment since the last sweep.
    pub(super) fn sweep(&self, into: &mut Batch<T>) {
        let mut contents = self.lock();
        let idle = contents.low;
        into.extend(contents.objects.drain(..idle));
        self.moved_out(&mut contents);
        contents.low = contents.objects.len();
    }

    pub(super) fn put(
        &self,
        contents: &mut Contents<T>,
        objects: impl Iterator<Item = Box<Object<T>>>,
    ) {
        contents.objects.extend(objects);
        self.is_filled.store(!contents.objects.is_empty(), Relaxed);
    }

    /// The object that came last. Its room stays claimed.
    #[inline]
    pub(super) fn lend(&self, contents: &mut Contents<T>) -> Option<Box<Object<T>>> {
        let object = contents.objects.pop()?;
        self.moved_out(contents);
        contents.count_lent();
        Some(object)
    }

    /// Keeps an object for which there is credit. Whether it is time to look at the clock.
    #[inline]
    pub(super) fn take_back(&self, contents: &mut Contents<T>, object: Box<Object<T>>) -> bool {
        contents.spend(Room::of(&object));
        contents.objects.push(object);
        self.is_filled.store(true, Relaxed);
        count(&mut contents.returned, &mut contents.returned_before)
    }
}
