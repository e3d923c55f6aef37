//! Named pools, and the one snapshot that lists them all.
//!
//! Each test looks at names of its own.

use millpond::{Discard, Pool, PoolStats, pools};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

fn listed(prefix: &str) -> Vec<PoolStats> {
    let ours = |pool: &PoolStats| pool.name.starts_with(prefix);
    pools().into_iter().filter(ours).collect()
}

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(100))
}

/// The list is the process's. A pool whose snapshot is just being taken by another
/// test is there a moment longer, so that only one test at a time may look.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_pool_is_listed_from_its_first_use_until_it_is_dropped() {
    let _alone = alone();
    static UNUSED: Pool<Vec<u8>> = Pool::new().with_name("life: unused");
    static USED: Pool<Vec<u8>> = Pool::new()
        .with_name("life: used")
        .with_create(|| Vec::with_capacity(100));
    assert_eq!(UNUSED.name(), Some("life: unused"));
    assert!(listed("life: ").is_empty(), "asking for the name is no use");
    drop(USED.get());
    let held = USED.get();
    let [used] = &listed("life: ")[..] else {
        panic!("one pool was used")
    };
    assert_eq!(used.name, "life: used");
    assert_eq!(used.type_name, std::any::type_name::<Vec<u8>>());
    assert_eq!(used.stats, USED.stats());
    assert_eq!((used.stats.gets, used.stats.in_use), (2, 1));
    drop(held);

    let pool = Arc::new(buffers().with_owned_name("life: shared"));
    let guard = pool.get_owned();
    drop(pool);
    assert_eq!(listed("life: shared").len(), 1, "its guard keeps it");
    drop(guard);
    assert!(listed("life: shared").is_empty());
}

#[test]
fn a_pool_without_a_name_is_not_listed() {
    let _alone = alone();
    #[derive(Default)]
    struct Unnamed;
    impl millpond::Recycle for Unnamed {
        fn recycle(&mut self) {}
        fn footprint(&self) -> usize {
            8
        }
    }
    let pool = Pool::<Unnamed>::default();
    let _held = pool.get();
    assert_eq!(pool.name(), None);
    assert!(
        pools()
            .iter()
            .all(|pool| !pool.type_name.contains("Unnamed"))
    );
}

#[test]
fn names_may_be_anything_and_the_same_twice() {
    let _alone = alone();
    let names = ["", "any: größe 池", "any: a b", "any: a\nb", "any: a b"];
    let made = names.map(|name| buffers().with_owned_name(name));
    for pool in &made {
        drop(pool.get());
    }
    let all = pools();
    let sorted: Vec<&str> = all.iter().map(|pool| &*pool.name).collect();
    assert!(sorted.is_sorted(), "{sorted:?}");
    let listed: Vec<&str> = listed_in(&sorted, "any: ");
    assert_eq!(
        listed,
        ["any: a\nb", "any: a b", "any: a b", "any: größe 池"]
    );
    assert!(sorted.contains(&""));

    let table = all.to_string();
    assert_eq!(table.lines().count(), all.len() + 1, "{table}");
    let widths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    assert!(table.contains("any: a\\nb "), "{table}");
}

fn listed_in<'a>(names: &[&'a str], prefix: &str) -> Vec<&'a str> {
    let ours = |name: &&&str| name.starts_with(prefix);
    names.iter().filter(ours).copied().collect()
}

#[test]
fn the_name_is_in_debug_and_the_owned_one_wins() {
    let _alone = alone();
    let pool = buffers();
    assert!(!format!("{pool:?}").contains("name"));
    let pool = pool.with_name("debug: \"static\"");
    assert!(format!("{pool:?}").contains(r#"Pool { name: "debug: \"static\"", type: "#));
    let pool = pool.with_owned_name("debug: owned").with_name("late");
    assert_eq!(pool.name(), Some("debug: owned"));
    drop(pool.get());
    assert!(format!("{pool:?}").starts_with(r#"Pool { name: "debug: owned""#));
    assert_eq!(listed("debug: owned").len(), 1);
}

#[test]
fn user_code_may_ask_for_the_list() {
    let _alone = alone();
    // From create, hook and clock: it would hang if a lock were held.
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = move |asked: &AtomicUsize| {
        assert!(!pools().is_empty());
        asked.fetch_add(1, Relaxed);
    };
    let (creating, hooked) = (Arc::clone(&asked), Arc::clone(&asked));
    let pool = Pool::from_fn(move || {
        ask(&creating);
        vec![0u8; 10]
    })
    .with_name("reentrant")
    .with_drop_hook_fn(move |_, _| _ = pools_seen(&hooked));
    drop(pool.get());
    pool.trim();
    drop(pool.get());
    drop(pool);
    assert_eq!(asked.load(Relaxed), 4);
}

fn pools_seen(count: &AtomicUsize) -> usize {
    count.fetch_add(1, Relaxed);
    pools().len()
}

/// Pools come and go on some threads while others take snapshots. Whoever turns out
/// to have held a pool last, its objects are shown to the hook once each.
#[test]
fn snapshots_while_pools_come_and_go() {
    let _alone = alone();
    const MAKERS: usize = 3;
    const POOLS: usize = 400;
    const OBJECTS: usize = 5;
    type Seen = Mutex<HashMap<(usize, usize), Vec<Discard>>>;
    let seen: Arc<Seen> = Arc::default();
    let over = AtomicBool::new(false);
    let snapshots = AtomicUsize::new(0);
    let start = Barrier::new(MAKERS + 2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                while !over.load(Relaxed) {
                    for pool in listed("churn ") {
                        let stats = pool.stats;
                        assert!(stats.gets <= OBJECTS as u64);
                        assert!(stats.in_use <= OBJECTS as u64);
                    }
                    snapshots.fetch_add(1, Relaxed);
                }
            });
        }
        let makers: Vec<_> = (0..MAKERS)
            .map(|maker| {
                let (seen, start) = (Arc::clone(&seen), &start);
                scope.spawn(move || {
                    start.wait();
                    for n in 0..POOLS {
                        churn(maker, n, OBJECTS, &seen);
                    }
                })
            })
            .collect();
        for maker in makers {
            maker.join().unwrap();
        }
        over.store(true, Relaxed);
    });
    assert!(snapshots.load(Relaxed) > 0);
    assert!(listed("churn ").is_empty());
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), MAKERS * POOLS * OBJECTS);
    for (object, reasons) in seen.iter() {
        assert_eq!(reasons[..], [Discard::PoolDropped], "{object:?}");
    }
}

/// Makes a pool, uses it, and drops it.
#[allow(clippy::type_complexity)]
fn churn(
    maker: usize,
    n: usize,
    objects: usize,
    seen: &Arc<Mutex<HashMap<(usize, usize), Vec<Discard>>>>,
) {
    let (made, seen) = (AtomicUsize::new(n * objects), Arc::clone(seen));
    let pool = Pool::from_fns(
        move || (maker, made.fetch_add(1, Relaxed)),
        |_: &mut (usize, usize)| {},
    )
    .with_owned_name(format!("churn {maker}"))
    .with_drop_hook_fn(move |id, why| {
        seen.lock().unwrap().entry(*id).or_default().push(why);
    });
    let held: Vec<_> = (0..objects).map(|_| pool.get()).collect();
    drop(held);
    drop(pool);
}
