//! Which per-thread capacity a load wants: arithmetic on a snapshot.

use crate::Stats;
use crate::local::FRONT;
use crate::object::BATCH;
use crate::units::Bytes;
use std::fmt;

/// Depths are rounded up to a multiple of this: a thread that had 20 out may have 22.
const STEP: u64 = 8;

/// Before so many `gets` a snapshot says little about the load.
const FEW: u64 = 1_000;

/// What [`Stats::advice`] recommends. `Display` says it in words.
///
/// ```
/// use millpond::{Pool, Reason};
///
/// let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(1000)).with_local_capacity(4);
/// for _ in 0..1000 {
///     let _held: Vec<_> = (0..20).map(|_| pool.get()).collect();
/// }
/// let advice = pool.stats().advice();
/// assert_eq!(advice.local_capacity, 24);
/// assert_eq!(advice.reason, Reason::Depth(20));
/// pool.set_local_capacity(advice.local_capacity as usize);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Advice {
    /// The recommended local capacity, in objects.
    pub local_capacity: u64,
    /// The one that was set.
    pub current: u64,
    /// Heap bytes that a thread keeps at most at that capacity, if its objects are
    /// as large as those that lie idle now are on average.
    pub bytes_per_thread: u64,
    /// The same for all threads that use the pool.
    pub bytes: u64,
    /// Why.
    pub reason: Reason,
    /// The share of `gets` that the thread's own tier served, in percent.
    local_percent: f64,
}

/// Why [`Stats::advice`] recommends what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// There were too few `gets` to tell.
    TooFew,
    /// Threads hand objects to each other, so batches should be long.
    HandOver,
    /// A thread has so many objects out at once.
    Depth(u64),
    /// No thread has more objects out at once than the front holds.
    Shallow,
}

impl Advice {
    pub(crate) fn new(stats: &Stats) -> Self {
        let front = FRONT as u64;
        let (local_capacity, reason) = if stats.gets < FEW {
            (stats.local_capacity, Reason::TooFew)
        } else if stats.handed_over.saturating_mul(10) > stats.gets {
            // The least whose half is the longest batch. A producer's depth is what
            // it has handed over, and no measure.
            (2 * BATCH as u64, Reason::HandOver)
        } else if stats.peak_depth > front {
            let depth = stats.peak_depth;
            (
                depth.checked_next_multiple_of(STEP).unwrap_or(depth),
                Reason::Depth(depth),
            )
        } else {
            (front, Reason::Shallow)
        };
        let idle = stats.idle().max(1);
        let bytes_per_thread = (stats.idle_bytes / idle).saturating_mul(local_capacity);
        Self {
            local_capacity,
            current: stats.local_capacity,
            bytes_per_thread,
            bytes: bytes_per_thread.saturating_mul(stats.threads.max(1)),
            reason,
            local_percent: 100.0 * stats.local_hits as f64 / stats.gets.max(1) as f64,
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::TooFew => return write!(f, "too few gets to recommend a local capacity yet"),
            Reason::HandOver => write!(f, "threads hand objects to each other")?,
            Reason::Depth(n) => write!(f, "a thread has up to {n} objects out at once")?,
            Reason::Shallow => write!(f, "no thread has more than {FRONT} objects out at once")?,
        }
        write!(
            f,
            ", and its own tier serves {:.1}% of its gets: ",
            self.local_percent
        )?;
        if self.local_capacity == self.current {
            write!(f, "the local capacity of {} is right", self.current)?;
        } else {
            write!(
                f,
                "set the local capacity to {} instead of {}",
                self.local_capacity, self.current
            )?;
        }
        write!(
            f,
            "; at most {} for a thread, {} in all",
            Bytes(self.bytes_per_thread),
            Bytes(self.bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(gets: u64, peak_depth: u64, handed_over: u64) -> Stats {
        Stats {
            gets,
            local_hits: gets,
            peak_depth,
            handed_over,
            threads: 4,
            local_capacity: 16,
            idle_local: 10,
            idle_bytes: 10 * 1024,
            ..Stats::default()
        }
    }

    #[test]
    fn recommends_by_depth_and_flow() {
        let table = [
            (stats(999, 100, 0), 16, Reason::TooFew),
            (stats(10_000, 1, 0), 16, Reason::Shallow),
            (stats(10_000, 16, 0), 16, Reason::Shallow),
            (stats(10_000, 17, 0), 24, Reason::Depth(17)),
            (stats(10_000, 100, 0), 104, Reason::Depth(100)),
            (stats(10_000, 10_000, 10_000), 32, Reason::HandOver),
            (stats(10_000, 100, 1_000), 104, Reason::Depth(100)),
        ];
        for (stats, capacity, reason) in table {
            let advice = stats.advice();
            assert_eq!((advice.local_capacity, advice.reason), (capacity, reason));
            assert_eq!(advice.bytes_per_thread, capacity * 1024);
            assert_eq!(advice.bytes, 4 * capacity * 1024);
        }
    }

    #[test]
    fn says_it_in_words() {
        assert_eq!(
            stats(10_000, 100, 0).advice().to_string(),
            "a thread has up to 100 objects out at once, and its own tier serves 100.0% of its \
             gets: set the local capacity to 104 instead of 16; at most 104.0 KiB for a thread, \
             416.0 KiB in all"
        );
    }
}
