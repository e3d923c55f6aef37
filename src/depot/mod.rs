//! The shared tier: objects that any thread may take. The only file that names
//! the queue.
//!
//! Threads exchange whole batches through a queue, as Bonwick and Adams do in
//! *Magazines and Vmem* (USENIX 2001): a box of up to sixteen objects is swapped
//! for another, so that an exchange moves one pointer and allocates nothing;
//! emptied boxes go around in a queue of their own. Handing a 16-entry map from
//! one thread to another cost, for each map and with the channel in between:
//! 118 ns this way, 122 with a vector under a mutex in place of the queue (175
//! against 130 at batches of four), 480 with malloc.
//!
//! Objects that come or go one by one (of threads with a capacity of 0, and of those that have
//! only dropped a few guards) would each cost an exchange that way, and measured 345 ns. They
//! go through an *inbox*, one of a few chosen by thread, each under its own mutex, and from
//! there to the queue by the batch. Everything that changes with each of them changes under
//! that mutex, so that two locked instructions are all that it takes. Those of threads that
//! are passing through have a *spot* each, while they are idle and while they are lent: see
//! [`spots`].
//!
//! Room is claimed before anything moves in, so a capacity that does not change
//! holds at every moment; what was on its way in while it was lowered may exceed it
//! until somebody takes it out. It is not tied to the length of the queue, which is
//! why it can change while the pool runs. Their heap bytes are claimed in the same way.

mod account;
mod inbox;
mod spots;

use crate::local;
use crate::object::{BATCH, Batch, Object};
use account::{Account, Room};
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::CachePadded;
use inbox::{Contents, Inbox};
use spots::{SPOTS, Spots};
use std::ops::Add;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Inboxes: enough that a few threads seldom meet in one, few enough to search.
const INBOXES: usize = 8;

/// Boxes of batches that can wait to be filled. What exceeds it is freed.
const EMPTIES: usize = 32;

pub(crate) struct Depot<T> {
    full: ArrayQueue<Box<Batch<T>>>,
    empty: ArrayQueue<Box<Batch<T>>>,
    inboxes: [CachePadded<Inbox<T>>; INBOXES],
    spots: Spots<T>,
    account: CachePadded<Account>,
    /// The fewest batches in the queue since the last sweep.
    low: CachePadded<AtomicUsize>,
    /// In objects.
    capacity: AtomicUsize,
    /// In heap bytes.
    budget: usize,
}

/// What came of an object that was put in by itself.
pub(crate) struct Kept {
    /// Whether it is time to look at the clock.
    pub(crate) is_tick: bool,
    /// Whether it, or others, may lie where nobody looks any more if the pool was disabled
    /// meanwhile.
    pub(crate) is_unsure: bool,
}

/// Most heap bytes that an inbox claims ahead: a parcel of objects that are not large.
const BYTES_AHEAD: usize = 64 * 1024;

