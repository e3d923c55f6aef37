//! The per-thread tier. The only file that names thread locals.
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
//! `thread_local::ThreadLocal` finds a thread's value fast, and has two edges.
//! It keeps the value of a dead thread for the next one that gets its id; and a
//! thread's first contact with it panics in a thread-local's destructor once the
//! crate's own guard has been destroyed, after it has taken an id that nobody
//! gives back. So:
//!
//! * Attaching a thread registers [`EXIT`], *after* the crate's guard, so that it
//!   is destroyed before: what the thread cached moves to the shared tier, and
//!   the thread no longer attaches. Its later calls go to the shared tier.
//! * A thread that has never borrowed anything does not attach by dropping a
//!   guard: nothing tells whether it is being torn down. Its returns go to the
//!   shared tier one by one.
//! * What remains is a thread that used the `thread_local` crate for something
//!   else and borrows for the first time inside a destructor, after the crate's
//!   guard. That panic is caught, and the thread uses the shared tier.

use crate::object::{Batch, Object};
use crossbeam_utils::CachePadded;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use thread_local::ThreadLocal;

/// Slots of the front: as many guards from one pool as a handler holds at once,
/// and one cache line.
pub(crate) const FRONT: usize = 8;

/// What only the owning thread touches.
pub(crate) struct Front<T> {
    len: Cell<usize>,
    slots: [Cell<Option<Box<Object<T>>>>; FRONT],
    shared: Arc<Shared<T>>,
    /// Returns until it is time to look at the clock.
    until_tick: Cell<usize>,
    /// `Hot::returns` at the last large return.
    large_at: Cell<usize>,
    /// The least that `len` was seen to be since the last sweep, and that sweep.
    low: Cell<usize>,
    swept: Cell<usize>,
}

/// Returns of a thread between two looks at the clock. A look costs 25 ns.
pub(crate) const TICK: usize = 1024;

/// How much memory a thread's tier may keep.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Objects of fewer bytes go into the front without a look at the budget: so
    /// few that a front full of them takes at most half of it.
    pub(crate) small: usize,
    /// Heap bytes in front and back together.
    pub(crate) budget: usize,
}

/// What other threads may read, tune and trim.
pub(crate) struct Shared<T> {
    hot: CachePadded<Hot>,
    /// Objects that the thread borrowed and its tier did not have.
    misses: AtomicUsize,
    /// The most objects that the thread had out when its tier did not have another.
    depth: AtomicUsize,
    back: Mutex<Back<T>>,
}

/// Written by the owner alone, but for `limit`: plain loads and stores that
/// others may see late, never torn.
#[derive(Default)]
struct Hot {
    /// Objects handed out from this thread's tier.
    hits: AtomicUsize,
    /// Objects taken back into this thread's tier.
    returns: AtomicUsize,
    /// Objects that moved into the front, or out of it if negative, in any other
    /// way. With the two above it tells others how many are in the front.
    moved: AtomicUsize,
    /// How many objects the front may keep now: 0 while no thread owns it.
    limit: AtomicUsize,
    /// Heap bytes of the object in each slot, or of the one that was there last.
    /// Written by what fills the slot and summed by whoever asks: a sum kept here
    /// would change twice a cycle, and each change wait for the one before.
    bytes: [AtomicUsize; FRONT],
}

struct Back<T> {
    objects: Vec<Box<Object<T>>>,
    bytes: usize,
    capacity: usize,
    /// The fewest objects since the last sweep.
    low: usize,
    /// A living thread owns it.
    attached: bool,
}

impl Hot {
    /// Heap bytes of the first `len` objects.
    fn bytes(&self, len: usize) -> usize {
        let bytes = &self.bytes[..len.min(FRONT)];
        bytes.iter().map(|bytes| bytes.load(Relaxed)).sum()
    }
}

/// Adds to a counter that one thread writes: no locked instruction.
#[inline]
fn bump(counter: &AtomicUsize, by: usize) {
    counter.store(counter.load(Relaxed).wrapping_add(by), Relaxed);
}

impl<T> Shared<T> {
    fn back(&self) -> MutexGuard<'_, Back<T>> {
        // No user code runs under this lock, so a panic cannot have torn it.
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.objects.len())
    }
}

