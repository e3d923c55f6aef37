//! The heap part of leak checks, to the byte where the size of objects is known to the
//! byte. A process of its own, for its allocator counts.

mod common;

use common::{Worker, case, on_a_thread};
use millpond::alloc::Counting;
use millpond::testing::{Check, HeapLeak, check};
use millpond::{Pool, Pooled, StringMap};
use std::collections::HashMap;
use std::hint::black_box;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

type Bytes = Vec<u8>;

fn new_pool() -> Pool<Bytes> {
    Pool::from_fn(|| Bytes::with_capacity(100)).with_trim_interval(None)
}

/// By how much the heap grew.
fn growth(check: Check) -> u64 {
    match check.settle(Duration::ZERO).finish() {
        Ok(()) => 0,
        Err(report) => match report.heap {
            Some(HeapLeak::Grew { bytes, .. }) => bytes,
            _ => panic!("{report}"),
        },
    }
}

/// Borrows so many at once, and fills them.
fn nest(pool: &Pool<Bytes>, n: usize, bytes: usize) {
    let mut guards: Vec<_> = (0..n).map(|_| pool.get()).collect();
    guards.iter_mut().for_each(|guard| guard.resize(bytes, 1));
}

#[test]
fn growth_is_found_to_the_byte() {
    let pool = new_pool();
    let kept = Mutex::new(Vec::new());
    for tolerated in [0, 9_999] {
        let check = check(&pool).heap_tolerance(tolerated);
        drop(black_box(vec![1; 100_000]));
        pool.get().resize(5_000, 0);
        *kept.lock().unwrap() = black_box(vec![1_u8; 10_000]);
        let report = check.settle(Duration::ZERO).finish().unwrap_err();
        assert_eq!(report.objects(), 0);
        let Some(HeapLeak::Grew {
            bytes,
            tolerated: limit,
            all_threads,
            ..
        }) = report.heap
        else {
            panic!("{report}");
        };
        assert_eq!((bytes, limit, all_threads), (10_000, tolerated, false));
        let text = report.to_string();
        assert!(text.contains("nothing is out, but the heap"), "{text}");
        assert!(text.contains("9.8 KiB"), "{text}");
        kept.lock().unwrap().clear();
        *kept.lock().unwrap() = Vec::new();
    }
    // However often it looks.
    let again = check(&pool).heap_tolerance(0);
    *kept.lock().unwrap() = black_box(vec![1_u8; 77]);
    let report = again.settle(Duration::from_millis(5)).finish().unwrap_err();
    assert!(report.to_string().contains("allocated 77 B"), "{report}");
    *kept.lock().unwrap() = Vec::new();

    let check = check(&pool).heap_tolerance(10_000);
    *kept.lock().unwrap() = black_box(vec![1_u8; 10_000]);
    assert_eq!(growth(check), 0);
}

/// From the first use of a pool and of a thread on, through both tiers.
#[test]
fn what_pools_keep_is_no_growth() {
    on_a_thread(|| {
        static COLD: Pool<Bytes> = Pool::new().with_create(Vec::new).with_name("cold");
        let check = check(&COLD).heap_tolerance(0);
        for n in [1, 8, 9, 17, 40, 100, 3] {
            nest(&COLD, n, 10 * n);
        }
        assert!(COLD.stats().idle() >= 100);
        let kept = black_box(vec![1_u8; 77]);
        assert_eq!(growth(check), 77);
        drop(kept);
    });
}

#[test]
fn what_pools_keep_no_more_is_no_growth_either() {
    for (local, global) in [(0, 0), (1, 0), (0, 3), (9, 2), (16, 256)] {
        let pool = new_pool()
            .with_local_capacity(local)
            .with_global_capacity(global);
        nest(&pool, 50, 500);
        let check = check(&pool).heap_tolerance(0);
        nest(&pool, 60, 700);
        pool.trim();
        nest(&pool, 5, 300_000);
        nest(&pool, 5, 1);
        pool.set_enabled(false);
        nest(&pool, 5, 10);
        // Nor does what was freed hide what was not.
        let kept = black_box(vec![1_u8; 77]);
        assert_eq!(growth(check), 77, "{local} {global}");
        drop(kept);
    }
}

/// Objects of another thread come and are freed here: their going must not hide what
/// stays.
#[test]
fn what_other_threads_allocated_hides_nothing() {
    let pool = Arc::new(new_pool());
    let worker = Worker::new();
    let others = Arc::clone(&pool);
    worker.run(move || nest(&others, 64, 60_000));
    worker.exit();
    for frees in [false, true] {
        let check = check(&pool).heap_tolerance(0);
        nest(&pool, 20, 50_000);
        if frees {
            assert!(pool.trim() > 20);
        }
        let kept = black_box(vec![1_u8; 123]);
        assert_eq!(growth(check), 123, "{frees}");
        drop(kept);
    }
}

#[test]
fn objects_that_are_out_are_told_once() {
    let pool = new_pool();
    let all = check(&pool).heap_tolerance(0);
    std::mem::forget(pool.get());
    let report = all.settle(Duration::ZERO).finish().unwrap_err();
    assert_eq!((report.objects(), report.heap), (1, None));
    let meant = check(&pool).heap_tolerance(0).ignore(file!());
    std::mem::forget(pool.get());
    assert_eq!(growth(meant), 0);
}

