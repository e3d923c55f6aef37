//! Leak checks: what they find, what they leave alone, and what a person sees. Tests
//! of this file run at once on pools that they share, on purpose.

#[path = "testing/cache.rs"]
mod cache;
mod common;

use common::{Worker, case, identities, on_a_thread};
use millpond::testing::{Check, LeakReport, check, check_named};
use millpond::track::{Scope, Tracking};
use millpond::{Discard, OwnedPooled, Pool, Pooled};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

type Bytes = Vec<u8>;

/// Shared by most tests here.
static SHARED: Pool<Bytes> = Pool::new().with_create(|| Vec::with_capacity(100));

/// What must be found is found at once.
fn leaks(check: Check) -> LeakReport {
    check.settle(Duration::ZERO).finish().unwrap_err()
}

/// What is fine is fine at once.
fn fine(check: Check) {
    check.settle(Duration::ZERO).finish().unwrap();
}

fn text(panic: Box<dyn Any + Send>) -> String {
    *panic.downcast::<String>().expect("a report")
}

// ---- what is a leak ---------------------------------------------------------

#[test]
fn what_came_back_is_no_leak() {
    let check = check(&SHARED);
    let mut guards: Vec<_> = (0..30).map(|_| SHARED.get()).collect();
    guards.drain(..).for_each(|mut guard| guard.push(1));
    drop(SHARED.get());
    fine(check);
}

#[test]
fn forgotten_guards_are_found_and_the_line_is_named() {
    let check = check(&SHARED);
    let check_line = line!() - 1;
    let mut first = SHARED.get();
    let line = line!() - 1;
    first.resize(1_000, 0);
    first.push(0);
    std::mem::forget(first);
    let second_line = line!() + 2;
    for _ in 0..2 {
        std::mem::forget(SHARED.get());
    }
    let report = leaks(check);
    assert_eq!(report.objects(), 3);
    assert_eq!(
        (report.check.file(), report.check.line()),
        (file!(), check_line)
    );
    let [pool] = &report.pools[..] else {
        panic!("{report}")
    };
    assert_eq!(pool.pool, None);
    assert_eq!(pool.type_name, std::any::type_name::<Bytes>());
    assert!(!pool.is_lost);
    let mut lines: Vec<_> = pool.sites.iter().map(|held| held.site.line()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [line, second_line]);
    let held = |at| {
        let mut sites = pool.sites.iter();
        sites.find(move |held| held.site.line() == at).unwrap()
    };
    assert_eq!(held(line).objects, 1);
    assert!(held(line).bytes >= 1_000);
    assert_eq!(held(second_line).objects, 2);
    assert!(!held(second_line).is_estimate());
    let own = std::thread::current();
    assert_eq!(&*held(line).threads[0], own.name().unwrap());
}

#[test]
fn caches_and_cycles_are_found() {
    static CACHE: Mutex<Vec<Pooled<'static, Bytes>>> = Mutex::new(Vec::new());
    struct Node {
        _guard: Pooled<'static, Bytes>,
        other: RefCell<Option<Rc<Node>>>,
    }
    let check = check(&SHARED);
    CACHE.lock().unwrap().push(SHARED.get());
    let node = Rc::new(Node {
        _guard: SHARED.get(),
        other: RefCell::default(),
    });
    *node.other.borrow_mut() = Some(Rc::clone(&node));
    drop(node);
    assert_eq!(leaks(check).objects(), 2);
}

#[test]
fn what_was_borrowed_before_is_no_leak() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_tracking(Tracking::All);
    let before = [pool.get(), pool.get()];
    let check = check(&pool);
    drop(pool.get());
    fine(check);
    drop(before);
}

/// An object that was leaked counts for the check it was borrowed in.
#[test]
fn a_leak_is_told_once() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8));
    let first = check(&pool);
    std::mem::forget(pool.get());
    assert_eq!(leaks(first).objects(), 1);
    fine(check(&pool));
}

#[test]
fn what_was_detached_is_no_leak() {
    let check = check(&SHARED);
    let kept = Pooled::detach(SHARED.get());
    fine(check);
    drop(kept);
}

/// A pool that pools nothing, or no more, lends all the same.
#[test]
fn pools_that_are_switched_off_are_checked() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_local_capacity(0);
    let look = || {
        let check = check(&pool);
        drop(pool.get());
        std::mem::forget(pool.get());
        assert_eq!(leaks(check).objects(), 1);
    };
    look();
    pool.set_enabled(false);
    look();
    pool.close();
    look();
}

