//! One thread's tier: the front, which only it can reach, and the back.

use crate::object::{Batch, Object};
use crate::retain::Habits;
use crate::track::{Countdown, Tracker};
use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Slots of the front: more guards from one pool than a handler holds at once.
///
/// What lies here nobody else can trim, so it should not be longer than it pays.
/// With eight slots, sixteen nested guards took 271 instructions each, half of them
/// to move objects to the back and to the front again; with sixteen they take 150, and
/// a single guard takes as many as before.
pub(crate) const FRONT: usize = 16;

/// Where the object lies that came back last, above those in the slots behind: a get knows
/// where, and need not wait to hear how many there are. One guard after another, with an insert
/// each, takes 13.4 ns so, and took 15.3 (12.5 in place); of several at once each takes 0.7 ns
/// more, because what is in the hand moves to its slot when the next one comes back.
const HAND: usize = 0;

/// Objects that a thread takes out of the shared tier the first time. A thread of one
/// loan after another, which ends after sixteen, takes 0.4 us less than with a full
/// batch; with one instead of four it takes as long, and a thread that holds four at
/// once 0.6 us more.
const FIRST_REACH: usize = 4;

/// A thread's tier. What comes and goes with every loan lies side by side: a thread that
/// comes finds it in the cache of the processor that the last one ran on, and has each
/// line fetched from there.
#[repr(C, align(128))]
pub(crate) struct Front<T> {
    // What only the owning thread touches.
    /// Returns until it is time to look at the clock. (To compare `Hot::returns` with a
    /// limit instead saves a store, and takes longer.)
    until_tick: Cell<usize>,
    countdown: Countdown,
    /// How many objects it takes out of the shared tier at once: few at first, so that
    /// a thread that needs no more, and ends, moves no more. Twice as many each time.
    reach: Cell<usize>,
    /// Whether the back may hold something: only this thread fills it.
    has_back: Cell<bool>,
    slots: [Cell<Option<Box<Object<T>>>>; FRONT],
    /// `Hot::returns` at the last large return.
    large_at: Cell<usize>,
    /// The least that `len` was seen to be since the last sweep, and that sweep.
    low: Cell<usize>,
    swept: Cell<usize>,
    /// Gets and returns before the present owner took it.
    taken_at: Cell<usize>,
    /// The how-manieth front of its pool it is: the same for thread after thread.
    place: usize,
    pub(super) shared: Shared<T>,
}

/// Returns of a thread between two looks at the clock. A look costs 25 ns. A prime,
/// so that a look does not always find the same guard of a nest coming back.
pub(crate) const TICK: usize = 1021;

/// How much memory a thread's tier may keep.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Objects of fewer bytes go into the front without a look at the budget: so
    /// few that a front full of them takes at most half of it.
    pub(crate) small: usize,
    /// Heap bytes in front and back together.
    pub(crate) budget: usize,
}

impl Limits {
    fn largest_small(&self) -> usize {
        self.small.saturating_sub(1)
    }
}

/// What other threads may read, tune and trim.
#[repr(C)]
pub(super) struct Shared<T> {
    hot: Hot,
    /// Whether a living thread owns it. Set by that thread, under the lock of the seats.
    is_owned: AtomicBool,
    /// Objects that the thread borrowed and its tier did not have.
    misses: AtomicUsize,
    /// Objects that the thread gave back or detached and its tier did not keep.
    passed: AtomicUsize,
    /// The most `hits` that anybody has seen.
    hits_seen: AtomicUsize,
    /// The most objects that the thread had out when its tier did not have another.
    /// Those that it had handed to other threads are among them.
    depth: AtomicUsize,
    /// How many objects the thread may keep, front and back. Set under the lock of the
    /// seats, and by others than the owner under the back's, too.
    capacity: AtomicUsize,
    back: Mutex<Back<T>>,
}

/// Written by the owner alone, but for `limit` and `lend`: plain loads and stores that
/// others may see late, never torn.
///
/// What it has handed out is not counted, but follows from the rest: a third counter
/// would change with every get, and sixteen nested guards took 7.5 ns each with it instead
/// of 6.0. See [`hits`](Self::hits).
#[derive(Default)]
#[repr(C, align(64))]
struct Hot {
    /// Objects in the front, but for the hand: in the slots from the second on.
    len: AtomicUsize,
    /// Objects in the hand: one or none.
    in_hand: AtomicUsize,
    /// Objects taken back into this thread's tier.
    returns: AtomicUsize,
    /// Objects that moved into the front in any other way, and out of it.
    arrived: AtomicUsize,
    departed: AtomicUsize,
    /// How many objects the front may keep now: 0 while no thread owns it.
    limit: AtomicUsize,
    /// How many of them a `get` may take without asking whether loans are tracked
    /// now: all, or 0.
    lend: AtomicUsize,
    /// Heap bytes of the object in each slot, or of the one that was there last.
    /// Written by what fills the slot and summed by whoever asks: a sum kept here
    /// would change twice a cycle, and each change wait for the one before.
    bytes: [AtomicUsize; FRONT],
}

