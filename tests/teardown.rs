//! What becomes of objects, threads and ids when a thread ends? In processes of
//! their own where the failure would be an abort.

mod common;

use common::{Ledger, Worker, case, child, identities, nothing_lost, on_a_thread, say, warm};
use millpond::{Discard, OwnedPooled, Pool, Pooled};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::time::Duration;

type Buffers = Pool<Vec<u8>>;

static ONE: Buffers = Pool::new()
    .with_create(|| Vec::with_capacity(16))
    .with_global_capacity(1 << 20);
static TWO: Buffers = Pool::new()
    .with_create(|| Vec::with_capacity(32))
    .with_local_capacity(3)
    .with_global_capacity(1 << 20);

#[test]
fn what_a_thread_kept_is_found_by_the_next_get_anywhere() {
    for n in [1, 3, 4, 8, 15, 16, 17, 30] {
        let ledger = Ledger::default();
        let pool = ledger.pool(16, 256);
        let own = Arc::clone(&pool);
        on_a_thread(move || warm(&own, n));
        let stats = pool.stats();
        assert_eq!((stats.idle_local, stats.idle_global), (0, n as u64));
        let again: Vec<_> = (0..n).map(|_| pool.get()).collect();
        assert_eq!(pool.stats().created, n as u64);
        assert!(pool.stats().global_hits > 0);
        drop(again);
        ledger.check(&pool.stats(), 0);
    }
}

/// Threads that are there at the same time, keep `each` objects, and end.
fn come_and_go(threads: u64, each: usize, pool: &Arc<Buffers>) {
    let workers: Vec<Worker> = (0..threads).map(|_| Worker::new()).collect();
    for worker in &workers {
        let pool = Arc::clone(pool);
        worker.run(move || warm(&pool, each));
    }
    workers.into_iter().for_each(Worker::exit);
}

/// A pool with what so many threads left.
fn left_by(threads: u64, each: usize, pool: Buffers) -> Arc<Buffers> {
    let pool = Arc::new(pool);
    come_and_go(threads, each, &pool);
    let (stats, n) = (pool.stats(), threads * each as u64);
    assert_eq!((stats.created, stats.threads), (n, 0));
    assert_eq!((stats.idle_local, stats.idle_global), (0, n));
    assert!(stats.idle_bytes >= 16 * n);
    pool
}

fn buffers() -> Buffers {
    Pool::from_fn(|| Vec::with_capacity(16))
}

/// The same, trimmed every ten seconds of a clock of the test's own.
fn timed(clock: fn() -> Duration) -> Buffers {
    buffers()
        .with_clock(clock)
        .with_trim_interval(Some(Duration::from_secs(10)))
}

#[test]
fn what_several_threads_left_is_the_shared_tier_of_a_thread_that_stays() {
    let pool = left_by(3, 4, buffers());
    // Of these, the first two objects; the thread has a tier of its own, then.
    let first = [pool.get(), pool.get()];
    let rest: Vec<_> = (0..10).map(|_| pool.get()).collect();
    let stats = pool.stats();
    assert_eq!((stats.created, stats.in_use), (12, 12), "{stats}");
    assert_eq!((stats.idle_local, stats.idle_global), (0, 0), "{stats}");
    assert_eq!(stats.idle_bytes, 0);
    drop((first, rest));
    nothing_lost(&pool.stats());
}

#[test]
fn what_threads_left_is_the_shared_tier_of_threads_without_a_tier() {
    let pool = left_by(3, 4, buffers());
    pool.set_local_capacity(0);
    // This thread takes over what one left, and may keep none of it.
    let held: Vec<_> = (0..12).map(|_| pool.get()).collect();
    let stats = pool.stats();
    assert_eq!((stats.created, stats.in_use), (12, 12), "{stats}");
    drop(held);
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (0, 12), "{stats}");
    nothing_lost(&stats);
}

#[test]
fn what_a_thread_left_is_the_next_ones_and_the_first_of_it_a_global_hit() {
    let pool = left_by(1, 4, buffers());
    let own = Arc::clone(&pool);
    on_a_thread(move || {
        let before = own.stats();
        let first = own.get();
        let stats = own.stats();
        assert_eq!(stats.global_hits, before.global_hits + 1);
        assert_eq!(stats.local_hits, before.local_hits);
        assert_eq!((stats.idle_local, stats.idle_global), (3, 0));
        drop([own.get(), own.get(), own.get()]);
        assert_eq!(own.stats().local_hits, before.local_hits + 3);
        drop(first);
    });
    assert_eq!(pool.stats().idle_global, 4);
    nothing_lost(&pool.stats());
}

