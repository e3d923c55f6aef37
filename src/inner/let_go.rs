//! How objects leave a pool: trimmed, swept, or with the pool itself.

use super::Inner;
use crate::Discard;
use crate::hook::Panics;
use crate::local::{Front, Locals};
use crate::object::{Batch, Object};
use crate::track::apart;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Release, SeqCst};
use std::sync::atomic::fence;

impl<T: Send + 'static> Inner<T> {
    /// Moves idle objects to the shared tier, and lets go of what does not fit.
    pub(super) fn offer(&self, batch: &mut Batch<T>, why: Discard, panics: &mut Panics) {
        if !batch.is_empty() {
            apart(|| self.depot.put(batch));
            self.discard(batch.drain(..), why, panics);
            self.recheck(panics);
        }
    }

    /// After something went into the shared tier: empties it if the pool was
    /// disabled meanwhile, since nobody would look there again.
    pub(super) fn recheck(&self, panics: &mut Panics) {
        // With the fences in `set_enabled` and `shut`: either this sees the pool disabled, or the
        // one who disabled it sees what went in.
        fence(SeqCst);
        self.clear_if_disabled(panics);
    }

    /// The same after something moved within the shared tier, into an inbox: no fence, since
    /// it was put there under a lock that the one who disables the pool takes afterwards.
    pub(super) fn clear_if_disabled(&self, panics: &mut Panics) {
        if !self.is_enabled() {
            let mut batch = Batch::new();
            self.depot.drain(0, &mut batch);
            self.discard(batch, Discard::Trimmed, panics);
        }
    }

    /// Shows objects to the hook, one by one, and destroys them: all of them, even
    /// if some panic.
    pub(crate) fn discard(
        &self,
        objects: impl IntoIterator<Item = Box<Object<T>>>,
        why: Discard,
        panics: &mut Panics,
    ) {
        for mut object in objects {
            debug_assert!(object.spot.is_none(), "its place would be lost");
            self.counters.discarded[why as usize].fetch_add(1, Release);
            if why.on_return() {
                self.count_passed();
            }
            self.tracker.let_go(&object.lease, object.bytes, why);
            self.tracker.retire(&mut object.lease);
            panics.catch(|| self.hook.call(&mut object.value, why));
            panics.catch(|| drop(object));
        }
    }

    /// The same, where the panic goes on to the caller.
    pub(crate) fn discard_now(
        &self,
        objects: impl IntoIterator<Item = Box<Object<T>>>,
        why: Discard,
    ) {
        let mut panics = Panics::default();
        self.discard(objects, why, &mut panics);
        panics.resume();
    }

    /// Lets go of everything idle that can be reached; how many.
    pub(crate) fn trim(&self) -> usize {
        let mut panics = Panics::default();
        let n = self.let_go_idle(Discard::Trimmed, &mut panics);
        panics.resume();
        n
    }

    pub(super) fn let_go_idle(&self, why: Discard, panics: &mut Panics) -> usize {
        let mut batch = Batch::new();
        self.locals.drain(&mut batch);
        self.depot.drain(0, &mut batch);
        let n = batch.len();
        self.discard(batch, why, panics);
        n
    }

    /// Lets go of what a whole interval did not need, if one has passed.
    pub(super) fn sweep(&self, front: Option<&Front<T>>, panics: &mut Panics) {
        let mut batch = Batch::new();
        let mut is_due = false;
        panics.catch(|| is_due = self.sweeper.is_due());
        if is_due {
            self.depot.sweep(&mut batch);
            self.locals.sweep(&mut batch);
        }
        if let Some(front) = front {
            front.sweep(self.sweeper.sweeps(), &mut batch);
        }
        self.discard(batch, Discard::Trimmed, panics);
        self.tracker
            .report_held_if_due(self.name.as_deref(), panics);
    }

    /// Lets go of what nobody needed since the last sweep.
    pub(crate) fn sweep_now(&self, panics: &mut Panics) {
        let mut batch = Batch::new();
        self.sweeper.count();
        self.depot.sweep(&mut batch);
        self.locals.sweep(&mut batch);
        self.discard(batch, Discard::Trimmed, panics);
        self.tracker
            .report_held_if_due(self.name.as_deref(), panics);
    }

    /// Lets go of everything, if this is the last one who knows the pool. Whoever
    /// else does is an exiting thread, a trimmer or somebody who watches, who calls
    /// this in turn.
    pub(crate) fn close(self: Arc<Self>, panics: &mut Panics) {
        let Some(mut inner) = Arc::into_inner(self) else {
            return;
        };
        let mut batch = Batch::new();
        let locals = std::mem::replace(&mut inner.locals, Locals::vacant());
        // The batch, too, and to its end: it grows here.
        apart(|| {
            locals.into_objects(&mut batch);
            inner.depot.drain(0, &mut batch);
        });
        inner.discard(batch.drain(..), Discard::PoolDropped, panics);
        apart(|| drop(batch));
        inner.tracker.report_lost(inner.name.as_deref(), panics);
        // With the hook go its captures, whose destructors are the user's.
        panics.catch(|| apart(|| drop(inner)));
    }
}