impl<T> Front<T> {
    /// Takes the object that came back last. One of the two hot functions.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Box<Object<T>>> {
        let hot = &*self.shared.hot;
        let top = self.len.get().wrapping_sub(1);
        // Also where the pool was disabled or made smaller: the slow path sheds.
        if top >= hot.limit.load(Relaxed) {
            return None;
        }
        let object = self.slots[top % FRONT].take()?;
        self.len.set(top);
        bump(&hot.hits, 1);
        Some(object)
    }

    /// Keeps an object, or gives it back if the front is full. The other one.
    #[inline]
    pub(crate) fn push(&self, object: Box<Object<T>>, bytes: usize) -> Result<(), Box<Object<T>>> {
        let len = self.len.get();
        let until_tick = self.until_tick.get().wrapping_sub(1);
        self.until_tick.set(until_tick);
        if len >= self.limit() || until_tick == 0 {
            return Err(object);
        }
        self.keep(object, bytes, len);
        Ok(())
    }

    /// Keeps an object at a place that is free.
    #[inline]
    fn keep(&self, object: Box<Object<T>>, bytes: usize, len: usize) {
        let hot = &*self.shared.hot;
        hot.bytes[len % FRONT].store(bytes, Relaxed);
        // The slot is empty. `forget` spares the check that would drop a tenant.
        std::mem::forget(self.slots[len % FRONT].replace(Some(object)));
        self.len.set(len + 1);
        bump(&hot.returns, 1);
    }

    /// The same as `push` off the hot path, where a look at the clock may be due.
    pub(crate) fn push_now(&self, object: Box<Object<T>>) -> Result<(), Box<Object<T>>> {
        let len = self.len.get();
        if len >= self.limit() {
            return Err(object);
        }
        let bytes = object.bytes;
        self.keep(object, bytes, len);
        Ok(())
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

    /// How many objects came back to this thread since the last large one. If the
    /// present one is large, it is the last from here on.
    pub(crate) fn since_large(&self, large: bool) -> usize {
        let returns = self.shared.hot.returns.load(Relaxed);
        let since = returns.saturating_sub(self.large_at.get());
        if large {
            self.large_at.set(returns + 1);
        }
        since
    }

    /// Whether one more object of so many bytes stays within the budget. Small
    /// ones do: their room in the front is set aside.
    pub(crate) fn admits(&self, bytes: usize, limits: &Limits) -> bool {
        bytes < limits.small
            || self.bytes() + bytes + FRONT * limits.small.saturating_sub(1) <= limits.budget
    }

    /// Heap bytes in front and back.
    fn bytes(&self) -> usize {
        self.shared.hot.bytes(self.len.get()) + self.shared.back().bytes
    }

    /// At a tick: remembers how many objects lay idle; after a sweep, moves out
    /// those that were not needed since the one before.
    pub(crate) fn sweep(&self, sweeps: usize, into: &mut Batch<T>) {
        let idle = self.low.get().min(self.len.get());
        if self.swept.replace(sweeps) == sweeps {
            self.low.set(idle);
        } else {
            self.move_oldest(idle, into);
            self.low.set(self.len.get());
        }
    }

    fn limit(&self) -> usize {
        self.shared.hot.limit.load(Relaxed)
    }

    /// Moves the `n` objects that have lain in the front longest.
    fn move_oldest(&self, n: usize, into: &mut Batch<T>) {
        let len = self.len.get();
        let n = n.min(len);
        let hot = &*self.shared.hot;
        for at in 0..n {
            if let Some(mut object) = self.slots[at].take() {
                object.bytes = hot.bytes[at].load(Relaxed);
                into.push(object);
            }
        }
        for at in n..len {
            self.slots[at - n].set(self.slots[at].take());
            hot.bytes[at - n].store(hot.bytes[at].load(Relaxed), Relaxed);
        }
        self.len.set(len - n);
        bump(&hot.moved, n.wrapping_neg());
    }

    /// Puts an object of another tier into the front, if there is room.
    fn accept_one(&self, object: Box<Object<T>>) -> Result<(), Box<Object<T>>> {
        let len = self.len.get();
        if len >= self.limit() {
            return Err(object);
        }
        self.shared.hot.bytes[len % FRONT].store(object.bytes, Relaxed);
        self.slots[len % FRONT].set(Some(object));
        self.len.set(len + 1);
        bump(&self.shared.hot.moved, 1);
        Ok(())
    }

    /// Counts a borrowing that this tier could not serve.
    pub(crate) fn count_miss(&self) {
        let Shared {
            hot, misses, depth, ..
        } = &*self.shared;
        bump(misses, 1);
        let gets = hot.hits.load(Relaxed) + misses.load(Relaxed);
        let out = gets.saturating_sub(hot.returns.load(Relaxed));
        depth.store(out.max(depth.load(Relaxed)), Relaxed);
    }

    /// Fills half of the empty front from the back; false if both are empty.
    pub(crate) fn refill(&self) -> bool {
        // All that was in it was needed.
        self.low.set(0);
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
        n > 0
    }

    /// Places left in front and back together.
    pub(crate) fn room(&self) -> usize {
        self.limit().saturating_sub(self.len.get()) + self.shared.back().room()
    }

    /// Takes in what came from the shared tier: front first, then back. What
    /// does not fit, or would exceed the budget, stays in `batch`.
    pub(crate) fn stock(&self, batch: &mut Batch<T>, limits: &Limits) {
        let mut rest = Batch::new();
        while let Some(object) = batch.pop() {
            if !self.admits(object.bytes, limits) {
                rest.push(object);
            } else if let Err(object) = self.accept_one(object) {
                let mut back = self.shared.back();
                match back.room() {
                    0 => rest.push(object),
                    _ => back.push(object),
                }
            }
        }
        *batch = rest;
    }

    /// Makes room in the full front by moving its older half to the back; false
    /// if the back is full.
    pub(crate) fn spill(&self, limits: &Limits) -> bool {
        let spare = limits.budget.saturating_sub(self.bytes());
        // Each place that gets free may be filled with a small object.
        let fillable = spare
            .checked_div(limits.small.saturating_sub(1))
            .unwrap_or(FRONT);
        let mut batch = Batch::new();
        let mut back = self.shared.back();
        let n = self.len.get().div_ceil(2).min(back.room()).min(fillable);
        self.move_oldest(n, &mut batch);
        for object in batch {
            back.push(object);
        }
        n > 0
    }

    /// Moves up to `n` objects out, for the shared tier: the oldest of the back,
    /// or, where there is no back, the older half of the front.
    pub(crate) fn evict(&self, n: usize, into: &mut Batch<T>) {
        self.shared.back().move_oldest(n, into);
        if into.is_empty() {
            self.move_oldest(n.min(self.len.get().div_ceil(2)), into);
        }
    }

    /// Moves out of the front what a lowered capacity no longer allows.
    pub(crate) fn shed(&self, into: &mut Batch<T>) {
        self.move_oldest(self.len.get().saturating_sub(self.limit()), into);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len.get() >= self.limit()
    }

    pub(crate) fn is_over_limit(&self) -> bool {
        self.len.get() > self.limit()
    }
}

