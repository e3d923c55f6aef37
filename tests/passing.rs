//! Threads that borrow a few times and end: from the seventeenth on, a pool lends to the
//! next ones from its shared tier. Is everything kept, counted, bounded and let go all the
//! same?

mod common;

use common::{Ledger, Worker, nothing_lost, on_a_thread, warm};
use millpond::{Discard, OwnedPooled, Pool, Pooled, Recycle, Stats};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Threads in a row, and loans of each (gets with their returns) that are one too many, from
/// which a pool expects the next to be gone soon, as documented at `Pool`.
const PASSERS: usize = 16;
const LOANS: usize = 32;

type Buffers = Arc<Pool<Vec<u8>>>;

/// Threads that hold `each` at once, and end.
fn pass<T: Recycle + Send + 'static>(pool: &Arc<Pool<T>>, threads: usize, each: usize) {
    for _ in 0..threads {
        let pool = Arc::clone(pool);
        on_a_thread(move || warm(&*pool, each));
    }
}

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(16))
}

/// A pool that expects threads to be gone soon, and has so many idle.
fn expecting(pool: Pool<Vec<u8>>, idle: usize) -> Buffers {
    let pool = Arc::new(pool);
    pass(&pool, PASSERS, idle);
    assert_eq!(
        (pool.stats().threads, pool.stats().idle_global),
        (0, idle as u64)
    );
    pool
}

/// What a new thread sees after it has done something.
fn on_the_next(pool: &Buffers, job: impl FnOnce(&Buffers) + Send + 'static) -> Stats {
    let worker = Worker::new();
    let own = Arc::clone(pool);
    let stats = worker.run(move || {
        job(&own);
        own.stats()
    });
    worker.exit();
    stats
}

#[test]
fn a_thread_has_a_tier_until_the_pool_expects_otherwise() {
    let pool = Arc::new(buffers());
    for n in 1..=PASSERS {
        let stats = on_the_next(&pool, |pool| warm(pool, 1));
        assert_eq!((stats.threads, stats.idle_local), (1, 1), "{n}: {stats}");
    }
    let before = pool.stats();
    let stats = on_the_next(&pool, |pool| (0..LOANS).for_each(|_| warm(pool, 1)));
    assert_eq!((stats.threads, stats.idle_local), (0, 0), "{stats}");
    assert_eq!(stats.idle_global, 1);
    assert_eq!(stats.local_hits, before.local_hits);
    assert_eq!(stats.global_hits, before.global_hits + LOANS as u64);
    assert_eq!(stats.returned, before.returned + LOANS as u64);
    assert_eq!(stats.created, 1);
    nothing_lost(&pool.stats());
}

#[test]
fn a_thread_that_stays_gets_its_tier_and_so_does_the_next() {
    let pool = expecting(buffers(), 1);
    let stats = on_the_next(&pool, |pool| (0..=LOANS).for_each(|_| warm(pool, 1)));
    assert_eq!((stats.threads, stats.idle_local), (1, 1), "{stats}");
    for _ in 0..PASSERS {
        let stats = on_the_next(&pool, |pool| warm(pool, 1));
        assert_eq!(stats.threads, 1, "{stats}");
    }
    let stats = on_the_next(&pool, |pool| warm(pool, 1));
    assert_eq!(stats.threads, 0, "{stats}");
    assert_eq!(stats.created, 1);
    nothing_lost(&pool.stats());
}

#[test]
fn threads_with_many_loans_are_never_expected_to_pass() {
    let pool = Arc::new(buffers());
    for _ in 0..3 * PASSERS {
        let stats = on_the_next(&pool, |pool| (0..LOANS).for_each(|_| warm(pool, 1)));
        assert_eq!(stats.threads, 1, "{stats}");
    }
    // Nor are those that hand over what they borrow.
    for _ in 0..3 * PASSERS {
        let worker = Worker::new();
        let own = Arc::clone(&pool);
        let held = worker.run(move || (0..2 * LOANS).map(|_| own.get_owned()).collect::<Vec<_>>());
        assert_eq!(pool.stats().threads, 1);
        worker.exit();
        on_a_thread(|| drop(held));
    }
}

