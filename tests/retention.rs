//! Memory stays bounded, whatever the load: by bytes and counts, never by time.

use millpond::{Discard, Pool, Recycle, Retention, StringList, StringMap, Use, Verdict};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

type Map = HashMap<u64, u64>;

fn maps() -> Pool<Map> {
    Pool::from_fn(|| Map::with_capacity(16))
}

fn request(pool: &Pool<Map>, entries: u64) -> usize {
    let mut map = pool.get();
    assert!(map.is_empty(), "a lent map is empty");
    let capacity = map.capacity();
    map.extend((0..entries).map(|n| (n, n)));
    capacity
}

#[test]
fn one_giant_among_small_requests_is_gone_at_once() {
    let pool = maps();
    (0..100).for_each(|_| _ = request(&pool, 4));
    request(&pool, 1_000_000);
    for n in 0..20 {
        let capacity = request(&pool, 4);
        assert!(capacity < 8192, "request {n} got a map of {capacity}");
    }
    assert!(pool.stats().idle_bytes <= 64 << 10);
    assert_eq!(pool.stats().created, 1, "shrunk, not destroyed");
}

#[test]
fn a_giant_that_opens_a_load_is_gone_within_ten() {
    let pool = maps();
    request(&pool, 1_000_000);
    (0..10).for_each(|_| _ = request(&pool, 4));
    assert!(request(&pool, 4) < 8192);
    assert!(pool.stats().idle_bytes <= 64 << 10);
}

#[test]
fn a_load_that_is_always_large_keeps_its_hits_and_its_capacity() {
    let pool = maps();
    request(&pool, 50_000);
    for _ in 0..100 {
        assert!(request(&pool, 50_000) >= 50_000, "nothing has to grow");
    }
    assert_eq!(pool.stats().created, 1);
    assert!(pool.stats().hit_rate() >= 0.99);
}

#[test]
fn a_load_that_is_always_large_and_held_in_threes_keeps_its_hits() {
    let pool = maps();
    for round in 0..20 {
        let mut held: Vec<_> = (0..3).map(|_| pool.get()).collect();
        for map in &mut held {
            assert!(round == 0 || map.capacity() >= 20_000);
            map.extend((0..20_000).map(|n| (n, n)));
        }
    }
    assert_eq!(pool.stats().created, 3);
}

#[test]
fn a_load_that_turns_large_is_served_after_one_return() {
    let pool = maps();
    (0..100).for_each(|_| _ = request(&pool, 4));
    request(&pool, 50_000);
    request(&pool, 50_000);
    for _ in 0..50 {
        assert!(request(&pool, 50_000) >= 50_000);
    }
}

