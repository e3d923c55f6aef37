//! When a point is due, on a clock that may jump.

use std::time::Duration;

/// One clock for points and profiles.
#[derive(Debug)]
pub(super) struct Clock {
    every: Duration,
    profile_every: Duration,
    /// The clock at the last tick; `None` before the first.
    last: Option<Duration>,
    /// Since the first tick. Never falls.
    elapsed: Duration,
    next: Duration,
    next_profile: Duration,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: Duration,
    pub(super) profile: bool,
}

impl Clock {
    pub(super) fn new(every: Duration, profile_every: Duration) -> Self {
        Self {
            every,
            profile_every,
            last: None,
            elapsed: Duration::ZERO,
            next: Duration::ZERO,
            next_profile: Duration::ZERO,
        }
    }

    /// A point, if one is due, and at some of them a profile, too.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Due> {
        // Set back, a clock stands still for one tick and goes on from there.
        let passed = now.saturating_sub(self.last.unwrap_or(now));
        self.last = Some(now);
        self.elapsed = self.elapsed.saturating_add(passed);
        let at = self.elapsed;
        if at < self.next {
            return None;
        }
        // From now, not from when it was due: what was missed is not made up for.
        self.next = at.saturating_add(self.every);
        let profile = at >= self.next_profile;
        if profile {
            self.next_profile = at.saturating_add(self.profile_every);
        }
        Some(Due { at, profile })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(clock: &mut Clock, at: &[u64]) -> Vec<Option<(u64, bool)>> {
        let tick = |ms: &u64| {
            let due = clock.tick(Duration::from_millis(*ms))?;
            Some((due.at.as_millis() as u64, due.profile))
        };
        at.iter().map(tick).collect()
    }

    fn clock() -> Clock {
        Clock::new(Duration::from_millis(10), Duration::from_millis(25))
    }

    #[test]
    fn points_often_and_profiles_seldom_at_the_same_moments() {
        let due = ticks(&mut clock(), &[100, 105, 110, 119, 120, 130, 140, 155]);
        assert_eq!(
            due,
            [
                Some((0, true)),
                None,
                Some((10, false)),
                None,
                Some((20, false)),
                Some((30, true)),
                Some((40, false)),
                Some((55, true)),
            ]
        );
    }

    #[test]
    fn a_clock_that_jumps_neither_reorders_nor_repeats() {
        let mut clock = clock();
        let due = ticks(
            &mut clock,
            &[100, 110, 3, 5, 13, 1_000_013, 1_000_014, 0, 10],
        );
        assert_eq!(
            due,
            [
                Some((0, true)),
                Some((10, false)),
                None,
                None,
                Some((20, false)),
                Some((1_000_020, true)),
                None,
                None,
                Some((1_000_031, false)),
            ]
        );
        clock.tick(Duration::MAX);
        clock.tick(Duration::ZERO);
        assert!(clock.tick(Duration::MAX).is_some());
    }
}