pub(super) struct Back<T> {
    objects: Vec<Box<Object<T>>>,
    bytes: usize,
    /// The fewest objects since the last sweep.
    low: usize,
}

impl Hot {
    #[inline]
    fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    #[inline]
    fn in_hand(&self) -> usize {
        self.in_hand.load(Relaxed)
    }

    /// Objects in the front.
    fn idle(&self) -> usize {
        self.len() + self.in_hand()
    }

    /// Objects handed out from this thread's tier: what came into the front and is not
    /// there any more, without what left it in another way.
    ///
    /// Others see the figures at different moments, so they may see fewer, never more: what
    /// came in is read before what is there, and that before what left; and the owner writes
    /// what is there before what came in, and after what left.
    fn hits(&self) -> usize {
        let came = self
            .arrived
            .load(Acquire)
            .wrapping_add(self.returns.load(Acquire));
        // The hand first: an object may be lent from a slot meanwhile, and come back there, and
        // would be counted twice.
        let in_hand = self.in_hand.load(Acquire);
        let idle = in_hand + self.len.load(Acquire);
        let left = self.departed.load(Relaxed);
        came.wrapping_sub(idle).wrapping_sub(left)
    }

    /// Heap bytes of each object in the front, those first that have lain there longest.
    fn sizes(&self) -> impl Iterator<Item = usize> {
        let (hand, slots) = (&self.bytes[HAND], &self.bytes[HAND + 1..]);
        let slots = slots.iter().take(self.len());
        let hand = std::iter::once(hand).take(self.in_hand());
        slots.chain(hand).map(|bytes| bytes.load(Relaxed))
    }
}

/// What the back may hold where front and back together may hold `capacity`.
fn capacity_behind(capacity: usize) -> usize {
    capacity.saturating_sub(FRONT)
}

/// Adds to a counter that one thread writes: no locked instruction. Who sees the sum with
/// `Acquire` sees what was written before.
#[inline]
fn bump(counter: &AtomicUsize, by: usize) {
    counter.store(counter.load(Relaxed).wrapping_add(by), Release);
}

impl<T> Shared<T> {
    fn back(&self) -> MutexGuard<'_, Back<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more objects the back may hold.
    fn room_behind(&self, back: &Back<T>) -> usize {
        let capacity = capacity_behind(self.capacity.load(Relaxed));
        capacity.saturating_sub(back.objects.len())
    }
}

impl<T> Back<T> {
    fn push(&mut self, object: Box<Object<T>>) {
        self.bytes += object.bytes;
        self.objects.push(object);
    }

    /// Moves the `n` objects that have lain here longest.
    fn move_oldest(&mut self, n: usize, into: &mut Batch<T>) {
        for object in self.objects.drain(..n.min(self.objects.len())) {
            self.bytes -= object.bytes;
            into.push(object);
        }
        self.low = self.low.min(self.objects.len());
    }
}

impl<T> Front<T> {
    pub(super) fn new(place: usize) -> Self {
        let back = Back {
            objects: Vec::new(),
            bytes: 0,
            low: 0,
        };
        Self {
            slots: Default::default(),
            shared: Shared {
                hot: Hot::default(),
                is_owned: AtomicBool::new(false),
                misses: AtomicUsize::new(0),
                passed: AtomicUsize::new(0),
                hits_seen: AtomicUsize::new(0),
                depth: AtomicUsize::new(0),
                capacity: AtomicUsize::new(0),
                back: Mutex::new(back),
            },
            place,
            reach: Cell::new(FIRST_REACH),
            has_back: Cell::new(false),
            until_tick: Cell::new(TICK),
            large_at: Cell::new(0),
            low: Cell::new(0),
            swept: Cell::new(0),
            taken_at: Cell::new(0),
            countdown: Countdown::default(),
        }
    }

