//! What is counted of a run, in a process whose allocator counts.

use millpond::alloc::{Counting, Counts};
use millpond_bench::counting::while_counting;
use millpond_bench::handoff::{PAIR, dropping};
use millpond_bench::lifetime::come_and_go;
use millpond_bench::source::Malloc;
use millpond_bench::threads::{Took, each_does};
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

/// Whether to count is a matter of the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Allocations, reallocations and bytes.
fn counted(work: impl FnOnce() -> Took) -> (u64, u64, u64) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let counts = while_counting(work).counts;
    (
        counts.allocations,
        counts.reallocations,
        counts.bytes_allocated,
    )
}

fn one_box() {
    black_box(Box::new(1_u64));
}

#[test]
fn allocations_reallocations_and_bytes() {
    let counts = counted(|| {
        Took::of(|| {
            let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
            bytes.reserve_exact(30);
            black_box(vec![0_u8; 100]);
        })
    });
    // The first block grew from 10 bytes to 30.
    assert_eq!(counts, (2, 1, 30 + 100));
}

#[test]
fn nothing_is_counted_while_times_are_taken() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(Took::of(one_box).counts, Counts::default());
}

#[test]
fn threads_are_counted_without_what_starts_them() {
    let warm = || one_box();
    let work = |n| (0..n).for_each(|_| one_box());
    assert_eq!(counted(|| each_does(3, 5, warm, work)), (15, 0, 120));
    assert_eq!(counted(|| come_and_go(1, 2, one_box)), (1, 0, 8));
    assert_eq!(counted(|| come_and_go(4, 2, one_box)), (4, 0, 32));
    // A map each, made by the producer.
    assert_eq!(counted(|| dropping::<Malloc>(16, PAIR)).0, 16);
}
