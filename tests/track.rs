//! Who holds what.

#![cfg(feature = "track")]

use millpond::track::{Leak, LeakKind, Scope, Tracking, profile};
use millpond::{OwnedPooled, Pool, Pooled, StringMap};
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

type Buffer = Vec<u8>;

fn pool() -> Pool<Buffer> {
    Pool::from_fn(|| Buffer::with_capacity(100)).with_tracking(Tracking::All)
}

thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });

/// Seconds, of this thread's own.
fn clock() -> Duration {
    Duration::from_secs(NOW.get())
}

/// Threads that end after a few loans, which from the seventeenth on are served without a
/// tier of their own.
#[test]
fn loans_of_threads_that_pass_through() {
    const ROOM: usize = 64;
    for tracking in [Tracking::All, Tracking::OneIn(3)] {
        let pool = pool().with_global_capacity(ROOM).with_tracking(tracking);
        let pass = |n: usize| {
            thread::scope(|scope| {
                let hold = || drop((0..n).map(|_| pool.get()).collect::<Vec<_>>());
                scope.spawn(hold).join().expect("no panic");
            });
        };
        for n in 0..300 {
            pass(4);
            let out = pool.outstanding();
            assert_eq!(out.sites.len(), 0, "{n}: {out}");
        }
        let line = line!() + 1;
        let borrow = || pool.get();
        let guard = thread::scope(|scope| scope.spawn(borrow).join().expect("no panic"));
        let out = pool.outstanding();
        assert_eq!(pool.stats().threads, 0);
        if tracking == Tracking::All {
            let lines: Vec<_> = out.sites.iter().map(|site| site.site.line()).collect();
            assert_eq!(lines, [line], "{out}");
        }
        drop(guard);
        assert_eq!(pool.outstanding().sites.len(), 0);
        // No room is kept for what is tracked now and then.
        pass(2 * ROOM);
        assert_eq!(pool.stats().idle_global, ROOM as u64);
    }
}

#[test]
fn lists_what_is_out_by_line_oldest_first() {
    let pool = pool().with_name("buffers").with_clock(clock);
    NOW.set(10);
    let young_line = line!() + 1;
    let borrow = || pool.get();
    let first_line = line!() + 1;
    let first = pool.get();
    NOW.set(20);
    let (a, b) = (borrow(), borrow());
    NOW.set(3_675);

    let out = pool.outstanding();
    assert_eq!((out.pool.as_deref(), out.in_use), (Some("buffers"), 3));
    let lines: Vec<_> = out.sites.iter().map(|site| site.site.line()).collect();
    assert_eq!(lines, [first_line, young_line]);
    assert_eq!(out.sites[0].site.file(), file!());
    assert_eq!((out.sites[0].objects, out.sites[1].objects), (1, 2));
    assert_eq!(out.sites[0].oldest(), Duration::from_secs(3_665));
    assert!(!out.sites[0].is_estimate());
    let text = out.to_string();
    assert!(
        text.starts_with("pool \"buffers\": 3 objects out"),
        "{text}"
    );
    assert!(
        text.contains(&format!("{}:{first_line}:", file!())),
        "{text}"
    );
    assert!(text.contains("2 objects, "), "{text}");
    assert!(text.contains("for up to 1 h 1 min"), "{text}");
    assert!(text.contains("lists_what_is_out"), "the thread: {text}");

    drop((first, a, b));
    let out = pool.outstanding();
    assert!(out.sites.is_empty());
    assert_eq!(out.to_string(), "pool \"buffers\": 0 objects out");
}

/// Threads that pass through borrow another way.
#[test]
fn lists_what_threads_hold_that_pass() {
    for tracking in [Tracking::All, Tracking::OneIn(3)] {
        let pool = Arc::new(pool().with_tracking(tracking));
        let on_a_thread = |n: usize| {
            let pool = Arc::clone(&pool);
            let borrow = move || (0..n).map(|_| pool.get_owned()).collect::<Vec<_>>();
            thread::spawn(borrow).join().unwrap()
        };
        let held: Vec<_> = (0..300).flat_map(|_| on_a_thread(2)).collect();
        assert_eq!(pool.stats().threads, 0);
        drop(held);
        let held: Vec<_> = (0..300).flat_map(|_| on_a_thread(2)).collect();
        let out = pool.outstanding();
        assert_eq!((out.in_use, out.sites.len()), (600, 1));
        let objects = out.sites[0].objects;
        match tracking {
            Tracking::All => assert_eq!(objects, 600),
            _ => assert!((300..1_000).contains(&objects), "{objects}"),
        }
        drop(held);
        assert!(pool.outstanding().sites.is_empty());
    }
}

