//! The drop hook sees every object exactly once, with the reason, whatever
//! happens: it panics, it uses the pool, capacities change under it.

use millpond::{Discard, Pool, Pooled, Recycle, Retention};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread;
use std::time::Duration;

/// An object that can be told from every other.
struct Tagged {
    id: u64,
    footprint: usize,
    /// Is to be refused when it comes back.
    unfit: bool,
    /// Panics when it is recycled.
    brittle: bool,
}

impl Recycle for Tagged {
    fn recycle(&mut self) {
        if self.brittle {
            // A panic without its message.
            resume_unwind(Box::new("recycle"));
        }
    }

    fn footprint(&self) -> usize {
        self.footprint
    }
}

/// What was made, and what the hook saw.
#[derive(Default)]
struct Log {
    made: AtomicU64,
    seen: Mutex<BTreeMap<u64, Vec<Discard>>>,
}

impl Log {
    fn make(&self) -> Tagged {
        Tagged {
            id: self.made.fetch_add(1, Relaxed),
            footprint: 100,
            unfit: false,
            brittle: false,
        }
    }

    fn enter(&self, it: &Tagged, why: Discard) {
        self.seen
            .lock()
            .unwrap()
            .entry(it.id)
            .or_default()
            .push(why);
    }

    /// The reason for each id, in their order. None was seen twice.
    fn seen(&self) -> Vec<(u64, Discard)> {
        let seen = self.seen.lock().unwrap();
        let once = |(id, why): (&u64, &Vec<Discard>)| match why[..] {
            [why] => (*id, why),
            _ => panic!("object {id} was seen {why:?}"),
        };
        seen.iter().map(once).collect()
    }

    fn reasons(&self) -> Vec<Discard> {
        self.seen().into_iter().map(|(_, why)| why).collect()
    }

    /// Every object that was made has been seen.
    fn assert_complete(&self) {
        let ids: Vec<u64> = self.seen().into_iter().map(|(id, _)| id).collect();
        let made: Vec<u64> = (0..self.made.load(Relaxed)).collect();
        assert_eq!(ids, made);
    }
}

fn logged(log: &Arc<Log>) -> Pool<Tagged> {
    hooked(log, |_, _| {})
}

/// A pool whose hook enters what it sees and then does something else.
fn hooked(log: &Arc<Log>, then: impl Fn(&Tagged, Discard) + Send + Sync + 'static) -> Pool<Tagged> {
    let (making, seeing) = (Arc::clone(log), Arc::clone(log));
    Pool::from_fn(move || making.make())
        .with_return_hook(|it| !it.unfit)
        .with_retention(Retention::new().with_max(1 << 20))
        .with_drop_hook_fn(move |it, why| {
            seeing.enter(it, why);
            then(it, why);
        })
}

fn hold(pool: &Pool<Tagged>, n: usize) -> Vec<Pooled<'_, Tagged>> {
    (0..n).map(|_| pool.get()).collect()
}

/// Brings about one reason, for two objects, and lets nothing else go. All the
/// panics on the way are caught.
fn provoke(why: Discard, pool: Pool<Tagged>) -> Option<Pool<Tagged>> {
    // The user's own panics (the hook's) come out of whatever lets go.
    let quietly = |work: &mut dyn FnMut()| {
        let _ = catch_unwind(AssertUnwindSafe(work));
    };
    let drop_both = |pool: &Pool<Tagged>, spoil: fn(&mut Tagged)| {
        for mut it in hold(pool, 2) {
            spoil(&mut it);
            let mut it = Some(it);
            quietly(&mut || drop(it.take()));
        }
    };
    match why {
        Discard::LocalFull => {
            let pool = pool.with_local_capacity(0).with_global_capacity(0);
            drop_both(&pool, |_| {});
            return Some(pool);
        }
        Discard::GlobalFull => {
            let pool = pool.with_local_capacity(1).with_global_capacity(1);
            for it in hold(&pool, 4) {
                let mut it = Some(it);
                quietly(&mut || drop(it.take()));
            }
            return Some(pool);
        }
        Discard::Oversized => drop_both(&pool, |it| it.footprint = 2 << 20),
        Discard::Refused => drop_both(&pool, |it| it.unfit = true),
        Discard::RecyclePanicked => drop_both(&pool, |it| it.brittle = true),
        Discard::Disabled => {
            let held = hold(&pool, 2);
            pool.set_enabled(false);
            for it in held {
                let mut it = Some(it);
                quietly(&mut || drop(it.take()));
            }
        }
        Discard::Trimmed => {
            drop(hold(&pool, 2));
            quietly(&mut || _ = pool.trim());
        }
        Discard::ThreadExit => {
            let pool = pool.with_global_capacity(0);
            thread::scope(|scope| scope.spawn(|| drop(hold(&pool, 2))).join().unwrap());
            return Some(pool);
        }
        Discard::PoolDropped => {
            drop(hold(&pool, 2));
            let mut pool = Some(pool);
            quietly(&mut || drop(pool.take()));
            return None;
        }
        other => panic!("a new reason: {other}"),
    }
    Some(pool)
}