    /// This thread takes it over, with so many objects to keep. Under the lock of the
    /// seats, so that nobody else sets a capacity or a rate.
    pub(super) fn attach(&self, capacity: usize, tracker: &Tracker) {
        self.shared.is_owned.store(true, Relaxed);
        self.shared.set_capacity(capacity);
        self.lend(tracker);
        self.reach.set(FIRST_REACH);
        // What lay idle with the thread before says nothing of this one.
        self.low.set(0);
        self.taken_at.set(self.shared.uses());
    }

    /// How often its owner has borrowed and given back.
    pub(super) fn uses(&self) -> usize {
        self.shared.uses().wrapping_sub(self.taken_at.get())
    }

    /// See `place` of [`Front`].
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// Parts with its thread, which ends: from here on the slow paths are taken. Under the
    /// lock of the seats; see `attach`.
    pub(super) fn detach(&self) {
        self.shared.set_capacity(0);
        self.shared.is_owned.store(false, Relaxed);
    }

    /// Moves out everything.
    pub(super) fn drain(&self, into: &mut Batch<T>) {
        self.drain_front(into);
        if self.has_back.replace(false) {
            self.shared.drain(into);
        }
    }

    pub(super) fn drain_front(&self, into: &mut Batch<T>) {
        self.move_oldest(FRONT, |object| into.push(object));
    }

