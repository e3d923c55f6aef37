//! Whatever user code panics, and wherever: is the pool whole, and every object
//! accounted for, once?

mod common;

use common::{case, child, nothing_lost, on_a_thread, say, warm};
use millpond::{Discard, Pool, Recycle};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// What `f` panics with. By `resume_unwind`, user code below panics without a
/// message, so that the output of a green run is quiet.
fn panic_of(f: impl FnOnce()) -> &'static str {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("a panic");
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("?")
}

fn fail(why: &'static str) -> ! {
    resume_unwind(Box::new(why))
}

/// What a test object shall do next.
#[derive(Clone, Default)]
struct Orders(Arc<Shared>);

#[derive(Default)]
struct Shared {
    create: AtomicBool,
    recycle: AtomicBool,
    footprint: AtomicBool,
    die: AtomicBool,
    /// The hook panics at these calls; at all of them if 0 is among them.
    hook: Mutex<Vec<usize>>,
    hook_calls: AtomicUsize,
    /// How often the hook saw each object, and why.
    seen: Mutex<HashMap<usize, Vec<Discard>>>,
    made: AtomicUsize,
    dead: AtomicUsize,
}

struct Fragile {
    id: usize,
    orders: Orders,
}

impl Recycle for Fragile {
    fn recycle(&mut self) {
        if self.orders.0.recycle.load(Relaxed) {
            fail("recycle");
        }
    }

    fn footprint(&self) -> usize {
        if self.orders.0.footprint.load(Relaxed) {
            fail("footprint");
        }
        1
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.orders.0.dead.fetch_add(1, Relaxed);
        if self.orders.0.die.load(Relaxed) {
            fail("drop");
        }
    }
}

impl Orders {
    fn pool(&self, local: usize, global: usize) -> Arc<Pool<Fragile>> {
        let (create, hook) = (self.clone(), self.clone());
        Arc::new(
            Pool::from_fn(move || {
                if create.0.create.load(Relaxed) {
                    fail("create");
                }
                Fragile {
                    id: create.0.made.fetch_add(1, Relaxed),
                    orders: create.clone(),
                }
            })
            .with_local_capacity(local)
            .with_global_capacity(global)
            .with_drop_hook_fn(move |object, why| hook.hook(object, why)),
        )
    }

    fn hook(&self, object: &Fragile, why: Discard) {
        self.0
            .seen
            .lock()
            .unwrap()
            .entry(object.id)
            .or_default()
            .push(why);
        let call = 1 + self.0.hook_calls.fetch_add(1, Relaxed);
        let failing = self.0.hook.lock().unwrap().clone();
        if failing.contains(&call) || failing.contains(&0) {
            fail("hook");
        }
    }

    /// Every object that was let go was shown to the hook once and destroyed.
    fn check(&self, pool: &Pool<Fragile>) {
        let stats = pool.stats();
        nothing_lost(&stats);
        let seen = self.0.seen.lock().unwrap();
        assert!(seen.values().all(|whys| whys.len() == 1), "{seen:?}");
        assert_eq!(seen.len() as u64, stats.discarded.total());
        assert_eq!(self.0.dead.load(Relaxed) as u64, stats.discarded.total());
        assert_eq!(self.0.made.load(Relaxed) as u64, stats.created);
    }
}

#[test]
fn create_panics_and_the_pool_is_as_it_was() {
    let orders = Orders::default();
    let pool = orders.pool(4, 4);
    warm(&pool, 2);
    let held = (pool.get(), pool.get());
    let before = pool.stats();
    orders.0.create.store(true, Relaxed);
    for _ in 0..3 {
        assert_eq!(panic_of(|| drop(pool.get())), "create");
    }
    assert_eq!(pool.stats(), before);
    orders.0.create.store(false, Relaxed);
    drop((pool.get(), held));
    orders.check(&pool);
    assert_eq!(pool.stats().idle_local, 3);
}

#[test]
fn a_pool_that_cannot_create_says_what_it_needs() {
    let pool: Pool<Vec<u8>> = Pool::new();
    let payload = catch_unwind(|| drop(pool.get())).unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("with_create"), "{message}");
    assert_eq!(pool.stats().gets, 0);
}

#[test]
fn a_borrower_panics_and_the_object_comes_back() {
    let orders = Orders::default();
    let pool = orders.pool(4, 4);
    assert_eq!(
        panic_of(|| {
            let _held = (pool.get(), pool.get());
            fail("borrower");
        }),
        "borrower"
    );
    assert_eq!(pool.stats().returned, 2);
    orders.check(&pool);
    warm(&pool, 2);
    assert_eq!(pool.stats().created, 2);
}

#[test]
fn recycle_or_footprint_panics_and_the_object_goes() {
    for (order, name) in [(0, "recycle"), (1, "footprint")] {
        let orders = Orders::default();
        let flag = [&orders.0.recycle, &orders.0.footprint][order];
        let pool = orders.pool(4, 4);
        let guard = pool.get();
        let id = guard.id;
        flag.store(true, Relaxed);
        assert_eq!(panic_of(|| drop(guard)), name);
        flag.store(false, Relaxed);
        assert_eq!(pool.stats().discarded[Discard::RecyclePanicked], 1);
        assert_eq!(
            orders.0.seen.lock().unwrap()[&id],
            [Discard::RecyclePanicked]
        );
        assert_ne!(pool.get().id, id);
        orders.check(&pool);
    }
}

