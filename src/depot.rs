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
//! Objects that come or go one by one (of threads with a capacity of 0, and of
//! threads that only ever drop guards) would each cost an exchange that way, and
//! measured 345 ns. They go through an *inbox*, one of a few chosen by thread,
//! each under its own mutex, and from there to the queue by the batch.
//!
//! Room is claimed before anything moves in, so a capacity that does not change
//! holds at every moment; what was on its way in while it was lowered may exceed it
//! until somebody takes it out. It is not tied to the length of the queue, which is
//! why it can change while the pool runs. Their heap bytes are claimed in the same way.

use crate::local;
use crate::object::{BATCH, Batch, Object};
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Inboxes: enough that a few threads seldom meet in one, few enough to search.
const INBOXES: usize = 8;

/// Objects that go from a thread that ends straight to the next one. Fewer than these are
/// no parcel worth queueing, and a thread that lives so short seldom has more.
pub(crate) const ESTATE: usize = 4;

/// Boxes of batches that can wait to be filled. What exceeds it is freed.
const EMPTIES: usize = 32;

pub(crate) struct Depot<T> {
    full: ArrayQueue<Box<Batch<T>>>,
    empty: ArrayQueue<Box<Batch<T>>>,
    inboxes: [CachePadded<Inbox<T>>; INBOXES],
    account: CachePadded<Account>,
    /// In objects.
    capacity: AtomicUsize,
    /// In heap bytes.
    budget: usize,
}

/// Changed once by each exchange.
#[derive(Default)]
struct Account {
    /// Objects in the depot, and room promised to objects on their way there.
    claimed: AtomicUsize,
    /// The same of their heap bytes.
    bytes: AtomicUsize,
    /// The least that `claimed` was since the last sweep.
    low: AtomicUsize,
    /// How often of late somebody else was in the way, up to `MOST_PRESSURE`.
    pressure: AtomicUsize,
}

struct Inbox<T> {
    /// As many as `objects` in `contents`, to be read without the lock.
    len: AtomicUsize,
    contents: Mutex<Contents<T>>,
}

struct Contents<T> {
    objects: Vec<Box<Object<T>>>,
    /// Room claimed ahead, so that not every object has to.
    credit: usize,
}

fn bytes<T>(objects: &[Box<Object<T>>]) -> usize {
    objects.iter().map(|object| object.bytes).sum()
}

/// Adds to a total what `want` makes of the room below the limit. Says how much,
/// and whether another thread changed the total meanwhile.
fn grant(total: &AtomicUsize, limit: usize, want: impl Fn(usize) -> usize) -> (usize, bool) {
    let mut now = total.load(Relaxed);
    let mut disturbed = false;
    loop {
        let granted = want(limit.saturating_sub(now));
        if granted == 0 {
            return (0, disturbed);
        }
        match total.compare_exchange(now, now + granted, Relaxed, Relaxed) {
            Ok(_) => return (granted, disturbed),
            Err(other) => (now, disturbed) = (other, true),
        }
    }
}

impl<T> Inbox<T> {
    fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves up to `max` objects out, those that came last.
    fn take(&self, contents: &mut Contents<T>, max: usize, into: &mut Batch<T>) {
        let objects = &mut contents.objects;
        into.extend(objects.drain(objects.len().saturating_sub(max)..));
        self.len.store(objects.len(), Relaxed);
    }

    /// Moves up to `max` objects out, if there seem to be any.
    fn empty(&self, max: usize, into: &mut Batch<T>) {
        if self.len.load(Relaxed) > 0 {
            self.take(&mut self.lock(), max, into);
        }
    }

    fn put(&self, contents: &mut Contents<T>, objects: impl Iterator<Item = Box<Object<T>>>) {
        contents.objects.extend(objects);
        self.len.store(contents.objects.len(), Relaxed);
    }
}