#[test]
fn knows_sizes_as_of_the_last_use() {
    let pool = pool();
    let bytes = || pool.outstanding().sites[0].bytes;
    let mut buffer = pool.get();
    let empty = bytes();
    assert!((100..400).contains(&empty), "new, with its box: {empty}");
    buffer.reserve_exact(10_000);
    assert_eq!(buffer.len(), 0); // a look
    assert_eq!(bytes() - empty, 9_900);
    drop(buffer);
    let again = pool.get();
    assert_eq!(bytes() - empty, 9_900, "known before it is used");
    drop(again);
}

#[test]
fn detached_objects_are_not_out() {
    let pool = pool();
    let mut vec = Pooled::detach(pool.get());
    vec.push(1);
    assert!(pool.outstanding().sites.is_empty());
    let arc = Arc::new(self::pool());
    let _vec = OwnedPooled::detach(arc.get_owned());
    assert!(arc.outstanding().sites.is_empty());
}

#[test]
fn off_tells_what_to_do() {
    let pool = pool().with_tracking(Tracking::Off);
    let _held = pool.get();
    let out = pool.outstanding();
    assert!(out.sites.is_empty());
    assert!(out.to_string().contains("set_tracking(Tracking::All)"));
    pool.set_tracking(Tracking::All);
    let _later = pool.get();
    let out = pool.outstanding();
    assert_eq!(out.sites[0].objects, 1);
    let text = out.to_string();
    assert!(
        text.ends_with("1 were borrowed before all were tracked"),
        "{text}"
    );
}

/// Switching on must reach threads that borrowed before, at their next `get`.
#[test]
fn all_threads_hear_of_a_new_rate_at_once() {
    let pool = Arc::new(pool().with_tracking(Tracking::Off));
    let (go, turn) = mpsc::channel::<()>();
    let (done, wait) = mpsc::channel();
    let other = thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            for () in turn {
                drop(pool.get());
                done.send(pool.get_owned()).unwrap();
            }
        }
    });
    let step = |tracking, tracked: usize| {
        pool.set_tracking(tracking);
        go.send(()).unwrap();
        let held = wait.recv().unwrap();
        assert_eq!(pool.outstanding().sites.len(), tracked, "{tracking}");
        drop(held);
    };
    for _ in 0..3 {
        step(Tracking::Off, 0);
        step(Tracking::All, 1);
        step(Tracking::OneIn(u32::MAX), 0);
        step(Tracking::OneIn(1), 1);
        step(Tracking::OneIn(0), 0);
    }
    drop(go);
    other.join().unwrap();
}

/// Four guards a request, at four lines: a sample with a fixed stride of 8 would see
/// one of them only. Within five standard deviations of what is true.
#[test]
fn samples_are_unbiased_whatever_the_beat() {
    const REQUESTS: u64 = 50_000;
    const N: u32 = 8;
    let pool = pool().with_tracking(Tracking::OneIn(N));
    let mut seen: HashMap<u32, u64> = HashMap::new();
    for _ in 0..REQUESTS {
        let _a = pool.get();
        let _b = pool.get();
        let _c = pool.get();
        let _d = pool.get();
        for site in pool.outstanding().sites {
            assert!(site.is_estimate());
            *seen.entry(site.site.line()).or_default() += site.objects;
        }
    }
    assert_eq!(seen.len(), 4);
    let n = f64::from(N);
    let sigma = (REQUESTS as f64 * (n - 1.0)).sqrt();
    for (line, objects) in seen {
        let off = objects as f64 - REQUESTS as f64;
        assert!(
            off.abs() < 5.0 * sigma,
            "line {line}: {objects} of {REQUESTS}"
        );
    }
}