// ---- which pools ------------------------------------------------------------

#[test]
fn any_pool_is_taken() {
    type Channel = (std::sync::mpsc::Sender<u8>, std::sync::mpsc::Receiver<u8>);
    static CHANNELS: Pool<Channel, fn(&mut Channel)> =
        Pool::with_recycle(channel, |c| while c.1.try_recv().is_ok() {});
    let extra = 3;
    let arc = Arc::new(Pool::from_fns(move || vec![0; extra], |list| list.clear()));
    let local = Pool::from_fn(|| Bytes::with_capacity(8)).with_owned_name("testing: any");

    let all = check(&CHANNELS).and(&arc).and(&local);
    drop((CHANNELS.get(), arc.get_owned(), local.get()));
    fine(all);

    let all = check(&CHANNELS).and(&arc).and(&local);
    let held = (CHANNELS.get(), arc.get_owned(), local.get(), local.get());
    let report = leaks(all);
    let objects: Vec<_> = report.pools.iter().map(|pool| pool.objects()).collect();
    assert_eq!(objects, [1, 1, 2]);
    assert_eq!(report.pools[2].pool.as_deref(), Some("testing: any"));
    assert_eq!(report.objects(), 4);
    drop(held);
}

#[test]
fn a_pool_is_checked_from_when_it_is_added() {
    let first = Pool::from_fn(|| Bytes::with_capacity(8));
    let other = Pool::from_fn(|| Bytes::with_capacity(8)).with_tracking(Tracking::All);
    let check = check(&first);
    let before = other.get();
    let check = check.and(&other);
    let _after = (first.get(), other.get());
    assert_eq!(leaks(check).objects(), 2);
    drop(before);
}

#[test]
fn a_pool_given_twice_is_told_once() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_owned_name("testing: twice");
    drop(pool.get());
    let twice = check_named().and(&pool).and(&pool);
    let held = pool.get();
    assert_eq!(leaks(twice).objects(), 1);
    drop(held);
    assert_eq!(pool.outstanding().tracking, Tracking::Off);
}

/// Whatever size they say they are.
#[test]
fn giants_are_told() {
    struct Giant;
    impl millpond::Recycle for Giant {
        fn recycle(&mut self) {}
        fn footprint(&self) -> usize {
            usize::MAX
        }
    }
    let pool = Pool::from_fn(|| Giant);
    let check = check(&pool);
    let held = [pool.get(), pool.get()];
    let report = leaks(check);
    assert_eq!(report.pools[0].bytes(), u64::MAX);
    assert_eq!(report.objects(), 2);
    assert!(pool.outstanding().sites[0].bytes == u64::MAX);
    drop((pool.profile(), held));
}

#[test]
fn the_check_does_not_keep_the_pool() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let make = || {
        let dropped = Arc::clone(&dropped);
        let hook = move |_: &mut Bytes, why| {
            assert_eq!(why, Discard::PoolDropped);
            dropped.fetch_add(1, Relaxed);
        };
        Pool::from_fn(|| Bytes::with_capacity(8)).with_drop_hook_fn(hook)
    };
    let pool = make();
    let first = check(&pool);
    drop(pool.get());
    drop(pool);
    assert_eq!(dropped.load(Relaxed), 1);
    fine(first);

    let pool = Arc::new(make());
    let second = check(&pool);
    drop(pool.get_owned());
    drop(pool);
    assert_eq!(dropped.load(Relaxed), 2);
    drop(second);
}

#[test]
fn what_was_out_when_the_pool_was_dropped_is_lost() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8));
    std::mem::forget(pool.get());
    let all = check(&pool).and(&SHARED).all_threads().ignore("src");
    let own = check(&pool);
    let other = on_a_thread(Scope::current);
    let line = line!() + 1;
    std::mem::forget(pool.get());
    let inside = other.enter();
    std::mem::forget(pool.get());
    drop(inside);
    drop(pool);
    let report = leaks(own);
    assert_eq!(report.objects(), 1);
    assert!(report.pools[0].is_lost);
    assert_eq!(report.pools[0].sites[0].site.line(), line);
    assert!(report.to_string().contains("never come back"), "{report}");
    let report = leaks(all);
    let lost = report.pools.iter().find(|pool| pool.is_lost).unwrap();
    assert_eq!(lost.objects(), 2);
}

