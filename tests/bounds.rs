//! Bounds and promises that once did not hold, each at its sharpest.

use millpond::{Discard, OwnedPooled, Pool, Recycle, Retention, Verdict};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(8))
}

/// An object of a size that the test chooses, which cannot shrink.
struct Rigid(usize);

impl Recycle for Rigid {
    fn recycle(&mut self) {}

    fn footprint(&self) -> usize {
        self.0
    }
}

#[test]
fn the_local_budget_holds_where_small_objects_in_the_front_grow() {
    const SIZE: usize = 4096;
    const BUDGET: usize = 16 * SIZE;
    let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(SIZE))
        .with_local_budget(BUDGET)
        .with_local_capacity(64)
        .with_global_capacity(0);
    let mut held: Vec<_> = (0..60).map(|_| pool.get()).collect();
    held.truncate(44);
    let mut newest: Vec<_> = (0..4).map(|_| pool.get()).collect();
    newest.iter_mut().for_each(|buffer| **buffer = Vec::new());
    drop(newest);
    held.truncate(40);
    let mut front: Vec<_> = (0..8).map(|_| pool.get()).collect();
    for buffer in &mut front {
        **buffer = Vec::with_capacity(SIZE);
    }
    drop(front);
    assert!(pool.stats().idle_bytes <= BUDGET as u64);
}

/// A large one counts, wherever it lies.
#[test]
fn the_local_budget_holds_where_the_front_spills() {
    // Half of it is set aside for a front of sixteen, and is 1,024 for each.
    const BUDGET: usize = 32 << 10;
    for (large, idle) in [(0, 32), (1, 21)] {
        let pool = Pool::from_fn(|| Rigid(1_000))
            .with_retention(Retention::keep_all())
            .with_local_budget(BUDGET)
            .with_local_capacity(64)
            .with_global_capacity(0);
        let mut held: Vec<_> = (0..64).map(|_| pool.get()).collect();
        held[..large]
            .iter_mut()
            .for_each(|object| object.0 = 12_000);
        drop(held);
        let stats = pool.stats();
        assert!(stats.idle_bytes <= BUDGET as u64, "{stats:?}");
        assert_eq!(stats.idle_local, idle, "{stats:?}");
    }
}

/// What a thread takes out of the shared tier at once, too, which is more each time.
#[test]
fn the_local_budget_holds_where_a_thread_stocks_up() {
    const BUDGET: u64 = 32 << 10;
    const THREADS: usize = 33;
    for (local_capacity, most) in [(64, 32), (16, 16)] {
        let pool = Pool::from_fn(|| Rigid(1_000))
            .with_local_budget(BUDGET as usize)
            .with_local_capacity(64)
            .with_global_capacity(1_000);
        let together = Barrier::new(THREADS);
        let leave = || {
            let held: Vec<_> = (0..30).map(|_| pool.get()).collect();
            together.wait();
            drop(held);
        };
        thread::scope(|scope| {
            let threads = [(); THREADS].map(|()| scope.spawn(leave));
            // Until they have left their objects behind, which a scope does not wait for.
            for thread in threads {
                thread.join().expect("no panic");
            }
        });
        pool.set_local_capacity(local_capacity);
        let mut held = Vec::new();
        let mut most_idle = 0;
        for _ in 0..900 {
            held.push(pool.get());
            let stats = pool.stats();
            assert!(stats.idle_local * 1_000 <= BUDGET, "{stats:?}");
            most_idle = most_idle.max(stats.idle_local);
        }
        assert_eq!(most_idle, most);
    }
}

#[test]
fn a_load_of_large_objects_is_trimmed_too() {
    static NOW: AtomicU64 = AtomicU64::new(0);
    let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(100_000))
        .with_trim_interval(Some(Duration::from_secs(10)))
        .with_clock(|| Duration::from_secs(NOW.load(Relaxed)));
    let grown = |_| {
        let mut buffer = pool.get();
        buffer.resize(100_000, 0);
        buffer
    };
    drop((0..8).map(grown).collect::<Vec<_>>());
    for _ in 0..10_000 {
        pool.get().resize(50_000, 1);
        NOW.fetch_add(1, Relaxed);
    }
    assert_eq!(pool.stats().idle_local, 1);
}

#[test]
fn nests_in_step_with_the_clock_keep_what_they_need() {
    static NOW: AtomicU64 = AtomicU64::new(0);
    let pool = buffers()
        .with_local_capacity(8)
        .with_trim_interval(Some(Duration::from_secs(10)))
        .with_clock(|| Duration::from_secs(NOW.load(Relaxed)));
    for _ in 0..6 {
        for _ in 0..1024 {
            drop((0..8).map(|_| pool.get()).collect::<Vec<_>>());
        }
        NOW.fetch_add(11, Relaxed);
    }
    assert_eq!(pool.stats().discarded[Discard::Trimmed], 0);
}

#[test]
fn what_cannot_shrink_does_not_stay_above_what_it_was_to_shrink_to() {
    let policies = [
        Retention::new().with_max(1000),
        Retention::custom(|_| Verdict::Shrink(100)),
    ];
    for policy in policies {
        let pool = Pool::from_fn(|| Rigid(0)).with_retention(policy);
        pool.get().0 = 50_000;
        assert_eq!(pool.stats().idle_bytes, 0, "{policy:?}");
    }
}

