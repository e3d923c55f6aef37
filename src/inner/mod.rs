//! The whole story: how an object is taken and how it is put back.
//!
//! Nothing here or below runs user code under a lock or borrow: objects that
//! must go are first moved out into a [`Batch`], then shown to the hook and
//! destroyed.

mod let_go;
mod tune;
mod watch;

use crate::Discard;
use crate::depot::{Depot, Kept};
use crate::hook::{Hook, Panics};
use crate::local::{self, Front, Limits, Locals, OnThreadExit, Parting, TICK, Touch};
use crate::object::{BATCH, Batch, Object};
use crate::registry;
use crate::retain::Habits;
use crate::stats::Counters;
use crate::sweeper::Sweeper;
use crate::track::{Loan, Setup, Site, Tracker, apart};
use std::borrow::Cow;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What a pool is made with.
pub(crate) struct Config<'a, T> {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) track: &'a Setup,
    pub(crate) hook: Hook<T>,
    pub(crate) enabled: bool,
    pub(crate) local_capacity: usize,
    pub(crate) global_capacity: usize,
    pub(crate) limits: Limits,
    pub(crate) global_budget: usize,
    /// Objects per exchange with the shared tier, if fixed.
    pub(crate) batch: Option<usize>,
    pub(crate) trim_interval: Option<Duration>,
    pub(crate) clock: fn() -> Duration,
}

/// What a pool and the threads that must tidy up behind it share.
pub(crate) struct Inner<T: Send> {
    name: Option<Cow<'static, str>>,
    hook: Hook<T>,
    enabled: AtomicBool,
    closed: AtomicBool,
    /// `depot.returned` at the last large return of a thread without a tier.
    large_at: AtomicU64,
    local_capacity: AtomicUsize,
    limits: Limits,
    batch: Option<usize>,
    locals: Locals<T>,
    depot: Depot<T>,
    sweeper: Sweeper,
    counters: Counters,
    tracker: Tracker,
}