#[test]
fn a_thread_for_which_there_is_nothing_gets_a_tier() {
    // Without a shared tier; and with one that is empty.
    for global in [0, 256] {
        let pool = expecting(buffers().with_global_capacity(global), 0);
        pass(&pool, PASSERS, 3);
        pool.trim();
        let before = pool.stats();
        let stats = on_the_next(&pool, |pool| (0..LOANS).for_each(|_| warm(pool, 1)));
        assert_eq!(stats.created, before.created + 1, "{global}: {stats}");
        assert_eq!(
            (stats.threads, stats.idle_local),
            (1, 1),
            "{global}: {stats}"
        );
        nothing_lost(&pool.stats());
    }
}

#[test]
fn many_at_once() {
    for n in [1, 5, 16, 31, 32, 33, 40, 63, 64, 65, 100, 250] {
        let ledger = Ledger::default();
        let pool = ledger.pool(16, 256);
        pass(&pool, PASSERS, n);
        for _ in 0..20 {
            let (own, book) = (Arc::clone(&pool), ledger.clone());
            on_a_thread(move || {
                let held: Vec<_> = (0..n).map(|_| own.get()).collect();
                held.iter().for_each(|object| book.lend(object));
                let stats = own.stats();
                assert_eq!((stats.in_use, stats.idle()), (n as u64, 0), "{stats}");
                held.iter().for_each(|object| book.give_back(object));
            });
            ledger.check(&pool.stats(), 0);
        }
        let stats = pool.stats();
        assert_eq!(stats.created, n as u64, "{stats}");
        assert_eq!(
            (stats.idle_local, stats.idle_global),
            (0, n as u64),
            "{stats}"
        );
        assert_eq!(pool.trim(), n);
        assert_eq!(pool.stats().idle_bytes, 0);
    }
}

#[test]
fn eight_at_a_time() {
    let ledger = Ledger::default();
    let pool = ledger.pool(32, 256);
    pass(&pool, PASSERS, 4);
    for _ in 0..200 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let held: Vec<_> = (0..4).map(|_| pool.get()).collect();
                    held.iter().for_each(|object| ledger.lend(object));
                    held.iter().for_each(|object| ledger.give_back(object));
                });
            }
        });
    }
    let stats = pool.stats();
    ledger.check(&stats, 0);
    assert!(stats.created <= 8 * 4, "{stats}");
    assert_eq!(stats.idle_local, 0);
}

#[test]
fn what_grew_is_kept_within_the_budget() {
    const BUDGET: usize = 1 << 18;
    let pool = expecting(buffers().with_global_budget(BUDGET), 40);
    let full = move |pool: &Buffers| {
        let stats = pool.stats();
        // One may have a tier that found nothing.
        assert!(
            stats.idle_bytes <= BUDGET as u64 || stats.threads > 0,
            "{stats}"
        );
        stats.discarded[Discard::GlobalFull]
    };
    for round in 1..=60 {
        on_the_next(&pool, move |pool| {
            for held in 1..=6 {
                let mut buffers: Vec<_> = (0..held).map(|_| pool.get()).collect();
                buffers
                    .iter_mut()
                    .for_each(|buffer| buffer.reserve_exact(round * 1000));
                drop(buffers);
                full(pool);
            }
        });
        nothing_lost(&pool.stats());
    }
    assert!(full(&pool) > 0, "{}", pool.stats());
    // As much as there is room for, whoever had claimed it ahead.
    let stats = pool.stats();
    assert!(stats.idle_bytes > BUDGET as u64 - 60_000, "{stats}");
    assert_eq!(pool.trim() as u64, stats.idle_global);
    assert_eq!(pool.stats().idle_bytes, 0);
}