impl<T> Shared<T> {
    /// Splits a thread's capacity between front and back.
    fn tune(&self, back: &mut Back<T>, capacity: usize) {
        let front = capacity.min(FRONT);
        self.hot.limit.store(front, Relaxed);
        back.capacity = capacity - front;
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
    /// The most objects that one thread had out.
    pub(crate) depth: usize,
    /// Objects that threads borrowed and did not give back themselves.
    pub(crate) parted: usize,
}

/// The per-thread tiers of one pool.
pub(crate) struct Locals<T: Send> {
    fronts: ThreadLocal<CachePadded<Front<T>>>,
    /// The reachable part of every front, and how much each may keep. Ids of
    /// dead threads are used again, so this is as long as most threads were
    /// alive at once.
    shared: Mutex<Registry<T>>,
}

struct Registry<T> {
    all: Vec<Arc<Shared<T>>>,
    /// Objects per thread, 0 while the pool is disabled.
    capacity: usize,
}

impl<T: Send> Locals<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            fronts: ThreadLocal::new(),
            shared: Mutex::new(Registry {
                all: Vec::new(),
                capacity,
            }),
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry<T>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This thread's front, attached or not, if it has one.
    #[inline]
    pub(crate) fn current(&self) -> Option<&Front<T>> {
        self.fronts.get().map(|front| &**front)
    }

    /// This thread's front, made if need be; `None` if the thread is, or may be,
    /// on its way out. `touch` says whether the thread is borrowing, `on_exit`
    /// makes what is called when it ends.
    pub(crate) fn attached(
        &self,
        touch: Touch,
        on_exit: impl FnOnce() -> Weak<dyn OnThreadExit>,
    ) -> Option<&Front<T>> {
        let phase = PHASE.get();
        match (phase, touch) {
            (Phase::Attached, _) | (Phase::Fresh, Touch::Borrow) => {}
            (Phase::Fresh, Touch::Return) | (Phase::Dead, _) => return None,
        }
        if let Some(front) = self.current()
            && front.shared.back().attached
        {
            return Some(front);
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
        // From here on EXIT exists, and was made after the crate's guard.
        EXIT.try_with(|exit| exit.push(on_exit())).ok()?;
        PHASE.set(Phase::Attached);
        let registry = self.registry();
        let mut back = front.shared.back();
        back.attached = true;
        front.shared.tune(&mut back, registry.capacity);
        drop(back);
        Some(front)
    }

    fn new_front(&self) -> Front<T> {
        let shared = Arc::new(Shared {
            hot: CachePadded::default(),
            misses: AtomicUsize::new(0),
            depth: AtomicUsize::new(0),
            back: Mutex::new(Back {
                objects: Vec::new(),
                bytes: 0,
                capacity: 0,
                low: 0,
                attached: false,
            }),
        });
        self.registry().all.push(Arc::clone(&shared));
        Front {
            len: Cell::new(0),
            slots: Default::default(),
            shared,
            until_tick: Cell::new(TICK),
            large_at: Cell::new(0),
            low: Cell::new(0),
            swept: Cell::new(0),
        }
    }

    /// Moves out everything that this thread keeps.
    pub(crate) fn drain_current(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.move_oldest(FRONT, into);
            front.shared.back().move_oldest(usize::MAX, into);
        }
    }