/// A pool for each request, and few loans from each: those of all together are a fair
/// sample, the first of each, which is made, and the second, which lay idle. Within
/// six standard deviations.
#[test]
fn pools_that_do_not_live_long_are_sampled_as_often_as_others() {
    const POOLS: u32 = 4_000;
    const N: u32 = 4;
    let mut seen = [0, 0];
    for _ in 0..POOLS {
        let pool = pool().with_tracking(Tracking::OneIn(N));
        for seen in &mut seen {
            let _held = pool.get();
            *seen += pool.outstanding().sites.len();
        }
    }
    let expected = f64::from(POOLS / N);
    let sigma = (expected * (1.0 - 1.0 / f64::from(N))).sqrt();
    for seen in seen {
        let off = seen as f64 - expected;
        assert!(off.abs() < 6.0 * sigma, "{seen} of {expected}");
    }
}

#[test]
fn a_profile_says_who_made_who_grew_and_who_has() {
    let pool = pool()
        .with_name("track: a profile")
        .with_retention(millpond::Retention::keep_all());
    let lines = (line!() + 1, line!() + 2);
    let mut grown = pool.get();
    let kept = pool.get();
    grown.reserve_exact(100_000);
    drop(grown);
    let small = pool.get(); // of 100,000 bytes
    drop(small);

    let profile = pool.profile();
    let of = |line, is_idle| {
        let mut found = profile.samples.iter();
        found.find(|sample| sample.site.line() == line && sample.is_idle == is_idle)
    };
    let idle = of(lines.0, true).expect("who made it large has it while it lies idle");
    assert_eq!(idle.inuse_objects, 1);
    assert!((100_000..101_000).contains(&idle.inuse_space));
    let made = of(lines.0, false).unwrap();
    assert_eq!((made.alloc_objects, made.inuse_objects), (1, 0));
    assert!((100_000..101_000).contains(&made.alloc_space));
    let lent = of(lines.1, false).unwrap();
    assert_eq!((lent.alloc_objects, lent.inuse_objects), (1, 1));
    assert!((100..400).contains(&lent.inuse_space));
    assert_eq!(&*lent.pool, "track: a profile");
    assert_eq!(lent.thread, thread::current().name().unwrap().into());
    let all = millpond::track::profile();
    assert!(all.samples.iter().any(|sample| sample.site == lent.site));
    let mut larger = pool.get();
    larger.reserve_exact(100_100); // a little is not most of it
    drop(larger);
    let owner = |profile: millpond::track::Profile| {
        let idle = profile.samples.into_iter().find(|sample| sample.is_idle);
        idle.unwrap().site.line()
    };
    assert_eq!(owner(pool.profile()), lines.0);
    let line = line!() + 1;
    let mut larger = pool.get();
    larger.reserve_exact(300_000);
    drop(larger);
    assert_eq!(owner(pool.profile()), line);
    drop(kept);
    pool.trim();
    let profile = pool.profile();
    assert!(
        profile
            .samples
            .iter()
            .all(|sample| sample.inuse_objects == 0)
    );
}

/// Nothing is lost or torn while two threads churn, rates change and someone looks.
#[test]
fn survives_churn_while_rates_change() {
    static POOL: Pool<StringMap> = Pool::new()
        .with_create(StringMap::new)
        .with_name("track: churn")
        .with_local_capacity(3)
        .with_global_capacity(4);
    let stop = AtomicBool::new(false);
    let total = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut held = Vec::new();
                while !stop.load(Relaxed) {
                    for round in 0..7 {
                        let mut map = POOL.get();
                        map.append("key", "value");
                        held.push(map);
                        if round % 3 == 0 {
                            drop(Pooled::detach(held.swap_remove(0)));
                        }
                    }
                    total.fetch_add(7, Relaxed);
                    held.clear();
                }
            });
        }
        let mut round = 0;
        while round < 400 || total.load(Relaxed) < 50_000 {
            round += 1;
            let rates = [Tracking::All, Tracking::Off, Tracking::OneIn(3)];
            POOL.set_tracking(rates[round % 3]);
            let out = POOL.outstanding();
            for site in &out.sites {
                assert_eq!(site.site.file(), file!());
                let sum: u64 = site.held.iter().map(|held| u64::from(held.weight)).sum();
                assert_eq!(sum, site.objects);
            }
            let profile = profile();
            assert!(
                profile
                    .samples
                    .iter()
                    .all(|sample| sample.inuse_objects < 1_000)
            );
            if round % 10 == 0 {
                POOL.trim();
            }
        }
        stop.store(true, Relaxed);
    });
    assert!(
        POOL.outstanding().sites.is_empty(),
        "{}",
        POOL.outstanding()
    );
}

