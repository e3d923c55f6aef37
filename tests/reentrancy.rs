//! User code that the pool calls may use the pool. Nothing is locked or borrowed
//! then: no deadlock, no second borrow, no object lent twice.

mod common;

use common::{identities, nothing_lost, on_a_thread, warm, without_deadlock};
use millpond::{Discard, Pool, Recycle};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// One pool for each way in, since statics are shared by the tests of a process.
macro_rules! nosy_pool {
    ($pool:ident, $local:expr, $global:expr) => {
        static CALLS: AtomicUsize = AtomicUsize::new(0);

        thread_local!(static DEPTH: Cell<usize> = const { Cell::new(0) });

        /// Everything that a pool can be asked, from within: two levels deep.
        fn meddle() {
            if DEPTH.get() == 2 {
                return;
            }
            DEPTH.set(DEPTH.get() + 1);
            let calls = CALLS.fetch_add(1, Relaxed);
            let guards = ($pool.get(), $pool.get());
            match calls % 5 {
                0 => _ = $pool.trim(),
                1 => $pool.set_local_capacity($pool.local_capacity()),
                2 => $pool.set_global_capacity($pool.global_capacity()),
                3 => drop(format!("{:?} {}", $pool, $pool.stats())),
                _ => $pool.set_enabled(true),
            }
            drop(guards);
            DEPTH.set(DEPTH.get() - 1);
        }

        /// Get, return, trim, tune, exit, with every tier full and empty.
        fn exercise() {
            for round in 0..20 {
                for n in [1, 9, 40] {
                    warm(&$pool, n);
                }
                if round % 4 == 0 {
                    $pool.trim();
                }
                if round % 5 == 0 {
                    $pool.set_enabled(false);
                    warm(&$pool, 3);
                    $pool.set_enabled(true);
                }
                $pool.set_local_capacity([$local, 0, 1, 20][round % 4]);
                $pool.set_global_capacity([$global, 0, 1][round % 3]);
                on_a_thread(|| {
                    // A destructor that meddles, before and after the pool's own.
                    thread_local!(static BEFORE: AtExit = const { AtExit(meddle) });
                    thread_local!(static AFTER: AtExit = const { AtExit(meddle) });
                    BEFORE.with(|_| ());
                    warm(&$pool, 12);
                    AFTER.with(|_| ());
                });
            }
            assert!(CALLS.load(Relaxed) > 0);
            nothing_lost(&$pool.stats());
        }
    };
}

struct AtExit(fn());

impl Drop for AtExit {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn create_uses_the_pool() {
    nosy_pool!(POOL, 4, 8);
    static POOL: Pool<Vec<u8>> = Pool::new()
        .with_create(|| {
            meddle();
            Vec::new()
        })
        .with_local_capacity(4)
        .with_global_capacity(8);
    without_deadlock(exercise);
}

#[test]
fn recycle_and_footprint_use_the_pool() {
    nosy_pool!(POOL, 4, 8);
    struct Nosy;
    impl Recycle for Nosy {
        fn recycle(&mut self) {
            meddle();
        }
        fn footprint(&self) -> usize {
            meddle();
            1
        }
    }
    static POOL: Pool<Nosy> = Pool::new()
        .with_create(|| Nosy)
        .with_local_capacity(4)
        .with_global_capacity(8);
    without_deadlock(exercise);
}

#[test]
fn the_hook_uses_the_pool() {
    nosy_pool!(POOL, 4, 8);
    static POOL: Pool<Vec<u8>> = Pool::new()
        .with_create(Vec::new)
        .with_drop_hook(|_, _| meddle())
        .with_local_capacity(4)
        .with_global_capacity(8);
    without_deadlock(exercise);
}

#[test]
fn an_objects_own_drop_uses_the_pool() {
    nosy_pool!(POOL, 4, 8);
    struct Nosy;
    impl Recycle for Nosy {
        fn recycle(&mut self) {}
        fn footprint(&self) -> usize {
            1
        }
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            meddle();
        }
    }
    static POOL: Pool<Nosy> = Pool::new()
        .with_create(|| Nosy)
        .with_local_capacity(4)
        .with_global_capacity(8);
    without_deadlock(exercise);
}

#[test]
fn an_elements_drop_uses_the_pool() {
    nosy_pool!(POOL, 4, 8);
    struct Element;
    impl Drop for Element {
        fn drop(&mut self) {
            meddle();
        }
    }
    static POOL: Pool<Vec<Element>> = Pool::new()
        .with_create(Vec::new)
        .with_local_capacity(4)
        .with_global_capacity(8);
    without_deadlock(|| {
        for _ in 0..100 {
            let mut guard = POOL.get();
            guard.extend([Element, Element]);
            drop(guard);
        }
        exercise();
    });
}

/// An object may hold a guard of its own pool.
#[test]
fn objects_hold_objects_of_the_same_pool() {
    use millpond::Pooled;
    struct Node(Option<Pooled<'static, Node>>);
    impl Recycle for Node {
        fn recycle(&mut self) {
            self.0 = None;
        }
        fn footprint(&self) -> usize {
            size_of::<Self>()
        }
    }
    static POOL: Pool<Node> = Pool::new().with_create(|| Node(None));
    without_deadlock(|| {
        for _ in 0..10 {
            let mut list = POOL.get();
            for _ in 0..100 {
                let mut head = POOL.get();
                head.0 = Some(list);
                list = head;
            }
            drop(list);
            assert_eq!(POOL.stats().in_use, 0);
        }
        assert_eq!(POOL.stats().created, 101);
    });
}

/// The hook may lend the objects' successors and keep them.
#[test]
fn the_hook_keeps_a_guard() {
    use millpond::Pooled;
    static KEPT: Mutex<Vec<Pooled<'static, Vec<u8>>>> = Mutex::new(Vec::new());
    static POOL: Pool<Vec<u8>> = Pool::new()
        .with_create(Vec::new)
        .with_local_capacity(2)
        .with_global_capacity(0)
        .with_drop_hook(|_, why| {
            if why == Discard::LocalFull {
                let guard = POOL.get();
                KEPT.lock().unwrap().push(guard);
            }
        });
    without_deadlock(|| {
        warm(&POOL, 6);
        let kept = KEPT.lock().unwrap().len() as u64;
        assert_eq!(POOL.stats().in_use, kept);
        assert!(kept > 0);
    });
    identities(&POOL.stats());
}