#[test]
fn sizes_beyond_all_memory_do_not_overflow() {
    let pool = Pool::from_fn(|| Rigid(0)).with_retention(Retention::keep_all());
    pool.get().0 = usize::MAX;
    assert_eq!(pool.stats().discarded.on_return(), 1);
    let pool = buffers().with_local_capacity(usize::MAX);
    drop(pool.get());
    assert_eq!(pool.stats().advice().current, u64::MAX);
}

#[test]
fn one_giant_does_not_keep_the_rest_out_of_the_shared_tier() {
    let pool = Arc::new(buffers().with_global_budget(10_000));
    let theirs = Arc::clone(&pool);
    let work = move || {
        let mut held: Vec<_> = (0..8).map(|_| theirs.get()).collect();
        *held[0] = Vec::with_capacity(20_000);
        held.into_iter().for_each(drop);
    };
    thread::spawn(work).join().unwrap();
    assert_eq!(pool.stats().idle_global, 7);
}

#[test]
fn room_claimed_ahead_is_there_for_batches() {
    let pool = Arc::new(
        buffers()
            .with_global_capacity(1024)
            .with_local_capacity(2000),
    );
    let held: Vec<_> = (0..8).map(|_| pool.get_owned()).collect();
    for guard in held {
        thread::spawn(move || drop(guard)).join().unwrap();
    }
    let theirs = Arc::clone(&pool);
    let work = move || drop((0..1024).map(|_| theirs.get()).collect::<Vec<_>>());
    thread::spawn(work).join().unwrap();
    let stats = pool.stats();
    assert_eq!((stats.idle_global, stats.discarded.total()), (1024, 0));
}

#[test]
fn a_thread_that_only_drops_does_not_keep_a_rare_giant() {
    let pool = Arc::new(buffers());
    let (send, receive) = mpsc::sync_channel::<OwnedPooled<Vec<u8>>>(0);
    let consumer = thread::spawn(move || receive.into_iter().for_each(drop));
    for n in 0..100 {
        let mut buffer = pool.get_owned();
        if n == 99 {
            buffer.resize(8 << 20, 0);
        }
        send.send(buffer).unwrap();
    }
    drop(send);
    consumer.join().unwrap();
    assert!(pool.stats().idle_bytes < 1 << 20);
}

#[test]
fn closed_is_closed() {
    let pool = buffers();
    drop(pool.get());
    assert_eq!(pool.close(), 0);
    pool.set_enabled(true);
    drop(pool.get());
    assert!(!pool.is_enabled());
    assert_eq!(pool.stats().idle_local, 0);
}

#[test]
fn nothing_slips_into_a_pool_that_is_being_closed() {
    for _ in 0..300 {
        let pool = Arc::new(buffers().with_local_capacity(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (theirs, until) = (Arc::clone(&pool), Arc::clone(&stop));
        let busy = thread::spawn(move || {
            while !until.load(Relaxed) {
                drop(theirs.get());
            }
        });
        while pool.stats().gets < 10 {
            thread::yield_now();
        }
        pool.close();
        stop.store(true, Relaxed);
        busy.join().unwrap();
        let stats = pool.stats();
        assert_eq!(stats.idle_local + stats.idle_global, 0);
    }
}

/// A thread becomes part of a pool by dropping guards where it has borrowed from another.
/// Its first `get` then is one with much of its own, and something left by another thread
/// where it would look.
#[test]
fn the_first_get_of_a_thread_that_has_only_dropped_sheds_too() {
    let pool = Arc::new(buffers().with_local_capacity(16));
    let (send, jobs) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        drop(buffers().get());
        for job in jobs {
            job();
            done.send(()).unwrap();
        }
    });
    let run = |job: Box<dyn FnOnce() + Send>| {
        send.send(job).unwrap();
        is_done.recv().unwrap();
    };
    let guards: Vec<OwnedPooled<_>> = (0..12).map(|_| pool.get_owned()).collect();
    run(Box::new(move || drop(guards)));
    // Wherever it looks, ten threads at once leave something there.
    let together = Arc::new(std::sync::Barrier::new(10));
    let threads = (0..10).map(|_| {
        let (pool, together) = (Arc::clone(&pool), Arc::clone(&together));
        thread::spawn(move || {
            drop(pool.get());
            together.wait();
        })
    });
    let threads: Vec<_> = threads.collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    pool.set_local_capacity(2);
    let own = Arc::clone(&pool);
    let (lend, lent) = mpsc::channel();
    run(Box::new(move || lend.send(own.get_owned()).unwrap()));
    assert!(pool.stats().idle_local <= 2, "{}", pool.stats());
    drop(lent);
    drop(send);
    thread.join().unwrap();
}

/// What a thread does not need is trimmed by what it needed itself, not by what lay idle
/// with the thread before it.
#[test]
fn threads_that_come_and_go_keep_what_all_of_them_need() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let pool = Arc::new(
        buffers()
            .with_clock(|| Duration::from_secs(NOW.load(Relaxed)))
            .with_trim_interval(Some(Duration::from_secs(10))),
    );
    for _ in 0..20 {
        for _ in 0..300 {
            let pool = Arc::clone(&pool);
            let work = move || drop([pool.get(), pool.get(), pool.get(), pool.get()]);
            thread::spawn(work).join().unwrap();
        }
        NOW.fetch_add(11, Relaxed);
    }
    let stats = pool.stats();
    assert_eq!(stats.created, 4, "{stats}");
}
