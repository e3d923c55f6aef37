//! The figures of [`Stats`] for the [`metrics`](https://docs.rs/metrics) facade, and
//! so for whatever exporter the program installed (feature `metrics`).
//!
//! [`record`] sends those of all [named](Pool::with_name) pools. A program calls it
//! when it is scraped, or lets a [sampler](crate::sampler) do it:
//!
//! ```
//! use millpond::Pool;
//! use millpond::sampler::Sampler;
//! use std::time::Duration;
//!
//! static PARAMS: Pool<Vec<u8>> = Pool::new().with_name("params").with_create(Vec::new);
//!
//! // After the exporter was installed:
//! millpond::metrics::describe();
//! let sampling = Sampler::every(Duration::from_secs(1), Duration::from_secs(30))
//!     .with_sample_hook_fn(|_| millpond::metrics::record())
//!     .start()?;
//! # drop((PARAMS.get(), sampling));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `millpond_gets_total` | counter | `pool` |
//! | `millpond_hits_total` | counter | `pool`, `tier`: `local`, `global` |
//! | `millpond_created_total` | counter | `pool` |
//! | `millpond_returned_total` | counter | `pool` |
//! | `millpond_detached_total` | counter | `pool` |
//! | `millpond_discarded_total` | counter | `pool`, `reason`: a [`Discard::key`] |
//! | `millpond_in_use` | gauge | `pool` |
//! | `millpond_idle` | gauge | `pool`, `tier`: `local`, `global` |
//! | `millpond_idle_bytes` | gauge, bytes | `pool` |
//! | `millpond_threads` | gauge | `pool` |
//! | `millpond_local_capacity` | gauge | `pool` |
//!
//! Figures of pools of the same name are added up, the capacity apart, of which the
//! largest counts. Once a pool is gone, its gauges are set to 0, by the next `record`.
//! What it had counted by the last one before stays in the counters of its name, and
//! each name takes some 300 bytes for ever: name a pool after what it is for, not after
//! a request.

mod sent;

use crate::{Discard, Pool, Stats};
use ::metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use sent::{Figures, Sent};
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

type Name = Cow<'static, str>;

/// A metric without labels but the pool's.
type Metric = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: [Metric; 4] = [
    ("millpond_gets_total", "Objects lent out.", |s| s.gets),
    (
        "millpond_created_total",
        "Objects made because none lay idle.",
        |s| s.created,
    ),
    (
        "millpond_returned_total",
        "Objects that came back and were kept.",
        |s| s.returned,
    ),
    (
        "millpond_detached_total",
        "Objects that their borrower took out of the pool for good.",
        |s| s.detached,
    ),
];

const GAUGES: [Metric; 2] = [
    ("millpond_in_use", "Objects that are lent out.", |s| {
        s.in_use
    }),
    (
        "millpond_threads",
        "Living threads that have a tier of their own.",
        |s| s.threads,
    ),
];

const HITS: &str = "millpond_hits_total";
const DISCARDED: &str = "millpond_discarded_total";
const IDLE: &str = "millpond_idle";
const IDLE_BYTES: &str = "millpond_idle_bytes";
const LOCAL_CAPACITY: &str = "millpond_local_capacity";

/// Tells the installed recorder what each metric means, and its unit. Once, after it
/// was installed.
pub fn describe() {
    for (name, text, _) in COUNTERS {
        describe_counter!(name, Unit::Count, text);
    }
    for (name, text, _) in GAUGES {
        describe_gauge!(name, Unit::Count, text);
    }
    describe_counter!(
        HITS,
        Unit::Count,
        "Objects lent out that lay idle, by tier."
    );
    describe_counter!(
        DISCARDED,
        Unit::Count,
        "Objects that the pool let go, by reason."
    );
    describe_gauge!(IDLE, Unit::Count, "Objects that lie idle, by tier.");
    describe_gauge!(
        IDLE_BYTES,
        Unit::Bytes,
        "Heap bytes that idle objects keep."
    );
    describe_gauge!(
        LOCAL_CAPACITY,
        Unit::Count,
        "Objects that each thread may keep."
    );
}

/// Sends the figures of all named pools to the installed recorder, under no lock.
pub fn record() {
    static SENT: Mutex<Sent> = Mutex::new(Sent::new());
    let seen = sent::look();
    let figures = {
        let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        sent.update(seen)
    };
    for (name, Figures { pools, gone }) in figures {
        let mut stats: Vec<&Stats> = pools.iter().collect();
        send_gauges(&name, &stats);
        stats.push(&gone);
        send_counters(&name, &stats);
    }
}

/// Sends the figures of one pool to the installed recorder; of a pool without a name
/// under the type of its objects.
pub fn record_pool<T: Send + 'static, R>(pool: &Pool<T, R>) {
    let name = match pool.name() {
        Some(name) => Cow::Owned(name.to_owned()),
        None => Cow::Borrowed(std::any::type_name::<T>()),
    };
    let stats = pool.stats();
    send_counters(&name, &[&stats]);
    send_gauges(&name, &[&stats]);
}

fn send_counters(name: &Name, stats: &[&Stats]) {
    for (metric, _, of) in COUNTERS {
        counter!(metric, "pool" => name.clone()).absolute(sum(stats, of));
    }
    let tiers: [Tier; 2] = [("local", |s| s.local_hits), ("global", |s| s.global_hits)];
    for (tier, of) in tiers {
        counter!(HITS, "pool" => name.clone(), "tier" => tier).absolute(sum(stats, of));
    }
    for why in Discard::ALL {
        let n = sum(stats, |s| s.discarded[why]);
        counter!(DISCARDED, "pool" => name.clone(), "reason" => why.key()).absolute(n);
    }
}

fn send_gauges(name: &Name, stats: &[&Stats]) {
    for (metric, _, of) in GAUGES {
        gauge!(metric, "pool" => name.clone()).set(sum(stats, of) as f64);
    }
    let tiers: [Tier; 2] = [("local", |s| s.idle_local), ("global", |s| s.idle_global)];
    for (tier, of) in tiers {
        gauge!(IDLE, "pool" => name.clone(), "tier" => tier).set(sum(stats, of) as f64);
    }
    let bytes = sum(stats, |s| s.idle_bytes);
    gauge!(IDLE_BYTES, "pool" => name.clone()).set(bytes as f64);
    let capacity = stats.iter().map(|s| s.local_capacity).max().unwrap_or(0);
    gauge!(LOCAL_CAPACITY, "pool" => name.clone()).set(capacity as f64);
}

type Tier = (&'static str, fn(&Stats) -> u64);

fn sum(stats: &[&Stats], of: impl Fn(&Stats) -> u64) -> u64 {
    stats.iter().map(|s| of(s)).fold(0, u64::saturating_add)
}