#[test]
fn trim_and_smaller_capacities_reach_what_threads_left() {
    let pool = left_by(3, 4, buffers());
    pool.set_global_capacity(7);
    assert_eq!(pool.stats().idle_global, 7);
    assert_eq!(pool.trim(), 7);
    assert_eq!(pool.stats().idle_global, 0);
    assert_eq!(pool.stats().idle_bytes, 0);
    let disabled = left_by(3, 4, buffers());
    disabled.set_enabled(false);
    assert_eq!(disabled.stats().idle_global, 0);
    for pool in [pool, disabled] {
        assert_eq!(pool.stats().discarded[Discard::Trimmed], 12);
        nothing_lost(&pool.stats());
    }
}

#[test]
fn what_threads_leave_stays_within_the_shared_tier() {
    let pool = left_by(2, 4, buffers().with_global_capacity(8));
    come_and_go(4, 4, &pool);
    let stats = pool.stats();
    assert_eq!((stats.created, stats.idle_global), (16, 8), "{stats}");
    assert_eq!(stats.discarded[Discard::ThreadExit], 8, "{stats}");
    nothing_lost(&stats);
}

#[test]
fn what_threads_left_and_no_other_needs_is_trimmed_in_time() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let timed = timed(|| Duration::from_secs(NOW.load(Relaxed)));
    let pool = left_by(3, 4, timed.with_local_capacity(4));
    let interval = || {
        for _ in 0..2 * 1021 {
            drop(pool.get());
        }
        NOW.fetch_add(11, Relaxed);
    };
    interval();
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (4, 8), "{stats}");
    (0..4).for_each(|_| interval());
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (1, 0), "{stats}");
    nothing_lost(&stats);
}

#[test]
fn what_threads_left_is_trimmed_and_not_what_is_needed_beside_it() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let timed = timed(|| Duration::from_secs(NOW.load(Relaxed)));
    let pool = Arc::new(timed);
    let take_ten = || (0..10).map(|_| pool.get()).collect::<Vec<_>>();
    let ten = take_ten();
    let own = Arc::clone(&pool);
    on_a_thread(move || warm(&own, 4));
    // From here on the ten lie in the shared tier, too.
    pool.set_local_capacity(0);
    drop(ten);
    for _ in 0..6 {
        (0..300).for_each(|_| drop(take_ten()));
        NOW.fetch_add(11, Relaxed);
    }
    let stats = pool.stats();
    assert_eq!((stats.created, stats.idle_global), (14, 10), "{stats}");
    nothing_lost(&stats);
}

#[test]
fn what_threads_left_has_a_whole_interval_to_be_needed() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let pool = Arc::new(timed(|| Duration::from_secs(NOW.load(Relaxed))));
    let pass = |pool: &Buffers| {
        NOW.fetch_add(11, Relaxed);
        // Past two looks at the clock.
        (0..2050).for_each(|_| drop(pool.get()));
    };
    pass(&pool);
    let own = Arc::clone(&pool);
    on_a_thread(move || {
        warm(&own, 4);
        pass(&own);
        // From the last sweep on, three lay idle; now they do not.
        warm(&own, 4);
    });
    assert_eq!(pool.stats().idle_global, 4);
    pass(&pool);
    assert_eq!(pool.stats().idle_global, 4, "needed in this interval");
    let own = Arc::clone(&pool);
    // A thread that looks at the clock, and may need them yet.
    on_a_thread(move || (0..1100).for_each(|_| drop(own.get())));
    let stats = pool.stats();
    assert_eq!((stats.created, stats.idle_global), (5, 4), "{stats}");
    pass(&pool);
    pass(&pool);
    assert_eq!(pool.stats().idle_global, 0);
    nothing_lost(&pool.stats());
}

