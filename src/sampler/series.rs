//! What was seen of one pool, in the order of time.

use super::profile::ProfilePoint;
use super::verdict::{self, Verdict};
use crate::Stats;
use crate::pools::on_one_line;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// A pool's counters at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Point {
    /// When: time since the sampler's first tick.
    pub at: Duration,
    /// What the pool had done until then, and held.
    pub stats: Stats,
}

impl Point {
    /// A point of a series that was not taken by a [`Sampler`](super::Sampler).
    pub const fn new(at: Duration, stats: Stats) -> Self {
        Self { at, stats }
    }
}

/// The points of one pool, oldest first.
///
/// `Display` prints the pool's name and the [verdict](Series::verdict).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Series {
    name: Option<Cow<'static, str>>,
    type_name: Cow<'static, str>,
    points: Vec<Point>,
    /// Taken at the same moments as some of the points.
    #[cfg_attr(feature = "serde", serde(skip))]
    #[cfg_attr(not(feature = "track"), expect(dead_code, reason = "there are none"))]
    profiles: Vec<ProfilePoint>,
}

impl Series {
    /// A series that was recorded elsewhere, to be judged. The points have to be in
    /// the order of time.
    pub fn from_points(points: impl IntoIterator<Item = Point>) -> Self {
        Self {
            points: points.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The pool's [name](crate::Pool::with_name), if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The type of the objects that the pool lends; empty if it is not known.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The points, oldest first.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The profiles that were taken, oldest first, each at the moment of a point. Not
    /// kept by serde.
    #[cfg(feature = "track")]
    pub fn profiles(&self) -> &[ProfilePoint] {
        &self.profiles
    }

    /// Whether the pool leaks, grows or is steady, and what speaks for it; see
    /// [`Verdict`].
    pub fn verdict(&self) -> Verdict {
        verdict::judge(&self.points)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}: ", on_one_line(name))?,
            None if self.type_name.is_empty() => {}
            None => write!(f, "{}: ", self.type_name)?,
        }
        self.verdict().fmt(f)
    }
}

/// A [`Series`] while it is being taken: the latest points and profiles.
#[derive(Debug)]
pub(super) struct Ring {
    name: Option<Cow<'static, str>>,
    type_name: &'static str,
    points: VecDeque<Point>,
    profiles: VecDeque<ProfilePoint>,
}

impl Ring {
    pub(super) fn new(pool: &Sample) -> Self {
        Self {
            name: pool.name.clone(),
            type_name: pool.type_name,
            points: VecDeque::new(),
            profiles: VecDeque::new(),
        }
    }

    /// Adds what was taken, and forgets the oldest of what is too much.
    pub(super) fn push(&mut self, sample: Sample, capacity: usize, profiles: usize) {
        let at = sample.point.at;
        // Of two ticks at once, the earlier one may come later.
        if self.points.back().is_some_and(|last| last.at > at) {
            return;
        }
        push(&mut self.points, sample.point, capacity);
        if let Some(profile) = sample.profile {
            push(&mut self.profiles, profile, profiles);
        }
    }

    pub(super) fn series(&self) -> Series {
        Series {
            name: self.name.clone(),
            type_name: self.type_name.into(),
            points: self.points.iter().copied().collect(),
            profiles: self.profiles.iter().cloned().collect(),
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T, capacity: usize) {
    while ring.len() >= capacity.max(1) {
        ring.pop_front();
    }
    ring.push_back(item);
}

/// What one tick takes of one pool.
pub(super) struct Sample {
    pub(super) name: Option<Cow<'static, str>>,
    pub(super) type_name: &'static str,
    pub(super) point: Point,
    pub(super) profile: Option<ProfilePoint>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_ticks_at_once_the_late_one_is_left_out() {
        let sample = |at| Sample {
            name: None,
            type_name: "T",
            point: Point::new(Duration::from_secs(at), Stats::default()),
            profile: None,
        };
        let mut ring = Ring::new(&sample(0));
        for at in [1, 3, 2, 3, 4] {
            ring.push(sample(at), 10, 10);
        }
        let series = ring.series();
        let moments: Vec<_> = series.points().iter().map(|p| p.at.as_secs()).collect();
        assert_eq!(moments, [1, 3, 3, 4]);
    }
}