#[test]
fn idle_bytes_follow_what_passing_threads_do_to_objects() {
    let pool = expecting(buffers(), 3);
    let before = pool.stats().idle_bytes;
    for capacity in [1_000, 5_000, 100] {
        on_the_next(&pool, move |pool| {
            let mut buffer = pool.get();
            buffer.shrink_to(0);
            buffer.reserve_exact(capacity);
        });
        let stats = pool.stats();
        assert_eq!(stats.idle_bytes, before - 16 + capacity as u64, "{stats}");
        assert_eq!(stats.threads, 0);
    }
}

#[test]
fn a_lowered_capacity_holds_whoever_is_passing() {
    for _ in 0..150 {
        let ledger = Ledger::default();
        let pool = ledger.pool(8, 64);
        pass(&pool, PASSERS, 4);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        let pool = Arc::clone(&pool);
                        on_a_thread(move || warm(&*pool, 2));
                    }
                });
            }
            std::thread::sleep(Duration::from_micros(300));
            pool.set_global_capacity(0);
            stop.store(true, Relaxed);
        });
        // What was under way then is used once more.
        let held: Vec<_> = (0..8).map(|_| pool.get()).collect();
        on_a_thread({
            let pool = Arc::clone(&pool);
            move || warm(&pool, 8)
        });
        drop(held);
        let stats = pool.stats();
        assert_eq!(stats.idle_global, 0, "{stats}");
        ledger.check(&stats, 0);
    }
}

/// Also where more threads come before those go that borrowed when it was higher.
#[test]
fn a_lowered_capacity_holds_for_what_was_lent_before() {
    for capacity in [0, 4] {
        let pool = expecting(buffers(), 30);
        pass(&pool, 2, 30);
        let worker = Worker::new();
        let own = Arc::clone(&pool);
        let held = worker.run(move || (0..20).map(|_| own.get_owned()).collect::<Vec<_>>());
        pool.set_global_capacity(capacity);
        pass(&pool, 1, 1);
        worker.run(move || drop(held));
        for n in [0, 20] {
            pass(&pool, n, n);
            let stats = pool.stats();
            assert!(stats.idle_global <= capacity as u64, "{stats}");
        }
        worker.exit();
        nothing_lost(&pool.stats());
    }
}

/// What goes from one thread to another is counted, and advised on, where the one that
/// borrows has no tier, too.
#[test]
fn what_passing_threads_hand_over_is_counted() {
    let pool = expecting(buffers(), 40);
    // This one stays.
    (0..=LOANS).for_each(|_| warm(&*pool, 1));
    assert_eq!(pool.stats().threads, 1);
    for n in 1..=2_000 {
        let own = Arc::clone(&pool);
        let guard = std::thread::spawn(move || own.get_owned()).join().unwrap();
        assert_eq!(pool.stats().in_use, 1);
        drop(guard);
        assert_eq!(pool.stats().handed_over, n);
    }
    let advice = pool.stats().advice();
    assert_eq!(advice.reason, millpond::Reason::HandOver, "{advice}");
    nothing_lost(&pool.stats());
}

#[test]
fn the_shared_capacity_holds() {
    for global in [1, 2, 3, 15, 16, 17, 63, 64, 65, 200] {
        let ledger = Ledger::default();
        let pool = ledger.pool(32, global);
        pass(&pool, PASSERS, 1);
        for n in [1, global, global + 7, 2 * global, 1] {
            pass(&pool, 3, n);
            let stats = pool.stats();
            ledger.check(&stats, 0);
            assert!(stats.idle_global <= global as u64, "{n}: {stats}");
        }
        assert_eq!(pool.stats().idle_global, global as u64);
        pool.set_global_capacity(0);
        pass(&pool, 3, 5);
        let stats = pool.stats();
        ledger.check(&stats, 0);
        assert_eq!((stats.idle_local, stats.idle_global), (0, 0), "{stats}");
    }
}