type Log = Arc<Mutex<Vec<(LeakKind, u32, u64)>>>;

fn listen(log: &Log) -> impl Fn(&Leak) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |leak| {
        let line = leak.held.site.line();
        log.lock()
            .unwrap()
            .push((leak.kind, line, leak.held.objects));
    }
}

#[test]
fn a_pool_that_goes_names_the_guards_that_were_forgotten() {
    let log = Log::default();
    let pool = pool().with_leak_listener_fn(listen(&log));
    let line = line!() + 2;
    for _ in 0..3 {
        std::mem::forget(pool.get());
    }
    drop(pool.get());
    drop(pool);
    assert_eq!(*log.lock().unwrap(), [(LeakKind::Lost, line, 3)]);
}

#[test]
fn a_guard_held_too_long_is_reported_once_for_its_line() {
    let log = Log::default();
    let pool = pool()
        .with_clock(clock)
        .with_held_after(Duration::from_secs(60))
        .with_leak_listener_fn(listen(&log));
    let line = line!() + 1;
    let borrow = || pool.get();
    let _first = borrow();
    NOW.set(59);
    pool.report_held();
    assert!(log.lock().unwrap().is_empty());
    NOW.set(60);
    pool.report_held();
    let _second = borrow();
    NOW.set(1_000);
    pool.report_held();
    assert_eq!(*log.lock().unwrap(), [(LeakKind::Held, line, 1)]);
    let other = line!() + 1;
    let _other = pool.get();
    NOW.set(10); // the clock jumps back: nothing is older for it
    pool.report_held();
    NOW.set(u64::MAX / 2);
    pool.report_held();
    let told = log.lock().unwrap().clone();
    assert_eq!(told[1..], [(LeakKind::Held, other, 1)]);
}

/// Without a call, by the returns of other objects.
#[test]
fn a_busy_pool_looks_by_itself() {
    let log = Log::default();
    let pool = pool()
        .with_clock(clock)
        .with_held_after(Duration::from_secs(60))
        .with_leak_listener_fn(listen(&log));
    let held = pool.get();
    NOW.set(100);
    for _ in 0..2_000 {
        drop(pool.get());
    }
    assert_eq!(log.lock().unwrap().len(), 1);
    drop(held);
}

/// Where nothing is kept, too, and no thread has a tier.
#[test]
fn a_pool_that_is_switched_off_looks_by_itself() {
    let log = Log::default();
    let pool = pool()
        .with_enabled(false)
        .with_clock(clock)
        .with_held_after(Duration::from_secs(60))
        .with_leak_listener_fn(listen(&log));
    let held = pool.get();
    drop(pool.get());
    NOW.set(100);
    for _ in 0..2_000 {
        drop(pool.get());
    }
    assert_eq!(log.lock().unwrap().len(), 1);
    drop(held);
}

#[test]
fn a_listener_may_panic_and_use_the_pool() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    static POOL: Pool<Buffer> = Pool::new()
        .with_create(|| Buffer::with_capacity(8))
        .with_tracking(Tracking::All)
        .with_clock(clock)
        .with_held_after(Duration::from_secs(1))
        .with_leak_listener(|leak| {
            TOLD.fetch_add(1, Relaxed);
            drop(POOL.get());
            assert_eq!(POOL.outstanding().in_use, 2);
            panic!("the listener's own: {leak}");
        });
    let (_a, _b) = (POOL.get(), POOL.get());
    NOW.set(5);
    let panic = catch_unwind(POOL_REPORT).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(
        text.starts_with("the listener's own: pool: 1 object held for up to 5.0 s"),
        "{text}"
    );
    assert_eq!(
        TOLD.load(Relaxed),
        2,
        "both lines, although the first panicked"
    );
    POOL.report_held();
    assert_eq!(TOLD.load(Relaxed), 2, "once each");

    const POOL_REPORT: fn() = || POOL.report_held();
}