#[test]
fn nothing_stays_that_a_thread_leaves_while_its_pool_is_disabled() {
    for _ in 0..2_000 {
        let pool = Arc::new(buffers());
        let (own, ready) = (Arc::clone(&pool), Arc::new(AtomicBool::new(false)));
        let is_ready = Arc::clone(&ready);
        let thread = std::thread::spawn(move || {
            drop(own.get());
            is_ready.store(true, Relaxed);
        });
        while !ready.load(Relaxed) {
            std::hint::spin_loop();
        }
        pool.set_enabled(false);
        thread.join().unwrap();
        let stats = pool.stats();
        assert_eq!((stats.idle_local, stats.idle_global), (0, 0), "{stats}");
    }
}

#[test]
fn a_thread_keeps_no_more_of_what_another_left_than_it_may() {
    let pool = left_by(1, 4, buffers());
    pool.set_local_capacity(2);
    let global_hits = pool.stats().global_hits;
    let held = pool.get();
    let stats = pool.stats();
    assert_eq!((stats.created, stats.in_use), (4, 1), "{stats}");
    assert_eq!((stats.idle_local, stats.idle_global), (2, 1), "{stats}");
    assert_eq!(stats.global_hits, global_hits + 1);
    drop(held);
    nothing_lost(&pool.stats());
}

#[test]
fn what_a_thread_only_dropped_is_its_own() {
    let pool = Arc::new(buffers());
    let guard = pool.get_owned();
    let own = Arc::clone(&pool);
    let worker = Worker::new();
    worker.run(|| drop(ONE.get()));
    worker.run(move || {
        drop(guard);
        own.set_local_capacity(8);
        let before = own.stats();
        drop(own.get());
        let stats = own.stats();
        assert_eq!(stats.local_hits, before.local_hits + 1, "{stats}");
        assert_eq!(stats.global_hits, before.global_hits, "{stats}");
    });
    worker.exit();
    nothing_lost(&pool.stats());
}

#[test]
fn a_thread_that_ends_uses_what_it_still_has() {
    static USED_LATER: Buffers = Pool::new().with_create(|| Vec::with_capacity(8));
    // Its objects go first, and have nowhere to go.
    static GONE_FIRST: Buffers = Pool::new()
        .with_create(|| Vec::with_capacity(8))
        .with_global_capacity(0)
        .with_drop_hook(|_, _| (0..100).for_each(|_| drop(USED_LATER.get())));
    on_a_thread(|| {
        // Pools are told in reverse.
        drop(USED_LATER.get());
        drop(GONE_FIRST.get());
    });
    let stats = USED_LATER.stats();
    assert_eq!((stats.created, stats.local_hits), (1, 100));
    assert_eq!((stats.idle_local, stats.idle_global), (0, 1));
}

#[test]
fn what_the_shared_tier_cannot_take_is_let_go() {
    let ledger = Ledger::default();
    let pool = ledger.pool(16, 5);
    let own = Arc::clone(&pool);
    on_a_thread(move || warm(&own, 21));
    let stats = pool.stats();
    assert_eq!((stats.idle_local, stats.idle_global), (0, 5));
    assert_eq!(stats.discarded[Discard::ThreadExit], 16);
    ledger.check(&stats, 0);
}

#[test]
fn many_threads_one_after_another_create_a_handful() {
    let pool = Arc::new(Buffers::default());
    for _ in 0..10_000 {
        let own = Arc::clone(&pool);
        on_a_thread(move || warm(&own, 8));
    }
    let stats = pool.stats();
    nothing_lost(&stats);
    assert!(stats.created <= 16, "{stats}");
}

#[test]
fn a_pool_dropped_before_its_threads() {
    let ledger = Ledger::default();
    let pool = ledger.pool(16, 64);
    let worker = Worker::new();
    let own = Arc::clone(&pool);
    worker.run(move || {
        warm(&own, 12);
        drop(own);
    });
    drop(Arc::into_inner(pool).unwrap());
    assert_eq!(ledger.hooked(Discard::PoolDropped), 12);
    assert_eq!(ledger.alive(), 0);
    worker.exit();
    assert_eq!(ledger.alive(), 0);
}

#[test]
fn a_pool_dropped_while_its_threads_exit() {
    for _ in 0..500 {
        let ledger = Ledger::default();
        let pool = ledger.pool(8, 4);
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let pool = Arc::clone(&pool);
                std::thread::spawn(move || warm(&pool, 8))
            })
            .collect();
        drop(pool);
        threads.into_iter().for_each(|t| t.join().unwrap());
        let all = ledger.all();
        for entry in all.values() {
            assert!(entry.dead && entry.hooked.len() == 1, "{entry:?}");
        }
    }
}

