//! The counting allocator, in a process that has it.

use millpond_bench::counting::{Counting, Counts, while_counting};
use millpond_bench::handoff::{PAIR, dropping};
use millpond_bench::lifetime::come_and_go;
use millpond_bench::source::Malloc;
use millpond_bench::threads::{Took, each_does};
use std::alloc::System;
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting(System);

/// Whether to count is a matter of the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn counted(work: impl FnOnce() -> Took) -> Counts {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    while_counting(work).counts
}

fn one_box() {
    black_box(Box::new(1_u64));
}

const ONE_BOX: Counts = Counts {
    allocations: 1,
    reallocations: 0,
    bytes: 8,
};

#[test]
fn allocations_reallocations_and_bytes() {
    let counts = counted(|| {
        Took::of(|| {
            let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
            bytes.reserve_exact(30);
            black_box(vec![0_u8; 100]);
        })
    });
    let expected = Counts {
        allocations: 2,
        reallocations: 1,
        bytes: 10 + 30 + 100,
    };
    assert_eq!(counts, expected);
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
    let counts = counted(|| each_does(3, 5, warm, work));
    assert_eq!((counts.allocations, counts.bytes), (15, 120));
    assert_eq!(counted(|| come_and_go(1, 2, one_box)), ONE_BOX);
    assert_eq!(counted(|| come_and_go(4, 2, one_box)).allocations, 4);
    // A map each, made by the producer.
    let counts = counted(|| dropping::<Malloc>(16, PAIR));
    assert_eq!(counts.allocations, 16);
}
