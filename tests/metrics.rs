//! What feature `metrics` sends to a recorder.

#![cfg(feature = "metrics")]

use metrics::{Unit, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use millpond::metrics::{describe, record, record_pool};
use millpond::sampler::Sampler;
use millpond::{Discard, Pool, Pooled};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(100)).with_local_capacity(4)
}

/// All named pools are the process's, and so is what was sent last.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every metric of the pool as `name{labels}`, with its value.
fn sent(snapshotter: &Snapshotter, pool: &str) -> BTreeMap<String, f64> {
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    let ours = metrics.filter_map(|(key, _, _, value)| {
        let (kind, key) = key.into_parts();
        let mut labels: Vec<_> = key.labels().map(|l| (l.key(), l.value())).collect();
        let of = labels.iter().position(|label| *label == ("pool", pool))?;
        labels.remove(of);
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let value = match (kind, value) {
            (MetricKind::Counter, DebugValue::Counter(n)) => n as f64,
            (MetricKind::Gauge, DebugValue::Gauge(n)) => n.0,
            other => panic!("{other:?}"),
        };
        Some((format!("{}{{{}}}", key.name(), labels.join(",")), value))
    });
    ours.collect()
}

#[test]
fn every_figure_is_sent() {
    let _alone = alone();
    let pool = buffers().with_name("every figure");
    let held: Vec<_> = (0..6).map(|_| pool.get()).collect();
    drop(held);
    drop(Pooled::detach(pool.get()));
    pool.trim();
    let _held = pool.get();
    drop(pool.get());
    let stats = pool.stats();

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, record);
    let sent = sent(&snapshotter, "every figure");
    let mut expected: BTreeMap<String, f64> = [
        ("millpond_gets_total{}", stats.gets),
        ("millpond_hits_total{tier=local}", stats.local_hits),
        ("millpond_hits_total{tier=global}", stats.global_hits),
        ("millpond_created_total{}", stats.created),
        ("millpond_returned_total{}", stats.returned),
        ("millpond_detached_total{}", 1),
        ("millpond_in_use{}", 1),
        ("millpond_idle{tier=local}", 1),
        ("millpond_idle{tier=global}", 0),
        ("millpond_idle_bytes{}", 100),
        ("millpond_threads{}", 1),
        ("millpond_local_capacity{}", 4),
    ]
    .map(|(name, n)| (name.to_owned(), n as f64))
    .into();
    for (why, n) in stats.discarded.iter() {
        let name = format!("millpond_discarded_total{{reason={}}}", why.key());
        expected.insert(name, n as f64);
    }
    assert_eq!(stats.gets, 9);
    assert!(stats.discarded[Discard::Trimmed] > 0);
    assert_eq!(sent, expected);
}

#[test]
fn counters_are_absolute_and_gauges_fall() {
    let _alone = alone();
    let pool = buffers().with_name("absolute");
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let again = || with_local_recorder(&recorder, record);
    let held = pool.get();
    again();
    let first = sent(&snapshotter, "absolute");
    drop(held);
    again();
    again();
    let last = sent(&snapshotter, "absolute");
    assert_eq!(
        (first["millpond_gets_total{}"], first["millpond_in_use{}"]),
        (1.0, 1.0)
    );
    assert_eq!(last["millpond_in_use{}"], 0.0);
    assert_eq!(last["millpond_gets_total{}"], 1.0, "set, not added");
}

#[test]
fn the_gauges_of_a_pool_that_is_gone_are_0_and_its_counters_stay() {
    let _alone = alone();
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let pool = buffers().with_name("gone");
    drop(pool.get());
    let shows = |line: &str| {
        with_local_recorder(&recorder, record);
        handle.render().lines().any(|it| it == line)
    };
    assert!(shows("millpond_idle_bytes{pool=\"gone\"} 100"));
    drop(pool);
    assert!(shows("millpond_idle_bytes{pool=\"gone\"} 0"));
    assert!(shows("millpond_gets_total{pool=\"gone\"} 1"));
}