#[test]
fn a_disabled_pool_serves_nobody_and_keeps_nothing() {
    let pool = expecting(buffers(), 5);
    let worker = Worker::new();
    let own = Arc::clone(&pool);
    let held = worker.run(move || {
        // The first loan is of the queue, not of a place for threads that pass.
        warm(&own, 2);
        own.get_owned()
    });
    pool.set_enabled(false);
    let own = Arc::clone(&pool);
    worker.run(move || {
        drop(held);
        warm(&own, 3);
    });
    pass(&pool, PASSERS, 3);
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (0, 0), "{stats}");
    assert_eq!(
        stats.discarded[Discard::Disabled],
        1 + 3 + 3 * PASSERS as u64
    );
    // Back on, it lends again; what it expects of threads it has to learn anew.
    pool.set_enabled(true);
    let before = pool.stats();
    pass(&pool, 3, 2);
    let stats = pool.stats();
    assert_eq!(
        (stats.created, stats.idle_global),
        (before.created + 2, 2),
        "{stats}"
    );
    nothing_lost(&stats);
}

#[test]
fn nothing_stays_of_what_comes_back_while_the_pool_is_disabled() {
    let ledger = Ledger::default();
    let pool = ledger.pool(8, 64);
    pass(&pool, PASSERS, 8);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                let threads: Vec<_> = (0..4)
                    .map(|n| {
                        scope.spawn({
                            let pool = &pool;
                            move || (0..10).for_each(|_| warm(pool, n))
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .for_each(|thread| thread.join().unwrap());
            }
        });
        for _ in 0..500 {
            pool.set_enabled(false);
            std::thread::yield_now();
            pool.set_enabled(true);
            std::thread::yield_now();
        }
        pool.set_enabled(false);
        stop.store(true, Relaxed);
    });
    let stats = pool.stats();
    ledger.check(&stats, 0);
    assert_eq!((stats.idle_local, stats.idle_global), (0, 0), "{stats}");
    pool.set_enabled(true);
}

/// A pool that is trimmed every ten seconds of its own clock.
fn timed(clock: fn() -> Duration) -> Pool<Vec<u8>> {
    buffers()
        .with_clock(clock)
        .with_trim_interval(Some(Duration::from_secs(10)))
}

#[test]
fn what_threads_that_pass_do_not_need_is_trimmed_and_no_more() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let pool = expecting(timed(|| Duration::from_secs(NOW.load(Relaxed))), 24);
    // Two intervals in which eight are needed at once; threads look at the clock by turns.
    for _ in 0..4 {
        for _ in 0..400 {
            pass(&pool, 1, 8);
        }
        NOW.fetch_add(11, Relaxed);
    }
    let stats = pool.stats();
    assert_eq!((stats.created, stats.threads), (24, 0), "{stats}");
    assert_eq!((stats.idle_local, stats.idle_global), (0, 8), "{stats}");
    nothing_lost(&stats);
    // And two in which two are.
    for _ in 0..3 {
        for _ in 0..400 {
            pass(&pool, 1, 2);
        }
        NOW.fetch_add(11, Relaxed);
    }
    assert_eq!(pool.stats().idle_global, 2, "{}", pool.stats());
}

#[test]
fn everything_is_looked_at_where_there_is_a_return_hook() {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let pool = expecting(
        buffers().with_return_hook(|_| {
            LOOKS.fetch_add(1, Relaxed);
            true
        }),
        3,
    );
    pass(&pool, 10, 3);
    let stats = pool.stats();
    assert_eq!(LOOKS.load(Relaxed), stats.returned, "{stats}");
    nothing_lost(&stats);
}

#[test]
fn a_panic_in_passing_costs_one_object() {
    struct Fragile(bool);
    impl Recycle for Fragile {
        fn recycle(&mut self) {
            assert!(!self.0, "on purpose");
        }

        fn footprint(&self) -> usize {
            0
        }
    }
    const ROOM: usize = 8;
    let pool = Arc::new(Pool::from_fn(|| Fragile(false)).with_global_capacity(ROOM));
    for n in 1..=2 * ROOM as u64 {
        pass(&pool, PASSERS + 1, 3);
        let own = Arc::clone(&pool);
        let failed = std::thread::spawn(move || own.get().0 = true).join();
        assert!(failed.is_err());
        let stats = pool.stats();
        nothing_lost(&stats);
        assert_eq!((stats.idle_global, stats.threads), (2, 0), "{stats}");
        assert_eq!(stats.discarded[Discard::RecyclePanicked], n);
    }
    // And its room.
    pass(&pool, 1, 2 * ROOM);
    assert_eq!(pool.stats().idle_global, ROOM as u64);
}

