//! What feature `serde` writes, and reads back.

#![cfg(feature = "serde")]

use millpond::sampler::{Sampler, Series};
use millpond::{Delta, Discard, Discarded, Pool, Rates, Stats, pools};
use serde_json::{Value, from_value, json, to_value};
use std::time::Duration;

/// Of a pool with a bit of everything in its figures.
fn stats() -> Stats {
    let pool = Pool::from_fn(|| vec![0u8; 100]).with_local_capacity(2);
    let held: Vec<_> = (0..5).map(|_| pool.get()).collect();
    drop(held);
    drop(millpond::Pooled::detach(pool.get()));
    std::mem::forget(pool.get());
    pool.trim();
    pool.stats()
}

#[test]
fn stats_are_an_object_of_figures() {
    let stats = stats();
    let json = to_value(stats).unwrap();
    assert_eq!(
        json,
        json!({
            "gets": 7, "local_hits": 2, "global_hits": 0, "created": 5,
            "returned": 5, "detached": 1,
            "discarded": {
                "local_full": 0, "global_full": 0, "oversized": 0, "refused": 0,
                "recycle_panicked": 0, "disabled": 0, "trimmed": 3, "thread_exit": 0,
                "pool_dropped": 0,
            },
            "in_use": 1, "idle_local": 0, "idle_global": 0, "idle_bytes": 0,
            "threads": 1, "peak_depth": stats.peak_depth, "handed_over": 0,
            "local_capacity": 2,
        })
    );
    assert_eq!(from_value::<Stats>(json).unwrap(), stats);
}

#[test]
fn a_reader_bears_figures_that_are_missing_or_new() {
    let json = json!({
        "gets": 7, "a_later_figure": 1,
        "discarded": { "trimmed": 3, "a_later_reason": 9 },
    });
    let read: Stats = from_value(json).unwrap();
    assert_eq!((read.gets, read.created), (7, 0));
    assert_eq!(read.discarded[Discard::Trimmed], 3);
    assert_eq!(read.discarded.total(), 3);

    let error = from_value::<Discarded>(json!([1, 2]))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a map from reasons to counts"),
        "{error}"
    );
    assert!(from_value::<Discarded>(json!({ "trimmed": -1 })).is_err());
    assert!(from_value::<Stats>(json!({ "gets": "many" })).is_err());
}

#[test]
fn every_reason_is_written_as_its_key() {
    for why in Discard::ALL {
        let json = to_value(why).unwrap();
        assert_eq!(json, Value::from(why.key()));
        assert_eq!(from_value::<Discard>(json).unwrap(), why);
    }
    assert!(from_value::<Discard>(json!("no_such_reason")).is_err());
}

#[test]
fn deltas_and_rates_come_back() {
    let delta = Stats::default().since(&stats());
    let json = to_value(delta).unwrap();
    assert_eq!((&json["gets"], &json["in_use"]), (&json!(0), &json!(-1)));
    assert_eq!(json["discarded"]["trimmed"], 0);
    assert_eq!(from_value::<Delta>(json).unwrap(), delta);

    let delta = stats().since(&Stats::default());
    let rates = delta.per_second(Duration::from_secs(2)).unwrap();
    let json = to_value(rates).unwrap();
    assert_eq!(json["gets"], 3.5);
    assert_eq!(from_value::<Rates>(json).unwrap(), rates);
}

#[test]
fn advice_says_why() {
    let mut stats = stats();
    let reason = |stats: &Stats| to_value(stats.advice()).unwrap()["reason"].clone();
    assert_eq!(reason(&stats), "too_few");
    stats.gets = 10_000;
    stats.peak_depth = 20;
    assert_eq!(reason(&stats), json!({ "depth": 20 }));
    let advice = to_value(stats.advice()).unwrap();
    assert_eq!(advice["local_capacity"], 24);
    assert_eq!(advice["current"], 2);
}

#[test]
fn the_snapshot_of_all_pools_is_a_list() {
    let name = "serde: \"größe\"\n池";
    let pool = Pool::from_fn(|| vec![0u8; 100]).with_name(name);
    drop(pool.get());
    let Value::Array(list) = to_value(pools()).unwrap() else {
        panic!("not a list")
    };
    let ours = list.iter().find(|pool| pool["name"] == name).unwrap();
    assert_eq!(ours["type_name"], std::any::type_name::<Vec<u8>>());
    assert_eq!(ours["stats"], to_value(pool.stats()).unwrap());
}

#[test]
fn a_series_comes_back_and_is_judged_the_same() {
    let pool = Pool::from_fn(|| vec![0u8; 100]).with_name("serde: series");
    let sampler = Sampler::every(Duration::from_secs(1), Duration::MAX).with_pool(&pool);
    for tick in 0..120 {
        std::mem::forget(pool.get());
        sampler.tick(Duration::from_secs(tick));
    }
    let series = sampler.series().remove(0);
    let json = to_value(&series).unwrap();
    assert_eq!(json["name"], "serde: series");
    assert_eq!(json["points"][7]["at"], json!({ "secs": 7, "nanos": 0 }));
    assert_eq!(json["points"][7]["stats"]["in_use"], 8);
    let read: Series = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(read.points(), series.points());
    assert_eq!(read.name(), series.name());
    assert_eq!(read.type_name(), series.type_name());
    let verdict = to_value(read.verdict()).unwrap();
    assert_eq!(verdict, to_value(series.verdict()).unwrap());
    assert_eq!(verdict["trend"], "leaking");
    assert_eq!(verdict["evidence"]["in_use"]["keeps_rising"], true);

    let bare: Series = from_value(json!({ "type_name": "T", "points": [] })).unwrap();
    assert_eq!(bare.name(), None);
}

#[cfg(feature = "track")]
#[test]
fn tracking_is_its_text() {
    use millpond::track::Tracking;
    for (tracking, text) in [
        (Tracking::Off, "\"off\""),
        (Tracking::OneIn(128), "\"1/128\""),
        (Tracking::All, "\"all\""),
    ] {
        assert_eq!(serde_json::to_string(&tracking).unwrap(), text);
        assert_eq!(serde_json::from_str::<Tracking>(text).unwrap(), tracking);
    }
    let error = serde_json::from_str::<Tracking>("\"often\"").unwrap_err();
    assert!(error.to_string().contains("1/128"), "{error}");
}