#[test]
fn one_percent_giants_never_reach_a_small_request() {
    const BUDGET: u64 = 4 << 20;
    let pool = maps()
        .with_local_budget(BUDGET as usize)
        .with_global_budget(BUDGET as usize);
    for n in 0..10_000 {
        if n % 100 == 99 {
            request(&pool, 10_000);
        } else {
            let capacity = request(&pool, 4);
            assert!(capacity < 8192, "request {n} got a map of {capacity}");
        }
        assert!(pool.stats().idle_bytes <= 2 * BUDGET);
    }
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn an_alternating_load_does_not_shrink_and_grow_in_turns() {
    let pool = maps();
    request(&pool, 20_000);
    for _ in 0..30 {
        request(&pool, 4);
        assert!(request(&pool, 20_000) >= 20_000);
    }
}

#[test]
fn nested_memory_counts() {
    let lists: Pool<StringList> = Pool::default();
    (0..100).for_each(|_| lists.get().push_str("small"));
    lists.get().push_str(&"x".repeat(10 << 20));
    assert!(lists.stats().idle_bytes < 128 << 10, "one 10 MB string");

    let maps: Pool<StringMap> = Pool::default();
    (0..100).for_each(|_| maps.get().append("key", "value"));
    let mut map = maps.get();
    for _ in 0..200_000 {
        map.append("key", "");
    }
    drop(map);
    assert!(
        maps.stats().idle_bytes < 128 << 10,
        "one key of 200,000 values"
    );
}

#[test]
fn random_keys_keep_retained_bytes_flat() {
    let pool: Pool<StringMap> = Pool::default();
    let mut key = 0u64;
    let mut after_warmup = 0;
    for request in 0..10_000 {
        let mut map = pool.get();
        for _ in 0..10 {
            key = key
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            map.append(&format!("{key:016x}"), "value");
        }
        drop(map);
        let bytes = pool.stats().idle_bytes;
        if request == 200 {
            after_warmup = bytes;
        }
        assert!(request <= 200 || bytes <= after_warmup + after_warmup / 10);
    }
}

#[test]
fn budgets_hold_in_both_tiers() {
    let pool: Pool<Vec<u8>> = Pool::from_fn(Vec::new)
        .with_local_capacity(32)
        .with_global_capacity(100)
        .with_local_budget(1 << 20)
        .with_global_budget(3 << 20)
        .with_retention(Retention::keep_all());
    for size in [100 << 10, 300_000, 1000, 2 << 20, 500] {
        let held: Vec<_> = (0..120)
            .map(|_| {
                let mut buffer = pool.get();
                buffer.resize(size, 1);
                buffer
            })
            .collect();
        for buffer in held {
            drop(buffer);
            let stats = pool.stats();
            assert!(
                stats.idle_bytes <= 4 << 20,
                "{} at {size}",
                stats.idle_bytes
            );
        }
    }
    let full = pool.stats().discarded[Discard::GlobalFull];
    assert!(full > 0, "something did not fit");
}

/// An object of a size that the test chooses, which cannot shrink.
#[derive(Default)]
struct Rigid(usize);

impl Recycle for Rigid {
    fn recycle(&mut self) {}

    fn footprint(&self) -> usize {
        self.0
    }
}

#[test]
fn what_cannot_shrink_is_let_go_and_the_hook_sees_it() {
    static SEEN: Mutex<Vec<(usize, Discard)>> = Mutex::new(Vec::new());
    static POOL: Pool<Rigid> = Pool::new()
        .with_create(|| Rigid(0))
        .with_retention(Retention::new().with_max(1 << 20))
        .with_drop_hook(|rigid, why| SEEN.lock().unwrap().push((rigid.0, why)));
    POOL.get().0 = 1 << 20;
    assert_eq!(POOL.stats().idle_bytes, 1 << 20);
    POOL.get().0 = (1 << 20) + 1;
    assert_eq!(*SEEN.lock().unwrap(), [((1 << 20) + 1, Discard::Oversized)]);
    let stats = POOL.stats();
    assert_eq!(stats.idle_bytes, 0);
    assert_eq!(stats.gets, stats.returned + stats.discarded.on_return());
}

#[test]
fn a_custom_policy_sees_every_return() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static POOL: Pool<Vec<u8>> =
        Pool::new()
            .with_create(Vec::new)
            .with_retention(Retention::custom(|it: &Use| {
                CALLS.fetch_add(1, Relaxed);
                match it.occupied {
                    3 => Verdict::LetGo,
                    n if n > 100 => Verdict::Shrink(10),
                    _ => Verdict::Keep,
                }
            }));
    POOL.get().extend([1, 2]);
    POOL.get().extend([1, 2, 3]);
    assert_eq!(POOL.stats().discarded[Discard::Oversized], 1);
    POOL.get().resize(1000, 0);
    assert!(POOL.get().capacity() <= 20);
    assert_eq!(CALLS.load(Relaxed), 4);
}

#[test]
fn a_refused_object_is_shown_to_the_hook_as_it_was_left() {
    static SEEN: Mutex<Vec<(Vec<u8>, Discard)>> = Mutex::new(Vec::new());
    static POOL: Pool<Vec<u8>> = Pool::new()
        .with_create(Vec::new)
        .with_return_hook(|bytes| bytes.len() < 3)
        .with_drop_hook(|bytes, why| SEEN.lock().unwrap().push((bytes.clone(), why)));
    POOL.get().extend([1, 2]);
    POOL.get().extend([1, 2, 3]);
    assert_eq!(*SEEN.lock().unwrap(), [(vec![1, 2, 3], Discard::Refused)]);
    assert_eq!(POOL.stats().created, 1);
}