#[test]
fn every_reason_is_told_once_for_each_object() {
    for why in Discard::ALL {
        let log = Arc::default();
        let pool = provoke(why, logged(&log));
        assert_eq!(log.reasons(), [why; 2]);
        if let Some(pool) = pool {
            let stats = pool.stats();
            assert_eq!(stats.discarded[why], 2, "{why}");
            assert_eq!(stats.discarded.total(), 2, "{why}");
            assert_eq!(stats.in_use, 0, "{why}");
            drop(pool);
        }
        log.assert_complete();
    }
}

#[test]
fn a_panicking_hook_still_sees_each_object_once() {
    for why in Discard::ALL {
        let log = Arc::default();
        let pool = hooked(&log, |_, _| resume_unwind(Box::new("hook")));
        let pool = provoke(why, pool);
        assert_eq!(log.reasons(), [why; 2]);
        if let Some(pool) = pool {
            assert_eq!(pool.stats().discarded[why], 2, "{why}");
            assert_eq!(pool.stats().in_use, 0, "{why}");
            let _ = catch_unwind(AssertUnwindSafe(|| drop(pool)));
        }
        log.assert_complete();
    }
}

#[test]
fn the_hooks_panic_goes_on_to_whoever_let_go_and_is_swallowed_where_it_would_abort() {
    let panics = |work: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(work)).is_err();
    let log = Arc::default();
    let pool = hooked(&log, |_, _| resume_unwind(Box::new("hook")));
    drop(hold(&pool, 5));
    assert!(panics(&mut || _ = pool.trim()));
    drop(hold(&pool, 5));
    assert!(panics(&mut || pool.set_enabled(false)));
    pool.set_enabled(true);
    // While another panic is unwinding: the other one arrives.
    let payload = catch_unwind(AssertUnwindSafe(|| {
        let mut it = pool.get();
        it.unfit = true;
        resume_unwind(Box::new("the handler's own"));
    }));
    assert_eq!(
        payload.unwrap_err().downcast_ref(),
        Some(&"the handler's own")
    );
    drop(hold(&pool, 5));
    assert!(panics(&mut || _ = pool.close()));
    log.assert_complete();
}

/// A pool whose hook can reach it, on every reason but the last.
fn reentrant(log: &Arc<Log>, act: fn(&Pool<Tagged>)) -> Arc<Pool<Tagged>> {
    thread_local!(static INSIDE: Cell<bool> = const { Cell::new(false) });
    let own: Arc<OnceLock<Weak<Pool<Tagged>>>> = Arc::default();
    let itself = Arc::clone(&own);
    let pool = Arc::new(hooked(log, move |_, _| {
        // What the hook does may call the hook. Once is enough.
        let pool = itself.get().and_then(Weak::upgrade);
        if let (Some(pool), false) = (pool, INSIDE.replace(true)) {
            act(&pool);
            INSIDE.set(false);
        }
    }));
    own.set(Arc::downgrade(&pool)).unwrap();
    pool
}

#[test]
fn a_hook_may_use_the_pool() {
    let acts: [fn(&Pool<Tagged>); 7] = [
        |pool| drop(hold(pool, 20)),
        |pool| _ = pool.trim(),
        |pool| assert!(pool.stats().gets > 0),
        |pool| pool.set_local_capacity(pool.local_capacity() ^ 3),
        |pool| pool.set_global_capacity(pool.global_capacity() ^ 3),
        |pool| pool.set_enabled(!pool.is_enabled()),
        |pool| _ = pool.close(),
    ];
    for act in acts {
        let log = Arc::default();
        let pool = reentrant(&log, act);
        pool.set_global_capacity(20);
        let spoils: [fn(&mut Tagged); 4] = [
            |_| {},
            |it| it.unfit = true,
            |it| it.footprint = 2 << 20,
            |it| it.brittle = true,
        ];
        for spoil in spoils {
            for mut it in hold(&pool, 60) {
                spoil(&mut it);
                let _ = catch_unwind(AssertUnwindSafe(|| drop(it)));
            }
            pool.trim();
            let in_thread = || drop(hold(&pool, 30));
            thread::scope(|scope| scope.spawn(in_thread).join().unwrap());
            pool.set_local_capacity(1);
            pool.set_local_capacity(16);
            pool.set_enabled(false);
            pool.set_enabled(true);
        }
        let stats = pool.stats();
        assert_eq!(stats.in_use, 0);
        assert_eq!(stats.created, log.made.load(Relaxed));
        assert_eq!(stats.discarded.total(), log.seen().len() as u64);
        drop(pool);
        log.assert_complete();
    }
}