    /// The same because the thread ends: its tier will not fill again.
    pub(crate) fn detach_current(&self, into: &mut Batch<T>) {
        self.drain_current(into);
        if let Some(front) = self.current() {
            let mut back = front.shared.back();
            back.attached = false;
            front.shared.tune(&mut back, 0);
        }
    }

    /// Sets every thread's capacity, and moves out what no longer fits where it
    /// can be reached: in all backs, and in this thread's front.
    pub(crate) fn set_capacity(&self, capacity: impl FnOnce() -> usize, into: &mut Batch<T>) {
        let mut registry = self.registry();
        let capacity = capacity();
        registry.capacity = capacity;
        for shared in &registry.all {
            let mut back = shared.back();
            if back.attached {
                shared.tune(&mut back, capacity);
                let excess = back.objects.len().saturating_sub(back.capacity);
                back.move_oldest(excess, into);
            }
        }
        drop(registry);
        if let Some(front) = self.current() {
            front.shed(into);
        }
    }

    /// Moves out what can be reached: all backs, and this thread's front.
    pub(crate) fn drain(&self, into: &mut Batch<T>) {
        if let Some(front) = self.current() {
            front.move_oldest(FRONT, into);
        }
        for shared in &self.registry().all {
            shared.back().move_oldest(usize::MAX, into);
        }
    }

    /// Moves out what no thread needed from its back since the last sweep.
    pub(crate) fn sweep(&self, into: &mut Batch<T>) {
        for shared in &self.registry().all {
            let mut back = shared.back();
            let idle = back.low;
            back.move_oldest(idle, into);
            back.low = back.objects.len();
        }
    }

    /// Moves out everything, of all threads.
    pub(crate) fn into_objects(self, into: &mut Batch<T>) {
        self.drain(into);
        for front in self.fronts {
            into.extend(front.slots.iter().filter_map(Cell::take));
        }
    }

    pub(crate) fn counts(&self) -> LocalCounts {
        let mut sum = LocalCounts::default();
        for shared in &self.registry().all {
            let back = shared.back();
            let hot = &shared.hot;
            // Returns before hits: a borrower seen returning was seen borrowing.
            let returns = hot.returns.load(Relaxed);
            let hits = hot.hits.load(Relaxed);
            let moved = hot.moved.load(Relaxed);
            let front = returns.wrapping_add(moved).wrapping_sub(hits);
            let gets = hits + shared.misses.load(Relaxed);
            sum.threads += usize::from(back.attached);
            sum.depth = sum.depth.max(shared.depth.load(Relaxed));
            sum.parted += gets.saturating_sub(returns);
            sum.returns += returns;
            sum.hits += hits;
            // The three were not read at one instant: a front holds 0 to FRONT.
            sum.idle += back.objects.len() + if front <= FRONT { front } else { 0 };
            sum.bytes += back.bytes + hot.bytes(front);
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

/// What a pool does when a thread that used it ends.
pub(crate) trait OnThreadExit {
    /// Called in a thread-local's destructor: must not panic.
    fn on_thread_exit(self: Arc<Self>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No pool has been borrowed from on this thread.
    Fresh,
    /// `EXIT` is registered, so the `thread_local` crate's guard is alive too.
    Attached,
    /// The thread is being torn down.
    Dead,
}

/// A small number that is this thread's alone while threads are few: to spread
/// threads over places.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut number = NUMBER.get();
    if number == usize::MAX {
        number = NEXT.fetch_add(1, Relaxed);
        NUMBER.set(number);
    }
    number
}

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    // Without a destructor: can be read to the very end.
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Fresh) };
    static EXIT: ExitList = const { ExitList(RefCell::new(Vec::new())) };
}

/// The pools to tell when this thread ends.
struct ExitList(RefCell<Vec<Weak<dyn OnThreadExit>>>);

impl ExitList {
    fn push(&self, pool: Weak<dyn OnThreadExit>) {
        let mut list = self.0.borrow_mut();
        // Pools that are gone would pile up in a thread that outlives many:
        // swept when the list would grow, which makes it O(1) amortised.
        if list.len() == list.capacity() {
            list.retain(|pool| pool.strong_count() > 0);
        }
        list.push(pool);
    }
}

impl Drop for ExitList {
    fn drop(&mut self) {
        PHASE.set(Phase::Dead);
        for pool in self.0.take() {
            if let Some(pool) = pool.upgrade() {
                pool.on_thread_exit();
            }
        }
    }
}