#[test]
fn a_clock_or_a_footprint_that_panics_costs_no_object() {
    static ANGRY: AtomicBool = AtomicBool::new(true);
    struct Touchy(Vec<u8>);
    impl millpond::Recycle for Touchy {
        fn recycle(&mut self) {
            self.0.clear();
        }
        fn footprint(&self) -> usize {
            assert!(!ANGRY.load(Relaxed), "the footprint's own");
            self.0.capacity()
        }
    }
    let pool = Pool::from_fn(|| Touchy(Vec::with_capacity(10)))
        .with_tracking(Tracking::All)
        .with_clock(|| {
            assert!(!ANGRY.load(Relaxed), "the clock's own");
            Duration::from_secs(1_000)
        });
    let mut touchy = pool.get();
    touchy.0.push(1);
    assert_eq!(pool.outstanding().sites[0].objects, 1);
    ANGRY.store(false, Relaxed);
    let out = pool.outstanding();
    assert_eq!(
        out.sites[0].oldest(),
        Duration::ZERO,
        "not as old as the clock"
    );
    drop(touchy);
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.returned), (0, 1));
    ANGRY.store(true, Relaxed);
    let touchy = pool.get();
    let drop = catch_unwind(AssertUnwindSafe(move || drop(touchy)));
    assert!(drop.is_err(), "recycling asks, too");
    ANGRY.store(false, Relaxed);
    assert!(pool.outstanding().sites.is_empty());
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
fn a_scope_is_entered_and_left() {
    let own = Scope::current();
    let other = thread::spawn(move || {
        assert_ne!(Scope::current(), own);
        let before = Scope::current();
        {
            let _in = own.enter();
            assert_eq!(Scope::current(), own);
        }
        assert_eq!(Scope::current(), before);
    });
    other.join().unwrap();
    assert_eq!(Scope::current(), own);
}

/// Two to the fourteenth stacks lead to one line, and as many again than there is room
/// for.
#[cfg(feature = "backtrace")]
#[test]
fn remembers_ten_thousand_stacks_and_counts_the_rest_together() {
    #[inline(never)]
    fn descend(pool: &Pool<Buffer>, path: u32, depth: u32) {
        if depth == 0 {
            std::mem::forget(pool.get());
        } else if path & 1 == 0 {
            descend(pool, path >> 1, depth - 1);
            std::hint::black_box(0);
        } else {
            descend(pool, path >> 1, depth - 1);
            std::hint::black_box(1);
        }
    }
    let pool = Pool::from_fn(Buffer::new)
        .with_tracking(Tracking::All)
        .with_backtraces(true);
    for path in 0..10_000 {
        descend(&pool, path, 15);
    }
    let out = pool.outstanding();
    assert_eq!(out.sites.len(), 10_000);
    assert!(
        out.sites
            .iter()
            .all(|site| site.objects == 1 && !site.site.is_rest())
    );
    let stack = out.sites[0].site.stack();
    assert!(
        stack[0].to_string().contains("descend"),
        "{:?}",
        &stack[..3]
    );
    assert!(stack[0].to_string().contains(file!()));

    for path in 10_000..20_000 {
        descend(&pool, path, 15);
    }
    let out = pool.outstanding();
    let rest: Vec<_> = out
        .sites
        .iter()
        .filter(|site| site.site.is_rest())
        .collect();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].objects, 20_000 - 16_384);
    assert_eq!(rest[0].site.to_string(), "(other call sites)");
}

