//! What a pool did and holds, at one moment.

use crate::units::{Bytes, Count, Share};
use crate::{Advice, Delta, Discard};
use crossbeam_utils::CachePadded;
use std::fmt;
use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering::Acquire};

/// A snapshot of a pool, by [`Pool::stats`](crate::Pool::stats).
///
/// `Display` prints it for a person. While other threads use the pool, the
/// figures are of different moments, so `in_use` may be too high by as many objects
/// as were lent and returned meanwhile; at rest all are exact, and
///
/// * `gets == local_hits + global_hits + created`,
/// * `gets == returned + discarded.on_return() + detached + in_use`.
///
/// With feature `serde`, a `Stats` can be written and read back. A reader takes
/// figures that are missing for 0 and leaves those that it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
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
    /// Living threads that have a tier of their own: those that have borrowed from the pool
    /// or returned more than a few objects to it, and are not [passing
    /// through](crate::Pool#tiers).
    pub threads: u64,
    /// The most objects that any one thread had out at once, as far as its own
    /// tier ran empty over it. Threads without one are not counted.
    pub peak_depth: u64,
    /// Objects that went from the thread that borrowed them to another, which gave
    /// them back. The net count: two threads that hand each other as many cancel
    /// out, and threads without a tier count as one.
    pub handed_over: u64,
    /// How many objects each thread may keep.
    pub local_capacity: u64,
}

impl Stats {
    /// Which per-thread capacity this load wants, and what it costs in memory.
    pub fn advice(&self) -> Advice {
        Advice::new(self)
    }

    /// What happened since an earlier snapshot of the same pool.
    ///
    /// ```
    /// use millpond::Pool;
    /// use std::time::Duration;
    ///
    /// let pool = Pool::from_fn(|| vec![0u8; 100]);
    /// let earlier = pool.stats();
    /// let held = pool.get();
    /// let delta = pool.stats().since(&earlier);
    /// assert_eq!((delta.gets, delta.in_use), (1, 1));
    ///
    /// drop(held);
    /// let back = pool.stats().since(&earlier);
    /// assert_eq!((back.returned, back.in_use, back.idle_bytes), (1, 0, 100));
    /// assert_eq!(back.per_second(Duration::from_millis(500)).unwrap().gets, 2.0);
    /// ```
    pub fn since(&self, earlier: &Stats) -> Delta {
        Delta::new(self, earlier)
    }

    /// The share of `gets` that an idle object served, from 0 to 1; 1 before the
    /// first `get`.
    pub fn hit_rate(&self) -> f64 {
        if self.gets == 0 {
            return 1.0;
        }
        self.local_hits.saturating_add(self.global_hits) as f64 / self.gets as f64
    }

    /// Objects that lie idle, in threads' own tiers and in the shared one.
    pub fn idle(&self) -> u64 {
        self.idle_local.saturating_add(self.idle_global)
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part| {
            let whole = self.gets;
            format!("  {:>7}", Share { part, whole })
        };
        // Wide enough for the largest, which is most often `gets`.
        let figures = [self.gets, self.returned, self.in_use, self.idle()];
        let widest = figures
            .map(|n| Count(n).to_string().len())
            .into_iter()
            .max();
        let width = widest.unwrap_or(0).max(14);
        let mut row =
            |name: &str, n: u64, share: &str| writeln!(f, "{name:<22}{:>width$}{share}", Count(n));
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
        row("idle", self.idle(), "")?;
        row("  in threads", self.idle_local, "")?;
        row("  shared", self.idle_global, "")?;
        write!(f, "{:<22}{:>width$}", "idle memory", Bytes(self.idle_bytes))
    }
}

/// How many objects the pool let go, by [`Discard`] reason: `discarded[why]`.
///
/// With feature `serde`, a map from [`Discard::key`] to the count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discarded(pub(crate) [u64; Discard::ALL.len()]);

impl Discarded {
    /// Objects let go, for whatever reason.
    pub fn total(&self) -> u64 {
        sum(self.0)
    }

    /// Objects let go instead of being kept when they came back; the others had
    /// lain idle.
    pub fn on_return(&self) -> u64 {
        let on_return = self.iter().filter(|(why, _)| why.on_return());
        sum(on_return.map(|(_, n)| n))
    }

