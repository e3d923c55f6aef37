//! What a pool did and holds, at one moment.

use crate::{Advice, Discard};
use std::fmt;
use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A snapshot of a pool, by [`Pool::stats`](crate::Pool::stats).
///
/// `Display` prints it for a person. While other threads use the pool, the
/// figures are of different moments, so `in_use` may be too high by as many objects
/// as were lent and returned meanwhile; at rest all are exact, and
///
/// * `gets == local_hits + global_hits + created`,
/// * `gets == returned + discarded.on_return() + detached + in_use`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Objects lent out.
    pub gets: u64,
    /// Of these, found in the borrowing thread's own tier.
    pub local_hits: u64,
    /// Of these, found in the shared tier.
    pub global_hits: u64,
    /// Of these, made new because both tiers were empty.
    pub created: u64,
    /// Objects that came back and were kept.
    pub returned: u64,
    /// Objects that their borrower took out of the pool for good.
    pub detached: u64,
    /// Objects that the pool let go, by reason.
    pub discarded: Discarded,
    /// Objects that are lent out now (leaked guards included).
    pub in_use: u64,
    /// Objects that lie in threads' own tiers.
    pub idle_local: u64,
    /// Objects that lie in the shared tier.
    pub idle_global: u64,
    /// Heap bytes that the idle objects keep, by
    /// [`Recycle::footprint`](crate::Recycle::footprint) when they came back.
    pub idle_bytes: u64,
    /// Living threads that have borrowed from the pool.
    pub threads: u64,
    /// The most objects that any one thread had out at once, as far as its own
    /// tier ran empty over it.
    pub peak_depth: u64,
    /// Objects that went from the thread that borrowed them to another, which gave
    /// them back. The net count: two threads that hand each other as many cancel
    /// out.
    pub handed_over: u64,
    /// How many objects each thread may keep.
    pub local_capacity: u64,
}

impl Stats {
    /// Which per-thread capacity this load wants, and what it costs in memory.
    pub fn advice(&self) -> Advice {
        Advice::new(self)
    }

    /// The share of `gets` that an idle object served, from 0 to 1; 1 before the
    /// first `get`.
    pub fn hit_rate(&self) -> f64 {
        if self.gets == 0 {
            return 1.0;
        }
        (self.local_hits + self.global_hits) as f64 / self.gets as f64
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |n: u64| {
            let whole = self.gets.max(1) as f64;
            format!("{:>6.2}%", 100.0 * n as f64 / whole)
        };
        let mut row = |name: &str, n: u64, rest: &str| writeln!(f, "{name:<22}{n:>14} {rest}");
        row("gets", self.gets, "")?;
        row("  local hits", self.local_hits, &share(self.local_hits))?;
        row("  global hits", self.global_hits, &share(self.global_hits))?;
        row("  created", self.created, &share(self.created))?;
        row("returned", self.returned, "")?;
        row("detached", self.detached, "")?;
        row("discarded", self.discarded.total(), "")?;
        for (why, n) in self.discarded.iter().filter(|(_, n)| *n > 0) {
            row(&format!("  {why}"), n, "")?;
        }
        row("in use", self.in_use, "")?;
        row("idle", self.idle_local + self.idle_global, "")?;
        row("  in threads", self.idle_local, "")?;
        row("  shared", self.idle_global, "")?;
        write!(f, "{:<22}{:>14}", "idle memory", Bytes(self.idle_bytes))
    }
}

/// A byte count with a binary unit.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return f.pad(&format!("{} B", self.0));
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        f.pad(&format!("{value:.1} {}", UNITS[unit]))
    }
}

/// How many objects the pool let go, by [`Discard`] reason: `discarded[why]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discarded([u64; Discard::ALL.len()]);

impl Discarded {
    /// Objects let go, for whatever reason.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Objects let go instead of being kept when they came back; the others had
    /// lain idle.
    pub fn on_return(&self) -> u64 {
        self.iter()
            .filter(|(why, _)| why.on_return())
            .map(|(_, n)| n)
            .sum()
    }

    /// Every reason and its count, in the order of [`Discard::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Discard, u64)> + '_ {
        Discard::ALL.into_iter().zip(self.0)
    }
}

impl Index<Discard> for Discarded {
    type Output = u64;

    fn index(&self, why: Discard) -> &u64 {
        &self.0[why as usize]
    }
}

/// Counters of what happens off the hot path, where an atomic add is a small part.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) global_hits: AtomicU64,
    pub(crate) created: AtomicU64,
    /// Returned to the shared tier, past the thread's own.
    pub(crate) returned: AtomicU64,
    pub(crate) detached: AtomicU64,
    pub(crate) discarded: [AtomicU64; Discard::ALL.len()],
}

impl Counters {
    pub(crate) fn discarded(&self) -> Discarded {
        let mut counts = Discarded::default();
        for (count, counter) in counts.0.iter_mut().zip(&self.discarded) {
            *count = counter.load(Relaxed);
        }
        counts
    }
}
