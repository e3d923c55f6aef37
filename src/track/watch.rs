//! What a leak check asks of a pool: to track every loan while it looks, and which of
//! those that began since then are out.

use super::Tracker;
use super::outstanding::{HeldSite, group};
use super::record::Record;
use super::scope::{Scope, next_epoch};
#[cfg(feature = "backtrace")]
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A check's interest in one pool. While it is [watched](Tracker::watch), the pool
/// tracks all loans.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Loans of this epoch and later ones began under its eyes.
    epoch: u64,
    #[cfg(feature = "backtrace")]
    backtraces: AtomicBool,
    /// What was out when the pool was dropped.
    lost: OnceLock<Lost>,
}

struct Lost {
    records: Vec<(Record, Duration)>,
    each: usize,
}

impl std::fmt::Debug for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records", self.records.len())
    }
}

impl Watch {
    /// Loans that begin from here on are told from those before.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: next_epoch(),
            #[cfg(feature = "backtrace")]
            backtraces: AtomicBool::new(false),
            lost: OnceLock::new(),
        })
    }

    /// Wants stacks as well; the pool hears of it when it is watched again.
    #[cfg(feature = "backtrace")]
    pub(crate) fn want_backtraces(&self) {
        self.backtraces.store(true, Relaxed);
    }

    #[cfg(feature = "backtrace")]
    pub(super) fn wants_backtraces(&self) -> bool {
        self.backtraces.load(Relaxed)
    }

    /// What was out when the pool was dropped, of one scope or of all threads;
    /// `None` if it was not, while it was watched.
    pub(crate) fn lost(&self, scope: Option<Scope>) -> Option<Vec<HeldSite>> {
        let Lost { records, each } = self.lost.get()?;
        let mut records = records.clone();
        records.retain(|(record, _)| self.saw(record, scope));
        Some(group(records, *each))
    }

    /// Whether the loan began since, in the scope.
    fn saw(&self, record: &Record, scope: Option<Scope>) -> bool {
        let is_inside = scope.is_none_or(|scope| scope.number() == record.scope);
        is_inside && record.epoch >= self.epoch
    }
}

impl Tracker {
    /// Tracks all loans until [`unwatch`](Self::unwatch); once for each watch. Called
    /// again when the watch wants more.
    pub(crate) fn watch(&self, watch: &Arc<Watch>) {
        self.change(|wish| {
            if !wish.watches.iter().any(|other| Arc::ptr_eq(other, watch)) {
                wish.watches.push(Arc::clone(watch));
            }
        });
    }

    /// Gives the owner's rate back, unless others watch.
    pub(crate) fn unwatch(&self, watch: &Arc<Watch>) {
        self.change(|wish| wish.watches.retain(|other| !Arc::ptr_eq(other, watch)));
    }

    /// The loans that began under the eyes of a watch, in one scope or on all threads,
    /// and have not ended.
    pub(crate) fn held_since(&self, watch: &Watch, scope: Option<Scope>) -> Vec<HeldSite> {
        self.held(|record, _| watch.saw(record, scope))
    }

    /// Tells all who watch what is out: the pool is gone.
    pub(super) fn tell_lost(&self) {
        let watches = self.wish().watches.clone();
        for watch in watches {
            let mut records = self.records();
            records.retain(|(record, _)| record.is_lent);
            // Told once: a pool is dropped once.
            let _ = watch.lost.set(Lost {
                records,
                each: self.each(),
            });
        }
    }
}