impl<T> Depot<T> {
    pub(crate) fn new(capacity: usize, budget: usize) -> Self {
        Self {
            // Batches of a thread with the smallest front hold four. What does not
            // fit goes to an inbox, so the length decides no more than the speed.
            full: ArrayQueue::new((capacity / 4).clamp(EMPTIES, 4096)),
            empty: ArrayQueue::new(EMPTIES),
            inboxes: std::array::from_fn(|_| CachePadded::new(Inbox::new())),
            spots: Spots::new(),
            account: CachePadded::default(),
            low: CachePadded::default(),
            capacity: AtomicUsize::new(capacity),
            budget,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// How much may lie here.
    fn limit(&self) -> Room {
        Room {
            objects: self.capacity(),
            bytes: self.budget,
        }
    }

    /// Whether there is room for one more object, at this moment.
    pub(crate) fn has_room(&self) -> bool {
        let claimed = self.account.claimed();
        claimed.objects < self.capacity() && claimed.bytes < self.budget
    }

    /// See [`pressure`](Self::pressure).
    pub(crate) const MOST_PRESSURE: usize = account::MOST_PRESSURE;

    /// How much exchanges get into each other's way: 0 to `MOST_PRESSURE`.
    pub(crate) fn pressure(&self) -> usize {
        self.account.pressure()
    }

    /// Claims up to `want`, if need be of what inboxes have claimed ahead; how much.
    fn claim(&self, want: Room) -> Room {
        let claimed = self.account.claim(want, self.limit());
        if claimed.covers(want) {
            return claimed;
        }
        let claimed = claimed + self.call_in(want.beyond(claimed));
        claimed + self.account.claim(want.beyond(claimed), self.limit())
    }

    /// Has inboxes give up what they have claimed ahead: up to `need` to the caller, who
    /// could not be sure of it otherwise.
    fn call_in(&self, need: Room) -> Room {
        let mut found = Room::default();
        for inbox in &self.inboxes {
            let credit = inbox.lock().take_credit();
            let part = credit.min(need.beyond(found));
            found += part;
            self.account.unclaim(credit.beyond(part));
        }
        found
    }

    /// What inboxes have claimed ahead.
    fn credit(&self) -> Room {
        let credits = self.inboxes.iter().map(|inbox| inbox.lock().credit());
        credits.fold(Room::default(), Room::add)
    }

    /// Moves in as much of `batch` as there is room for; the rest stays.
    pub(crate) fn put(&self, batch: &mut Batch<T>) {
        let wanted = Room::of_all(batch);
        let mut room = self.claim(wanted);
        if room == wanted {
            return self.put_claimed(batch);
        }
        // One by one: what is too large must not keep out what is not.
        let mut fits = Batch::new();
        let mut rest = Batch::new();
        for object in batch.drain(..) {
            let need = Room::of(&object);
            if room.covers(need) {
                room -= need;
                fits.push(object);
            } else {
                rest.push(object);
            }
        }
        self.account.unclaim(room);
        self.put_claimed(&mut fits);
        batch.append(&mut rest);
    }

    /// Moves in objects for which room was claimed.
    fn put_claimed(&self, batch: &mut Batch<T>) {
        match batch.len() {
            0 => {}
            4..=BATCH => self.enqueue(batch),
            // A shorter batch costs as much as a long one, to put and to take; a
            // longer one (a thread's, at its exit) would be too much for another.
            _ => self.put_in_inbox(batch.drain(..)),
        }
    }

    fn enqueue(&self, batch: &mut Batch<T>) {
        let mut parcel = self.empty.pop().unwrap_or_default();
        std::mem::swap(&mut *parcel, batch);
        if let Err(mut parcel) = self.full.push(parcel) {
            self.put_in_inbox(parcel.drain(..));
        }
    }

    fn put_in_inbox(&self, objects: impl Iterator<Item = Box<Object<T>>>) {
        let inbox = self.inbox();
        inbox.put(&mut inbox.lock(), objects);
    }

    fn inbox(&self) -> &Inbox<T> {
        &self.inboxes[local::place() % INBOXES]
    }

    /// Room that an inbox claims at once. Little enough that it is missed by
    /// nobody, and none where there is little.
    fn ahead(&self) -> Room {
        Room {
            objects: (self.capacity() / (8 * INBOXES)).min(BATCH),
            bytes: (self.budget / (8 * INBOXES)).min(BYTES_AHEAD),
        }
    }

    /// Whether an inbox has room for one object, claimed if need be, and then ahead, so that
    /// it need not be the next time.
    fn has_credit(&self, contents: &mut Contents<T>, need: Room) -> bool {
        let lacking = need.beyond(contents.credit());
        if lacking == Room::default() {
            return true;
        }
        let ahead = self.ahead();
        let more = |lacking: usize, ahead: usize| match lacking {
            0 => 0,
            _ => lacking.max(ahead),
        };
        let want = Room {
            objects: more(lacking.objects, ahead.objects),
            bytes: more(lacking.bytes, ahead.bytes),
        };
        contents.add_credit(self.account.claim(want, self.limit()));
        contents.credit().covers(need)
    }

    /// Moves in one object, or gives it back if there is no room. Once `parcel` of
    /// them have come, they go on together.
    pub(crate) fn put_one(
        &self,
        mut object: Box<Object<T>>,
        parcel: usize,
    ) -> Result<Kept, Box<Object<T>>> {
        let need = Room::of(&object);
        let inbox = self.inbox();
        let mut contents = inbox.lock();
        if !self.has_credit(&mut contents, need) {
            drop(contents);
            // The last of the room may be what inboxes claimed ahead.
            let found = self.call_in(need);
            contents = inbox.lock();
            contents.add_credit(found);
            if !self.has_credit(&mut contents, need) {
                // A part of the room, which others may have a use for.
                self.account.unclaim(contents.take_credit());
                return Err(object);
            }
        }
        if self.suits_a_spot(&object) {
            contents.spend(need);
            drop(contents);
            object = match self.spots.adopt(object, self.most_spots()) {
                Ok(kept) => return Ok(kept),
                Err(object) => object,
            };
            contents = inbox.lock();
            contents.add_credit(need);
        }
        let is_tick = inbox.take_back(&mut contents, object);
        let is_unsure = contents.objects.len() >= parcel;
        if is_unsure {
            let mut batch = Batch::new();
            inbox.take(&mut contents, parcel.min(BATCH), &mut batch);
            drop(contents);
            self.enqueue(&mut batch);
        }
        Ok(Kept { is_tick, is_unsure })
    }

    /// Moves out one object.
    pub(crate) fn take_one(&self) -> Option<Box<Object<T>>> {
        let inbox = self.inbox();
        if inbox.is_filled() {
            let mut contents = inbox.lock();
            if let Some(object) = inbox.lend(&mut contents) {
                // Kept for the object's return, rather than claimed anew: but not what a
                // lowered capacity no longer allows.
                let room = Room::of(&object);
                let kept = match self.account.claimed().objects <= self.capacity() {
                    true => room.min(self.ahead().beyond(contents.credit())),
                    false => Room::default(),
                };
                contents.add_credit(kept);
                self.account.unclaim(room.beyond(kept));
                return Some(object);
            }
        }
        let mut batch = Batch::new();
        self.withdraw(BATCH, &mut batch);
        let object = batch.pop()?;
        self.account.unclaim(Room::of(&object));
        // The rest is at hand next time.
        let mut contents = inbox.lock();
        inbox.put(&mut contents, batch.drain(..));
        contents.count_lent();
        Some(object)
    }

    // ---- threads that are passing through -----------------------------------

    /// Whether they are served without a tier of their own.
    pub(crate) fn is_open(&self) -> bool {
        self.spots.is_open()
    }

    /// Asks, one at a time, whether they are to be.
    pub(crate) fn open_if(&self, is_wanted: impl FnOnce() -> bool) {
        // What was lent before the capacity was lowered has its spot still, and its room: it
        // would come back there.
        let fits = || self.account.claimed().objects <= self.capacity();
        self.spots.open_if(|| is_wanted() && fits());
    }

    /// Lends to one of them, if there is nothing else to be done.
    #[inline]
    pub(crate) fn lend_in_passing(&self) -> Option<Box<Object<T>>> {
        self.spots.lend()
    }

    /// Takes back what was lent that way, as large as it was, if there is nothing else to
    /// be done.
    #[inline]
    pub(crate) fn take_back_in_passing(
        &self,
        object: Box<Object<T>>,
    ) -> Result<Kept, Box<Object<T>>> {
        self.spots.take_back(object)
    }

    /// Whether an object that comes back is to have a spot.
    fn suits_a_spot(&self, object: &Object<T>) -> bool {
        // Room is claimed for what is lent, too, and should not be missed by others.
        let most = self.most_spots();
        let bytes = self.budget / 4 / most.max(1);
        self.is_open() && !object.look && object.bytes <= bytes && self.spots.owned() < most
    }

    fn most_spots(&self) -> usize {
        (self.capacity() / 4).min(SPOTS)
    }

    /// Has an object leave its spot, if it owns one: it does not come back there.
    pub(crate) fn leave(&self, object: &mut Object<T>) {
        if let Some(room) = self.spots.leave(object) {
            self.account.unclaim(room);
        }
    }

    // ---- many at once -------------------------------------------------------

    /// Moves up to `max` objects into an empty batch: one parcel, or what an inbox holds.
    pub(crate) fn take(&self, max: usize, into: &mut Batch<T>) {
        self.withdraw(max, into);
        self.settle(into);
    }

    /// Gives up the room of what was moved out.
    fn settle(&self, taken: &[Box<Object<T>>]) {
        self.account.unclaim(Room::of_all(taken));
    }

    fn next_parcel(&self) -> Option<Box<Batch<T>>> {
        let parcel = self.full.pop()?;
        let left = self.full.len();
        if left < self.low.load(Relaxed) {
            self.low.fetch_min(left, Relaxed);
        }
        Some(parcel)
    }

    /// Moves out one parcel, to what there is; whether there was one.
    fn unpack(&self, into: &mut Batch<T>) -> bool {
        let Some(mut parcel) = self.next_parcel() else {
            return false;
        };
        into.append(&mut parcel);
        let _ = self.empty.push(parcel);
        true
    }

    /// Moves out what `take` does, with its room still claimed.
    fn withdraw(&self, max: usize, into: &mut Batch<T>) {
        if let Some(mut parcel) = self.next_parcel() {
            std::mem::swap(&mut *parcel, into);
            // If all boxes are waiting already, this one is freed.
            let _ = self.empty.push(parcel);
            if into.len() > max {
                self.put_in_inbox(into.drain(max..));
            }
            return;
        }
        let own = local::place();
        for i in 0..INBOXES {
            self.inboxes[(own % INBOXES + i) % INBOXES].empty(max, into);
            if !into.is_empty() {
                return;
            }
        }
        self.spots.empty(max, into);
    }

    /// Moves out objects until at most `keep` are left. Those that other threads
    /// put in meanwhile may stay.
    pub(crate) fn drain(&self, keep: usize, into: &mut Batch<T>) {
        if keep == 0 {
            return self.drain_all(into);
        }
        let mut batch = Batch::new();
        loop {
            let excess = self.len().saturating_sub(keep);
            if excess == 0 {
                return;
            }
            self.withdraw(excess, &mut batch);
            self.settle(&batch);
            if batch.is_empty() {
                return;
            }
            into.append(&mut batch);
        }
    }

    /// Moves out everything. Looks into each inbox, whether or not there seems to be anything:
    /// so who has put something there, and sees what was done before this, need not fear
    /// that it stayed.
    fn drain_all(&self, into: &mut Batch<T>) {
        let from = into.len();
        while self.unpack(into) {}
        for inbox in &self.inboxes {
            inbox.take(&mut inbox.lock(), usize::MAX, into);
        }
        self.spots.drain(into);
        self.settle(&into[from..]);
    }

    /// Moves out what nobody needed since the last sweep: of the queue and of each inbox, as
    /// much as lay there at every moment since. (The working set of Bonwick and Adams.)
    pub(crate) fn sweep(&self, into: &mut Batch<T>) {
        let from = into.len();
        for _ in 0..self.low.load(Relaxed) {
            if !self.unpack(into) {
                break;
            }
        }
        self.low.store(self.full.len(), Relaxed);
        for inbox in &self.inboxes {
            inbox.sweep(into);
        }
        self.spots.sweep(into);
        self.settle(&into[from..]);
    }

    /// Sets the capacity and moves out what exceeds it.
    pub(crate) fn set_capacity(&self, capacity: usize, into: &mut Batch<T>) {
        self.capacity.store(capacity, Relaxed);
        // Threads that are passing through would give back what had room before.
        self.open_if(|| false);
        self.call_in(Room::default());
        self.drain(capacity, into);
    }

    fn len(&self) -> usize {
        self.counts().0
    }

    /// Objects, and the heap bytes they keep.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let free = self.credit() + self.spots.credit();
        let held = self.account.claimed().beyond(free);
        (held.objects, held.bytes)
    }

    /// Objects that were borrowed one by one.
    pub(crate) fn lent(&self) -> u64 {
        let inboxes = self.inboxes.iter().map(|inbox| inbox.lock().lent());
        inboxes.sum::<u64>() + self.spots.lent()
    }

    /// Objects that came back one by one.
    pub(crate) fn returned(&self) -> u64 {
        let inboxes = self.inboxes.iter().map(|inbox| inbox.lock().returned());
        inboxes.sum::<u64>() + self.spots.returned()
    }
}
