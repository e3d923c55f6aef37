//! Which tier serves, which keeps, and how many? Counted, never timed.

mod common;

use common::{Ledger, Worker, nothing_lost, on_a_thread, warm};
use millpond::{Discard, Pool, Stats};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;

fn pool(local: usize, global: usize) -> Arc<Pool<Vec<u8>>> {
    Arc::new(
        Pool::from_fn(|| Vec::with_capacity(16))
            .with_local_capacity(local)
            .with_global_capacity(global),
    )
}

/// Ends the other threads of a test, also when it fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

/// What happened between two snapshots, of the counters used below.
fn since(before: &Stats, now: &Stats) -> (u64, u64, u64) {
    (
        now.local_hits - before.local_hits,
        now.global_hits - before.global_hits,
        now.created - before.created,
    )
}

#[test]
fn a_thread_that_swings_around_a_boundary_stays_with_its_own() {
    for local in [8, 16, 24, 32] {
        let pool = pool(local, 1000);
        warm(&pool, 3 * local);
        // At every depth, where the tier's boundaries are too: one up, one down.
        let mut held = Vec::new();
        for depth in 0..2 * local {
            // Settle at this depth, then swing.
            for _ in 0..4 {
                drop((pool.get(), pool.get()));
            }
            let before = pool.stats();
            for _ in 0..100 {
                drop((pool.get(), pool.get()));
            }
            let now = pool.stats();
            assert_eq!(since(&before, &now), (200, 0, 0), "{local} at {depth}");
            assert_eq!(before.idle_global, now.idle_global, "{local} at {depth}");
            held.push(pool.get());
        }
    }
}

#[test]
fn a_wider_swing_exchanges_batches_not_objects() {
    let pool = pool(16, 1000);
    warm(&pool, 64);
    let before = pool.stats();
    for _ in 0..100 {
        warm(&pool, 32);
    }
    let (local, global, created) = since(&before, &pool.stats());
    assert_eq!((local + global, created), (3200, 0));
    // 32 objects of which 16 are at hand: two batches of eight a swing.
    assert!(global <= 300, "{global}");
}

/// The consumer never borrows: what it drops has to come back all the same.
#[test]
fn what_a_thread_only_drops_circulates() {
    circulation(false);
}

#[test]
fn what_another_borrower_drops_circulates() {
    circulation(true);
}

fn circulation(consumer_borrows: bool) {
    for (local, global) in [(16, 256), (8, 64), (1, 64), (0, 64), (5, 33)] {
        let pool = pool(local, global);
        let (send, receive) = sync_channel(8);
        let consumer = {
            let pool = Arc::clone(&pool);
            std::thread::spawn(move || {
                for object in receive {
                    if consumer_borrows {
                        pool.get().push(1);
                    }
                    drop(object);
                }
            })
        };
        for _ in 0..1000 {
            send.send(pool.get_owned()).unwrap();
        }
        let before = pool.stats();
        for _ in 0..10_000 {
            send.send(pool.get_owned()).unwrap();
        }
        let now = pool.stats();
        drop(send);
        consumer.join().unwrap();
        let (_, _, created) = since(&before, &now);
        assert!(created <= 100, "{local} {global}: {created} created\n{now}");
        nothing_lost(&pool.stats());
    }
}

#[test]
fn fan_out_and_fan_in() {
    let pool = pool(16, 256);
    let workers: Vec<Worker> = (0..6).map(|_| Worker::new()).collect();
    let mut created = 0;
    for round in 0..200 {
        // One thread lends to all.
        for (i, worker) in workers.iter().enumerate() {
            let mut object = pool.get_owned();
            object.push(i as u8);
            worker.run(move || drop(object));
        }
        // All lend to one.
        for worker in &workers {
            let own = Arc::clone(&pool);
            drop(worker.run(move || own.get_owned()));
        }
        if round == 20 {
            created = pool.stats().created;
        }
    }
    assert_eq!(pool.stats().created, created, "{}", pool.stats());
    assert!(created <= 7 * 16, "{created}");
}