/// A thread's last act may be to drop the pool itself, in a destructor.
#[test]
fn a_pool_dropped_by_an_exiting_thread() {
    let ledger = Ledger::default();
    let own = ledger.clone();
    on_a_thread(move || {
        A.with(|_| ());
        let pool = own.pool(16, 64);
        warm(&pool, 20);
        let guard = pool.get_owned();
        at_exit(&A, move || drop(guard));
    });
    assert_eq!(ledger.alive(), 0);
    assert!(ledger.all().values().all(|entry| entry.hooked.len() == 1));
}

// ---- destructors in every order ---------------------------------------------

/// Runs what it was given when its thread ends.
#[derive(Default)]
struct AtExit(RefCell<Vec<Box<dyn FnOnce()>>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for job in self.0.take() {
            job();
        }
    }
}

thread_local! {
    static A: AtExit = AtExit::default();
    static B: AtExit = AtExit::default();
}

fn at_exit(holder: &'static std::thread::LocalKey<AtExit>, job: impl FnOnce() + 'static) {
    holder.with(|holder| holder.0.borrow_mut().push(Box::new(job)));
}

thread_local! {
    // Somebody else's, which has nothing to do with pools.
    static OTHER: Vec<u8> = vec![1];
}

/// First contacts, each of which may register a destructor.
const CONTACTS: [fn(); 5] = [
    || A.with(|_| ()),
    || B.with(|_| ()),
    || drop(ONE.get()),
    || drop(TWO.get()),
    || OTHER.with(|_| ()),
];

fn permutations(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(last) {
        for at in 0..=last {
            let mut longer = shorter.clone();
            longer.insert(at, last);
            all.push(longer);
        }
    }
    all
}

/// Which of the contacts are made; with those left out, a thread meets a pool for
/// the first time in a destructor.
fn every_order(mut visit: impl FnMut(&[usize])) {
    for order in permutations(CONTACTS.len()) {
        for skip in [None, Some(2), Some(3), Some(4)] {
            let order: Vec<usize> = order.iter().copied().filter(|i| Some(*i) != skip).collect();
            visit(&order);
        }
    }
}

fn in_every_order(name: &str) -> Vec<String> {
    child("destructors_in_every_order", name)
}

