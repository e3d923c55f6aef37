//! What happened between two snapshots.

use crate::units::{BytesChange, Change, Count, Rate, Share};
use crate::{Discarded, Stats};
use std::fmt;
use std::time::Duration;

/// What a pool did between two snapshots, by [`Stats::since`].
///
/// Counters as increments, gauges as signed changes. Where a counter is smaller
/// than before, because the earlier snapshot is the later one or is of a run before,
/// its increment is 0.
///
/// `Display` prints it for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct Delta {
    /// Objects lent out.
    pub gets: u64,
    /// Of these, found in the borrowing thread's own tier.
    pub local_hits: u64,
    /// Of these, found in the shared tier.
    pub global_hits: u64,
    /// Of these, made new.
    pub created: u64,
    /// Objects that came back and were kept.
    pub returned: u64,
    /// Objects that their borrower took out of the pool for good.
    pub detached: u64,
    /// Objects that the pool let go, by reason.
    pub discarded: Discarded,
    /// By how much the objects that are lent out grew in number.
    pub in_use: i64,
    /// The same of those that lie in threads' own tiers.
    pub idle_local: i64,
    /// The same of those that lie in the shared tier.
    pub idle_global: i64,
    /// By how many heap bytes the idle objects grew.
    pub idle_bytes: i64,
    /// By how much the living threads grew in number that have a tier of their own.
    pub threads: i64,
    /// By how much the most objects that one thread had out at once grew.
    pub peak_depth: i64,
    /// By how much the objects that went from one thread to another grew in number.
    pub handed_over: i64,
    /// By how much the objects that each thread may keep grew in number.
    pub local_capacity: i64,
}

/// A [`Delta`] for each second, by [`Delta::per_second`]. `Display` prints it in a
/// line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct Rates {
    /// Objects lent out.
    pub gets: f64,
    /// Objects made new.
    pub created: f64,
    /// Objects that came back and were kept.
    pub returned: f64,
    /// Objects that their borrower took out of the pool for good.
    pub detached: f64,
    /// Objects that the pool let go, for whatever reason.
    pub discarded: f64,
    /// Growth of the objects that are lent out.
    pub in_use: f64,
    /// Growth of the heap bytes that the idle objects keep.
    pub idle_bytes: f64,
}