#[test]
fn an_element_panics_when_the_object_is_emptied() {
    static BAD: AtomicBool = AtomicBool::new(false);
    struct Element;
    impl Drop for Element {
        fn drop(&mut self) {
            if BAD.swap(false, Relaxed) {
                fail("element");
            }
        }
    }
    static POOL: Pool<Vec<Element>> = Pool::new().with_create(Vec::new);
    let mut guard = POOL.get();
    guard.extend([Element, Element, Element]);
    BAD.store(true, Relaxed);
    assert_eq!(panic_of(|| drop(guard)), "element");
    assert_eq!(POOL.stats().discarded[Discard::RecyclePanicked], 1);
    assert!(POOL.get().is_empty());
    assert_eq!(POOL.stats().created, 2);
    nothing_lost(&POOL.stats());
}

/// recycle, the hook and the object's own Drop, all at once: the first is heard.
#[test]
fn everything_panics_at_once() {
    let orders = Orders::default();
    let pool = orders.pool(4, 4);
    let guard = pool.get();
    orders.0.recycle.store(true, Relaxed);
    orders.0.die.store(true, Relaxed);
    orders.0.hook.lock().unwrap().push(1);
    assert_eq!(panic_of(|| drop(guard)), "recycle");
    orders.0.recycle.store(false, Relaxed);
    orders.check(&pool);
    warm(&pool, 3);
    assert_eq!(panic_of(|| _ = pool.trim()), "drop");
    orders.0.die.store(false, Relaxed);
    orders.check(&pool);
}

#[test]
fn a_hook_panics_and_the_other_objects_are_let_go_all_the_same() {
    for failing in [
        vec![3],
        vec![1],
        vec![20],
        vec![1, 2, 3],
        (1..=20).collect(),
    ] {
        let orders = Orders::default();
        let pool = orders.pool(10, 10);
        warm(&pool, 20);
        *orders.0.hook.lock().unwrap() = failing;
        assert_eq!(panic_of(|| _ = pool.trim()), "hook");
        assert_eq!(orders.0.hook_calls.load(Relaxed), 20);
        assert_eq!(pool.stats().discarded[Discard::Trimmed], 20);
        orders.check(&pool);
        assert_eq!(pool.trim(), 0);
        orders.0.hook.lock().unwrap().clear();
        let again: Vec<_> = (0..20).map(|_| pool.get().id).collect();
        assert!(again.iter().all(|id| *id >= 20), "{again:?}");
    }
}

#[test]
fn a_hook_panics_on_return() {
    for global in [0, 1] {
        let orders = Orders::default();
        let pool = orders.pool(0, global);
        orders.0.hook.lock().unwrap().push(1);
        let guards: Vec<_> = (0..global + 1).map(|_| pool.get()).collect();
        assert_eq!(panic_of(|| drop(guards)), "hook");
        orders.check(&pool);
    }
}

#[test]
fn a_hook_panics_while_the_pool_is_tuned() {
    let orders = Orders::default();
    let pool = orders.pool(16, 16);
    warm(&pool, 32);
    *orders.0.hook.lock().unwrap() = vec![1, 9, 17];
    assert_eq!(panic_of(|| pool.set_local_capacity(8)), "hook");
    assert_eq!(panic_of(|| pool.set_global_capacity(8)), "hook");
    assert_eq!((pool.local_capacity(), pool.global_capacity()), (8, 8));
    assert_eq!(panic_of(|| pool.set_enabled(false)), "hook");
    assert!(!pool.is_enabled());
    assert_eq!(pool.stats().discarded[Discard::Trimmed], 32);
    orders.check(&pool);
}

/// What another thread left over the capacity is let go within a get or a return,
/// whose own object must not get lost when the hook panics.
#[test]
fn a_hook_panics_within_get_and_return() {
    for borrow in [true, false] {
        let orders = Orders::default();
        let pool = orders.pool(8, 0);
        let guard = pool.get_owned();
        warm(&pool, 8);
        let other = Arc::clone(&pool);
        on_a_thread(move || other.set_local_capacity(2));
        orders.0.hook.lock().unwrap().push(1);
        let guard = if borrow {
            assert_eq!(panic_of(|| drop(pool.get())), "hook");
            guard
        } else {
            assert_eq!(panic_of(|| drop(guard)), "hook");
            pool.get_owned()
        };
        drop(guard);
        assert_eq!(pool.stats().idle_local, 2);
        orders.check(&pool);
    }
}

