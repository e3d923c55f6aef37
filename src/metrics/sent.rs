//! What has been sent, so that nothing of a pool that is gone is lost.

use super::Name;
use crate::Stats;
use crate::registry::{self, Observed};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// The named pools as `record` saw them last.
pub(super) struct Sent {
    /// By address, which no other pool has while there is a weak reference.
    pools: BTreeMap<usize, Seen>,
    /// What pools of each name had counted that are gone.
    gone: BTreeMap<Name, Stats>,
}

/// A pool at one moment.
pub(super) struct Seen {
    pool: Weak<dyn Observed>,
    name: Name,
    stats: Stats,
}

/// The figures of all pools of a name.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) pools: Vec<Stats>,
    /// Counters of those that are gone.
    pub(super) gone: Stats,
}

/// All named pools now. Runs hooks of pools that are being dropped.
pub(super) fn look() -> Vec<Seen> {
    let seen = registry::held().into_iter().map(|held| {
        let pool = held.pool();
        Seen {
            pool: Arc::downgrade(pool),
            name: pool.name().unwrap_or_default(),
            stats: pool.stats(),
        }
    });
    seen.collect()
}

impl Sent {
    pub(super) const fn new() -> Self {
        Self {
            pools: BTreeMap::new(),
            gone: BTreeMap::new(),
        }
    }

    /// Takes note of what was seen, and says what is to be sent: of a name whose pools
    /// are all gone, once.
    pub(super) fn update(&mut self, seen: Vec<Seen>) -> BTreeMap<Name, Figures> {
        for seen in seen {
            let at = seen.pool.as_ptr().cast::<()>().addr();
            // One that is gone already, and is not known, may have been by another
            // `record` at the same time: it would be added twice.
            if seen.pool.strong_count() > 0 || self.pools.contains_key(&at) {
                self.pools.insert(at, seen);
            }
        }
        let mut figures: BTreeMap<Name, Figures> = BTreeMap::new();
        self.pools.retain(|_, Seen { pool, name, stats }| {
            let figures = figures.entry(name.clone()).or_default();
            let is_there = pool.strong_count() > 0;
            if is_there {
                figures.pools.push(*stats);
            } else {
                add(self.gone.entry(name.clone()).or_default(), stats);
            }
            is_there
        });
        for (name, figures) in &mut figures {
            figures.gone = self.gone.get(name).copied().unwrap_or_default();
        }
        figures
    }
}

/// Adds counters; no gauges.
fn add(sum: &mut Stats, stats: &Stats) {
    let plus = |sum: &mut u64, n: u64| *sum = sum.saturating_add(n);
    plus(&mut sum.gets, stats.gets);
    plus(&mut sum.local_hits, stats.local_hits);
    plus(&mut sum.global_hits, stats.global_hits);
    plus(&mut sum.created, stats.created);
    plus(&mut sum.returned, stats.returned);
    plus(&mut sum.detached, stats.detached);
    for (sum, n) in sum.discarded.0.iter_mut().zip(stats.discarded.0) {
        plus(sum, n);
    }
}