#[test]
fn a_panicking_return_hook_or_policy_loses_nothing() {
    let hook: Pool<Vec<u8>> = Pool::from_fn(Vec::new).with_return_hook(|_| panic!("hook"));
    let policy: Pool<Vec<u8>> =
        Pool::from_fn(Vec::new).with_retention(Retention::custom(|_| panic!("policy")));
    for pool in [hook, policy] {
        let guard = pool.get();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(guard))).unwrap_err();
        let stats = pool.stats();
        assert_eq!(stats.discarded[Discard::RecyclePanicked], 1);
        assert_eq!(
            (stats.in_use, stats.idle_local, stats.idle_global),
            (0, 0, 0)
        );
    }
}

mod trimming {
    use super::*;

    macro_rules! clock {
        ($now:ident, $clock:ident) => {
            static $now: AtomicU64 = AtomicU64::new(1);
            fn $clock() -> Duration {
                Duration::from_secs($now.load(Relaxed))
            }
        };
    }

    fn calm(pool: &Pool<Map>) {
        (0..3000).for_each(|_| _ = request(pool, 4));
    }

    #[test]
    fn after_a_burst_memory_returns_to_the_calm_level_within_two_intervals() {
        clock!(NOW, clock);
        let pool = maps()
            .with_local_capacity(64)
            .with_global_capacity(10_000)
            .with_clock(clock)
            .with_trim_interval(Some(Duration::from_secs(10)));
        calm(&pool);
        let before = pool.stats().idle_bytes;
        let barrier = std::sync::Barrier::new(64);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|_| {
                    scope.spawn(|| {
                        let held: Vec<_> = (0..64).map(|_| pool.get()).collect();
                        barrier.wait();
                        drop(held);
                    })
                })
                .collect();
            // A scope alone does not wait for the threads' destructors.
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        });
        let burst = pool.stats();
        assert!(burst.idle_bytes > 1000 * before, "there was a burst");
        for _ in 0..2 {
            NOW.fetch_add(10, Relaxed);
            calm(&pool);
        }
        let after = pool.stats();
        assert!(after.idle_bytes <= 2 * before, "{after}");
        assert!(after.discarded[Discard::Trimmed] >= 64 * 63);
    }

    #[test]
    fn what_an_interval_needs_stays() {
        clock!(NOW, clock);
        let pool = maps()
            .with_local_capacity(4)
            .with_clock(clock)
            .with_trim_interval(Some(Duration::from_secs(10)));
        for _ in 0..50 {
            NOW.fetch_add(3, Relaxed);
            for _ in 0..100 {
                let _held: Vec<_> = (0..40).map(|_| pool.get()).collect();
            }
        }
        assert_eq!(pool.stats().created, 40);
        assert_eq!(pool.stats().discarded.total(), 0);
    }

    #[test]
    fn no_interval_no_trimming() {
        clock!(NOW, clock);
        let pool = maps().with_clock(clock).with_trim_interval(None);
        drop((0..100).map(|_| pool.get()).collect::<Vec<_>>());
        for _ in 0..5 {
            NOW.fetch_add(1_000_000, Relaxed);
            calm(&pool);
        }
        assert_eq!(pool.stats().discarded.total(), 0);
    }

    #[test]
    fn a_thread_of_its_own_trims_a_pool_at_rest() {
        let pool = maps();
        drop((0..100).map(|_| pool.get()).collect::<Vec<_>>());
        let trimmer = pool.trim_every(Duration::from_millis(1)).unwrap();
        // At rest, all but the front of this thread is reached: sixteen objects.
        let begin = std::time::Instant::now();
        while pool.stats().discarded[Discard::Trimmed] < 84 {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "{}",
                pool.stats()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(trimmer);
        drop(pool);
    }
}
