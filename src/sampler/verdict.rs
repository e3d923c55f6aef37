//! Whether a pool leaks, grows or is steady: a pure function on its points.

use super::series::Point;
use super::trend::{CERTAIN, LIKELY, keeps_rising, mann_kendall};
use crate::{Rates, Stats};
use std::time::Duration;

/// The series is cut into so many windows of as many points.
pub(super) const WINDOWS: usize = 12;

/// Points to a window at least, so that its lowest means something.
pub(super) const FEWEST: usize = 5;

/// Growth of memory that is worth a word: a tenth, and a page.
const WORTH_A_WORD: (f64, f64) = (0.1, 4096.0);

/// What a series of points says about its pool, by
/// [`Series::verdict`](super::Series::verdict). `Display` says it in a sentence.
///
/// # Method
///
/// The points are cut into twelve windows of as many points each. Of `in_use`, each
/// window's *lowest* figure counts, because what a load borrows and gives back comes
/// down between requests, and what is lost does not; of the idle bytes, the highest,
/// because an object that is out is missing there. Such figures *keep rising* if
///
/// * they rise by the test of Mann and Kendall, which asks only for their order, with
///   one chance in a hundred to be wrong,
/// * the lowest of each third is higher than that of the third before,
/// * the line below which no later figure falls rises in three steps at least, so
///   that one object that is kept for long is no trend,
/// * and a quarter of the rise at least is in the last third, so that a pool that
///   has warmed up is none either.
///
/// [`Trend::Leaking`] means that `in_use` keeps rising, with one chance in a thousand
/// to be wrong, and that the load does not explain it. It does if the `gets` of a
/// window rise as well, and account for half of the rise at least: what is lent out
/// is proportional to them (Little's law). [`Trend::Growing`] means that `in_use`
/// keeps rising otherwise, or that the idle bytes do, by a tenth and 4 KiB at least.
/// A slow leak is seen as growth first, when it is not certain yet.
///
/// Where a counter fell, the process was started anew: only points after that count.
/// A clock that jumps changes the rates and no verdict.
///
/// # Limits
///
/// A program that holds ever more objects on purpose looks like one that loses them.
/// A leak that began in the last third of the series is not seen yet, and one that
/// loses fewer than three objects in all of it is not seen at all. Memory of objects
/// that are lent out is not counted: a map that grows and is never given back is one
/// object in use.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Verdict {
    /// The verdict in a word.
    pub trend: Trend,
    /// What it is based on.
    pub evidence: Evidence,
}

/// A [`Verdict`] in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Trend {
    /// There are fewer than 60 points (since the last restart).
    TooShort,
    /// Neither of the others.
    Steady,
    /// What the pool holds keeps rising: its idle memory, or what is lent out, as the
    /// load rises or not certainly.
    Growing,
    /// More and more objects are lent out and do not come back.
    Leaking,
}

/// What a [`Verdict`] is based on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Evidence {
    /// Points that were looked at: those since the last restart.
    pub points: usize,
    /// The time between the first and the last of them.
    pub span: Duration,
    /// Objects lent out, the lowest figure of each window.
    pub in_use: Change,
    /// Heap bytes of the idle objects, the highest figure of each window.
    pub idle_bytes: Change,
    /// Whether the load accounts for the rise of `in_use`.
    pub follows_load: bool,
    /// What was lent, made and returned each second.
    pub rates: Rates,
}

/// How a figure moved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Change {
    /// In the first window.
    pub first: u64,
    /// In the last one.
    pub last: u64,
    /// How many standard deviations more pairs of windows rise than fall, by the
    /// test of Mann and Kendall.
    pub z: f64,
    /// Whether it keeps rising.
    pub keeps_rising: bool,
}