#[test]
fn named_pools_are_checked_although_they_are_new() {
    static BEFORE: Pool<Bytes> = Pool::new()
        .with_name("testing: before")
        .with_create(Vec::new);
    static AFTER: Pool<Bytes> = Pool::new()
        .with_name("testing: after")
        .with_create(Vec::new);
    static NAMELESS: Pool<Bytes> = Pool::new().with_create(Vec::new);
    drop(BEFORE.get());
    fine(check_named());
    let check = check_named();
    let held = [BEFORE.get(), AFTER.get(), NAMELESS.get()];
    let report = leaks(check);
    let mut names: Vec<_> = report.pools.iter().map(|pool| pool.pool.clone()).collect();
    names.sort();
    let names: Vec<_> = names.iter().map(Option::as_deref).collect();
    assert_eq!(names, [Some("testing: after"), Some("testing: before")]);
    drop(held);
    assert_eq!(AFTER.outstanding().tracking, Tracking::Off);
}

// ---- whose ------------------------------------------------------------------

#[test]
fn other_threads_are_looked_at_when_they_enter_the_scope() {
    let check = check(&SHARED);
    let scope = Scope::current();
    on_a_thread(|| std::mem::forget(SHARED.get()));
    let line = line!() + 3;
    on_a_thread(move || {
        let inside = scope.enter();
        std::mem::forget(SHARED.get());
        drop(inside);
        std::mem::forget(SHARED.get());
    });
    let report = leaks(check);
    assert_eq!(report.objects(), 1);
    assert_eq!(report.pools[0].sites[0].site.line(), line);
}

#[test]
fn all_threads_are_looked_at_if_asked() {
    let pool: &Pool<Bytes> = Box::leak(Box::new(Pool::from_fn(|| Vec::with_capacity(8))));
    let worker = Worker::new();
    worker.run(|| drop(pool.get()));
    let all = check(pool).all_threads();
    worker.run(|| std::mem::forget(pool.get()));
    on_a_thread(|| std::mem::forget(pool.get()));
    std::mem::forget(pool.get());
    assert_eq!(leaks(all).objects(), 3);
}

#[test]
fn a_check_inside_a_scope_looks_at_the_whole_scope() {
    let scope = Scope::current();
    let worker = Worker::new();
    let inner = worker.run(move || {
        let _inside = scope.enter();
        let check = check(&SHARED);
        std::mem::forget(SHARED.get());
        check
    });
    // Not in its scope.
    worker.run(|| std::mem::forget(SHARED.get()));
    std::mem::forget(SHARED.get());
    assert_eq!(leaks(inner).objects(), 2);
}

#[test]
fn a_check_keeps_its_scope_wherever_it_ends() {
    let worker = Worker::new();
    worker.run(|| std::mem::forget(SHARED.get()));
    let first = check(&SHARED);
    let second = check(&SHARED);
    // Of the thread that ends them.
    worker.run(move || {
        std::mem::forget(SHARED.get());
        drop(first);
    });
    std::mem::forget(SHARED.get());
    let report = worker.run(move || leaks(second));
    assert_eq!(report.objects(), 1);
}

#[test]
fn a_guard_counts_for_who_borrowed_it() {
    let (send, receive) = channel();
    let worker = Worker::new();
    let own = check(&SHARED);
    let others = worker.run(|| check(&SHARED));
    let guard = SHARED.get();
    worker.run(move || send.send(guard).unwrap());
    assert_eq!(leaks(own).objects(), 1);
    fine(others);
    drop(receive);
}

#[test]
fn checks_nest_and_end_in_any_order() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8));
    for inner_first in [true, false] {
        let outer = check(&pool);
        let first = pool.get();
        let inner = check(&pool);
        let second = pool.get();
        let (outer, inner) = if inner_first {
            let inner = leaks(inner);
            assert_eq!(pool.outstanding().tracking, Tracking::All);
            (leaks(outer), inner)
        } else {
            (leaks(outer), leaks(inner))
        };
        assert_eq!((outer.objects(), inner.objects()), (2, 1));
        drop((first, second));
        assert_eq!(pool.outstanding().tracking, Tracking::Off);
    }
}

