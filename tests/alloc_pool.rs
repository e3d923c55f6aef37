//! Does a warm pool ask the allocator for anything? Counted by an allocator, on
//! every thread that takes part.

mod common;
#[path = "common/counting.rs"]
mod counting;

use common::{nothing_lost, warm};
use counting::calls;
use millpond::{OwnedPooled, Pool, StringList, StringMap};
use std::collections::HashMap;
use std::sync::{Arc, Barrier, Mutex};

/// Allocations in a hundred lives, once a few have warmed it up.
fn calls_when_warm(mut life: impl FnMut()) -> u64 {
    (0..20).for_each(|_| life());
    calls(|| (0..100).for_each(|_| life()))
}

#[test]
fn a_map() {
    let pool = Pool::from_fn(|| HashMap::<u64, u64>::with_capacity(16));
    assert_eq!(calls_when_warm(|| drop(pool.get())), 0);
    let fill = || {
        let mut map = pool.get();
        map.extend((0..100).map(|i| (i, i)));
    };
    assert_eq!(calls_when_warm(fill), 0);
    assert_eq!(pool.stats().created, 1);
}

/// A pool of lists of strings saves the list and not the strings: these are freed
/// when it is cleared. That is what `StringList` is for.
#[test]
fn a_list_of_strings() {
    let pool = Pool::from_fn(Vec::<String>::new);
    let fill = || pool.get().extend((0..10).map(|_| "text".to_owned()));
    assert_eq!(calls_when_warm(fill), 100 * 10);

    let pool = Pool::from_fn(StringList::new);
    let fill = || {
        let mut list = pool.get();
        (0..10).for_each(|_| list.push_str("text"));
    };
    assert_eq!(calls_when_warm(fill), 0);
}

#[test]
fn a_string_map() {
    let pool: Pool<StringMap> = Pool::from_fn(StringMap::new);
    let fill = || {
        let mut map = pool.get();
        map.append("host", "example.org");
        map.append("accept", "text/html");
        map.append("accept", "*/*");
    };
    assert_eq!(calls_when_warm(fill), 0);
}

#[test]
fn an_owned_guard() {
    let pool = Arc::new(Pool::from_fn(|| Vec::<u8>::with_capacity(16)));
    assert_eq!(calls_when_warm(|| pool.get_owned().push(1)), 0);
}

/// Beyond the front (8), beyond the thread's tier (16), beyond both.
#[test]
fn nested_guards() {
    fn nest(pool: &Pool<Vec<u8>>, depth: usize) {
        let mut guard = pool.get();
        guard.push(1);
        if depth > 1 {
            nest(pool, depth - 1);
        }
    }
    for local in [0, 1, 5, 8, 16, 40] {
        for depth in [1, 8, 9, 16, 17, 48, 100] {
            let pool = Pool::from_fn(|| Vec::with_capacity(16)).with_local_capacity(local);
            assert_eq!(calls_when_warm(|| nest(&pool, depth)), 0, "{local} {depth}");
            assert_eq!(pool.stats().created, depth as u64);
        }
    }
}

/// Neither the one who borrows nor the one who gives back allocates.
#[test]
fn a_hand_off() {
    for local in [0, 1, 8, 16] {
        for consumer_borrows in [false, true] {
            for n in [1, 5, 12, 40] {
                hand_off(local, consumer_borrows, n);
            }
        }
    }
}

fn hand_off(local: usize, consumer_borrows: bool, n: usize) {
    // A thread that only gives back gets a tier, too, after 64 of them, and fills it.
    const ROUNDS: usize = 100;
    let pool = Arc::new(
        Pool::from_fn(|| HashMap::<u64, u64>::with_capacity(16)).with_local_capacity(local),
    );
    let desk: Mutex<Vec<OwnedPooled<HashMap<u64, u64>>>> = Mutex::new(Vec::with_capacity(n));
    let turn = Barrier::new(2);
    let produce = || {
        for _ in 0..n {
            let mut map = pool.get_owned();
            map.insert(1, 1);
            desk.lock().unwrap().push(map);
        }
        turn.wait();
        turn.wait();
    };
    let consume = || {
        turn.wait();
        if consumer_borrows {
            pool.get().insert(2, 2);
        }
        desk.lock().unwrap().clear();
        turn.wait();
    };
    let counted = |side: &dyn Fn()| {
        (0..ROUNDS).for_each(|_| side());
        calls(|| (0..ROUNDS).for_each(|_| side()))
    };
    let (produced, consumed) = std::thread::scope(|scope| {
        let consumer = scope.spawn(|| counted(&consume));
        (counted(&produce), consumer.join().unwrap())
    });
    let what = format!("{local} {consumer_borrows} {n}");
    assert_eq!((produced, consumed), (0, 0), "{what}");
    nothing_lost(&pool.stats());
}

#[test]
fn threads_that_pass() {
    let pool = Pool::from_fn(|| HashMap::<u64, u64>::with_capacity(16));
    let on_a_thread = || {
        let lend = || {
            let _held: [_; 4] = std::array::from_fn(|_| pool.get());
        };
        let calls = || calls(|| (0..8).for_each(|_| lend()));
        std::thread::scope(|scope| scope.spawn(calls).join().unwrap())
    };
    let first: u64 = (0..16).map(|_| on_a_thread()).sum();
    assert!(first > 0);
    for _ in 0..100 {
        assert_eq!(on_a_thread(), 0);
    }
    assert_eq!((pool.stats().created, pool.stats().threads), (4, 0));
    nothing_lost(&pool.stats());
}

#[test]
fn tuning_and_snapshots() {
    let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(16));
    warm(&pool, 40);
    let look = || {
        let stats = pool.stats();
        pool.set_local_capacity(stats.idle_local as usize);
        pool.set_global_capacity(256);
    };
    assert_eq!(calls_when_warm(look), 0);
}
