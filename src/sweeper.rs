//! When it is time to give back what nobody needs. Knows the clock, and nothing
//! of what is swept.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Says, at most once an interval and to one thread, that an interval has passed.
pub(crate) struct Sweeper {
    /// Nanoseconds; `None` never sweeps.
    interval: Option<u64>,
    clock: fn() -> Duration,
    /// On `clock`, in nanoseconds; 0 before the first look at it.
    due: AtomicU64,
    sweeps: AtomicUsize,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Sweeper {
    pub(crate) fn new(interval: Option<Duration>, clock: fn() -> Duration) -> Self {
        Self {
            interval: interval.map(|interval| nanos(interval).max(1)),
            clock,
            due: AtomicU64::new(0),
            sweeps: AtomicUsize::new(0),
        }
    }

    /// Whether the caller has to sweep now.
    pub(crate) fn is_due(&self) -> bool {
        let Some(interval) = self.interval else {
            return false;
        };
        let now = nanos((self.clock)());
        let due = self.due.load(Relaxed);
        let next = now.saturating_add(interval);
        // A clock that was set back would otherwise stop the sweeps for as long.
        let set_back = next < due;
        if now < due && !set_back {
            return false;
        }
        let won = self
            .due
            .compare_exchange(due, next, Relaxed, Relaxed)
            .is_ok();
        let is_due = won && due != 0 && !set_back;
        if is_due {
            self.count();
        }
        is_due
    }

    /// Counts a sweep.
    pub(crate) fn count(&self) {
        self.sweeps.fetch_add(1, Relaxed);
    }

    /// How many sweeps there have been.
    pub(crate) fn sweeps(&self) -> usize {
        self.sweeps.load(Relaxed)
    }
}

/// Time since the first call in this process.
pub(crate) fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local!(static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) });

    fn at(seconds: u64, sweeper: &Sweeper) -> bool {
        NOW.set(Duration::from_secs(seconds));
        sweeper.is_due()
    }

    #[test]
    fn is_due_once_an_interval() {
        let sweeper = Sweeper::new(Some(Duration::from_secs(10)), || NOW.get());
        assert!(!at(5, &sweeper), "the first look starts the interval");
        assert!(!at(14, &sweeper));
        assert!(at(15, &sweeper));
        assert!(!at(15, &sweeper));
        assert!(
            at(100, &sweeper),
            "one sweep, however many intervals passed"
        );
        assert_eq!(sweeper.sweeps(), 2);
    }

    #[test]
    fn a_clock_that_jumps_back_starts_a_new_interval() {
        let sweeper = Sweeper::new(Some(Duration::from_secs(10)), || NOW.get());
        at(1000, &sweeper);
        assert!(!at(3, &sweeper));
        assert!(!at(12, &sweeper));
        assert!(at(13, &sweeper));
    }

    #[test]
    fn never_is_never() {
        let sweeper = Sweeper::new(None, || NOW.get());
        assert!(!at(1, &sweeper) && !at(u64::MAX / 2, &sweeper));
    }
}
