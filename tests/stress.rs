//! Everything at once on eight threads and three pools. `MILLPOND_STRESS` says how
//! many rounds each thread goes; the default is for every day.

mod common;

use common::{Ledger, Tracked};
use millpond::{OwnedPooled, Pool};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

const THREADS: u64 = 8;

fn rounds() -> usize {
    std::env::var("MILLPOND_STRESS").map_or(30_000, |n| n.parse().unwrap())
}

/// xorshift64*, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

struct Mill {
    ledger: Ledger,
    pool: Arc<Pool<Tracked>>,
    /// Where guards change hands.
    desk: Mutex<Vec<OwnedPooled<Tracked>>>,
    detached: Mutex<Vec<Tracked>>,
}

impl Mill {
    fn new(local: usize, global: usize) -> Self {
        let ledger = Ledger::default();
        Self {
            pool: ledger.pool(local, global),
            ledger,
            desk: Mutex::default(),
            detached: Mutex::default(),
        }
    }

    fn get(&self) -> OwnedPooled<Tracked> {
        let object = self.pool.get_owned();
        self.ledger.lend(&object);
        object
    }

    fn give_back(&self, object: OwnedPooled<Tracked>) {
        self.ledger.give_back(&object);
        drop(object);
    }

    fn detach(&self, object: OwnedPooled<Tracked>) {
        let object = OwnedPooled::detach(object);
        self.detached.lock().unwrap().push(object);
    }
}

fn work(mills: &[Mill], random: &mut Random, rounds: usize) {
    let mut held: Vec<(usize, OwnedPooled<Tracked>)> = Vec::new();
    for _ in 0..rounds {
        let which = random.below(mills.len());
        let mill = &mills[which];
        match random.below(1000) {
            0..420 => held.push((which, mill.get())),
            420..780 if !held.is_empty() => {
                let (which, object) = held.swap_remove(random.below(held.len()));
                mills[which].give_back(object);
            }
            780..850 => {
                let mut object = mill.get();
                object.contents.extend([1, 2, 3]);
                mill.desk.lock().unwrap().push(object);
            }
            850..930 => {
                let object = mill.desk.lock().unwrap().pop();
                object.into_iter().for_each(|object| mill.give_back(object));
            }
            930..960 => held
                .drain(..)
                .for_each(|(which, object)| mills[which].give_back(object)),
            960..962 => mill.detach(mill.get()),
            962..972 => _ = mill.pool.trim(),
            972..980 => mill.pool.set_local_capacity(random.below(41)),
            980..988 => mill.pool.set_global_capacity(random.below(65)),
            988..990 => mill.pool.set_enabled(random.below(3) > 0),
            990..999 => _ = mill.pool.stats(),
            999 => {
                // A thread within a thread, that ends with objects of its own.
                let seed = random.0 | 1;
                std::thread::scope(|scope| {
                    let inner = scope.spawn(move || work(mills, &mut Random(seed), rounds / 100));
                    inner.join().unwrap();
                });
            }
            _ => {}
        }
    }
    for (which, object) in held {
        mills[which].give_back(object);
    }
}

#[test]
fn everything_at_once() {
    let mills = [Mill::new(16, 64), Mill::new(3, 7), Mill::new(0, 40)];
    std::thread::scope(|scope| {
        let mills = &mills;
        let start = |seed| scope.spawn(move || work(mills, &mut Random(seed), rounds()));
        let threads: Vec<_> = (1..=THREADS).map(start).collect();
        // A scope alone would not wait for the destructors.
        threads.into_iter().for_each(|t| t.join().unwrap());
    });
    for mill in mills {
        let objects = std::mem::take(&mut *mill.desk.lock().unwrap());
        objects
            .into_iter()
            .for_each(|object| mill.give_back(object));
        let stats = mill.pool.stats();
        let detached = mill.detached.lock().unwrap().len();
        mill.ledger.check(&stats, detached);
        assert_eq!(stats.detached, detached as u64);
        drop(mill.pool);
        assert_eq!(mill.ledger.alive(), detached);
    }
}

/// Hits are derived from what others see late: they may lag behind, and never lead.
#[test]
fn what_is_counted_never_goes_back_and_never_leads() {
    let pool = Arc::new(Pool::from_fn(|| Vec::<u8>::with_capacity(16)));
    let (begun, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut random = Random(7);
            for _ in 0..rounds() {
                // Deep enough for the front to spill into the back, and to be refilled.
                let guards: Vec<_> = (0..random.below(40))
                    .map(|_| {
                        begun.fetch_add(1, SeqCst);
                        pool.get()
                    })
                    .collect();
                drop(guards);
            }
            stop.store(true, SeqCst);
        });
        let mut last = pool.stats();
        while !stop.load(SeqCst) {
            let now = pool.stats();
            assert!(now.local_hits >= last.local_hits, "{last}\n{now}");
            assert!(now.gets >= last.gets && now.returned >= last.returned);
            assert!(now.gets <= begun.load(SeqCst));
            assert!(now.idle_local <= pool.local_capacity() as u64 + 16);
            last = now;
        }
        load.join().unwrap();
    });
    let stats = pool.stats();
    common::nothing_lost(&stats);
    assert_eq!(stats.gets, begun.into_inner());
    assert_eq!(stats.gets, stats.returned);
}