    /// Takes the object that came back last. One of the two hot functions.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Box<Object<T>>> {
        let hot = &self.shared.hot;
        // 0, too, where the pool was disabled or made smaller: the slow path sheds.
        let lend = hot.lend.load(Relaxed);
        if lend == 0 {
            return None;
        }
        if let Some(object) = self.slots[HAND].take() {
            hot.in_hand.store(0, Relaxed);
            return Some(self.drawn(object, HAND));
        }
        let top = hot.len();
        if top.wrapping_sub(1) >= lend {
            return None;
        }
        let object = self.slots[top % FRONT].take()?;
        hot.len.store(top - 1, Relaxed);
        Some(self.drawn(object, top % FRONT))
    }

    /// An object that is about to be lent, marked if its loan is to be tracked.
    #[inline]
    fn drawn(&self, mut object: Box<Object<T>>, at: usize) -> Box<Object<T>> {
        if self.countdown.is_due() {
            object.lease.ask();
            object.bytes = self.shared.hot.bytes[at].load(Relaxed);
        }
        object
    }

    /// Lets the hot path lend again, after it has heard of a new rate of tracking.
    pub(crate) fn open(&self, tracker: &Tracker) {
        let hot = &self.shared.hot;
        if hot.lend.load(Relaxed) < self.limit() {
            // Under this lock: whoever sets a rate at this moment closes it again.
            let _back = self.shared.back();
            self.lend(tracker);
        }
    }

    fn lend(&self, tracker: &Tracker) {
        let hot = &self.shared.hot;
        tracker.restart(&self.countdown);
        hot.lend.store(self.limit(), Relaxed);
    }

    /// Counts down to the next loan that is tracked, if the last one was.
    pub(crate) fn restart_if_due(&self, tracker: &Tracker) {
        tracker.restart_if_due(&self.countdown);
    }

    /// Keeps an object, or gives it back if the front is full. The other one.
    #[inline]
    pub(crate) fn push(&self, object: Box<Object<T>>, bytes: usize) -> Result<(), Box<Object<T>>> {
        let until_tick = self.until_tick.get().wrapping_sub(1);
        self.until_tick.set(until_tick);
        if until_tick == 0 {
            return Err(object);
        }
        self.take_in_hand(object, bytes)
    }

    /// Takes an object into the hand, or gives it back if the front is full.
    #[inline]
    fn take_in_hand(&self, object: Box<Object<T>>, bytes: usize) -> Result<(), Box<Object<T>>> {
        let hot = &self.shared.hot;
        let (len, in_hand) = (hot.len(), hot.in_hand());
        if len + in_hand >= self.limit() {
            return Err(object);
        }
        if in_hand == 0 {
            self.fill(HAND, Some(object), bytes);
            hot.in_hand.store(1, Relaxed);
        } else {
            let below = self.slots[HAND].replace(Some(object));
            self.fill((len + 1) % FRONT, below, hot.bytes[HAND].load(Relaxed));
            hot.bytes[HAND].store(bytes, Relaxed);
            hot.len.store(len + 1, Relaxed);
        }
        bump(&hot.returns, 1);
        Ok(())
    }

    /// Fills a slot, or the hand, that is empty.
    #[inline]
    fn fill(&self, at: usize, object: Option<Box<Object<T>>>, bytes: usize) {
        self.shared.hot.bytes[at].store(bytes, Relaxed);
        let before = self.slots[at].replace(object);
        debug_assert!(before.is_none(), "it would be lost");
        // Spares the check that would drop it.
        std::mem::forget(before);
    }

    /// The same as `push` off the hot path, where a look at the clock may be due.
    pub(crate) fn push_now(&self, object: Box<Object<T>>) -> Result<(), Box<Object<T>>> {
        let bytes = object.bytes;
        self.take_in_hand(object, bytes)
    }

    /// Counts a return that does not take the hot path.
    pub(crate) fn count_down(&self) {
        self.until_tick.set(self.until_tick.get().wrapping_sub(1));
    }

    /// Whether it is time to look at the clock; asked once.
    pub(crate) fn is_tick(&self) -> bool {
        // Below 0 if the pool was disabled when it was time.
        let is_tick = self.until_tick.get().wrapping_sub(1) >= TICK;
        if is_tick {
            self.until_tick.set(TICK);
        }
        is_tick
    }

    /// What came back to this thread of late. If the present object is large, it is
    /// the last large one from here on.
    pub(crate) fn habits(&self, large: bool, small: usize) -> Habits {
        let hot = &self.shared.hot;
        let returns = hot.returns.load(Relaxed);
        let since_large = returns.saturating_sub(self.large_at.get());
        if large {
            self.large_at.set(returns + 1);
        }
        // Each slot still says how large the last object in it was.
        let last = hot.bytes.iter().map(|bytes| bytes.load(Relaxed));
        let usual = last.filter(|bytes| *bytes <= small).max().unwrap_or(0);
        Habits { since_large, usual }
    }

    /// Whether one more object of so many bytes stays within the budget. Small
    /// ones do: their room in the front is set aside.
    pub(crate) fn admits(&self, bytes: usize, limits: &Limits) -> bool {
        bytes < limits.small
            || self.bytes() + bytes + FRONT * limits.largest_small() <= limits.budget
    }

    /// Heap bytes in front and back.
    fn bytes(&self) -> usize {
        self.shared.hot.sizes().sum::<usize>() + self.shared.back().bytes
    }

    /// At a tick: remembers how many objects lay idle; after a sweep, moves out
    /// those that were not needed since the one before.
    pub(crate) fn sweep(&self, sweeps: usize, into: &mut Batch<T>) {
        let idle = self.low.get().min(self.idle());
        if self.swept.replace(sweeps) == sweeps {
            self.low.set(idle);
        } else {
            self.move_oldest(idle, |object| into.push(object));
            self.low.set(self.idle());
        }
    }

    fn idle(&self) -> usize {
        self.shared.hot.idle()
    }

    fn limit(&self) -> usize {
        self.shared.hot.limit.load(Relaxed)
    }

    /// Moves the `n` objects that have lain in the front longest.
    fn move_oldest(&self, n: usize, mut to: impl FnMut(Box<Object<T>>)) {
        let hot = &self.shared.hot;
        let (len, in_hand) = (hot.len(), hot.in_hand());
        let from_slots = n.min(len);
        let from_hand = (n - from_slots).min(in_hand);
        if from_slots + from_hand == 0 {
            return;
        }
        let mut leave = |at: usize| {
            if let Some(mut object) = self.slots[at].take() {
                object.bytes = hot.bytes[at].load(Relaxed);
                to(object);
            }
        };
        (1..=from_slots).for_each(&mut leave);
        (HAND..HAND + from_hand).for_each(leave);
        for at in from_slots + 1..=len {
            self.slots[at - from_slots].set(self.slots[at].take());
            hot.bytes[at - from_slots].store(hot.bytes[at].load(Relaxed), Relaxed);
        }
        bump(&hot.departed, from_slots + from_hand);
        // Before all that these will be.
        fence(Release);
        hot.len.store(len - from_slots, Relaxed);
        hot.in_hand.store(in_hand - from_hand, Relaxed);
    }

    /// Puts an object of another tier into the front, if there is room: below what lies in
    /// the hand, or into it if all slots are taken.
    fn accept_one(&self, object: Box<Object<T>>) -> Result<(), Box<Object<T>>> {
        let hot = &self.shared.hot;
        let len = hot.len();
        if hot.idle() >= self.limit() {
            return Err(object);
        }
        let bytes = object.bytes;
        if len + 1 < FRONT {
            self.fill(len + 1, Some(object), bytes);
            hot.len.store(len + 1, Relaxed);
        } else {
            self.fill(HAND, Some(object), bytes);
            hot.in_hand.store(1, Relaxed);
        }
        bump(&hot.arrived, 1);
        Ok(())
    }

    /// Counts a borrowing that this tier could not serve.
    pub(crate) fn count_miss(&self) {
        let Shared { misses, depth, .. } = &self.shared;
        bump(misses, 1);
        depth.store(self.shared.out().max(depth.load(Relaxed)), Relaxed);
    }

    /// Counts an object that this thread gave back or detached, and that did not
    /// come into its tier.
    pub(crate) fn count_passed(&self) {
        bump(&self.shared.passed, 1);
    }

    /// Fills half of the empty front from the back; false if both are empty.
    pub(crate) fn refill(&self) -> bool {
        // All that was in it was needed.
        self.low.set(0);
        if !self.has_back.get() {
            return false;
        }
        let mut back = self.shared.back();
        let half = (self.limit() / 2).max(1);
        let n = half.min(back.objects.len());
        for _ in 0..n {
            let Some(object) = back.objects.pop() else {
                break;
            };
            back.bytes -= object.bytes;
            if let Err(object) = self.accept_one(object) {
                // The capacity was lowered at this moment.
                back.push(object);
                break;
            }
        }
        back.low = back.low.min(back.objects.len());
        self.has_back.set(!back.objects.is_empty());
        n > 0
    }

    /// How many objects to take out of the shared tier now: one for the borrower, and
    /// more the more often this thread has asked. (tcmalloc's slow start.)
    pub(crate) fn wanted(&self) -> usize {
        let reach = self.reach.get();
        self.reach.set(reach.saturating_mul(2));
        reach.min(self.room().saturating_add(1))
    }

    /// Places left in front and back together.
    fn room(&self) -> usize {
        let mut held = self.idle();
        if self.has_back.get() {
            held += self.shared.back().objects.len();
        }
        self.shared.capacity.load(Relaxed).saturating_sub(held)
    }

    /// Takes in what came from the shared tier: front first, then back. What
    /// does not fit, or would exceed the budget, stays in `batch`.
    pub(crate) fn stock(&self, batch: &mut Batch<T>, limits: &Limits) {
        if batch.is_empty() {
            return;
        }
        let mut rest = Batch::new();
        while let Some(object) = batch.pop() {
            if !self.admits(object.bytes, limits) {
                rest.push(object);
            } else if let Err(object) = self.accept_one(object) {
                let mut back = self.shared.back();
                if self.shared.room_behind(&back) > 0 && object.bytes <= self.spare(&back, limits) {
                    self.has_back.set(true);
                    back.push(object);
                } else {
                    rest.push(object);
                }
            }
        }
        *batch = rest;
    }

    /// Heap bytes that small objects may still add to the back. What lies there, what is large
    /// in the front, and a front full of small objects, however small they are now, have to
    /// stay in the budget.
    fn spare(&self, back: &Back<T>, limits: &Limits) -> usize {
        let largest = limits.largest_small();
        let large = self.shared.hot.sizes().filter(|size| *size > largest);
        let held = back.bytes + large.sum::<usize>();
        limits.budget.saturating_sub(held + FRONT * largest)
    }

    /// Makes room in the full front by moving its older half to the back; false
    /// if the back is full.
    pub(crate) fn spill(&self, limits: &Limits) -> bool {
        let hot = &self.shared.hot;
        let mut back = self.shared.back();
        let mut n = hot.idle().div_ceil(2).min(self.shared.room_behind(&back));
        let largest = limits.largest_small();
        let spare = self.spare(&back, limits);
        let moved = |n| hot.sizes().take(n).filter(|size| *size <= largest);
        while n * largest > spare && moved(n).sum::<usize>() > spare {
            n -= 1;
        }
        // Not by way of a batch: with that, sixteen nested guards took 18.4 ns each
        // instead of 15.2.
        self.has_back.set(true);
        self.move_oldest(n, |object| back.push(object));
        n > 0
    }

    /// Moves up to `n` objects out, for the shared tier: the oldest of the back,
    /// or, where there is no back, the older half of the front.
    pub(crate) fn evict(&self, n: usize, into: &mut Batch<T>) {
        self.shared.back().move_oldest(n, into);
        if into.is_empty() {
            let half = self.idle().div_ceil(2);
            self.move_oldest(n.min(half), |object| into.push(object));
        }
    }

    /// Moves out of the front what a lowered capacity no longer allows.
    pub(crate) fn shed(&self, into: &mut Batch<T>) {
        let excess = self.idle().saturating_sub(self.limit());
        if excess > 0 {
            self.move_oldest(excess, |object| into.push(object));
        }
    }

    /// Whether the thread keeps nothing.
    pub(crate) fn is_off(&self) -> bool {
        self.limit() == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.idle() >= self.limit()
    }
}

