//! What does one giant cost the requests after it?
//!
//!     cargo bench --bench giant
//!
//! A request borrows a map, inserts four entries, and gives it back; the giant before
//! it inserted a million. *Worst* is the worst of the ten requests after a giant,
//! *after* those from the tenth on. The pool written by hand keeps whatever it gets.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use millpond_bench::for_each_own_source;
use millpond_bench::giant::{after, before, in_place, worst};
use millpond_bench::item::{Giant, Item};
use millpond_bench::source::{Malloc, Millpond, Source, ThreadLocal, check};
use std::time::Duration;

fn giant(c: &mut Criterion) {
    let mut group = c.benchmark_group("before a giant");
    macro_rules! row {
        ($source:ty) => {
            check::<$source, Giant>();
            group.bench_function(<$source>::NAME, |b| {
                b.iter_custom(|n| before::<$source>(n).time);
            });
        };
    }
    for_each_own_source!(row);
    group.bench_function("one map, in place", |b| {
        b.iter_batched_ref(Giant::make, |map| in_place(map, 1), BatchSize::SmallInput);
    });
    group.finish();

    let mut group = c.benchmark_group("after a giant");
    // Each sample makes a giant, untimed, which takes a while.
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    macro_rules! row {
        ($source:ty) => {
            group.bench_function(<$source>::NAME, |b| {
                b.iter_custom(|n| after::<$source>(n).time);
            });
        };
    }
    for_each_own_source!(row);
    group.finish();

    let mut group = c.benchmark_group("worst after a giant");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    macro_rules! row {
        ($source:ty) => {
            group.bench_function(<$source>::NAME, |b| {
                // A giant each: more than a few would take minutes.
                b.iter_custom(|n| {
                    let giants = n.min(5);
                    let sum: Duration = (0..giants).map(|_| worst::<$source>(1).time).sum();
                    sum.mul_f64(n as f64 / giants as f64)
                });
            });
        };
    }
    for_each_own_source!(row);
    group.finish();
}

criterion_group!(benches, giant);
criterion_main!(benches);