/// Judges points in the order of time.
pub(super) fn judge(points: &[Point]) -> Verdict {
    let points = since_restart(points);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        let evidence = Evidence::default();
        let trend = Trend::TooShort;
        return Verdict { trend, evidence };
    };
    let span = last.at.saturating_sub(first.at);
    let delta = last.stats.since(&first.stats);
    let mut evidence = Evidence {
        points: points.len(),
        span,
        rates: delta.per_second(span).unwrap_or_default(),
        in_use: Change::between(first.stats.in_use, last.stats.in_use),
        idle_bytes: Change::between(first.stats.idle_bytes, last.stats.idle_bytes),
        ..Evidence::default()
    };
    if points.len() < WINDOWS * FEWEST {
        let trend = Trend::TooShort;
        return Verdict { trend, evidence };
    }
    let windows = windows(points);
    let in_use = figures(&windows, |w| least(w, |stats| stats.in_use));
    let bytes = figures(&windows, |w| most(w, |stats| stats.idle_bytes));
    evidence.in_use = Change::of(&in_use, keeps_rising(&in_use));
    evidence.idle_bytes = Change::of(&bytes, keeps_rising(&bytes) && is_worth_a_word(&bytes));
    evidence.follows_load = evidence.in_use.keeps_rising && follows(&in_use, &gets(&windows));
    Verdict {
        trend: trend(&evidence),
        evidence,
    }
}

fn trend(evidence: &Evidence) -> Trend {
    let in_use = &evidence.in_use;
    if in_use.keeps_rising && in_use.z >= CERTAIN && !evidence.follows_load {
        Trend::Leaking
    } else if in_use.keeps_rising || evidence.idle_bytes.keeps_rising {
        Trend::Growing
    } else {
        Trend::Steady
    }
}

/// The points after the last at which a counter was lower than before.
fn since_restart(points: &[Point]) -> &[Point] {
    let fell = |pair: &[Point]| {
        let (a, b) = (&pair[0].stats, &pair[1].stats);
        b.gets < a.gets || b.created < a.created || b.returned < a.returned
    };
    let restart = points.windows(2).rposition(fell);
    &points[restart.map_or(0, |i| i + 1)..]
}

/// As many points each, the oldest left out where they do not divide.
fn windows(points: &[Point]) -> Vec<&[Point]> {
    let size = points.len() / WINDOWS;
    let oldest = points.len() - WINDOWS * size;
    points[oldest..].chunks(size).collect()
}

fn figures(windows: &[&[Point]], of: impl Fn(&[Point]) -> u64) -> Vec<f64> {
    windows.iter().map(|window| of(window) as f64).collect()
}

fn least(window: &[Point], of: impl Fn(&Stats) -> u64) -> u64 {
    let figures = window.iter().map(|point| of(&point.stats));
    figures.min().unwrap_or(0)
}

fn most(window: &[Point], of: impl Fn(&Stats) -> u64) -> u64 {
    let figures = window.iter().map(|point| of(&point.stats));
    figures.max().unwrap_or(0)
}

/// Objects lent in each window.
fn gets(windows: &[&[Point]]) -> Vec<f64> {
    figures(windows, |window| match window {
        [first, .., last] => last.stats.gets.saturating_sub(first.stats.gets),
        _ => 0,
    })
}

/// Whether the load rises, and accounts for at least half of the rise of the figures
/// (half as many doublings).
fn follows(figures: &[f64], load: &[f64]) -> bool {
    mann_kendall(load) >= LIKELY && growth(load).powi(2) >= growth(figures)
}

/// By what factor the last third is larger than the first.
fn growth(figures: &[f64]) -> f64 {
    let third = figures.len() / 3;
    let sum = |figures: &[f64]| 1.0 + figures.iter().sum::<f64>();
    sum(&figures[figures.len() - third..]) / sum(&figures[..third])
}

fn is_worth_a_word(bytes: &[f64]) -> bool {
    let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
    let (share, least) = WORTH_A_WORD;
    last - first >= f64::max(share * first, least)
}

impl Change {
    fn between(first: u64, last: u64) -> Self {
        Self {
            first,
            last,
            ..Self::default()
        }
    }

