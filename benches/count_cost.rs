//! What does `millpond::alloc::Counting` cost: while nobody counts, while a thread
//! does, while the whole process is counted?
//!
//!     cargo bench --bench count_cost
//!
//! One operation is an allocation and its release, in a loop that does nothing else.
//! Such a loop waits for the allocator's own loads and stores most of the time, and
//! what counting adds overlaps with that: the last row, the locked adds of counting the
//! process without an allocator beside them, shows how much. So the nanoseconds are
//! what counting costs at least; instructions do not overlap. All candidates take turns in one
//! process; printed are the best and the median round, in nanoseconds. For
//! instructions, which do not depend on the machine's mood, one candidate (named as
//! in the table) can be run alone, and what a run of half as many takes subtracted:
//!
//!     valgrind --tool=callgrind target/release/deps/count_cost-… "glibc, off" 200000

// To call allocators by hand, side by side: a program has only one global one.
#![allow(unsafe_code)]

use millpond::alloc::{Counting, ProcessScope, ThreadScope};
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

/// As much as a map of sixteen entries takes.
const LAYOUT: Layout = Layout::new::<[u128; 34]>();

const ROUNDS: usize = 300;
const CYCLES: u64 = 10_000;

fn cycles<A: GlobalAlloc>(allocator: &A, n: u64) {
    for _ in 0..n {
        // SAFETY: the layout is not empty, and the block is released once, by the
        // allocator that it came from.
        unsafe { allocator.dealloc(black_box(allocator.alloc(LAYOUT)), LAYOUT) };
    }
}

/// What counting the process adds to counting a thread, without an allocator.
fn locked_adds(n: u64) {
    static COUNTERS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
    for _ in 0..n {
        for counter in black_box(&COUNTERS) {
            counter.fetch_add(1, Relaxed);
        }
    }
}

type Work = fn(u64);

/// Four candidates around one allocator: plain, then wrapped, in each state.
macro_rules! around {
    ($name:literal, $plain:expr, $type:ty) => {{
        static WRAPPED: Counting<$type> = Counting::new($plain);
        let off: Work = |n| cycles(&WRAPPED, n);
        let thread: Work = |n| {
            let _scope = ThreadScope::begin();
            cycles(&WRAPPED, n);
        };
        let process: Work = |n| {
            let _scope = ProcessScope::begin();
            cycles(&WRAPPED, n);
        };
        let plain: Work = |n| cycles(&$plain, n);
        [
            (concat!($name, ", plain"), plain),
            (concat!($name, ", off"), off),
            (concat!($name, ", thread counted"), thread),
            (concat!($name, ", process counted"), process),
        ]
    }};
}

fn main() {
    let mut candidates: Vec<(&str, Work)> = [
        around!("glibc", System, System),
        around!("mimalloc", MiMalloc, MiMalloc),
    ]
    .concat();
    candidates.push(("four locked adds alone", locked_adds));
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [name, n] = args.as_slice()
        && let Some((_, work)) = candidates.iter().find(|(other, _)| other == name)
    {
        return work(n.parse().expect("a number of operations"));
    }
    // Without `--bench`, which cargo adds, everything is tried and nothing measured.
    let rounds = if args.iter().any(|arg| arg == "--bench") {
        ROUNDS
    } else {
        1
    };
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..rounds {
        for ((_, work), times) in candidates.iter().zip(&mut times) {
            let start = Instant::now();
            work(CYCLES);
            times.push(start.elapsed().as_secs_f64() * 1e9 / CYCLES as f64);
        }
    }
    println!("{:<26}{:>8}{:>10}", "", "best ns", "median ns");
    for ((name, _), times) in candidates.iter().zip(&mut times) {
        times.sort_unstable_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!("{name:<26}{:>8.1}{median:>10.1}", times[0]);
    }
}