/// Each of many threads checks a pool that all use, and finds its own.
#[test]
fn threads_at_once_find_their_own() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 60;
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_tracking(Tracking::OneIn(4));
    let start = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pool, start) = (&pool, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..ROUNDS {
                    let check = check(pool);
                    for _ in 0..round % 20 {
                        let guards = [pool.get(), pool.get(), pool.get()];
                        drop(guards);
                    }
                    let n = (thread + round) % 3;
                    (0..n).for_each(|_| std::mem::forget(pool.get()));
                    match check.settle(Duration::ZERO).finish() {
                        Ok(()) => assert_eq!(n, 0),
                        Err(report) => assert_eq!(report.objects(), n as u64, "{report}"),
                    }
                }
            });
        }
    });
    assert_eq!(pool.outstanding().tracking, Tracking::OneIn(4));
    identities(&pool.stats());
}

// ---- what it changes --------------------------------------------------------

#[test]
fn the_rate_of_the_pool_comes_back() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_tracking(Tracking::OneIn(7));
    let now = || pool.outstanding().tracking;
    let first = check(&pool);
    assert_eq!(
        (pool.tracking(), now()),
        (Tracking::OneIn(7), Tracking::All)
    );
    let second = check(&pool);
    pool.set_tracking(Tracking::Off);
    assert_eq!((pool.tracking(), now()), (Tracking::Off, Tracking::All));
    fine(first);
    assert_eq!(now(), Tracking::All);
    let held = pool.get();
    assert_eq!(leaks(second).objects(), 1);
    drop(held);
    assert_eq!((pool.tracking(), now()), (Tracking::Off, Tracking::Off));
    // And is heeded, also by threads that were at work.
    let untracked = [pool.get(), pool.get(), pool.get()];
    assert_eq!(pool.outstanding().sites.len(), 0);
    drop(untracked);

    // A rate put back by the code under test is the owner's.
    let third = check(&pool);
    let before = pool.tracking();
    pool.set_tracking(Tracking::All);
    pool.set_tracking(before);
    drop(third);
    assert_eq!(now(), Tracking::Off);

    pool.set_tracking(Tracking::All);
    drop(check(&pool));
    assert_eq!(now(), Tracking::All);
}

#[test]
fn a_check_that_is_forgotten_goes_on_tracking() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8));
    std::mem::forget(check(&pool));
    let held = pool.get();
    drop(check(&pool));
    assert_eq!(pool.outstanding().tracking, Tracking::All);
    assert_eq!(pool.tracking(), Tracking::Off);
    let second = pool.get();
    assert_eq!(pool.outstanding().sites.len(), 2);
    drop((held, second));
}

/// Ends threads that wait for it, however it goes.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn checks_come_and_go_under_load() {
    let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_local_capacity(9);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    let mut guards: Vec<_> = (0..12).map(|_| pool.get()).collect();
                    guards.iter_mut().for_each(|guard| guard.push(1));
                }
            });
        }
        // Also when this fails.
        let _stop = Stop(&stop);
        for _ in 0..300 {
            let all = check(&pool).all_threads();
            fine(check(&pool));
            drop(pool.get());
            // The others may have some out, or not.
            let _ = all.settle(Duration::ZERO).finish();
        }
    });
    identities(&pool.stats());
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
fn checks_may_be_moved() {
    fn moves<T: Send + Sync + std::panic::UnwindSafe + 'static>() {}
    moves::<Check>();
    moves::<LeakReport>();
}

// ---- settling ---------------------------------------------------------------

#[test]
fn a_thread_that_ends_later_is_waited_for() {
    let pool = Arc::new(Pool::from_fn(|| Bytes::with_capacity(8)));
    let check = check(&pool).settle(Duration::from_secs(60));
    let guard: OwnedPooled<Bytes> = pool.get_owned();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        drop(guard);
    });
    drop(check);
    thread.join().unwrap();
}

#[test]
fn a_guard_that_stays_is_waited_for_in_vain() {
    let held = Mutex::new(None);
    let check = check(&SHARED).settle(Duration::from_millis(5));
    *held.lock().unwrap() = Some(SHARED.get());
    let report = check.finish().unwrap_err();
    assert!(report.waited >= Duration::from_millis(5));
    assert!(report.to_string().contains("settle"), "{report}");
}

// ---- ignore lists -----------------------------------------------------------