#[test]
fn exactly_as_many_are_kept_as_fit() {
    for local in [0, 1, 2, 3, 7, 8, 9, 13, 16, 31, 32, 40] {
        for global in [0, 1, 2, 3, 5, 7, 16, 17, 63, 64, 100, 257] {
            let ledger = Ledger::default();
            let pool = ledger.pool(local, global);
            let n = local + global + 21;
            warm(&pool, n);
            let stats = pool.stats();
            ledger.check(&stats, 0);
            let kept = (local + global) as u64;
            assert_eq!(stats.idle_local, local as u64, "{local} {global}");
            assert_eq!(stats.idle_global, global as u64, "{local} {global}");
            assert_eq!(stats.returned, kept);
            let why = match global {
                0 => Discard::LocalFull,
                _ => Discard::GlobalFull,
            };
            assert_eq!(stats.discarded[why], 21);
            assert_eq!(stats.discarded.total(), 21);
            // And all of it can be had again, once each.
            let again: Vec<_> = (0..n).map(|_| pool.get()).collect();
            again.iter().for_each(|object| ledger.lend(object));
            assert_eq!(pool.stats().created, n as u64 + 21);
            again.iter().for_each(|object| ledger.give_back(object));
        }
    }
}

#[test]
fn exactly_as_many_are_kept_by_threads_that_only_drop() {
    let elsewhere = Arc::new(Pool::from_fn(Vec::<u8>::new));
    for (local, global) in [0, 16]
        .into_iter()
        .flat_map(|local| [1, 3, 16, 64, 100, 256, 1000].map(|global| (local, global)))
    {
        let ledger = Ledger::default();
        let pool = ledger.pool(local, global);
        let mut objects: Vec<_> = (0..global + 50).map(|_| pool.get_owned()).collect();
        // From several threads in turn. Those that use pools are spread over the inboxes.
        while !objects.is_empty() {
            let some = objects.split_off(objects.len().saturating_sub(7));
            let elsewhere = Arc::clone(&elsewhere);
            on_a_thread(move || {
                if local == 0 {
                    (0..50).for_each(|_| drop(elsewhere.get()));
                }
                drop(some);
            });
        }
        let stats = pool.stats();
        ledger.check(&stats, 0);
        assert_eq!(stats.idle_global, global as u64);
        assert_eq!(stats.discarded[Discard::GlobalFull], 50);
        assert_eq!(pool.trim(), global);
    }
}

#[test]
fn capacities_of_zero_and_one() {
    let none = pool(0, 0);
    warm(&none, 3);
    warm(&none, 3);
    assert_eq!(none.stats().created, 6);
    assert_eq!(none.stats().discarded[Discard::LocalFull], 6);

    let one = pool(1, 0);
    for _ in 0..10 {
        warm(&one, 1);
    }
    assert_eq!(since(&Stats::default(), &one.stats()), (9, 0, 1));

    let shared = pool(0, 1);
    for _ in 0..10 {
        warm(&shared, 1);
    }
    assert_eq!(since(&Stats::default(), &shared.stats()), (0, 9, 1));
    assert_eq!(shared.stats().idle_global, 1);

    let both = pool(1, 1);
    for _ in 0..10 {
        warm(&both, 2);
    }
    assert_eq!(both.stats().created, 2);
}

/// Huge numbers are how a user says "no limit".
#[test]
fn capacities_without_limit() {
    let pool = pool(usize::MAX, usize::MAX);
    warm(&pool, 100);
    assert_eq!(pool.stats().idle_local, 100);
    let other = Arc::clone(&pool);
    let objects: Vec<_> = (0..100).map(|_| pool.get_owned()).collect();
    on_a_thread(move || {
        drop(objects);
        warm(&other, 100);
    });
    nothing_lost(&pool.stats());
    assert_eq!(pool.stats().created, 100);
    pool.set_local_capacity(usize::MAX - 1);
    pool.set_global_capacity(usize::MAX - 1);
    assert_eq!(pool.trim(), 100);
}

/// So what a request holds for long is not what the next ones grew.
#[test]
fn the_object_that_came_back_last_is_lent_first() {
    for n in 1..=16 {
        let ledger = Ledger::default();
        let pool = ledger.pool(16, 16);
        for held in [n, 1, n, 2, n] {
            let mut objects: Vec<_> = (0..n).map(|_| pool.get()).collect();
            let mut came: Vec<_> = objects.iter().map(|object| object.id).collect();
            objects.clear();
            // While some are out, the others come and go.
            let out: Vec<_> = (0..held.min(n)).map(|_| pool.get()).collect();
            for object in out {
                assert_eq!(Some(object.id), came.pop());
            }
        }
        assert_eq!(pool.stats().created, n as u64);
        ledger.check(&pool.stats(), 0);
    }
}