/// Objects have records as long as the pool has them, by whatever way they leave.
#[test]
fn every_way_out_takes_the_record_along() {
    thread_local!(static ANGRY: Cell<bool> = const { Cell::new(false) });
    fn fail(now: bool) {
        if now {
            std::panic::resume_unwind(Box::new("the test's own"));
        }
    }
    struct Thing(Vec<u8>);
    impl millpond::Recycle for Thing {
        fn recycle(&mut self) {
            fail(self.0.first() == Some(&1));
            self.0.clear();
        }
        fn footprint(&self) -> usize {
            self.0.capacity()
        }
    }
    let check = |pool: &Pool<Thing>, way: &str| {
        let stats = pool.stats();
        let samples = pool.profile().samples;
        let of = |is_idle: bool| {
            let some = samples.iter().filter(|sample| sample.is_idle == is_idle);
            some.map(|sample| sample.inuse_objects).sum::<u64>()
        };
        assert_eq!(of(false), stats.in_use, "{way}: {stats}");
        assert_eq!(of(true), stats.idle(), "{way}: {stats}");
    };
    let make = || {
        Pool::from_fn(|| {
            fail(ANGRY.get());
            Thing(Vec::with_capacity(100))
        })
        .with_tracking(Tracking::All)
        .with_local_capacity(20)
        .with_global_capacity(40)
        .with_return_hook(|thing| thing.0.first() != Some(&2))
        .with_drop_hook(|_, _| fail(ANGRY.get()))
    };
    let with = |pool: &Pool<Thing>, first: u8| {
        let mut thing = pool.get();
        thing.0.push(first);
        catch_unwind(AssertUnwindSafe(|| drop(thing))).is_err()
    };
    let many = |pool: &Pool<Thing>, n: usize| {
        let things: Vec<_> = (0..n).map(|_| pool.get()).collect();
        drop(things);
    };
    let calm = || ANGRY.set(false);

    let pool = make();
    many(&pool, 3);
    check(&pool, "kept");
    drop(Pooled::detach(pool.get()));
    check(&pool, "detached");
    assert!(with(&pool, 1));
    check(&pool, "recycle panicked");
    assert!(!with(&pool, 2));
    check(&pool, "refused");
    pool.get().0.reserve(10 << 20);
    check(&pool, "large");
    many(&pool, 100);
    check(&pool, "shared tier full");
    assert!(pool.stats().discarded[millpond::Discard::GlobalFull] > 0);
    pool.set_global_capacity(0);
    check(&pool, "no shared tier");
    many(&pool, 30);
    check(&pool, "own tier full");
    ANGRY.set(true);
    let guard = pool.get();
    assert!(catch_unwind(|| pool.trim()).is_err());
    check(&pool, "trimmed, hook panicked");
    assert!(catch_unwind(|| drop(pool.get())).is_err());
    check(&pool, "create panicked");
    calm();
    drop(guard);
    many(&pool, 20);
    pool.set_local_capacity(2);
    check(&pool, "capacity lowered");
    ANGRY.set(true);
    let failed = catch_unwind(|| drop(pool.get())).is_err();
    calm();
    check(&pool, if failed { "get's hook panicked" } else { "get" });
    thread::scope(|scope| {
        scope.spawn(|| many(&pool, 10)).join().unwrap();
    });
    check(&pool, "another thread");
    pool.set_enabled(false);
    check(&pool, "switched off");
    many(&pool, 10);
    check(&pool, "disabled");
    pool.set_enabled(true);
    many(&pool, 2);
    let guard = pool.get();
    pool.close();
    check(&pool, "closed");
    drop(guard);
    check(&pool, "closed and returned");
    assert_eq!(
        pool.profile()
            .samples
            .iter()
            .map(|s| s.inuse_objects)
            .sum::<u64>(),
        0
    );

    // A thread that ends and whose objects find no room.
    let pool = Arc::new(make().with_global_capacity(3));
    let other = Arc::clone(&pool);
    let worker = thread::spawn(move || {
        let things: Vec<_> = (0..10).map(|_| other.get()).collect();
        drop(things);
        std::mem::forget(other.get());
    });
    worker.join().unwrap();
    assert!(pool.stats().discarded[millpond::Discard::ThreadExit] > 0);
    check(&pool, "thread exit");

    // On, off and on again with objects out.
    let pool = make();
    let first = pool.get();
    pool.set_tracking(Tracking::Off);
    let second = pool.get();
    drop(first);
    drop(pool.get());
    pool.set_tracking(Tracking::All);
    drop(second);
    let _all = [pool.get(), pool.get(), pool.get()];
    check(&pool, "off and on");
}