#[test]
fn what_is_ignored_may_stay_out() {
    for (ignored, left) in [
        (&["tests/testing"][..], 1),
        (&["tests\\testing\\cache.rs"], 1),
        (&["tests/testing.rs"], 2),
        (&["tests/test", "testing", "src"], 3),
        (&["tests/testing/", "tests/testing.rs"], 0),
        (&["./tests"], 0),
    ] {
        let check = check(&SHARED);
        cache::keep(&SHARED);
        cache::keep(&SHARED);
        std::mem::forget(SHARED.get());
        let check = ignored.iter().fold(check, |check, path| check.ignore(path));
        let result = check.settle(Duration::ZERO).finish();
        let objects = result.map_or_else(|report| report.objects(), |()| 0);
        assert_eq!(objects, left, "{ignored:?}");
    }
}

#[test]
fn ignoring_all_is_refused() {
    for path in ["", ".", "/"] {
        let check = AssertUnwindSafe(check(&SHARED));
        let panic = catch_unwind(|| drop({ check }.0.ignore(path))).unwrap_err();
        let message = text(panic);
        assert!(message.contains("src/cache"), "{message}");
    }
}

/// The allocator of this process does not count.
#[test]
fn a_heap_that_nobody_counts_is_no_pass() {
    let panic = catch_unwind(|| check(&SHARED).heap_tolerance(1 << 40)).unwrap_err();
    let message = text(panic);
    assert!(message.contains("#[global_allocator]"), "{message}");
}

// ---- what a person sees -----------------------------------------------------

#[test]
fn a_dropped_check_panics_with_the_report() {
    let line = line!() + 4;
    let panic = catch_unwind(|| {
        let pool = Pool::from_fn(|| Bytes::with_capacity(8)).with_name("pa\"nic");
        let _leaks = check(&pool).settle(Duration::ZERO);
        std::mem::forget(pool.get());
        std::mem::forget(pool.get());
    });
    let text = text(panic.unwrap_err());
    let lines: Vec<_> = text.lines().collect();
    let file = file!();
    assert!(lines[0].starts_with(&format!("leak check of {file}:{}:", line - 1)));
    assert!(lines[0].ends_with(": 2 objects are still out"), "{text}");
    assert!(
        lines[1].starts_with("pool \"pa\\\"nic\": 2 objects, "),
        "{text}"
    );
    assert!(lines[2].contains(&format!("{file}:{line}:")), "{text}");
    assert!(text.contains(&format!("`.ignore(\"{file}\")`")), "{text}");
    assert!(!text.contains("waited"), "{text}");
}

#[test]
fn a_report_is_readable_by_question_mark() {
    let check = check(&SHARED);
    std::mem::forget(SHARED.get());
    let report = leaks(check);
    assert_eq!(format!("{report:?}"), report.to_string());
    assert!(report.to_string().contains("1 object is still out"));
    let _: Box<dyn std::error::Error + Send + Sync> = report.into();
}

#[cfg(feature = "backtrace")]
#[test]
fn stacks_are_shown_if_asked() {
    #[inline(never)]
    fn borrows_deep_down(pool: &Pool<Bytes>) {
        std::mem::forget(pool.get());
    }
    let pool = Pool::from_fn(|| Bytes::with_capacity(8));
    let first = check(&pool);
    borrows_deep_down(&pool);
    let report = leaks(first).to_string();
    assert!(report.contains("`.backtraces()`"), "{report}");
    assert!(!report.contains("borrows_deep_down at"), "{report}");

    let second = check(&pool).backtraces();
    borrows_deep_down(&pool);
    let report = leaks(second).to_string();
    assert!(report.contains("borrows_deep_down at"), "{report}");
    assert!(!report.contains("`.backtraces()`"), "{report}");
    assert!(!pool.backtraces());

    static LATER: Pool<Bytes> = Pool::new()
        .with_name("testing: later")
        .with_create(Vec::new);
    let named = check_named().backtraces();
    borrows_deep_down(&LATER);
    let report = leaks(named).to_string();
    assert!(report.contains("borrows_deep_down at"), "{report}");
}

/// Runs tests of this file as `cargo test` does, in a process of its own in which they
/// do what they do not do here.
fn cargo_test(args: &[&str]) -> (Output, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(args)
        .env("MILLPOND_TEST_CASE", "child")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, stdout)
}

fn is_child() -> bool {
    case().is_some()
}

#[test]
fn child_leaks() {
    if is_child() {
        let _leaks = check(&SHARED);
        std::mem::forget(SHARED.get());
    }
}