#[test]
fn a_smaller_capacity_moves_on_what_no_longer_fits() {
    let ledger = Ledger::default();
    let pool = ledger.pool(32, 20);
    warm(&pool, 32);
    pool.set_local_capacity(10);
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (10, 20));
    assert_eq!(stats.discarded[Discard::Trimmed], 2);
    pool.set_global_capacity(5);
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (10, 5));
    assert_eq!(stats.discarded[Discard::Trimmed], 17);
    pool.set_enabled(false);
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (0, 0));
    assert_eq!(stats.discarded[Discard::Trimmed], 32);
    warm(&pool, 3);
    assert_eq!(pool.stats().discarded[Discard::Disabled], 3);
    pool.set_enabled(true);
    warm(&pool, 3);
    warm(&pool, 3);
    assert_eq!(pool.stats().created, 32 + 3 + 3);
    ledger.check(&pool.stats(), 0);
}

/// Another thread's front cannot be reached; its next operation does it, a return
/// as well as a get, whatever room the shared tier has.
#[test]
fn a_smaller_capacity_reaches_another_thread_at_its_next_operation() {
    for global in [0, 3, 64] {
        for borrow in [false, true] {
            let ledger = Ledger::default();
            let pool = ledger.pool(8, global);
            let worker = Worker::new();
            let own = Arc::clone(&pool);
            let object = worker.run(move || {
                let object = own.get_owned();
                warm(&own, 8);
                object
            });
            assert_eq!(pool.stats().idle_local, 8);
            pool.set_local_capacity(3);
            assert_eq!(pool.stats().idle_local, 8);
            let own = Arc::clone(&pool);
            worker.run(move || {
                if borrow {
                    std::mem::forget(own.get_owned());
                }
                drop(object);
            });
            assert!(pool.stats().idle_local <= 3, "{}", pool.stats());
            common::identities(&pool.stats());
        }
    }
}

#[test]
fn trim_reaches_all_but_the_fronts_of_others() {
    let pool = pool(40, 64);
    let workers: Vec<Worker> = (0..3).map(|_| Worker::new()).collect();
    for worker in &workers {
        let pool = Arc::clone(&pool);
        worker.run(move || warm(&pool, 40));
    }
    warm(&pool, 104);
    let idle = pool.stats().idle_local + pool.stats().idle_global;
    let trimmed = pool.trim() as u64;
    assert_eq!(pool.stats().idle_local, idle - trimmed);
    assert!(pool.stats().idle_local <= 3 * 16);
    assert_eq!(pool.stats().idle_global, 0);
    drop(workers);
    nothing_lost(&pool.stats());
}

#[test]
fn idle_bytes_follow_what_lies_idle() {
    let pool = pool(16, 64);
    let objects: Vec<_> = (0..60).map(|_| pool.get()).collect();
    assert_eq!(pool.stats().idle_bytes, 0);
    drop(objects);
    assert_eq!(pool.stats().idle_bytes, 60 * 16);
    let mut object = pool.get_owned();
    object.reserve_exact(1000);
    on_a_thread(move || drop(object));
    assert_eq!(pool.stats().idle_bytes, 59 * 16 + 1000);
    pool.trim();
    assert_eq!(pool.stats().idle_bytes, 0);
}

/// What every setting does, while others lend: nothing lost, nothing doubled,
/// and no snapshot that cannot be.
#[test]
fn tuning_races_with_lending() {
    const THREADS: usize = 4;
    let ledger = Ledger::default();
    let pool = ledger.pool(16, 64);
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let _stop = Stop(&running);
        let lend = |t: usize| {
            let (ledger, pool) = (&ledger, &pool);
            scope.spawn(move || {
                for round in 0..400 {
                    let objects: Vec<_> = (0..1 + (round * 7 + t) % 40)
                        .map(|_| {
                            let object = pool.get();
                            ledger.lend(&object);
                            object
                        })
                        .collect();
                    objects.iter().for_each(|object| ledger.give_back(object));
                }
            })
        };
        let lending: Vec<_> = (0..THREADS).map(lend).collect();
        scope.spawn(|| {
            let mut i = 0_usize;
            while running.load(Relaxed) {
                i += 1;
                match i % 9 {
                    0 => pool.set_enabled(false),
                    1 => pool.set_enabled(true),
                    2 => _ = pool.trim(),
                    3 | 5 => pool.set_local_capacity([0, 1, 3, 8, 9, 40][i / 9 % 6]),
                    4 | 6 => pool.set_global_capacity([64, 0, 1, 17, 300][i / 9 % 5]),
                    _ => sane(&pool.stats()),
                }
            }
        });
        lending
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    pool.set_enabled(true);
    ledger.check(&pool.stats(), 0);
    nothing_lost(&pool.stats());
}