/// Has the shared tier lend some to threads that are passing through, and others ready.
fn stock(pool: &Buffers, room: usize) {
    pass(pool, 1, 8);
    pass(pool, 1, room.min(4));
}

/// What the shared tier keeps room for is given up where an object does not come back there.
#[test]
fn what_goes_elsewhere_leaves_its_room() {
    const ROOM: usize = 64;
    type Way = fn(&Buffers) -> Option<OwnedPooled<Vec<u8>>>;
    let ways: [Way; 4] = [
        |pool| {
            Pooled::detach(pool.get());
            None
        },
        |pool| Some(pool.get_owned()),
        |pool| {
            pool.get().reserve_exact(1_000);
            None
        },
        |pool| {
            pool.get().reserve_exact(1 << 24);
            None
        },
    ];
    for way in ways {
        let pool = expecting(buffers().with_global_capacity(ROOM), 8);
        // This one stays, and keeps what it is given.
        (0..=LOANS).for_each(|_| warm(&*pool, 1));
        for _ in 0..3 * ROOM {
            stock(&pool, ROOM);
            let own = Arc::clone(&pool);
            let left = std::thread::spawn(move || way(&own)).join();
            drop(left.expect("no panic"));
            let stats = pool.stats();
            let left = stats.discarded.total() + stats.detached;
            assert_eq!((stats.in_use, stats.threads), (0, 1), "{stats}");
            assert_eq!(stats.created, stats.idle() + left, "{stats}");
        }
        pass(&pool, 1, 2 * ROOM);
        let stats = pool.stats();
        assert_eq!(stats.idle_global, ROOM as u64, "{stats}");
    }
}

/// Room is kept for what is lent, but of no more than a quarter of the shared tier, in objects
/// and in bytes: also where it never comes back.
#[test]
fn what_is_forgotten_leaves_most_of_the_room() {
    for (room, bytes) in [(64, 256), (1, 1_000), (3, 1_000), (64, 16)] {
        let pool = buffers().with_global_capacity(room);
        let pool = expecting(pool.with_global_budget(bytes * 16), room.min(8));
        for n in 1..=3 * room {
            let own = Arc::clone(&pool);
            stock(&pool, room);
            on_a_thread(move || std::mem::forget(own.get()));
            assert_eq!(pool.stats().in_use, n as u64);
        }
        pass(&pool, 1, 2 * room);
        let stats = pool.stats();
        let room = room.min(bytes);
        assert!(stats.idle_global >= (room - room / 4) as u64, "{stats}");
        assert_eq!(pool.trim() as u64, stats.idle());
    }
}

/// A thread that only drops guards gets a tier after 64 of them, also where every return is
/// looked at.
#[test]
fn a_thread_that_drops_on_and_on_gets_a_tier() {
    for pool in [buffers(), buffers().with_return_hook(|_| true)] {
        let pool = Arc::new(pool);
        let worker = Worker::new();
        for n in 1..=200 {
            let guard = pool.get_owned();
            worker.run(move || drop(guard));
            let stats = pool.stats();
            // This thread's, and from some time on the other one's.
            assert_eq!(stats.threads, 1 + u64::from(n > 2 * LOANS), "{n}");
        }
        worker.exit();
        let stats = pool.stats();
        nothing_lost(&stats);
        // Only this one's is left.
        assert_eq!(stats.threads, 1, "{stats}");
    }
}