    fn of(figures: &[f64], keeps_rising: bool) -> Self {
        Self {
            first: figures[0] as u64,
            last: figures[figures.len() - 1] as u64,
            z: mann_kendall(figures),
            keeps_rising,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two points a second; of each, objects in use, idle bytes and gets so far.
    pub(in crate::sampler) fn judged(n: u64, of: impl Fn(u64) -> (u64, u64, u64)) -> Verdict {
        let point = |i| {
            let (in_use, idle_bytes, gets) = of(i);
            let stats = Stats {
                gets,
                created: gets / 10,
                returned: gets - gets / 10,
                in_use,
                idle_bytes,
                ..Stats::default()
            };
            Point::new(Duration::from_millis(500 * i), stats)
        };
        judge(&(0..n).map(point).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_came_after_a_restart_counts() {
        let restarted = |n| judged(n, |i| if i < 200 { (i, 0, 1000 + i) } else { (5, 0, i) });
        assert_eq!(restarted(200).trend, Trend::Leaking);
        assert_eq!(restarted(230).trend, Trend::TooShort);
        let verdict = restarted(300);
        assert_eq!(verdict.trend, Trend::Steady);
        assert_eq!(verdict.evidence.points, 100);
    }

    #[test]
    fn a_load_that_rises_a_little_explains_no_leak() {
        let verdict = judged(600, |i| (20 + i / 2, 0, 1_000 * i + i * i / 5));
        assert_eq!(verdict.trend, Trend::Leaking, "{verdict}");
        let verdict = judged(600, |i| (20 + i / 2, 0, i * i));
        assert_eq!(verdict.trend, Trend::Growing, "{verdict}");
    }

    #[test]
    fn a_few_bytes_more_are_not_worth_a_word() {
        let bytes = |least, each| judged(600, |i| (2, least + each * i, i)).trend;
        assert_eq!(bytes(0, 7), Trend::Steady, "less than a page");
        assert_eq!(bytes(0, 8), Trend::Growing);
        assert_eq!(bytes(1_000_000, 100), Trend::Steady, "less than a tenth");
        assert_eq!(bytes(1_000_000, 200), Trend::Growing);
    }

    #[test]
    fn the_largest_figures_and_moments_out_of_order_do_no_harm() {
        let most = u64::MAX;
        assert_eq!(judged(100, |_| (most, most, most)).trend, Trend::Steady);
        let verdict = judged(100, |i| (most / 100 * i, most / 100 * i, most - 100 + i));
        assert_eq!(verdict.trend, Trend::Leaking, "{verdict}");
        let backwards = |i: u64| Point::new(Duration::from_secs(100 - i), Stats::default());
        let verdict = judge(&(0..100).map(backwards).collect::<Vec<_>>());
        assert_eq!(
            (verdict.trend, verdict.evidence.span),
            (Trend::Steady, Duration::ZERO)
        );
    }

    /// Loads that come and go by chance, two to sixteen objects out on average.
    #[test]
    fn chance_is_seldom_taken_for_a_leak() {
        let mut random = 88_172_645_463_325_252u64;
        let mut bits = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        let (mut leaking, mut growing) = (0, 0);
        for round in 0..6_000 {
            let most = [16, 32, 64, 64][round % 4];
            let seldom = round % 4 < 3;
            let n = [60, 100, 240][round / 4 % 3];
            let point = |i| {
                // Each of `most` objects is out once in eight or four times.
                let (a, b, c) = (bits(), bits(), bits());
                let out = a & b & if seldom { c } else { u64::MAX };
                let stats = Stats {
                    in_use: u64::from((out >> (64 - most)).count_ones()),
                    gets: 100 * i,
                    ..Stats::default()
                };
                Point::new(Duration::from_secs(i), stats)
            };
            match judge(&(0..n).map(point).collect::<Vec<_>>()).trend {
                Trend::Leaking => leaking += 1,
                Trend::Growing => growing += 1,
                _ => {}
            }
        }
        println!("of 6000: leaking {leaking}, growing {growing}");
        assert!(leaking <= 6 && growing <= 60, "{leaking} {growing}");
    }
}
