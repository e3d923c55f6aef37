//! The hot paths, each as a function that does so many operations.
//!
//! Nothing here depends on chance or on the time: hashes have no random keys, and
//! the pools' clock stands still. A pool reads it once in a few dozen returns, and
//! would trim after fifteen seconds of it.

use millpond::{Pool, Pooled, StringList, StringMap};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread::{self, Thread};
use std::time::Duration;

/// SipHash as everywhere, but with the same keys each time.
type Fixed = BuildHasherDefault<DefaultHasher>;
type Map = HashMap<u64, u64, Fixed>;

static MAPS: Pool<Map> = Pool::new()
    .with_create(|| Map::with_capacity_and_hasher(16, Fixed::new()))
    .with_clock(stands_still);

fn stands_still() -> Duration {
    Duration::ZERO
}

/// A hot path.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    /// Does so many repetitions.
    pub(crate) work: fn(u64),
    /// Operations in one repetition, such as requests in the corpus.
    pub(crate) operations: fn() -> u64,
    /// Enough repetitions that whatever happens now and then happens many times.
    pub(crate) repetitions: u64,
}

pub(crate) const PATHS: &[Path] = &[
    Path {
        name: "cycle, empty",
        work: empty,
        operations: || 1,
        repetitions: 10_000,
    },
    Path {
        name: "cycle, one insert",
        work: insert,
        operations: || 1,
        repetitions: 10_000,
    },
    Path {
        name: "4 guards at once, each",
        work: nested4,
        operations: || 4,
        repetitions: 2_500,
    },
    Path {
        name: "16 guards at once, each",
        work: nested16,
        operations: || 16,
        repetitions: 2_000,
    },
    Path {
        name: "headers of a request into a Pool<StringMap>",
        work: requests,
        operations: || corpus().len() as u64,
        repetitions: 20,
    },
    Path {
        name: "16 strings into a Pool<StringList>",
        work: strings,
        operations: || 1,
        repetitions: 5_000,
    },
    Path {
        name: "hand-off, consumer only drops",
        work: |n| handoff(n, || {}),
        operations: || BATCH,
        repetitions: 1_000,
    },
    Path {
        name: "hand-off, consumer borrows too",
        work: |n| handoff(n, || drop(MAPS.get())),
        operations: || BATCH,
        repetitions: 1_000,
    },
    Path {
        name: "16 loans of a thread that passes, each, with the thread",
        work: passing,
        operations: || 16,
        repetitions: 500,
    },
];

/// The path of this name.
pub(crate) fn find(name: &str) -> Option<&'static Path> {
    PATHS.iter().find(|path| path.name == name)
}

fn empty(n: u64) {
    for _ in 0..n {
        black_box(&mut *MAPS.get());
    }
}

fn insert(n: u64) {
    for _ in 0..n {
        let mut map = MAPS.get();
        map.insert(black_box(1), 2);
        black_box(&*map);
    }
}

fn nested4(n: u64) {
    nested::<4>(n);
}

fn nested16(n: u64) {
    nested::<16>(n);
}

fn nested<const DEPTH: usize>(n: u64) {
    for _ in 0..n {
        let mut guards: [Pooled<'_, Map>; DEPTH] = std::array::from_fn(|_| MAPS.get());
        for guard in &mut guards {
            black_box(&mut **guard);
        }
    }
}

/// Threads that borrow a few times, one by one, and end. After the first few the pool
/// expects no more of the next.
fn passing(n: u64) {
    for _ in 0..n {
        thread::spawn(|| empty(16)).join().expect("no panic");
    }
}

type Request = Vec<(String, String)>;

/// The requests in this repository, and no others: counts are of these.
fn corpus() -> Vec<Request> {
    let lines = include_str!("../../corpus/requests.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).expect("each line is an array of [name, value]"))
        .collect()
}

fn requests(n: u64) {
    static POOL: Pool<StringMap<Fixed>> = Pool::new()
        .with_create(|| StringMap::with_hasher(Fixed::new()))
        .with_clock(stands_still);
    let corpus = corpus();
    for _ in 0..n {
        for request in &corpus {
            let mut map = POOL.get();
            for (key, value) in request {
                map.append(key, value);
            }
            black_box(&*map);
        }
    }
}

fn strings(n: u64) {
    static POOL: Pool<StringList> = Pool::new()
        .with_create(StringList::new)
        .with_clock(stands_still);
    let corpus = corpus();
    let values: Vec<&str> = corpus
        .iter()
        .flatten()
        .map(|(_, value)| value.as_str())
        .take(16)
        .collect();
    for _ in 0..n {
        let mut list = POOL.get();
        for text in &values {
            list.push_str(text);
        }
        black_box(&*list);
    }
}

/// Loans that go to the other thread at once: more than a thread keeps, so that all
/// of them have to travel through the shared tier.
const BATCH: u64 = 64;

/// `n` times a batch, borrowed by one thread and dropped by another. The threads take
/// turns: nobody spins, and no two of them meet in the pool, so that the count is the
/// same each time. (With a `Barrier` in between it moved by 5 %.)
fn handoff(n: u64, prepare: fn()) {
    let loans = Mutex::new(Vec::with_capacity(BATCH as usize));
    let turn = Turn::default();
    let producer = thread::current();
    thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            prepare();
            for _ in 0..n {
                turn.wait(Who::Consumer);
                loans.lock().expect("no panic").clear();
                turn.pass(Who::Producer, &producer);
            }
        });
        for _ in 0..n {
            let mut batch = loans.lock().expect("no panic");
            batch.extend((0..BATCH).map(|_| MAPS.get()));
            drop(batch);
            turn.pass(Who::Consumer, consumer.thread());
            turn.wait(Who::Producer);
        }
    });
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Producer,
    Consumer,
}

/// Whose turn it is; the producer's at first.
#[derive(Default)]
struct Turn(AtomicBool);

impl Turn {
    fn wait(&self, who: Who) {
        while self.0.load(Acquire) != (who == Who::Consumer) {
            thread::park();
        }
    }

    fn pass(&self, to: Who, thread: &Thread) {
        self.0.store(to == Who::Consumer, Release);
        thread.unpark();
    }
}
