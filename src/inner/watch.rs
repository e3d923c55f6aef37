//! What those see who look at a pool and borrow nothing.

use super::Inner;
use crate::hook::Panics;
use crate::registry::Observed;
use crate::stats::Stats;
#[cfg(feature = "testing")]
use crate::track::{HeldSite, Scope, Watch};
#[cfg(feature = "track")]
use crate::track::{Outstanding, Profile, Tracking};
use std::borrow::Cow;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::{Arc, Weak};

impl<T: Send + 'static> Inner<T> {
    /// This pool for those who watch pools of whatever type.
    pub(crate) fn observed(self: &Arc<Self>) -> Weak<dyn Observed> {
        let weak: Weak<Self> = Arc::downgrade(self);
        weak
    }

    pub(crate) fn stats(&self) -> Stats {
        let counters = &self.counters;
        // What ends a loan is read before what begins one, so that a loan seen
        // ending was seen beginning and `in_use` does not dip below zero.
        let discarded = counters.discarded();
        let detached = counters.detached.load(Acquire);
        let returned = counters.returned.load(Acquire) + self.depot.returned();
        let local = self.locals.counts();
        let (idle_global, bytes_global) = self.depot.counts();
        let local_hits = local.hits as u64;
        let global_hits = counters.global_hits.load(Relaxed) + self.depot.lent();
        let created = counters.created.load(Relaxed);
        let gets = local_hits + global_hits + created;
        let returned = returned + local.returns as u64;
        let ended = returned + detached + discarded.on_return();
        let in_use = gets.saturating_sub(ended);
        // Of threads without a tier, together: what they borrowed, less what they gave back.
        let others_got = gets.saturating_sub((local.hits + local.misses) as u64);
        let others_ended = ended.saturating_sub((local.returns + local.passed) as u64);
        let parted = local.parted + others_got.saturating_sub(others_ended) as usize;
        let handed_over = parted.saturating_sub(in_use as usize);
        Stats {
            gets,
            local_hits,
            global_hits,
            created,
            returned,
            detached,
            discarded,
            in_use,
            idle_local: local.idle as u64,
            idle_global: idle_global as u64,
            idle_bytes: (local.bytes + bytes_global) as u64,
            threads: local.threads as u64,
            peak_depth: self.locals.depth(handed_over) as u64,
            handed_over: handed_over as u64,
            local_capacity: self.local_capacity() as u64,
        }
    }

    #[cfg(feature = "track")]
    pub(crate) fn set_tracking(&self, tracking: Tracking) {
        self.tracker.set_tracking(tracking);
        // Whoever takes the hot path now would count down at the old rate.
        self.locals.close_fronts();
    }
}

impl<T: Send + 'static> Observed for Inner<T> {
    fn name(&self) -> Option<Cow<'static, str>> {
        self.name.clone()
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }

    fn stats(&self) -> Stats {
        self.stats()
    }

    #[cfg(feature = "track")]
    fn outstanding(&self) -> Outstanding {
        Outstanding::new(self.name.as_deref(), self.stats().in_use, &self.tracker)
    }

    #[cfg(feature = "track")]
    fn add_to(&self, profile: &mut Profile) {
        profile.add(self.name.as_deref(), &self.tracker);
    }

    #[cfg(feature = "track")]
    fn report_held(&self, panics: &mut Panics) {
        self.tracker.report_held(self.name.as_deref(), panics);
    }

    #[cfg(feature = "testing")]
    fn watch(&self, watch: &Arc<Watch>) {
        self.tracker.watch(watch);
        // Also where others watch already: they may not have come to this line yet,
        // and the next loan of this thread must not be missed.
        self.locals.close_fronts();
    }

    #[cfg(feature = "testing")]
    fn unwatch(&self, watch: &Arc<Watch>) {
        self.tracker.unwatch(watch);
        self.locals.close_fronts();
    }

    #[cfg(feature = "testing")]
    fn held_since(&self, watch: &Watch, scope: Option<Scope>) -> Vec<HeldSite> {
        self.tracker.held_since(watch, scope)
    }

    fn release(self: Arc<Self>) {
        let mut panics = Panics::default();
        self.close(&mut panics);
        // Whoever watches has no part in it.
        panics.swallow();
    }
}