/// `later - earlier`, as near as an `i64` comes to it.
fn change(later: u64, earlier: u64) -> i64 {
    let change = i128::from(later) - i128::from(earlier);
    change.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

impl Delta {
    pub(crate) fn new(later: &Stats, earlier: &Stats) -> Self {
        Self {
            gets: later.gets.saturating_sub(earlier.gets),
            local_hits: later.local_hits.saturating_sub(earlier.local_hits),
            global_hits: later.global_hits.saturating_sub(earlier.global_hits),
            created: later.created.saturating_sub(earlier.created),
            returned: later.returned.saturating_sub(earlier.returned),
            detached: later.detached.saturating_sub(earlier.detached),
            discarded: later.discarded.since(&earlier.discarded),
            in_use: change(later.in_use, earlier.in_use),
            idle_local: change(later.idle_local, earlier.idle_local),
            idle_global: change(later.idle_global, earlier.idle_global),
            idle_bytes: change(later.idle_bytes, earlier.idle_bytes),
            threads: change(later.threads, earlier.threads),
            peak_depth: change(later.peak_depth, earlier.peak_depth),
            handed_over: change(later.handed_over, earlier.handed_over),
            local_capacity: change(later.local_capacity, earlier.local_capacity),
        }
    }

    /// The share of `gets` that an idle object served, from 0 to 1; 1 if there were
    /// none.
    pub fn hit_rate(&self) -> f64 {
        if self.gets == 0 {
            return 1.0;
        }
        self.local_hits.saturating_add(self.global_hits) as f64 / self.gets as f64
    }

    /// The same for each second of `elapsed`, the time between the snapshots; `None`
    /// if there was none.
    pub fn per_second(&self, elapsed: Duration) -> Option<Rates> {
        if elapsed.is_zero() {
            return None;
        }
        let seconds = elapsed.as_secs_f64();
        Some(Rates {
            gets: self.gets as f64 / seconds,
            created: self.created as f64 / seconds,
            returned: self.returned as f64 / seconds,
            detached: self.detached as f64 / seconds,
            discarded: self.discarded.total() as f64 / seconds,
            in_use: self.in_use as f64 / seconds,
            idle_bytes: self.idle_bytes as f64 / seconds,
        })
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = |n: u64| match n {
            0 => String::from("0"),
            n => format!("+{}", Count(n)),
        };
        let share = |part| {
            let whole = self.gets;
            format!("  {:>7}", Share { part, whole })
        };
        let discarded = more(self.discarded.total());
        let idle = self.idle_local.saturating_add(self.idle_global);
        let mut rows = vec![
            ("gets", more(self.gets), String::new()),
            (
                "  local hits",
                more(self.local_hits),
                share(self.local_hits),
            ),
            (
                "  global hits",
                more(self.global_hits),
                share(self.global_hits),
            ),
            ("  created", more(self.created), share(self.created)),
            ("returned", more(self.returned), String::new()),
            ("detached", more(self.detached), String::new()),
            ("discarded", discarded, String::new()),
            ("in use", Change(self.in_use).to_string(), String::new()),
            ("idle", Change(idle).to_string(), String::new()),
        ];
        let memory = BytesChange(self.idle_bytes).to_string();
        rows.push(("idle memory", memory, String::new()));
        let widest = rows.iter().map(|(_, figure, _)| figure.len()).max();
        let width = widest.unwrap_or(0).max(14);
        for (i, (name, figure, share)) in rows.iter().enumerate() {
            let before = if i == 0 { "" } else { "\n" };
            write!(f, "{before}{name:<22}{figure:>width$}{share}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "gets {}, created {}, returned {}, detached {}, discarded {}",
            Rate(self.gets),
            Rate(self.created),
            Rate(self.returned),
            Rate(self.detached),
            Rate(self.discarded)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_grow_and_gauges_swing() {
        let earlier = Stats {
            gets: 10,
            in_use: 5,
            idle_bytes: 4096,
            threads: 2,
            ..Stats::default()
        };
        let later = Stats {
            gets: 1_510,
            local_hits: 1_400,
            created: 100,
            returned: 1_504,
            in_use: 1,
            idle_local: 9,
            idle_bytes: 1024,
            threads: 3,
            ..Stats::default()
        };
        let delta = later.since(&earlier);
        assert_eq!((delta.gets, delta.returned), (1_500, 1_504));
        assert_eq!((delta.in_use, delta.idle_local), (-4, 9));
        assert_eq!((delta.idle_bytes, delta.threads), (-3072, 1));
        assert_eq!(delta.hit_rate(), 1_400.0 / 1_500.0);
        assert_eq!(
            delta.to_string(),
            "\
gets                          +1,500
  local hits                  +1,400   93.33%
  global hits                      0    0.00%
  created                       +100    6.67%
returned                      +1,504
detached                           0
discarded                          0
in use                            -4
idle                              +9
idle memory                 -3.0 KiB"
        );
        let rates = delta.per_second(Duration::from_secs(3)).unwrap();
        assert_eq!((rates.gets, rates.idle_bytes), (500.0, -1024.0));
        assert_eq!(
            rates.to_string(),
            "gets 500/s, created 33.3/s, returned 501/s, detached 0.0/s, discarded 0.0/s"
        );
        assert_eq!(delta.per_second(Duration::ZERO), None);
    }

    #[test]
    fn the_wrong_order_and_the_largest_figures_do_not_overflow() {
        let most = Stats {
            gets: u64::MAX,
            local_hits: u64::MAX,
            global_hits: u64::MAX,
            discarded: Discarded([u64::MAX; crate::Discard::ALL.len()]),
            in_use: u64::MAX,
            idle_local: u64::MAX,
            idle_global: u64::MAX,
            idle_bytes: u64::MAX,
            ..Stats::default()
        };
        let up = most.since(&Stats::default());
        assert_eq!((up.gets, up.in_use), (u64::MAX, i64::MAX));
        assert_eq!(up.discarded.total(), u64::MAX);
        assert!(up.to_string().contains("+18,446,744,073,709,551,615"));
        let down = Stats::default().since(&most);
        assert_eq!((down.gets, down.in_use), (0, i64::MIN));
        assert_eq!(down.discarded.total(), 0);
        assert_eq!(down.hit_rate(), 1.0);
        let rates = up.per_second(Duration::from_nanos(1)).unwrap();
        assert!(rates.gets.is_finite());
        assert!(rates.to_string().contains("18,446,744,073,709,551,615/s"));
    }
}