impl<T: Send + 'static> Inner<T> {
    pub(crate) fn new(config: Config<'_, T>) -> Arc<Self> {
        let local = config.local_capacity;
        let inner = Arc::new(Self {
            name: config.name,
            hook: config.hook,
            enabled: AtomicBool::new(config.enabled),
            closed: AtomicBool::new(false),
            large_at: AtomicU64::new(0),
            local_capacity: AtomicUsize::new(local),
            limits: config.limits,
            batch: config.batch,
            locals: Locals::new(if config.enabled { local } else { 0 }),
            depot: Depot::new(config.global_capacity, config.global_budget),
            sweeper: Sweeper::new(config.trim_interval, config.clock),
            counters: Counters::default(),
            tracker: Tracker::new(config.track, config.clock, size_of::<Object<T>>()),
        });
        if inner.name.is_some() {
            registry::register(inner.observed());
        }
        inner
    }

    // ---- get: local, depot, or nothing --------------------------------------

    /// The number of its per-thread tiers.
    pub(crate) fn number(&self) -> usize {
        self.locals.number()
    }

    /// An idle object for a thread that is passing through, where nothing else is to be
    /// done. Only for threads that remember no tier here.
    #[inline]
    pub(crate) fn take_in_passing(&self) -> Option<Box<Object<T>>> {
        if !local::is_young() {
            return None;
        }
        let mut object = self.depot.lend_in_passing()?;
        local::count_visit();
        self.tracker.draw(&mut object.lease);
        Some(object)
    }

    /// An idle object where this thread's front has none, or may not be asked, or the
    /// thread does not remember where it is.
    #[cold]
    #[inline(never)]
    pub(crate) fn take_slow(self: &Arc<Self>) -> Option<Box<Object<T>>> {
        if let found @ Some(_) = self.locals.current().and_then(Front::pop) {
            // The thread had only forgotten where it is.
            return found;
        }
        let mut panics = Panics::default();
        let found = self.find(&mut panics);
        if panics.any()
            && let Some(mut object) = found
        {
            // A hook panicked over another object: this one is not lent, then.
            self.tracker.retire(&mut object.lease);
            let mut batch = Batch::from_iter([object]);
            self.counters.returned.fetch_add(1, Release);
            self.offer(&mut batch, Discard::Trimmed, &mut panics);
            panics.resume();
            return None;
        }
        panics.resume();
        found
    }

    /// Records the loan that begins, if it is to be, and forgets the object's last one.
    pub(crate) fn lend(&self, mut object: Box<Object<T>>, site: Site) -> Box<Object<T>> {
        if object.lease.is_held() {
            if let Some(front) = self.locals.current() {
                front.restart_if_due(&self.tracker);
            }
            self.record(&mut object, site, false);
        }
        object
    }

    fn record(&self, object: &mut Object<T>, site: Site, is_new: bool) {
        let loan = Loan {
            site,
            bytes: object.bytes,
            is_new,
        };
        self.tracker.lend(&mut object.lease, loan);
        object.watched = object.look || object.lease.is_held() || object.spot.is_some();
    }

    /// An idle object, if there is one: from this thread's front, its back, or the
    /// shared tier.
    fn find(self: &Arc<Self>, panics: &mut Panics) -> Option<Box<Object<T>>> {
        if !self.is_enabled() {
            let mut batch = Batch::new();
            // What this thread still keeps, because others could not reach it.
            self.locals.drain_current(&mut batch);
            self.discard(batch, Discard::Trimmed, panics);
            return None;
        }
        let Some(front) = self.attached(Touch::Borrow) else {
            let found = self.take_one(panics);
            if found.is_none() {
                // Whoever has to make one may keep it, however short.
                self.attached_in(Touch::Borrow, false);
            }
            return found;
        };
        let mut batch = Batch::new();
        front.open(&self.tracker);
        front.shed(&mut batch);
        self.offer(&mut batch, Discard::Trimmed, panics);
        if panics.any() {
            return None;
        }
        if let Some(found) = front.pop() {
            return Some(found);
        }
        if front.is_off() {
            let object = self.take_one(panics)?;
            front.count_miss();
            return Some(object);
        }
        if front.refill() {
            return front.pop();
        }
        apart(|| self.depot.take(front.wanted(), &mut batch));
        self.clear_if_disabled(panics);
        let object = self.global_hit(batch.pop()?);
        front.count_miss();
        apart(|| front.stock(&mut batch, &self.limits));
        // Left over only if the capacity was lowered at this very moment, or where the budget
        // is reached.
        self.offer(&mut batch, Discard::Trimmed, panics);
        Some(object)
    }

    /// An idle object of the shared tier.
    fn take_one(&self, panics: &mut Panics) -> Option<Box<Object<T>>> {
        let mut found = self.depot.take_one();
        // The rest of a parcel may have gone into an inbox.
        self.clear_if_disabled(panics);
        if let Some(object) = &mut found {
            self.tracker.draw(&mut object.lease);
        }
        found
    }

    // ---- drop: local, depot, or discard -------------------------------------

    /// Keeps a recycled object that was lent to a thread that is passing through. Only for
    /// threads that remember no tier here.
    #[inline]
    pub(crate) fn put_in_passing(
        &self,
        object: Box<Object<T>>,
        bytes: usize,
    ) -> Result<(), Box<Object<T>>> {
        // Room is claimed for as many bytes as it had.
        if bytes != object.bytes || !local::is_young() {
            return Err(object);
        }
        let kept = self.depot.take_back_in_passing(object)?;
        local::count_visit();
        if kept.is_tick || kept.is_unsure {
            let mut panics = Panics::default();
            self.look(kept, &mut panics);
            panics.resume();
        }
        Ok(())
    }

    /// Does what there is to be done after the shared tier has kept an object.
    #[cold]
    #[inline(never)]
    fn look(&self, kept: Kept, panics: &mut Panics) {
        if kept.is_tick {
            self.sweep(None, panics);
        }
        if kept.is_unsure {
            self.recheck(panics);
        } else {
            self.clear_if_disabled(panics);
        }
    }

    /// Has an object leave its place in the shared tier, if it has one while it is lent: it
    /// does not come back there.
    pub(crate) fn leave(&self, object: &mut Object<T>) {
        self.depot.leave(object);
    }

    /// Keeps a recycled object, or lets it go if both tiers are full.
    pub(crate) fn put(self: &Arc<Self>, object: Box<Object<T>>, bytes: usize) {
        let object = match self.locals.current() {
            Some(front) => match front.push(object, bytes) {
                Ok(()) => return,
                Err(object) => object,
            },
            None => object,
        };
        self.put_slow(object, bytes);
    }

    /// What came back to this thread of late; where it has no tier, to all that
    /// have none.
    pub(crate) fn habits(&self, large: bool, small: usize) -> Habits {
        if let Some(front) = self.locals.current()
            && !front.is_off()
        {
            return front.habits(large, small);
        }
        let returned = self.depot.returned();
        let since = returned.saturating_sub(self.large_at.load(Relaxed));
        if large {
            self.large_at.store(returned + 1, Relaxed);
        }
        Habits {
            since_large: usize::try_from(since).unwrap_or(usize::MAX),
            usual: 0,
        }
    }

    /// Keeps an object for which the front has no room, or which needs a look.
    #[cold]
    #[inline(never)]
    pub(crate) fn put_slow(self: &Arc<Self>, mut object: Box<Object<T>>, bytes: usize) {
        debug_assert!(object.spot.is_none(), "it would have two places");
        object.bytes = bytes;
        let mut panics = Panics::default();
        let mut excess = Batch::new();
        if let Err((object, why)) = self.place(object, &mut excess, &mut panics) {
            self.discard([object], why, &mut panics);
        }
        // After the object, which would otherwise find what room there was taken.
        self.offer(&mut excess, Discard::Trimmed, &mut panics);
        panics.resume();
    }

    fn place(
        self: &Arc<Self>,
        mut object: Box<Object<T>>,
        excess: &mut Batch<T>,
        panics: &mut Panics,
    ) -> Result<(), (Box<Object<T>>, Discard)> {
        if !self.is_enabled() {
            self.look_while_disabled(panics);
            return Err((object, Discard::Disabled));
        }
        let front = self.attached(Touch::Return);
        if let Some(front) = front {
            if object.bytes >= self.limits.small {
                // The hot path, which counts, is not for large ones.
                front.count_down();
            }
            if front.is_tick() {
                self.sweep(Some(front), panics);
            }
            front.shed(excess);
            if !front.is_off()
                && front.admits(object.bytes, &self.limits)
                && (!front.is_full()
                    || apart(|| front.spill(&self.limits))
                    || self.relieve(front, panics))
            {
                object = match front.push_now(object) {
                    Ok(()) => return Ok(()),
                    Err(object) => object,
                };
            }
        }
        let batch = self.local_capacity().clamp(4, BATCH);
        match apart(|| self.depot.put_one(object, batch)) {
            Ok(kept) => {
                if let Some(front) = front {
                    front.count_passed();
                }
                self.look(kept, panics);
                Ok(())
            }
            Err(object) if self.depot.capacity() == 0 => Err((object, Discard::LocalFull)),
            Err(object) => Err((object, Discard::GlobalFull)),
        }
    }

    /// Now and then: nobody sweeps, and guards are out all the same.
    fn look_while_disabled(&self, panics: &mut Panics) {
        let gone = self.counters.discarded[Discard::Disabled as usize].load(Relaxed);
        if gone.is_multiple_of(TICK as u64) {
            self.tracker
                .report_held_if_due(self.name.as_deref(), panics);
        }
    }

    /// Moves a batch from a full thread to the shared tier; false if that is full.
    fn relieve(&self, front: &Front<T>, panics: &mut Panics) -> bool {
        if !self.depot.has_room() {
            return false;
        }
        let mut batch = Batch::new();
        front.evict(self.batch(), &mut batch);
        let evicted = batch.len();
        apart(|| self.depot.put(&mut batch));
        self.recheck(panics);
        let moved = batch.len() < evicted;
        apart(|| {
            front.stock(&mut batch, &self.limits);
            front.spill(&self.limits)
        });
        // Left over only if the capacity was lowered at this very moment.
        self.discard(batch, Discard::Trimmed, panics);
        moved
    }

    /// Objects per exchange with the shared tier: half of what a thread keeps, so
    /// that after one it is as far from the next one in either direction; up to
    /// all of it where threads get into each other's way.
    fn batch(&self) -> usize {
        let batch = self.batch.unwrap_or_else(|| {
            let half = (self.local_capacity() / 2).min(BATCH);
            half + half * self.depot.pressure() / Depot::<T>::MOST_PRESSURE
        });
        batch.clamp(1, BATCH)
    }

    /// This thread's tier, unless the thread is, or may be, on its way out.
    fn attached(self: &Arc<Self>, touch: Touch) -> Option<&Front<T>> {
        self.attached_in(touch, self.depot.is_open())
    }

    fn attached_in(self: &Arc<Self>, touch: Touch, is_passing: bool) -> Option<&Front<T>> {
        apart(|| {
            self.locals.attached(touch, is_passing, &self.tracker, || {
                let weak: Weak<Self> = Arc::downgrade(self);
                weak
            })
        })
    }

    // ---- counting -----------------------------------------------------------

    pub(crate) fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Counts an object of the shared tier that is about to be lent, and samples its
    /// loan, since no front does.
    fn global_hit(&self, mut object: Box<Object<T>>) -> Box<Object<T>> {
        self.tracker.draw(&mut object.lease);
        self.counters.global_hits.fetch_add(1, Relaxed);
        object
    }

    /// Counts an object that was made because there was none, and lends it.
    pub(crate) fn lend_created(&self, object: &mut Object<T>, site: Site) {
        if let Some(front) = self.locals.current() {
            front.count_miss();
        }
        self.counters.created.fetch_add(1, Relaxed);
        self.tracker.draw(&mut object.lease);
        self.record(object, site, true);
    }

    pub(crate) fn count_detached(&self) {
        self.counters.detached.fetch_add(1, Release);
        self.count_passed();
    }

    fn count_passed(&self) {
        if let Some(front) = self.locals.current() {
            front.count_passed();
        }
    }
}