/// The same where it is others that are passing through, who lend from the shared tier.
#[test]
fn a_thread_that_drops_what_others_borrow_in_passing_gets_a_tier() {
    let pool = expecting(buffers(), 8);
    let worker = Worker::new();
    for n in 1..=200 {
        let own = Arc::clone(&pool);
        let guard = std::thread::spawn(move || own.get_owned()).join();
        worker.run(move || drop(guard));
        let stats = pool.stats();
        assert_eq!(stats.threads, u64::from(n > 2 * LOANS), "{n}");
    }
    worker.exit();
    nothing_lost(&pool.stats());
}

/// Threads without a tier look at the clock, too: here nobody else gives back.
#[test]
fn returns_without_a_tier_trim_in_time() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let pool = Arc::new(timed(|| Duration::from_secs(NOW.load(Relaxed))));
    let hand_over = |n: usize| {
        let mut guards: Vec<_> = (0..n).map(|_| pool.get_owned()).collect();
        while !guards.is_empty() {
            let some = guards.split_off(guards.len().saturating_sub(2 * LOANS));
            on_a_thread(|| drop(some));
        }
    };
    hand_over(200);
    for _ in 0..4 {
        (0..60).for_each(|_| hand_over(40));
        NOW.fetch_add(11, Relaxed);
    }
    let stats = pool.stats();
    nothing_lost(&stats);
    assert_eq!(stats.created, 200, "{stats}");
    // What this thread took ahead is with it.
    assert!((40..=72).contains(&stats.idle()), "{stats}");
}

/// The same in a destructor: it is registered late, and runs.
#[test]
fn a_thread_that_drops_on_and_on_in_a_destructor() {
    struct Last(std::cell::RefCell<Vec<millpond::OwnedPooled<Vec<u8>>>>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(drop);
        }
    }
    thread_local! {
        static LAST: Last = const { Last(std::cell::RefCell::new(Vec::new())) };
    }
    let pool = Arc::new(buffers());
    for _ in 0..5 {
        let guards: Vec<_> = (0..100).map(|_| pool.get_owned()).collect();
        on_a_thread(move || LAST.with(|last| *last.0.borrow_mut() = guards));
        let stats = pool.stats();
        nothing_lost(&stats);
        assert_eq!((stats.threads, stats.idle_local), (1, 0), "{stats}");
        assert_eq!((stats.created, stats.idle_global), (100, 100), "{stats}");
    }
}

/// Threads of all lengths, while everything that can be changed is.
#[test]
fn in_any_mixture() {
    let ledger = Ledger::default();
    let pool = ledger.pool(16, 128);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for seed in 1..=2_usize {
            let (pool, ledger, stop) = (&pool, &ledger, &stop);
            scope.spawn(move || {
                let mut x = seed;
                while !stop.load(Relaxed) {
                    x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // Long rows of short threads, and now and then some that stay.
                    let loans = if (x >> 40) % 40 == 0 {
                        100
                    } else {
                        1 + (x >> 50) % 12
                    };
                    let at_once = 1 + (x >> 60);
                    scope
                        .spawn(move || {
                            for _ in 0..loans {
                                let mut held: Vec<_> = (0..at_once).map(|_| pool.get()).collect();
                                held.iter().for_each(|object| ledger.lend(object));
                                held.iter_mut().for_each(|object| object.contents.push(1));
                                held.iter().for_each(|object| ledger.give_back(object));
                            }
                        })
                        .join()
                        .unwrap();
                }
            });
        }
        for n in 0..300 {
            match n % 5 {
                0 => pool.set_global_capacity([0, 1, 30, 128][n / 5 % 4]),
                1 => pool.set_local_capacity([0, 1, 16, 40][n / 5 % 4]),
                2 => pool.set_enabled(n % 4 != 0),
                3 => _ = pool.trim(),
                _ => assert!(pool.stats().idle_global <= 128),
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        pool.set_enabled(true);
        stop.store(true, Relaxed);
    });
    ledger.check(&pool.stats(), 0);
    drop(Arc::into_inner(pool).unwrap());
    assert_eq!(ledger.alive(), 0);
}