impl<T> Depot<T> {
    pub(crate) fn new(capacity: usize, budget: usize) -> Self {
        let inbox = || {
            CachePadded::new(Inbox {
                len: AtomicUsize::new(0),
                contents: Mutex::new(Contents {
                    objects: Vec::new(),
                    credit: 0,
                }),
            })
        };
        Self {
            // Batches of a thread with the smallest front hold four. What does not
            // fit goes to an inbox, so the length decides no more than the speed.
            full: ArrayQueue::new((capacity / 4).clamp(EMPTIES, 4096)),
            empty: ArrayQueue::new(EMPTIES),
            inboxes: std::array::from_fn(|_| inbox()),
            account: CachePadded::default(),
            capacity: AtomicUsize::new(capacity),
            budget,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// Whether there is room for one more object, at this moment.
    pub(crate) fn has_room(&self) -> bool {
        self.account.claimed.load(Relaxed) < self.capacity()
            && self.account.bytes.load(Relaxed) < self.budget
    }

    /// See [`pressure`](Self::pressure).
    pub(crate) const MOST_PRESSURE: usize = 16;

    /// How much exchanges get into each other's way: 0 to `MOST_PRESSURE`. One that
    /// does counts for four that do not.
    pub(crate) fn pressure(&self) -> usize {
        self.account.pressure.load(Relaxed)
    }

    /// Claims room for up to `n` objects; how many.
    fn claim(&self, n: usize) -> usize {
        let (granted, disturbed) =
            grant(&self.account.claimed, self.capacity(), |room| room.min(n));
        let pressure = self.pressure();
        if disturbed {
            let more = (pressure + 4).min(Self::MOST_PRESSURE);
            self.account.pressure.store(more, Relaxed);
        } else if pressure > 0 {
            self.account.pressure.store(pressure - 1, Relaxed);
        }
        granted
    }

    fn unclaim(&self, n: usize) {
        if n > 0 {
            self.note_low(self.account.claimed.fetch_sub(n, Relaxed) - n);
        }
    }

    fn note_low(&self, left: usize) {
        if left < self.account.low.load(Relaxed) {
            self.account.low.fetch_min(left, Relaxed);
        }
    }

    /// Claims room for heap bytes, all or none.
    fn claim_bytes(&self, n: usize) -> bool {
        let all_or_none = |room| if n <= room { n } else { 0 };
        n == 0 || grant(&self.account.bytes, self.budget, all_or_none).0 == n
    }

    fn unclaim_bytes(&self, n: usize) {
        if n > 0 {
            self.account.bytes.fetch_sub(n, Relaxed);
        }
    }

    /// Moves in as much of `batch` as there is room for; the rest stays.
    pub(crate) fn put(&self, batch: &mut Batch<T>) {
        let claimed = self.claim(batch.len());
        let claimed = claimed + self.collect_credit(batch.len() - claimed);
        if claimed == batch.len() && self.claim_bytes(bytes(batch)) {
            return self.put_claimed(batch);
        }
        // One by one: what is too large must not keep out what is not.
        let mut fits = Batch::new();
        let mut rest = Batch::new();
        for object in batch.drain(..) {
            if fits.len() < claimed && self.claim_bytes(object.bytes) {
                fits.push(object);
            } else {
                rest.push(object);
            }
        }
        self.unclaim(claimed - fits.len());
        self.put_claimed(&mut fits);
        batch.append(&mut rest);
    }

    /// Takes up to `n` places that inboxes claimed ahead; how many.
    fn collect_credit(&self, n: usize) -> usize {
        let mut collected = 0;
        for inbox in &self.inboxes {
            if collected == n {
                break;
            }
            let mut contents = inbox.lock();
            let part = contents.credit.min(n - collected);
            contents.credit -= part;
            collected += part;
        }
        collected
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
        &self.inboxes[local::thread_number() % INBOXES]
    }

    /// Room that an inbox claims at once. Little enough that it is missed by
    /// nobody, and none where the capacity is small.
    fn credit(&self) -> usize {
        (self.capacity() / (8 * INBOXES)).min(BATCH)
    }

    /// Moves in one object, or gives it back if there is no room. Once `parcel` of
    /// them have come, they go on together.
    pub(crate) fn put_one(
        &self,
        object: Box<Object<T>>,
        parcel: usize,
    ) -> Result<(), Box<Object<T>>> {
        if !self.claim_bytes(object.bytes) {
            return Err(object);
        }
        let inbox = self.inbox();
        let mut contents = inbox.lock();
        if contents.credit == 0 {
            contents.credit = self.claim(self.credit().max(1));
        }
        if contents.credit == 0 {
            drop(contents);
            // The last of the capacity may be what other inboxes claimed ahead.
            if self.collect_credit(1) == 0 {
                self.unclaim_bytes(object.bytes);
                return Err(object);
            }
            contents = inbox.lock();
            contents.credit += 1;
        }
        contents.credit -= 1;
        inbox.put(&mut contents, std::iter::once(object));
        if contents.objects.len() >= parcel {
            let mut batch = Batch::new();
            inbox.take(&mut contents, parcel.min(BATCH), &mut batch);
            drop(contents);
            self.enqueue(&mut batch);
        }
        Ok(())
    }

    /// Moves out one object.
    pub(crate) fn take_one(&self) -> Option<Box<Object<T>>> {
        let inbox = self.inbox();
        let mut batch = Batch::new();
        if inbox.len.load(Relaxed) > 0 {
            let mut contents = inbox.lock();
            inbox.take(&mut contents, 1, &mut batch);
            // Kept for the object's return, rather than claimed anew.
            if let Some(object) = batch.first()
                && contents.credit < self.credit()
            {
                self.unclaim_bytes(object.bytes);
                contents.credit += 1;
                self.note_low(self.account.claimed.load(Relaxed) - 1);
                return batch.pop();
            }
        }
        if batch.is_empty() {
            self.withdraw(BATCH, &mut batch);
        }
        let object = batch.pop()?;
        self.unclaim(1);
        self.unclaim_bytes(object.bytes);
        if !batch.is_empty() {
            // The rest is at hand next time.
            inbox.put(&mut inbox.lock(), batch.drain(..));
        }
        Some(object)
    }

    /// Moves up to `max` objects into an empty batch: one parcel, or what an inbox holds.
    pub(crate) fn take(&self, max: usize, into: &mut Batch<T>) {
        self.withdraw(max, into);
        self.settle(into);
    }

    /// Moves out what a thread that ended left at this place, as far as `keep` takes it:
    /// for the next thread there, which is the one that has the place in its cache. One
    /// of the objects, for the borrower; the others are kept.
    pub(crate) fn inherit(
        &self,
        place: usize,
        keep: impl Fn(Box<Object<T>>) -> Result<(), Box<Object<T>>>,
    ) -> Option<Box<Object<T>>> {
        let inbox = &self.inboxes[place % INBOXES];
        if inbox.len.load(Relaxed) == 0 {
            return None;
        }
        let mut contents = inbox.lock();
        let found = contents.objects.pop()?;
        let (mut n, mut bytes) = (1, found.bytes);
        while n < ESTATE
            && let Some(object) = contents.objects.pop()
        {
            let size = object.bytes;
            if let Err(object) = keep(object) {
                contents.objects.push(object);
                break;
            }
            n += 1;
            bytes += size;
        }
        inbox.len.store(contents.objects.len(), Relaxed);
        drop(contents);
        self.unclaim(n);
        self.unclaim_bytes(bytes);
        Some(found)
    }

    /// Moves in what a thread that ends leaves, `n` objects of so many bytes together, for
    /// the next one at this place; if there is room, and they are so few that they are no
    /// parcel. `leave` moves them.
    pub(crate) fn bequeath(
        &self,
        place: usize,
        n: usize,
        bytes: usize,
        leave: impl FnOnce(&mut Vec<Box<Object<T>>>),
    ) {
        let inbox = &self.inboxes[place % INBOXES];
        if n == 0 || n > ESTATE || inbox.len.load(Relaxed) >= ESTATE {
            return;
        }
        let claimed = self.claim(n);
        if claimed < n || !self.claim_bytes(bytes) {
            return self.unclaim(claimed);
        }
        let mut contents = inbox.lock();
        leave(&mut contents.objects);
        inbox.len.store(contents.objects.len(), Relaxed);
    }

    /// Gives up the room of what was moved out.
    fn settle(&self, taken: &[Box<Object<T>>]) {
        self.unclaim(taken.len());
        self.unclaim_bytes(bytes(taken));
    }

    /// Moves out what `take` does, with its room still claimed.
    fn withdraw(&self, max: usize, into: &mut Batch<T>) {
        if let Some(mut parcel) = self.full.pop() {
            std::mem::swap(&mut *parcel, into);
            // If all boxes are waiting already, this one is freed.
            let _ = self.empty.push(parcel);
            if into.len() > max {
                self.put_in_inbox(into.drain(max..));
            }
            return;
        }
        let own = local::thread_number();
        for i in 0..INBOXES {
            self.inboxes[(own % INBOXES + i) % INBOXES].empty(max, into);
            if !into.is_empty() {
                return;
            }
        }
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

    /// Moves out everything. Asks each inbox itself, not how many there seem to be in it: so
    /// who has put something there, and sees what was done before this, need not fear that
    /// it stayed.
    fn drain_all(&self, into: &mut Batch<T>) {
        let from = into.len();
        while let Some(mut parcel) = self.full.pop() {
            into.append(&mut parcel);
            let _ = self.empty.push(parcel);
        }
        for inbox in &self.inboxes {
            inbox.take(&mut inbox.lock(), usize::MAX, into);
        }
        self.settle(&into[from..]);
    }

    /// Moves out what nobody needed since the last sweep: as many objects as were
    /// there at every moment since. (The working set of Bonwick and Adams.)
    pub(crate) fn sweep(&self, into: &mut Batch<T>) {
        let len = self.len();
        // The lowest count has what inboxes had claimed ahead in it.
        let ahead: usize = self.inboxes.iter().map(|inbox| inbox.lock().credit).sum();
        let idle = self
            .account
            .low
            .load(Relaxed)
            .saturating_sub(ahead)
            .min(len);
        self.drain(len - idle, into);
        self.account.low.store(self.len(), Relaxed);
    }

    /// Sets the capacity and moves out what exceeds it.
    pub(crate) fn set_capacity(&self, capacity: usize, into: &mut Batch<T>) {
        self.capacity.store(capacity, Relaxed);
        for inbox in &self.inboxes {
            let credit = std::mem::take(&mut inbox.lock().credit);
            self.unclaim(credit);
        }
        self.drain(capacity, into);
    }

    fn len(&self) -> usize {
        let credit: usize = self.inboxes.iter().map(|inbox| inbox.lock().credit).sum();
        self.account.claimed.load(Relaxed).saturating_sub(credit)
    }

    /// Objects, and the heap bytes they keep.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.len(), self.account.bytes.load(Relaxed))
    }
}