#[test]
fn what_was_detached_is_the_borrowers() {
    let pool = new_pool();
    nest(&pool, 1, 100);
    let check = check(&pool).heap_tolerance(0);
    let own = Pooled::detach(pool.get());
    // Its box was the pool's, and is freed.
    assert_eq!(growth(check), 100);
    drop(own);
}

#[test]
fn pools_made_and_dropped_inside_are_no_growth() {
    let pool = new_pool();
    let outer = check(&pool).heap_tolerance(0);
    let inside = new_pool();
    nest(&inside, 30, 200);
    drop(inside);
    let inside = Arc::new(new_pool().with_owned_name("testing: inside"));
    let inner = check(&inside);
    nest(&inside, 30, 200);
    drop(inner);
    drop(inside);
    let kept = black_box(vec![1_u8; 77]);
    assert_eq!(growth(outer), 77);
    drop(kept);
}

#[test]
fn checks_are_no_growth() {
    let pool = new_pool();
    let outer = check(&pool).heap_tolerance(0);
    let second = check(&pool).ignore("src/some/path").heap_tolerance(0);
    for _ in 0..10 {
        let inner = check(&pool).and(&pool).ignore("tests").heap_tolerance(5);
        nest(&pool, 3, 300);
        drop(inner);
    }
    let kept = black_box(vec![1_u8; 77]);
    let second = growth(second);
    assert_eq!((growth(outer), second), (77, 77));
    drop(kept);
}

#[test]
fn maps_are_sized_within_some_tens_of_bytes() {
    let maps = Pool::from_fn(|| HashMap::<u64, u64>::with_capacity(16));
    let params: Pool<StringMap> = Pool::from_fn(StringMap::new);
    let check = check(&maps).and(&params).heap_tolerance(2 * 64);
    for round in 0..20 {
        let (mut map, mut params) = (maps.get(), params.get());
        map.extend((0..50 * round).map(|i| (i, i)));
        (0..10).for_each(|i| params.append(&format!("key {i}"), "value"));
    }
    assert_eq!(growth(check), 0);
}

#[test]
fn threads_at_once_find_their_own() {
    let pool = new_pool();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pool = &pool;
            scope.spawn(move || {
                for round in 0..50 {
                    let check = check(pool).heap_tolerance(0);
                    nest(pool, 1 + (round * 7 + thread) % 30, 100 + round);
                    let kept = black_box(vec![0_u8; thread * 1_000]);
                    assert_eq!(growth(check), thread as u64 * 1_000);
                    drop(kept);
                }
            });
        }
    });
}

#[test]
fn a_thread_is_not_measured_from_another() {
    let pool = Arc::new(new_pool());
    let moved = check(&pool).heap_tolerance(1 << 30);
    let report = on_a_thread(|| moved.settle(Duration::ZERO).finish()).unwrap_err();
    assert_eq!(report.heap, Some(HeapLeak::Moved));
    assert!(report.to_string().contains("all_threads"), "{report}");
}

/// In a process of its own.
#[test]
fn child_measures_the_process() {
    if case().is_none() {
        return;
    }
    let pool = Arc::new(new_pool());
    for allocated in [0, 1 << 20] {
        let all = check(&pool).heap_tolerance(100_000).all_threads();
        let other = Arc::clone(&pool);
        let kept = on_a_thread(move || {
            nest(&other, 100, 20_000);
            black_box(vec![1_u8; allocated])
        });
        let grown = on_a_thread(move || growth(all));
        assert!(
            grown.abs_diff(allocated as u64) < 10_000,
            "{grown} {allocated}"
        );
        drop(kept);
    }
    threads_that_end_hide_nothing();
    common::say("measured");
}

/// What they leave is more than fits where it is kept while it is moved.
fn threads_that_end_hide_nothing() {
    for (local, n, global) in [(64, 60, 4096), (64, 60, 0), (64, 60, 30), (17, 17, 0)] {
        let pool = new_pool().with_local_capacity(local);
        let pool = Arc::new(pool.with_global_capacity(global));
        let come_and_go = |times| {
            for _ in 0..times {
                let own = Arc::clone(&pool);
                on_a_thread(move || nest(&own, n, 50));
            }
        };
        come_and_go(5);
        let all = check(&pool).heap_tolerance(0).all_threads();
        come_and_go(50);
        let kept = black_box(vec![1_u8; 10_000]);
        assert_eq!(growth(all), 10_000, "{local} {n} {global}");
        drop(kept);
    }
}

#[test]
fn all_threads_are_measured_if_asked() {
    let said = common::child("child_measures_the_process", "child");
    assert_eq!(said, ["measured"]);
}

#[test]
fn child_grows() {
    if case().is_some() {
        static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let pool = new_pool();
        let _leaks = check(&pool).heap_tolerance(1_024);
        KEPT.lock().unwrap().push("x".repeat(100_000));
    }
}

#[test]
fn a_growing_test_fails_and_says_by_how_much() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child_grows", "--exact"])
        .env("MILLPOND_TEST_CASE", "child")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    let line = "heap: this thread has allocated 97.8 KiB that are not freed, 1.0 KiB are tolerated";
    assert!(stdout.contains(line), "{stdout}");
}