impl<T: Send + 'static> OnThreadExit for Inner<T> {
    fn on_thread_exit(self: Arc<Self>, front: Parting) {
        let mut panics = Panics::default();
        let mut rest = Batch::new();
        let is_passing = self.locals.leave(front, &mut rest);
        if is_passing != self.depot.is_open() {
            apart(|| self.depot.open_if(|| is_passing && self.is_enabled()));
        }
        if self.is_enabled() {
            self.offer(&mut rest, Discard::ThreadExit, &mut panics);
        } else {
            self.discard(rest, Discard::ThreadExit, &mut panics);
        }
        self.close(&mut panics);
        panics.swallow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner() -> Arc<Inner<u8>> {
        Inner::new(Config {
            name: None,
            track: &Setup::new(),
            hook: Hook::None,
            enabled: true,
            local_capacity: 4,
            global_capacity: 64,
            limits: Limits {
                small: 64,
                budget: 1024,
            },
            global_budget: 1024,
            batch: None,
            trim_interval: None,
            clock: Duration::default,
        })
    }

    /// Who finds that it may have come too late with an object, sees to it.
    #[test]
    fn what_came_too_late_does_not_stay() {
        for is_enabled in [false, true] {
            let inner = inner();
            inner.depot.open_if(|| true);
            assert!(inner.depot.put_one(Object::new(0, false), BATCH).is_ok());
            inner.depot.open_if(|| false);
            inner.enabled.store(is_enabled, Relaxed);
            let late = Kept {
                is_tick: false,
                is_unsure: true,
            };
            let mut panics = Panics::default();
            inner.look(late, &mut panics);
            panics.resume();
            assert_eq!(inner.stats().idle_global, u64::from(is_enabled));
            // Those find it, too, who are not passing through.
            assert_eq!(inner.depot.take_one().is_some(), is_enabled);
        }
    }
}
