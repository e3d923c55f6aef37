//! What the objects of a pool took and take from memory, by who borrowed them.

use super::label;
use super::record::Record;
use super::site::{CallSite, Entry};
use super::tracker::Tracker;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Where the memory of pooled objects comes from and who has it: by
/// [`Pool::profile`](crate::Pool::profile) of one pool, by
/// [`track::profile`](crate::track::profile) of all that have a name.
///
/// It reads like a heap profile, of the pool's objects alone. Where loans are
/// sampled the figures are estimates, and without bias: each sampled loan counts
/// for as many as it stands for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// When it was taken.
    pub time: SystemTime,
    /// One for each pool, call site, thread name, and lent or idle.
    pub samples: Vec<Sample>,
    /// One loan in so many was sampled when the profile was taken, of the pool that
    /// samples most seldom; 0 where none is.
    pub period: u32,
}

/// A line of a [`Profile`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// The pool's name, empty if it has none.
    pub pool: Arc<str>,
    /// The name of the thread that borrowed.
    pub thread: Arc<str>,
    /// The line that borrowed.
    pub site: CallSite,
    /// Whether the objects in use lie idle in the pool. The site is then the one under
    /// which they grew to most of their size. What was made and grown counts as lent.
    pub is_idle: bool,
    /// Objects that were made for borrowers here, because none was idle.
    pub alloc_objects: u64,
    /// Bytes that objects grew by while they were borrowed here, new ones included.
    pub alloc_space: u64,
    /// Objects that are out, or idle.
    pub inuse_objects: u64,
    /// Their bytes: heap bytes by [`Recycle::footprint`](crate::Recycle::footprint),
    /// and the box. Of lent objects, when the guard was last used.
    pub inuse_space: u64,
}

impl Profile {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            time: SystemTime::now(),
            samples: Vec::new(),
            period: 0,
        }
    }

    /// Adds what one pool knows.
    pub(crate) fn add(&mut self, pool: Option<&str>, tracker: &Tracker) {
        let pool: Arc<str> = pool.unwrap_or_default().into();
        self.period = self.period.max(tracker.tracking().rate());
        let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
        for view in tracker.views() {
            for record in view.records {
                let sum = sums
                    .entry(Key::of(record.owner(), !record.is_lent))
                    .or_default();
                sum.add_record(&record, tracker.each());
            }
            for totals in view.totals {
                let sum = sums.entry(Key::of(&totals.entry, false)).or_default();
                sum.alloc_objects += totals.created;
                sum.alloc_space = sum.alloc_space.saturating_add(totals.grown);
            }
        }
        let samples = sums.into_iter().filter(|(_, sum)| *sum != Sums::default());
        self.samples.extend(samples.map(|(key, sum)| Sample {
            pool: Arc::clone(&pool),
            thread: label::name(key.thread),
            site: key.site,
            is_idle: key.is_idle,
            alloc_objects: sum.alloc_objects,
            alloc_space: sum.alloc_space,
            inuse_objects: sum.inuse_objects,
            inuse_space: sum.inuse_space,
        }));
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    site: CallSite,
    thread: label::Id,
    is_idle: bool,
}

impl Key {
    fn of(entry: &Entry, is_idle: bool) -> Self {
        Self {
            site: entry.site(),
            thread: entry.thread,
            is_idle,
        }
    }
}

#[derive(Default, PartialEq)]
struct Sums {
    alloc_objects: u64,
    alloc_space: u64,
    inuse_objects: u64,
    inuse_space: u64,
}

impl Sums {
    /// Adds an object that is lent or idle; each has so many bytes around it.
    fn add_record(&mut self, record: &Record, each: usize) {
        let weight = u64::from(record.weight);
        let weighted = |bytes: usize| (bytes as u64).saturating_mul(weight);
        self.inuse_objects += weight;
        self.inuse_space = self
            .inuse_space
            .saturating_add(weighted(record.bytes.saturating_add(each)));
        if record.is_lent {
            // Not in the totals before the loan ends.
            self.alloc_space = self.alloc_space.saturating_add(weighted(record.growth()));
        }
    }
}