/// The same while get restocks its thread from the shared tier: the object that it
/// was about to lend must not get lost either.
#[test]
fn a_hook_panics_within_get_while_the_pool_is_tuned() {
    let orders = Orders::default();
    let pool = orders.pool(16, 16);
    orders.0.hook.lock().unwrap().push(0);
    std::thread::scope(|scope| {
        let lend = || {
            for _ in 0..3000 {
                let mut held = Vec::new();
                for _ in 0..12 {
                    held.extend(catch_unwind(|| pool.get()));
                }
                while let Some(guard) = held.pop() {
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(guard)));
                }
            }
        };
        let lending = [scope.spawn(lend), scope.spawn(lend)];
        while lending.iter().any(|thread| !thread.is_finished()) {
            for capacity in [0, 16, 2, 16] {
                let _ = catch_unwind(|| pool.set_local_capacity(capacity));
                let _ = catch_unwind(|| pool.set_global_capacity(capacity));
            }
        }
        // A scope alone would not wait for the destructors.
        lending
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    orders.0.hook.lock().unwrap().clear();
    orders.check(&pool);
}

#[test]
fn a_pool_is_dropped_and_its_hook_panics() {
    let orders = Orders::default();
    let pool = orders.pool(8, 8);
    warm(&pool, 16);
    *orders.0.hook.lock().unwrap() = vec![2, 5];
    assert_eq!(panic_of(|| drop(pool)), "hook");
    assert_eq!(orders.0.hook_calls.load(Relaxed), 16);
    assert_eq!(orders.0.dead.load(Relaxed), 16);
    let seen = orders.0.seen.lock().unwrap();
    assert!(seen.values().all(|whys| whys == &[Discard::PoolDropped]));
}

/// A payload that panics when it is dropped must not be dropped where nobody
/// could catch that.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        fail("bomb");
    }
}

/// Where a second panic, or one out of a destructor, would abort the process.
#[test]
fn no_panic_aborts_the_process() {
    let Some(case) = case() else {
        for case in [
            "recycle while unwinding",
            "hook while unwinding",
            "drop while unwinding",
            "all while unwinding",
            "thread exit",
            "thread exit drop",
            "pool dropped while unwinding",
            "pool dropped at thread exit",
            "payload",
        ] {
            assert_eq!(child("no_panic_aborts_the_process", case), ["alive"]);
        }
        return;
    };
    let orders = Orders::default();
    let pool = orders.pool(8, 0);
    let (recycle, hook, die) = match case.as_str() {
        "recycle while unwinding" => (true, false, false),
        "hook while unwinding" => (false, true, false),
        "drop while unwinding" => (false, false, true),
        "all while unwinding" => (true, true, true),
        "thread exit" | "pool dropped while unwinding" | "pool dropped at thread exit" => {
            (false, true, false)
        }
        "thread exit drop" => (false, true, true),
        "payload" => (false, false, false),
        _ => unreachable!(),
    };
    let arm = || {
        orders.0.recycle.store(recycle, Relaxed);
        orders.0.die.store(die, Relaxed);
        if hook {
            orders.0.hook.lock().unwrap().push(0);
        }
    };
    let disarm = || {
        orders.0.recycle.store(false, Relaxed);
        orders.0.die.store(false, Relaxed);
        orders.0.hook.lock().unwrap().clear();
    };
    match case.as_str() {
        "payload" => {
            let bomb: Pool<Vec<u8>> = Pool::new()
                .with_create(Vec::new)
                .with_drop_hook(|_, _| panic_any(Bomb));
            warm(&bomb, 5);
            // The first bomb goes off here; the other four are buried.
            std::mem::forget(catch_unwind(|| bomb.trim()));
            nothing_lost(&bomb.stats());
        }
        "thread exit" | "thread exit drop" => {
            let own = Arc::clone(&pool);
            warm(&pool, 1);
            arm();
            on_a_thread(move || warm(&own, 8));
            disarm();
            assert_eq!(pool.stats().discarded[Discard::ThreadExit], 8);
            orders.check(&pool);
        }
        "pool dropped while unwinding" => {
            warm(&pool, 8);
            arm();
            assert_eq!(
                panic_of(move || {
                    let _pool = pool;
                    fail("first");
                }),
                "first"
            );
            assert_eq!(orders.0.dead.load(Relaxed), 8);
        }
        "pool dropped at thread exit" => {
            struct Last(Option<Arc<Pool<Fragile>>>);
            impl Drop for Last {
                fn drop(&mut self) {
                    // A panic out of a thread-local's destructor would abort.
                    let pool = self.0.take();
                    assert_eq!(panic_of(move || drop(pool)), "hook");
                }
            }
            thread_local!(static LAST: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) });
            arm();
            on_a_thread(move || {
                LAST.with(|_| ());
                LAST.set(Some(Last(Some(Arc::clone(&pool)))));
                let held: Vec<_> = (0..20).map(|_| pool.get_owned()).collect();
                pool.set_global_capacity(64);
                drop(held);
            });
            assert_eq!(orders.0.dead.load(Relaxed), 20);
        }
        _ => {
            for full in [false, true] {
                pool.set_local_capacity(if full { 0 } else { 8 });
                assert_eq!(
                    panic_of(|| {
                        let _held: Vec<_> = (0..3).map(|_| pool.get()).collect();
                        arm();
                        fail("first");
                    }),
                    "first"
                );
                disarm();
                orders.check(&pool);
            }
        }
    }
    say("alive");
}