/// What the owner and others do with the reachable part.
impl<T> Shared<T> {
    fn is_owned(&self) -> bool {
        self.is_owned.load(Relaxed)
    }

    /// Sets the capacity, if a thread owns it, and moves out of the back what no
    /// longer fits.
    pub(super) fn tune(&self, capacity: usize, into: &mut Batch<T>) {
        let mut back = self.back();
        if self.is_owned() {
            self.set_capacity(capacity);
            let excess = back.objects.len().saturating_sub(capacity_behind(capacity));
            back.move_oldest(excess, into);
        }
    }

    /// Sets a thread's capacity, and sends its next `get` through the slow path.
    fn set_capacity(&self, capacity: usize) {
        self.hot.limit.store(capacity.min(FRONT), Relaxed);
        self.close();
        self.capacity.store(capacity, Relaxed);
    }

    /// Sends the next `get` through the slow path.
    fn close(&self) {
        self.hot.lend.store(0, Relaxed);
    }

    /// The same, where the owner may be about to lend again.
    #[cfg(feature = "track")]
    pub(super) fn close_front(&self) {
        let _back = self.back();
        self.close();
    }

    /// Empties the back.
    pub(super) fn drain(&self, into: &mut Batch<T>) {
        self.back().move_oldest(usize::MAX, into);
    }