#[test]
fn a_leaking_test_fails_and_says_why() {
    let (output, stdout) = cargo_test(&["child_leaks", "--exact"]);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    assert!(stdout.contains("test child_leaks ... FAILED"), "{stdout}");
    assert!(stdout.contains("thread 'child_leaks'"), "{stdout}");
    let report = stdout
        .split_once("leak check of tests/testing.rs:")
        .unwrap()
        .1;
    let report = report.split_once("\nnote: ").unwrap().0;
    let mut lines = report.lines();
    assert!(lines.next().unwrap().ends_with(": 1 object is still out"));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("pool of alloc::vec::Vec<u8>: 1 object, ")
    );
    let site = lines.next().unwrap();
    assert!(site.starts_with("    tests/testing.rs:"), "{site}");
    assert!(site.ends_with(", by child_leaks"), "{site}");
    assert_eq!(lines.next(), Some(""));
    assert!(lines.next().unwrap().starts_with("each line is "));
    assert!(lines.next().unwrap().contains("waited "));
    assert_eq!(
        lines.next(),
        Some("  meant to stay out? `.ignore(\"tests/testing.rs\")`")
    );
}

#[test]
fn child_returns_the_report() -> Result<(), LeakReport> {
    let check = check(&SHARED);
    if is_child() {
        std::mem::forget(SHARED.get());
    }
    check.settle(Duration::ZERO).finish()
}

#[test]
fn a_test_may_return_the_report() {
    let (output, stdout) = cargo_test(&["child_returns_the_report", "--exact"]);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    let error = "Error: leak check of tests/testing.rs:";
    assert!(stdout.contains(error), "{stdout}");
}

#[test]
fn child_panics_and_leaks() {
    if is_child() {
        let _leaks = check(&SHARED).settle(Duration::MAX);
        let _again = check(&SHARED);
        std::mem::forget(SHARED.get());
        panic!("the test's own");
    }
}

#[test]
fn a_panic_is_left_alone() {
    let (output, stdout) = cargo_test(&["child_panics_and_leaks", "--exact"]);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    assert!(stdout.contains("the test's own"), "{stdout}");
    assert_eq!(stdout.matches("panicked at").count(), 1, "{stdout}");
    assert!(!stdout.contains("leak check"), "{stdout}");
}

/// One failure is enough: the outer check is dropped while the inner one's panic
/// unwinds.
#[test]
fn child_leaks_in_two_checks() {
    if is_child() {
        let _outer = check(&SHARED);
        let _inner = check(&SHARED);
        std::mem::forget(SHARED.get());
    }
}

#[test]
fn of_nested_checks_one_fails() {
    let (output, stdout) = cargo_test(&["child_leaks_in_two_checks", "--exact"]);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    assert_eq!(stdout.matches("leak check of").count(), 1, "{stdout}");
}

/// Tests that leak, or not, one after the other.
macro_rules! parallel {
    ($($name:ident: $leaks:expr,)*) => {
        mod parallel {
            $(
                #[test]
                fn $name() {
                    super::parallel_test($leaks);
                }
            )*
        }
    };
}

parallel! {
    a: 0, b: 1, c: 0, d: 0, e: 2, f: 0, g: 3, h: 0, i: 0, j: 1, k: 0, l: 0,
}

fn parallel_test(leaks: usize) {
    if !is_child() {
        return;
    }
    let _leaks = check(&SHARED);
    for round in 0..500 {
        drop((SHARED.get(), SHARED.get()));
        if round == 250 {
            (0..leaks).for_each(|_| std::mem::forget(SHARED.get()));
        }
        std::thread::yield_now();
    }
}

#[test]
fn tests_that_run_at_once_fail_for_their_own_leaks() {
    let (output, stdout) = cargo_test(&["parallel::", "--test-threads=6"]);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    for (name, leaks) in [("a", 0), ("b", 1), ("e", 2), ("g", 3), ("j", 1), ("l", 0)] {
        let verdict = if leaks > 0 { "FAILED" } else { "ok" };
        let line = format!("test parallel::{name} ... {verdict}");
        assert!(stdout.contains(&line), "{line}: {stdout}");
        let by = format!(", by parallel::{name}\n");
        assert_eq!(
            stdout.matches(&by).count(),
            usize::from(leaks > 0),
            "{stdout}"
        );
    }
    assert!(stdout.contains("8 passed; 4 failed"), "{stdout}");
}
