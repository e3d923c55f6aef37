//! The sampler's verdict on series that were recorded from real loads.
//!
//! They lie in `tests/data/sampler`. To record them anew:
//!
//! ```text
//! cargo test --test sampler_series -- --ignored record
//! ```
//!
//! `SERIES=bursts` before it records one of them.

mod loads;
mod table;

use loads::LOADS;
use millpond::sampler::{Series, Trend};
use table::{read, write};

/// What is right for each load.
const EXPECTED: [(&str, Trend); LOADS.len()] = [
    ("forgotten_guards", Trend::Leaking),
    ("slow_leak_noisy_load", Trend::Leaking),
    ("growing_maps", Trend::Growing),
    ("rising_load", Trend::Growing),
    ("warm_up", Trend::Steady),
    ("steady", Trend::Steady),
    ("bursts", Trend::Steady),
    ("daily_wave", Trend::Steady),
    ("restart", Trend::Steady),
    ("idle", Trend::Steady),
];

#[test]
#[ignore = "takes a minute and writes the files that the other tests read"]
fn record() {
    let only = std::env::var("SERIES").ok();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    for (name, load) in LOADS.into_iter().filter(|(name, _)| wanted(name)) {
        let points = load();
        write(name, &points).unwrap();
        println!("{name}: {}", Series::from_points(points));
    }
}

#[test]
fn each_load_has_its_verdict() {
    for (name, trend) in EXPECTED {
        let series = read(name);
        let verdict = series.verdict();
        println!("{name}: {verdict}");
        assert_eq!(verdict.trend, trend, "{name}: {verdict}");
    }
}

/// While a series is being taken, its verdict goes from "too short" to what is right,
/// and once at most from leaking to steady or back: `Growing` lies between the two.
#[test]
fn verdicts_are_stable_while_points_come_in() {
    for (name, expected) in EXPECTED {
        let mut seen = verdicts(&read(name));
        println!("{name}: {seen:?}");
        assert_eq!(seen[0], Trend::TooShort, "{name}");
        let end = seen.iter().rev().take(20);
        assert!(
            end.clone().all(|trend| *trend == expected),
            "{name}: {end:?}"
        );
        let steps = seen.windows(2);
        let mut pairs = steps.map(|pair| (pair[0], pair[1]));
        assert!(
            !pairs.any(|pair| pair == (Trend::Steady, Trend::Leaking)),
            "{name}"
        );
        seen.retain(|trend| [Trend::Leaking, Trend::Steady].contains(trend));
        seen.dedup();
        assert!(seen.len() <= 2, "{name}: {seen:?}");
    }
}

/// What never leaked is never said to, but for the time in which its pool fills.
#[test]
fn what_does_not_leak_is_not_said_to() {
    for name in [
        "growing_maps",
        "rising_load",
        "steady",
        "bursts",
        "daily_wave",
        "idle",
    ] {
        assert!(!verdicts(&read(name)).contains(&Trend::Leaking), "{name}");
    }
    let filling = verdicts(&read("warm_up"));
    let last = filling.iter().rposition(|trend| *trend == Trend::Leaking);
    assert!(last.is_none_or(|i| i < filling.len() / 2), "{last:?}");
}

/// The verdict at each moment.
fn verdicts(series: &Series) -> Vec<Trend> {
    let points = series.points();
    let judge = |n| {
        Series::from_points(points[..n].iter().copied())
            .verdict()
            .trend
    };
    (1..=points.len()).map(judge).collect()
}