#[test]
fn a_panic_over_what_is_trimmed_does_not_lose_what_comes_back() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let log = Arc::default();
    let pool = hooked(&log, |_, _| resume_unwind(Box::new("hook")))
        .with_local_capacity(64)
        .with_clock(|| Duration::from_secs(NOW.load(Relaxed)))
        .with_trim_interval(Some(Duration::from_secs(10)));
    drop(hold(&pool, 40));
    let mut panics = 0;
    for _ in 0..8 {
        NOW.fetch_add(10, Relaxed);
        for _ in 0..2_000 {
            panics += usize::from(catch_unwind(AssertUnwindSafe(|| drop(pool.get()))).is_err());
        }
    }
    assert!(panics > 0, "something was trimmed");
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0, "{stats}");
    let idle = stats.idle_local + stats.idle_global;
    assert_eq!(stats.created, stats.discarded.total() + idle, "{stats}");
    let _ = catch_unwind(AssertUnwindSafe(|| drop(pool)));
    log.assert_complete();
}

#[test]
fn the_hook_may_be_the_one_that_drops_the_last_pool() {
    let log = Arc::default();
    let slot: Arc<Mutex<Option<Arc<Pool<Tagged>>>>> = Arc::default();
    let inside = Arc::clone(&slot);
    let pool = Arc::new(hooked(&log, move |_, _| {
        let last = inside.lock().unwrap().take();
        drop(last);
    }));
    drop(hold(&pool, 3));
    let mut unfit = pool.get_owned();
    unfit.unfit = true;
    *slot.lock().unwrap() = Some(pool);
    drop(unfit);
    log.assert_complete();
}

#[test]
fn detached_objects_are_never_seen() {
    let log = Arc::new(Log::default());
    let pool = Arc::new(logged(&log));
    let kept = [
        Pooled::detach(pool.get()),
        millpond::OwnedPooled::detach(pool.get_owned()),
    ];
    assert_eq!(pool.stats().detached, 2);
    pool.trim();
    drop(pool);
    let _ = kept;
    assert_eq!(log.seen(), []);
}

#[test]
fn closing_shows_all_but_what_is_out_and_then_that_too() {
    let log = Arc::default();
    let pool = logged(&log);
    let late = pool.get();
    drop(hold(&pool, 40));
    assert_eq!(pool.close(), 1);
    assert_eq!(log.reasons(), [Discard::PoolDropped; 40]);
    drop(late);
    assert_eq!(log.seen().len(), 41);
    assert_eq!(log.seen()[0], (0, Discard::Disabled));
    assert_eq!(pool.close(), 0);
}

#[test]
fn capacities_that_change_under_load_lose_and_duplicate_nothing() {
    const THREADS: usize = 3;
    const TURNS: usize = 3_000;
    let log = Arc::default();
    let pool = logged(&log);
    // By id: who has it.
    let lent: Vec<AtomicBool> = (0..THREADS * TURNS * 20)
        .map(|_| AtomicBool::new(false))
        .collect();
    let working = AtomicUsize::new(THREADS);
    let (to_next, from_last): (Vec<_>, Vec<_>) = (0..THREADS)
        .map(|_| std::sync::mpsc::channel::<Pooled<'_, Tagged>>())
        .unzip();
    /// Counts a worker out, also if it panics: the scope would wait for ever.
    struct Done<'a>(&'a AtomicUsize);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    let (pool, lent, working) = (&pool, &lent, &working);
    let give_back = move |it: Pooled<'_, Tagged>| {
        assert!(lent[it.id as usize].swap(false, Relaxed));
        drop(it);
    };
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (n, inbox) in from_last.into_iter().enumerate() {
            let next = to_next[(n + 1) % THREADS].clone();
            threads.push(scope.spawn(move || {
                let done = Done(working);
                for turn in 0..TURNS {
                    let depth = 1 + (turn * 7 + n) % 20;
                    for (i, it) in hold(pool, depth).into_iter().enumerate() {
                        let twice = lent[it.id as usize].swap(true, Relaxed);
                        assert!(!twice, "object {} was lent twice", it.id);
                        // Every third goes home from another thread.
                        match i % 3 {
                            0 => next.send(it).unwrap_or_else(|e| give_back(e.0)),
                            _ => give_back(it),
                        }
                    }
                    inbox.try_iter().for_each(give_back);
                }
                drop(done);
                drop(next);
                inbox.iter().for_each(give_back);
            }));
        }
        drop(to_next);
        let sizes = [0, 1, 3, 8, 9, 40, 2, 16];
        for round in 0.. {
            if working.load(Relaxed) == 0 {
                break;
            }
            pool.set_local_capacity(sizes[round % 8]);
            pool.set_global_capacity(sizes[(round / 8 + 3) % 8] * 4);
            if round % 5 == 0 {
                pool.trim();
            }
            thread::yield_now();
        }
        // The end of a scope would not wait for what threads do at their exit.
        threads.into_iter().for_each(|it| it.join().unwrap());
    });
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0, "{stats}");
    assert_eq!(stats.created, log.made.load(Relaxed));
    let idle = stats.idle_local + stats.idle_global;
    assert_eq!(stats.created, stats.discarded.total() + idle, "{stats}");
    assert_eq!(stats.discarded.total(), log.seen().len() as u64);
    pool.close();
    log.assert_complete();
}
