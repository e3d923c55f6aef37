//! What the benchmarks of Go's package `sync` measure of its `Pool`, with this one:
//! `cargo bench -p millpond-peers --bench go_suite`. The same with `sync.Pool`: `peers/go/run`.
//!
//! Objects own 64 bytes, threads are as many as cores, and a row's time is that of one
//! of them. Prints as `ratios` does.

use millpond::Pool;
use millpond::alloc::Counting;
use millpond_bench::plan::Plan;
use millpond_bench::source::Kind;
use millpond_bench::table::Table;
use millpond_bench::target::Judge;
use millpond_bench::threads::{Took, cores, each_does};
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

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

/// On every core, so many each. One of each takes all of them the time of one, which is
/// told as if they had taken turns: the time of an operation is then that of one thread's.
macro_rules! on_every_core {
    ($work:expr) => {
        |n| {
            let warm = || ($work)();
            let mut took = each_does(cores(), n, warm, |n| (0..n).for_each(|_| ($work)()));
            took.time *= cores() as u32;
            took
        }
    };
}

type Row = (&'static str, Kind, fn(u64) -> Took);

const LARGER_NAME: &str = "millpond, 128 for each thread";

fn main() {
    let plan = Plan::from_args("go_suite", "glibc");
    let print = |id, title, rounds, rows: &[Row]| {
        if !plan.wants(id, title) {
            return;
        }
        let mut table = Table::new(id, title, Duration::from_micros(600), Judge::Median);
        for (name, kind, work) in rows {
            table.timed(*name, *kind, work).in_units(cores(), 1);
        }
        plan.print(table, rounds, &[]);
    };
    print(
        "go-pool",
        "BenchmarkPool: get and put, on every core",
        100,
        &[
            ("fresh Box", Kind::Malloc, on_every_core!(|| drop(fresh()))),
            ("millpond", Kind::Pool, on_every_core!(pool)),
        ],
    );
    print(
        "go-overflow",
        "BenchmarkPoolOverflow: 100 at once, then all back, on every core",
        100,
        &[
            ("fresh Box", Kind::Malloc, on_every_core!(hold_fresh)),
            ("millpond", Kind::Pool, on_every_core!(|| overflow(&POOL))),
            (LARGER_NAME, Kind::Own, on_every_core!(|| overflow(&LARGER))),
        ],
    );
    print(
        "go-starvation",
        "BenchmarkPoolStarvation: 100 at once, 67 come back, on every core",
        100,
        &[
            ("fresh Box", Kind::Malloc, on_every_core!(hold_fresh)),
            ("millpond", Kind::Pool, on_every_core!(|| starvation(&POOL))),
            (
                LARGER_NAME,
                Kind::Own,
                on_every_core!(|| starvation(&LARGER)),
            ),
        ],
    );
    print(
        "go-expensive-new",
        "BenchmarkPoolExpensiveNew: 100 at once that take 1 ms to make, 32 KiB of garbage \
         with each, on every core",
        40,
        &[("millpond", Kind::Pool, on_every_core!(expensive_new))],
    );
}
