//! The sampler: what it watches, when it looks, what it keeps.
//!
//! Tests that watch all named pools look for names of their own.

use millpond::sampler::{Sampler, Series, Trend};
use millpond::{Discard, Pool};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(100))
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn every_ten() -> Sampler {
    Sampler::every(ms(10), ms(1_000))
}

fn of<'a>(series: &'a [Series], name: &str) -> Option<&'a Series> {
    series.iter().find(|series| series.name() == Some(name))
}

fn moments(series: &Series) -> Vec<u64> {
    let points = series.points().iter();
    points.map(|point| point.at.as_millis() as u64).collect()
}

/// The list is the process's. A pool whose snapshot is just being taken by another
/// test is there a moment longer, so that only one test at a time may look.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn it_watches_the_pools_it_is_given_whatever_their_type() {
    let bytes = Arc::new(buffers());
    static NUMBERS: Pool<Vec<u32>> = Pool::new()
        .with_name("given: numbers")
        .with_create(|| vec![0; 10]);
    let sampler = every_ten()
        .with_pool(&bytes)
        .with_pool(&NUMBERS)
        .with_pool(&*bytes);
    assert!(sampler.series().is_empty());
    let held = bytes.get();
    assert!(sampler.tick(ms(5)));
    drop(held);
    assert!(sampler.tick(ms(15)));
    let [first, second] = &sampler.series()[..] else {
        panic!("two pools, one of them given twice")
    };
    assert_eq!(first.name(), None);
    assert_eq!(first.type_name(), std::any::type_name::<Vec<u8>>());
    assert_eq!(second.name(), Some("given: numbers"));
    assert_eq!(moments(first), [0, 10]);
    let [then, now] = first.points() else {
        panic!("two points")
    };
    assert_eq!((then.stats.in_use, now.stats.in_use), (1, 0));
    assert_eq!(now.stats, bytes.stats());
    assert!(
        first
            .to_string()
            .starts_with("alloc::vec::Vec<u8>: too short")
    );

    // It does not keep a pool, and keeps what it saw of one that it was given.
    let bytes = Arc::into_inner(bytes).unwrap();
    drop(bytes);
    assert!(sampler.tick(ms(30)));
    let lengths: Vec<_> = sampler.series().iter().map(|s| s.points().len()).collect();
    assert_eq!(lengths, [2, 3]);
}

#[test]
fn it_watches_all_named_pools_while_they_are_there() {
    let _alone = alone();
    let sampler = every_ten();
    let (one, other) = (buffers().with_name("all: one"), buffers());
    drop((one.get(), other.get()));
    sampler.tick(ms(0));
    let two = buffers().with_name("all: two");
    drop(two.get());
    sampler.tick(ms(10));
    let series = sampler.series();
    assert_eq!(moments(of(&series, "all: one").unwrap()), [0, 10]);
    assert_eq!(moments(of(&series, "all: two").unwrap()), [10]);
    assert!(series.iter().all(|series| series.name().is_some()));

    drop(one);
    sampler.tick(ms(20));
    let series = sampler.series();
    assert!(of(&series, "all: one").is_none());
    assert_eq!(moments(of(&series, "all: two").unwrap()), [10, 20]);
    // One of the same name is another one.
    let one = buffers().with_name("all: one");
    drop(one.get());
    sampler.tick(ms(30));
    assert_eq!(moments(of(&sampler.series(), "all: one").unwrap()), [30]);
}

#[test]
fn the_ring_keeps_the_latest() {
    let pool = buffers();
    for (capacity, kept) in [(0, 1), (1, 1), (3, 3), (100, 8)] {
        let sampler = every_ten().with_pool(&pool).with_capacity(capacity);
        for tick in 0..8 {
            sampler.tick(ms(10 * tick));
        }
        let expected: Vec<u64> = (8 - kept..8).map(|tick| 10 * tick).collect();
        assert_eq!(moments(&sampler.series()[0]), expected);
    }
}

#[test]
fn a_clock_that_jumps_leaves_the_points_in_order() {
    let pool = buffers();
    let sampler = every_ten().with_pool(&pool).with_capacity(10_000);
    let mut random = 1u64;
    let jumps = [Duration::ZERO, Duration::MAX, ms(u64::MAX), ms(7)];
    for n in 0..5_000 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let now = match random >> 60 {
            0 => jumps[n % jumps.len()],
            _ => ms(random >> 50),
        };
        sampler.tick(now);
    }
    let series = &sampler.series()[0];
    assert!(series.points().len() > 60);
    assert!(series.points().is_sorted_by_key(|point| point.at));
    let verdict = series.verdict();
    assert_eq!(verdict.trend, Trend::Steady, "{verdict}");
}