    /// Moves out of the back what was not needed since the last sweep.
    pub(super) fn sweep(&self, into: &mut Batch<T>) {
        let mut back = self.back();
        let idle = back.low;
        back.move_oldest(idle, into);
        back.low = back.objects.len();
    }

    /// Objects handed out from this tier. Never fewer than were seen before.
    fn hits(&self) -> usize {
        let hits = self.hot.hits();
        let more = |seen| (hits.wrapping_sub(seen) <= usize::MAX / 2).then_some(hits);
        match self.hits_seen.fetch_update(Relaxed, Relaxed, more) {
            Ok(_) => hits,
            Err(seen) => seen,
        }
    }

    /// Gets and returns of the thread and those before it.
    fn uses(&self) -> usize {
        self.given_back().wrapping_add(self.gets())
    }

    fn gets(&self) -> usize {
        self.hits() + self.misses.load(Relaxed)
    }

    fn given_back(&self) -> usize {
        self.hot.returns.load(Relaxed) + self.passed.load(Relaxed)
    }

    /// Objects that the thread borrowed and did not give back itself.
    fn out(&self) -> usize {
        // Returns before hits: a borrower seen returning was seen borrowing.
        let back = self.given_back();
        self.gets().saturating_sub(back)
    }

    /// The most objects that the thread had out at once. What it handed to others,
    /// `handed_over` at most, looks as if it still had it.
    pub(super) fn depth(&self, handed_over: usize) -> usize {
        let depth = self.depth.load(Relaxed);
        depth.saturating_sub(self.out().min(handed_over))
    }

    pub(super) fn add_to(&self, sum: &mut LocalCounts) {
        let back = self.back();
        let hot = &self.hot;
        // Returns before hits: a borrower seen returning was seen borrowing.
        let returns = hot.returns.load(Acquire);
        let hits = self.hits();
        sum.threads += usize::from(self.is_owned());
        sum.parted += self.out();
        sum.returns += returns;
        sum.hits += hits;
        sum.passed += self.passed.load(Relaxed);
        sum.misses += self.misses.load(Relaxed);
        sum.idle += back.objects.len() + hot.idle();
        sum.bytes += back.bytes + hot.sizes().sum::<usize>();
    }
}

/// What the tier did and holds, of one thread or of all.
#[derive(Clone, Copy, Default)]
pub(crate) struct LocalCounts {
    pub(crate) hits: usize,
    pub(crate) returns: usize,
    pub(crate) idle: usize,
    pub(crate) bytes: usize,
    /// Living threads that use the pool.
    pub(crate) threads: usize,
    /// Objects that threads borrowed and did not give back themselves.
    pub(crate) parted: usize,
    /// Objects that threads borrowed and gave back beside their tiers.
    pub(crate) misses: usize,
    pub(crate) passed: usize,
}