/// A recorder takes no counter back, so that one that began anew with each pool would
/// stand still.
#[test]
fn counters_go_on_where_a_pool_is_replaced() {
    let _alone = alone();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let gets_after = |gets: usize| {
        let pool = buffers().with_name("replaced");
        for _ in 0..gets {
            drop(pool.get());
        }
        with_local_recorder(&recorder, record);
        drop(pool);
        // Once more, so that what is gone is counted once.
        with_local_recorder(&recorder, record);
        sent(&snapshotter, "replaced")["millpond_gets_total{}"]
    };
    assert_eq!(
        [gets_after(5), gets_after(3), gets_after(1)],
        [5.0, 8.0, 9.0]
    );
}

#[test]
fn pools_of_one_name_are_added_up() {
    let _alone = alone();
    let pools = [buffers(), buffers().with_local_capacity(9)].map(|pool| pool.with_name("twins"));
    let held: Vec<_> = pools
        .iter()
        .flat_map(|pool| [pool.get(), pool.get()])
        .collect();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, record);
    let sent = sent(&snapshotter, "twins");
    assert_eq!(sent["millpond_gets_total{}"], 4.0);
    assert_eq!(sent["millpond_in_use{}"], held.len() as f64);
    assert_eq!(sent["millpond_local_capacity{}"], 9.0);
}

#[test]
fn one_pool_alone_needs_no_name() {
    let _alone = alone();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let (named, nameless) = (buffers().with_owned_name("one alone"), buffers());
    drop((named.get(), nameless.get(), nameless.get()));
    with_local_recorder(&recorder, || {
        record_pool(&named);
        record_pool(&nameless);
    });
    let snapshot = snapshotter.snapshot().into_vec();
    let of = |pool: &str| {
        let ours = snapshot.iter().filter(|(key, ..)| {
            let mut labels = key.key().labels();
            labels.any(|label| label.value() == pool)
        });
        ours.count()
    };
    assert_eq!(of("one alone"), of(std::any::type_name::<Vec<u8>>()));
    assert_eq!(of("one alone") * 2, snapshot.len(), "and of no other pool");
}

#[test]
fn each_metric_is_described_with_its_unit() {
    let _alone = alone();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let pool = buffers().with_name("described");
    drop(pool.get());
    with_local_recorder(&recorder, || {
        describe();
        record();
    });
    for (key, unit, text, _) in snapshotter.snapshot().into_vec() {
        let name = key.key().name();
        let bytes = name.ends_with("_bytes");
        let expected = if bytes { Unit::Bytes } else { Unit::Count };
        assert_eq!(unit, Some(expected), "{name}");
        assert!(text.is_some_and(|text| text.ends_with('.')), "{name}");
        let counter = key.kind() == MetricKind::Counter;
        assert_eq!(counter, name.ends_with("_total"), "{name}");
    }
}

#[test]
fn prometheus_shows_them_whatever_the_name() {
    let _alone = alone();
    let pool = buffers().with_name("request \"params\"\\größe\n池");
    let held = pool.get();
    drop(pool.get());
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    with_local_recorder(&recorder, || {
        describe();
        record();
    });
    let page = handle.render();
    let label = r#"pool="request \"params\"\\größe\n池""#;
    for line in [
        "# HELP millpond_gets_total Objects lent out.".to_owned(),
        "# TYPE millpond_gets_total counter".to_owned(),
        format!("millpond_gets_total{{{label}}} 2"),
        format!("millpond_hits_total{{{label},tier=\"global\"}} 0"),
        format!("millpond_discarded_total{{{label},reason=\"local_full\"}} 0"),
        "# TYPE millpond_idle_bytes gauge".to_owned(),
        format!("millpond_idle_bytes{{{label}}} 100"),
        format!("millpond_in_use{{{label}}} 1"),
    ] {
        assert!(
            page.lines().any(|it| it == line),
            "{line} is not in\n{page}"
        );
    }
    drop(held);
}

#[test]
fn a_sampler_drives_it() {
    let _alone = alone();
    let pool = buffers().with_name("driven");
    drop(pool.get());
    let sampler = Sampler::every(Duration::from_secs(1), Duration::from_secs(30))
        .with_sample_hook_fn(|_| record());
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    with_local_recorder(&recorder, || sampler.tick(Duration::ZERO));
    assert_eq!(sent(&snapshotter, "driven")["millpond_gets_total{}"], 1.0);
}