/// The capacity shrinks while objects move from the back of a thread to its front.
#[test]
fn tuning_races_with_refills() {
    let ledger = Ledger::default();
    let pool = ledger.pool(16, 64);
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let _stop = Stop(&running);
        let lending = scope.spawn(|| {
            for _ in 0..20_000 {
                // Nine and more: each get finds the front empty, the back full.
                warm(&pool, 16);
            }
        });
        scope.spawn(|| {
            while running.load(Relaxed) {
                for capacity in [1, 16, 3, 16, 0, 16] {
                    pool.set_local_capacity(capacity);
                }
            }
        });
        lending.join().unwrap();
    });
    ledger.check(&pool.stats(), 0);
}

/// Of a snapshot while threads run: every figure is of some moment.
fn sane(s: &Stats) {
    const MUCH: u64 = 1 << 40;
    for n in [
        s.gets,
        s.local_hits,
        s.global_hits,
        s.created,
        s.returned,
        s.discarded.total(),
        s.in_use,
        s.idle_local,
        s.idle_global,
        s.idle_bytes,
    ] {
        assert!(n < MUCH, "{s:?}");
    }
    assert_eq!(s.gets, s.local_hits + s.global_hits + s.created);
    assert!((0.0..=1.0).contains(&s.hit_rate()));
    assert!(!s.to_string().is_empty());
}

#[test]
fn stats_are_sane_while_threads_run() {
    let pool = pool(16, 64);
    let running = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let stop = Stop(&running);
        let lend = || {
            while running.load(Relaxed) {
                warm(&pool, 40);
            }
        };
        let lending = [scope.spawn(lend), scope.spawn(lend), scope.spawn(lend)];
        let mut last = Stats::default();
        for _ in 0..5000 {
            let now = pool.stats();
            sane(&now);
            assert!(now.gets >= last.gets && now.returned >= last.returned);
            assert!(now.idle_local <= 48 && now.idle_global <= 64, "{now:?}");
            last = now;
        }
        drop(stop);
        // A scope alone would not wait for the destructors.
        lending
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    nothing_lost(&pool.stats());
}

/// Two threads set what a thread keeps; afterwards it is what the pool says.
#[test]
fn the_last_setting_wins_everywhere() {
    let pool = pool(16, 0);
    warm(&pool, 1);
    for _ in 0..2000 {
        std::thread::scope(|scope| {
            scope.spawn(|| pool.set_local_capacity(2));
            scope.spawn(|| pool.set_local_capacity(5));
        });
        warm(&pool, 8);
        assert_eq!(pool.stats().idle_local, pool.local_capacity() as u64);
    }
}

/// As above: a pool that is enabled keeps what it may, one that is not, nothing.
#[test]
fn the_last_switch_wins_everywhere() {
    let pool = pool(4, 0);
    warm(&pool, 1);
    for _ in 0..2000 {
        std::thread::scope(|scope| {
            scope.spawn(|| pool.set_enabled(false));
            scope.spawn(|| pool.set_enabled(true));
        });
        warm(&pool, 8);
        let kept = if pool.is_enabled() { 4 } else { 0 };
        assert_eq!(pool.stats().idle_local, kept);
        assert_eq!(pool.local_capacity(), 4);
    }
}

#[test]
fn pools_that_change_places_keep_their_objects() {
    let made = |byte: u8| Pool::from_fn(move || vec![byte; 4]).with_local_capacity(4);
    let (mut one, mut two) = (made(1), made(2));
    for pool in [&one, &two] {
        drop(pool.get());
    }
    std::mem::swap(&mut one, &mut two);
    // What has been lent is empty now; what is made anew is not.
    assert!(one.get().is_empty() && two.get().is_empty());
    let (idle, new) = (one.get(), one.get());
    assert_eq!((idle.len(), &**new), (0, &[2; 4][..]));
    drop((idle, new));
    assert_eq!((one.stats().created, two.stats().created), (2, 1));
    // A pool in the place of another, with objects of another type.
    let mut pool = Some(Pool::from_fn(|| String::from("made")));
    drop(pool.as_ref().unwrap().get());
    for made in 0..3 {
        pool = Some(Pool::from_fn(move || made.to_string()));
        assert_eq!(*pool.as_ref().unwrap().get(), made.to_string());
    }
}

#[test]
fn a_thread_may_use_more_pools_than_it_remembers() {
    let pools: Vec<_> = (0..40).map(|_| pool(4, 0)).collect();
    for _ in 0..3000 {
        // Held together, so that no get and no return finds its pool remembered.
        let held: Vec<_> = pools.iter().map(|pool| pool.get()).collect();
        drop(held);
    }
    for pool in &pools {
        let stats = pool.stats();
        assert_eq!((stats.created, stats.local_hits), (1, 2999));
        assert_eq!((stats.idle_local, stats.in_use), (1, 0));
    }
}