#[test]
fn intervals_of_nothing_are_a_millisecond() {
    let pool = buffers();
    let sampler = Sampler::every(Duration::ZERO, Duration::ZERO).with_pool(&pool);
    assert!(sampler.tick(Duration::ZERO));
    assert!(!sampler.tick(Duration::from_micros(999)));
    assert!(sampler.tick(ms(1)));
}

#[test]
fn the_hook_is_called_after_each_point_and_may_use_the_sampler() {
    let pool = Arc::new(buffers());
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let (log, used) = (Arc::clone(&lengths), Arc::clone(&pool));
    let sampler = every_ten()
        .with_pool(&pool)
        .with_sample_hook_fn(move |sampler| {
            drop(used.get());
            assert!(!sampler.tick(ms(0)), "nothing is due");
            log.lock().unwrap().push(sampler.series()[0].points().len());
        });
    for now in [0, 5, 10, 20] {
        sampler.tick(ms(now));
    }
    assert_eq!(*lengths.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn a_panic_of_the_hook_is_the_tickers() {
    let pool = buffers();
    let sampler = every_ten()
        .with_pool(&pool)
        .with_sample_hook_fn(|_| resume_unwind(Box::new("the hook's own")));
    for now in [0, 10] {
        assert!(catch_unwind(AssertUnwindSafe(|| sampler.tick(ms(now)))).is_err());
    }
    assert_eq!(moments(&sampler.series()[0]), [0, 10]);
}

#[test]
fn the_thread_samples_until_the_handle_is_dropped() {
    let pool = buffers();
    let (ticked, ticks) = channel();
    // A panic on the thread ends there, and the thread does not.
    let sampling = Sampler::every(ms(1), ms(10))
        .with_pool(&pool)
        .with_clock(|| {
            static NOW: AtomicUsize = AtomicUsize::new(0);
            ms(100 * NOW.fetch_add(1, Relaxed) as u64)
        })
        .with_sample_hook_fn(move |_| {
            ticked.send(()).unwrap();
            resume_unwind(Box::new("the hook's own"));
        })
        .start()
        .unwrap();
    for _ in 0..5 {
        ticks.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    let moments = moments(&sampling.series()[0]);
    assert_eq!(moments[..3], [0, 100, 200], "on the clock it was given");
    drop(sampling);
    // The thread lets go of the sampler, and with it of the sender.
    while ticks.recv().is_ok() {}
}

/// Pools come and go while a sampler's thread looks at all of them: every object is
/// shown to the hook once, and what was seen of them goes, too.
#[test]
fn it_samples_while_pools_come_and_go() {
    let _alone = alone();
    let seen = Arc::new(AtomicUsize::new(0));
    let sampler = Arc::new(Sampler::every(ms(1), ms(1)));
    let over = AtomicBool::new(false);
    const POOLS: usize = 500;
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut now = 0;
            while !over.load(Relaxed) {
                sampler.tick(ms(now));
                now += 1;
            }
        });
        for n in 0..POOLS {
            let seen = Arc::clone(&seen);
            let pool = buffers()
                .with_owned_name(format!("sampled {n}"))
                .with_drop_hook_fn(move |_, why| {
                    assert_eq!(why, Discard::PoolDropped);
                    seen.fetch_add(1, Relaxed);
                });
            drop((pool.get(), pool.get()));
            thread::yield_now();
        }
        over.store(true, Relaxed);
    });
    assert_eq!(seen.load(Relaxed), 2 * POOLS);
    sampler.tick(Duration::MAX);
    let left = sampler.series();
    let sampled = |series: &&Series| series.name().unwrap().starts_with("sampled ");
    assert_eq!(left.iter().filter(sampled).count(), 0);
}

#[cfg(feature = "track")]
#[test]
fn both_tracks_share_their_moments() {
    use millpond::track::Tracking;

    let (tracked, untracked) = (buffers().with_tracking(Tracking::All), buffers());
    let sampler = Sampler::every(ms(1_000), ms(10_000))
        .with_pool(&tracked)
        .with_pool(&untracked)
        .with_capacity(300);
    let mut held = Vec::new();
    for second in 0..250 {
        held.push(tracked.get());
        sampler.tick(ms(1_000 * second));
    }
    let [series, other] = &sampler.series()[..] else {
        panic!("two pools")
    };
    assert_eq!(series.points().len(), 250);
    // The latest, in order, each of the moment of a point, and agreeing with it.
    let moments: Vec<_> = series.profiles().iter().map(|p| p.at.as_secs()).collect();
    assert_eq!(moments, (5..25).map(|n| 10 * n).collect::<Vec<_>>());
    for profile in series.profiles() {
        let point = series.points().iter().find(|point| point.at == profile.at);
        let out = profile
            .profile
            .samples
            .iter()
            .map(|sample| sample.inuse_objects);
        assert_eq!(out.sum::<u64>(), point.unwrap().stats.in_use);
    }
    assert!(other.profiles().is_empty(), "nothing is tracked there");
    assert_eq!(other.points().len(), 250);
}
