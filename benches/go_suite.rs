//! What the benchmarks of Go's package `sync` measure of its `Pool`, with this one:
//! `cargo bench --bench go_suite`. The same with `sync.Pool`: `peers/go/run`.
//!
//! Objects own 64 bytes, threads are as many as cores, and a row's time is that of one
//! of them. Prints as `ratios` does.

use millpond::Pool;
use ratio::{Judge, Table};
use std::alloc::System;
use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::Duration;
use threads::{Took, each_does};

#[path = "support/counting.rs"]
#[allow(dead_code)]
mod counting;
#[path = "support/ratio.rs"]
#[allow(dead_code)]
mod ratio;
#[path = "support/threads.rs"]
#[allow(dead_code)]
mod threads;

#[global_allocator]
static ALLOCATOR: counting::Counting<System> = counting::Counting(System);

/// Objects that are out at once, where more than one is.
const HELD: usize = 100;

/// Of these, so many come back where there are too few: two thirds.
const BACK: usize = 67;

type Object = [u8; 64];
type Objects = Pool<Object, fn(&mut Object)>;

static POOL: Objects = Pool::with_recycle(|| black_box([0; 64]), |_| {});

/// Told what the load wants, as `Stats::advice` would say.
static LARGER: Objects = Pool::with_recycle(|| black_box([0; 64]), |_| {}).with_local_capacity(128);

fn fresh() -> Box<Object> {
    black_box(Box::new([0; 64]))
}

fn hold_fresh() {
    drop(black_box([0; HELD].map(|_| fresh())));
}

fn pool() {
    black_box(&*POOL.get());
}

fn overflow(pool: &'static Objects) {
    drop(black_box([0; HELD].map(|_| pool.get())));
}

/// What does not come back leaves the pool for good, and has to be made again.
fn starvation(pool: &'static Objects) {
    let held = [0; HELD].map(|_| pool.get());
    for (at, guard) in held.into_iter().enumerate() {
        if at >= BACK {
            black_box(millpond::Pooled::detach(guard));
        }
    }
}

static EXPENSIVE: Objects = Pool::with_recycle(make_slowly, |_| {});

fn make_slowly() -> Object {
    std::thread::sleep(Duration::from_millis(1));
    [0; 64]
}

/// Objects that take a millisecond to make, and garbage beside them. In Go, a collection
/// may empty the pool; here nothing does.
fn expensive_new() {
    drop(black_box(
        [0; HELD].map(|_| (EXPENSIVE.get(), drop(garbage()))),
    ));
}

fn garbage() -> Vec<u8> {
    // Zeroed, as Go's is.
    black_box(vec![0; 32 << 10])
}

/// On every core, so many each.
macro_rules! on_every_core {
    ($work:expr) => {
        |n| {
            let cores = available_parallelism().map_or(1, usize::from);
            let warm = || ($work)();
            each_does(cores, n, warm, |n| (0..n).for_each(|_| ($work)()))
        }
    };
}

type Row = (&'static str, fn(u64) -> Took);

fn print(title: &str, rounds: usize, rows: &[Row]) {
    let mut table = Table::new(title, Duration::from_micros(600), Judge::Median);
    let cores = available_parallelism().map_or(1, usize::from);
    for (name, work) in rows {
        // Counted for all threads, timed for one.
        let scaled = move |n| {
            let mut took = work(n);
            took.time *= cores as u32;
            took
        };
        table.timed(*name, Some(0), cores, scaled);
    }
    table.print(rounds, &[]);
}

fn main() {
    let measure = std::env::args().any(|arg| arg == "--bench");
    let rounds = |rounds| if measure { rounds } else { 1 };
    print(
        "BenchmarkPool: get and put, on every core",
        rounds(100),
        &[
            ("fresh Box", on_every_core!(|| drop(fresh()))),
            ("millpond", on_every_core!(pool)),
        ],
    );
    print(
        "BenchmarkPoolOverflow: 100 at once, then all back, on every core",
        rounds(100),
        &[
            ("fresh Box", on_every_core!(hold_fresh)),
            ("millpond", on_every_core!(|| overflow(&POOL))),
            (
                "millpond, 128 for each thread",
                on_every_core!(|| overflow(&LARGER)),
            ),
        ],
    );
    print(
        "BenchmarkPoolStarvation: 100 at once, 67 come back, on every core",
        rounds(100),
        &[
            ("fresh Box", on_every_core!(hold_fresh)),
            ("millpond", on_every_core!(|| starvation(&POOL))),
            (
                "millpond, 128 for each thread",
                on_every_core!(|| starvation(&LARGER)),
            ),
        ],
    );
    print(
        "BenchmarkPoolExpensiveNew: 100 at once that take 1 ms to make, 32 KiB of \
         garbage with each, on every core",
        rounds(40),
        &[("millpond", on_every_core!(expensive_new))],
    );
    println!("created in all: {}", EXPENSIVE.stats().created);
}