#[test]
fn destructors_in_every_order() {
    let Some(case) = case() else {
        for case in ["hold", "borrow", "both", "lent", "foreign", "local"] {
            // Threads with a tier, and threads that pass, as which the pools take them then.
            for case in [case.to_owned(), format!("{case}, passing")] {
                let said = in_every_order(&case);
                assert_eq!(said, ["480 threads"], "{case}");
            }
        }
        return;
    };
    let (case, is_passing) = match case.strip_suffix(", passing") {
        Some(case) => (case.to_owned(), true),
        None => (case, false),
    };
    let mut threads = 0;
    every_order(|order| {
        if !is_passing {
            // One that stays, after which the next is not expected to pass.
            on_a_thread(|| (0..64).for_each(|_| drop((ONE.get(), TWO.get()))));
        }
        let order = order.to_vec();
        let case = case.clone();
        // Lent elsewhere, dropped by a thread that may never touch the pool.
        let foreign: [Pooled<'static, Vec<u8>>; 2] = [ONE.get(), TWO.get()];
        on_a_thread(move || {
            let contact = || order.iter().for_each(|i| CONTACTS[*i]());
            match case.as_str() {
                // Guards held in thread-locals.
                "hold" => {
                    contact();
                    let (one, two) = (ONE.get(), TWO.get());
                    at_exit(&A, move || drop(one));
                    at_exit(&B, move || drop(two));
                }
                // Objects borrowed in destructors.
                "borrow" => {
                    contact();
                    for holder in [&A, &B] {
                        at_exit(holder, || {
                            warm(&ONE, 9);
                            warm(&TWO, 9);
                        });
                    }
                }
                "both" => {
                    contact();
                    let guards: Vec<_> = (0..20).map(|_| (ONE.get(), TWO.get())).collect();
                    at_exit(&A, move || {
                        let more = (ONE.get(), TWO.get());
                        drop(guards);
                        drop(more);
                        drop(TWO.get());
                    });
                    at_exit(&B, || drop((TWO.get(), ONE.get())));
                }
                // Borrowed on this thread before anything else is touched.
                "lent" => {
                    let one = ONE.get();
                    contact();
                    at_exit(&B, move || drop(one));
                }
                "foreign" => {
                    // Only the holders and the other user: no pool is borrowed from.
                    for i in order.iter().filter(|i| ![2, 3].contains(*i)) {
                        CONTACTS[*i]();
                    }
                    let [one, two] = foreign;
                    at_exit(&A, move || drop(one));
                    at_exit(&B, move || drop(two));
                }
                // Pools that die with the thread, or in its destructors.
                "local" => {
                    let pool = Arc::new(Buffers::default());
                    warm(&pool, 3);
                    contact();
                    warm(&pool, 20);
                    let guard: OwnedPooled<_> = pool.get_owned();
                    at_exit(&A, move || drop(guard));
                    at_exit(&B, move || {
                        pool.trim();
                        warm(&pool, 3);
                    });
                }
                _ => unreachable!(),
            }
        });
        for pool in [&ONE, &TWO] {
            nothing_lost(&pool.stats());
            // All that is left lies in the shared tier or with this thread.
            assert!(pool.stats().idle_local <= pool.local_capacity() as u64);
            assert_eq!(pool.stats().discarded.total(), 0);
            assert!(pool.stats().created <= 100, "{}", pool.stats());
            // Every thread but this one has parted with its tier.
            assert!(pool.stats().threads <= 1, "{}", pool.stats());
        }
        threads += 1;
    });
    say(format_args!("{threads} threads"));
}

/// The first borrowing may come when everything else of the thread is gone: the thread
/// has a tier all the same, and parts with it. (As long as threads that pass through are
/// not what the pool expects.)
#[test]
fn a_thread_that_borrows_first_in_a_destructor() {
    static POOL: Buffers = Pool::new().with_create(|| Vec::with_capacity(16));
    for n in 1..=10 {
        on_a_thread(|| {
            at_exit(&A, || {
                drop(POOL.get());
                drop(POOL.get());
                assert_eq!(POOL.stats().threads, 1);
            });
        });
        let stats = POOL.stats();
        identities(&stats);
        assert_eq!((stats.created, stats.local_hits), (1, n));
        assert_eq!((stats.idle_local, stats.idle_global), (0, 1));
        assert_eq!(stats.threads, 0);
    }
}

/// A thread goes on in its destructors when the tier that was its own is another's
/// already.
#[test]
fn a_late_destructor_leaves_alone_what_the_next_thread_has() {
    for _ in 0..20 {
        let pool = Arc::new(Buffers::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (say_gone, gone) = channel();
        let (own, until) = (Arc::clone(&pool), Arc::clone(&stop));
        let old = std::thread::spawn(move || {
            // Destructors run in reverse: the pool's, then A.
            A.with(|_| ());
            warm(&own, 8);
            let guard = own.get_owned();
            at_exit(&A, move || {
                say_gone.send(own.stats().threads).unwrap();
                drop(guard);
                while !until.load(Relaxed) {
                    warm(&own, 3);
                }
            });
        });
        assert_eq!(gone.recv().unwrap(), 0);
        let own = Arc::clone(&pool);
        on_a_thread(move || {
            for n in 0..1000 {
                warm(&own, 1 + n % 20);
            }
            assert_eq!(own.stats().threads, 1);
        });
        stop.store(true, Relaxed);
        old.join().unwrap();
        nothing_lost(&pool.stats());
    }
}

/// What the hook does at thread exit goes on without the thread's own tier.
#[test]
fn the_hook_may_borrow_at_thread_exit() {
    static POOL: Pool<Vec<u8>> = Pool::new()
        .with_create(Vec::new)
        .with_global_capacity(2)
        .with_drop_hook(|_, _| drop(POOL.get()));
    on_a_thread(|| warm(&POOL, 16));
    let stats = POOL.stats();
    nothing_lost(&stats);
    assert_eq!((stats.idle_local, stats.idle_global), (0, 2));
    assert_eq!(stats.discarded[Discard::ThreadExit], 14);
}
