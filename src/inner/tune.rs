//! What can be changed while a pool runs.

use super::Inner;
use crate::Discard;
use crate::hook::Panics;
use crate::object::Batch;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::fence;

impl<T: Send + 'static> Inner<T> {
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Relaxed)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        if self.closed.load(Relaxed) {
            return;
        }
        self.enabled.store(enabled, Relaxed);
        fence(SeqCst);
        let mut panics = Panics::default();
        self.tune_locals(&mut panics);
        if !enabled {
            self.depot.open_if(|| false);
            self.let_go_idle(Discard::Trimmed, &mut panics);
        }
        panics.resume();
    }

    /// Keeps nothing any more, and lets go of what is idle.
    pub(crate) fn shut(&self) {
        self.closed.store(true, Relaxed);
        self.enabled.store(false, Relaxed);
        fence(SeqCst);
        let mut panics = Panics::default();
        let mut excess = Batch::new();
        self.locals.set_capacity(|| 0, &mut excess);
        self.discard(excess, Discard::PoolDropped, &mut panics);
        self.depot.open_if(|| false);
        self.let_go_idle(Discard::PoolDropped, &mut panics);
        panics.resume();
    }

    pub(crate) fn local_capacity(&self) -> usize {
        self.local_capacity.load(Relaxed)
    }

    pub(crate) fn set_local_capacity(&self, capacity: usize) {
        self.local_capacity.store(capacity, Relaxed);
        let mut panics = Panics::default();
        self.tune_locals(&mut panics);
        panics.resume();
    }

    fn tune_locals(&self, panics: &mut Panics) {
        let mut excess = Batch::new();
        // Asked under a lock: of two calls at once, the later one sees what both
        // have set.
        let capacity = || {
            if self.is_enabled() {
                self.local_capacity()
            } else {
                0
            }
        };
        self.locals.set_capacity(capacity, &mut excess);
        self.offer(&mut excess, Discard::Trimmed, panics);
    }

    pub(crate) fn global_capacity(&self) -> usize {
        self.depot.capacity()
    }

    pub(crate) fn set_global_capacity(&self, capacity: usize) {
        let mut excess = Batch::new();
        self.depot.set_capacity(capacity, &mut excess);
        self.discard_now(excess, Discard::Trimmed);
    }
}