    /// How many more than in an earlier snapshot, for each reason.
    pub(crate) fn since(&self, earlier: &Discarded) -> Discarded {
        let more = |i: usize| self.0[i].saturating_sub(earlier.0[i]);
        Discarded(std::array::from_fn(more))
    }

    /// Every reason and its count, in the order of [`Discard::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Discard, u64)> + '_ {
        Discard::ALL.into_iter().zip(self.0)
    }
}

/// Of figures that need not be a pool's: whoever has a `Stats` can change it.
fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

impl Index<Discard> for Discarded {
    type Output = u64;

    fn index(&self, why: Discard) -> &u64 {
        &self.0[why as usize]
    }
}

/// Counters of what happens off the hot path, where an atomic add is a small part. What goes
/// through the shared tier one by one is counted there.
#[derive(Default)]
pub(crate) struct Counters {
    /// Objects lent of a batch that a thread took from the shared tier, which shares no cache
    /// line with what other threads read at each return.
    pub(crate) global_hits: CachePadded<AtomicU64>,
    /// Objects that went back before they were lent, because a hook had panicked.
    pub(crate) returned: AtomicU64,
    pub(crate) created: AtomicU64,
    pub(crate) detached: AtomicU64,
    pub(crate) discarded: [AtomicU64; Discard::ALL.len()],
}

impl Counters {
    pub(crate) fn discarded(&self) -> Discarded {
        let mut counts = Discarded::default();
        for (count, counter) in counts.0.iter_mut().zip(&self.discarded) {
            *count = counter.load(Acquire);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_aligned_whatever_the_figures() {
        let none = "\
gets                               0
  local hits                       0        -
  global hits                      0        -
  created                          0        -
returned                           0
detached                           0
discarded                          0
in use                             0
idle                               0
  in threads                       0
  shared                           0
idle memory                      0 B";
        assert_eq!(Stats::default().to_string(), none);

        let mut discarded = Discarded::default();
        discarded.0[Discard::Trimmed as usize] = 1_234;
        let busy = Stats {
            gets: 12_345_678,
            local_hits: 12_000_000,
            global_hits: 345_677,
            created: 1,
            returned: 12_345_670,
            detached: 5,
            discarded,
            in_use: 3,
            idle_local: 4,
            idle_global: 1_000,
            idle_bytes: 5 << 20,
            ..Stats::default()
        };
        let text = "\
gets                      12,345,678
  local hits              12,000,000   97.20%
  global hits                345,677    2.80%
  created                          1    0.01%
returned                  12,345,670
detached                           5
discarded                      1,234
  trimmed                      1,234
in use                             3
idle                           1,004
  in threads                       4
  shared                       1,000
idle memory                  5.0 MiB";
        assert_eq!(busy.to_string(), text);

        let most = most();
        let lines: Vec<_> = most.to_string().lines().map(String::from).collect();
        // The figures end in the same column, all of them.
        let end = lines[0].len();
        assert!(lines[0].ends_with(" 18,446,744,073,709,551,615"));
        for line in &lines {
            let share = if line.ends_with('%') { "  100.00%" } else { "" };
            assert_eq!(line.len(), end + share.len(), "{line}");
        }
    }

    /// What nobody will see, but whoever has a `Stats` can make.
    fn most() -> Stats {
        Stats {
            gets: u64::MAX,
            local_hits: u64::MAX,
            global_hits: u64::MAX,
            created: u64::MAX,
            returned: u64::MAX,
            detached: u64::MAX,
            discarded: Discarded([u64::MAX; Discard::ALL.len()]),
            in_use: u64::MAX,
            idle_local: u64::MAX,
            idle_global: u64::MAX,
            idle_bytes: u64::MAX,
            threads: u64::MAX,
            peak_depth: u64::MAX,
            handed_over: u64::MAX,
            local_capacity: u64::MAX,
        }
    }

    #[test]
    fn no_figure_is_too_large() {
        let most = most();
        assert_eq!(most.discarded.total(), u64::MAX);
        assert_eq!(most.discarded.on_return(), u64::MAX);
        assert_eq!(most.idle(), u64::MAX);
        assert_eq!(most.hit_rate(), 1.0);
        assert!(!most.advice().to_string().is_empty());
        let deep = Stats {
            handed_over: 0,
            ..most
        };
        assert_eq!(deep.advice().local_capacity, u64::MAX);
    }
}
