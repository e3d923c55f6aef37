//! What a pool says of its load: how deep it goes, and what changes hands.

use millpond::{OwnedPooled, Pool, Pooled, Reason};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

fn pool() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(10))
}

/// Whatever becomes of what a thread gives back, it was not another that did.
#[test]
fn depth_and_hand_over_do_not_depend_on_the_capacities() {
    for (local, global, depth) in [
        (0, 256, 1),
        (0, 0, 5),
        (1, 256, 12),
        (4, 0, 12),
        (8, 4, 40),
        (16, 256, 12),
    ] {
        let pool = pool()
            .with_local_capacity(local)
            .with_global_capacity(global)
            .with_return_hook(|bytes| bytes.is_empty());
        for n in 0..500 {
            let mut held: Vec<_> = (0..depth).map(|_| pool.get()).collect();
            match n % 10 {
                0 => held[0].push(1), // will be refused
                1 => drop(Pooled::detach(held.remove(0))),
                _ => {}
            }
        }
        let stats = pool.stats();
        assert_eq!((stats.peak_depth, stats.handed_over), (depth, 0), "{stats}");
    }
}

#[test]
fn what_was_handed_over_is_not_depth() {
    let pool = Arc::new(pool());
    let (to_other, inbox) = sync_channel::<OwnedPooled<Vec<u8>>>(8);
    let other = thread::spawn(move || inbox.iter().for_each(drop));
    for n in 0..20_000 {
        let mut held: Vec<_> = (0..4).map(|_| pool.get_owned()).collect();
        if n % 5 == 0 {
            to_other.send(held.remove(0)).unwrap();
        }
    }
    drop(to_other);
    other.join().unwrap();
    let stats = pool.stats();
    assert_eq!(stats.handed_over, 4_000);
    assert!(stats.peak_depth <= 4, "{}", stats.peak_depth);
    assert_eq!(stats.advice().reason, Reason::Shallow);
}

#[test]
fn a_snapshot_while_objects_are_out_sees_the_depth_too() {
    let pool = pool();
    let held: Vec<_> = (0..30).map(|_| pool.get()).collect();
    assert_eq!(pool.stats().peak_depth, 30);
    drop(held);
    assert_eq!(pool.stats().peak_depth, 30);
}
