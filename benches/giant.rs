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
use millpond_bench::source::{Malloc, Millpond, Source, ThreadLocal};
use millpond_bench::threads::Took;
use std::time::Duration;

/// The mean of a few: each takes a giant first, untimed, which takes a while.
fn mean(n: u64, worst: fn(u64) -> Took) -> Duration {
    let giants = n.min(5);
    let sum: Duration = (0..giants).map(|_| worst(1).time).sum();
    sum.mul_f64(n as f64 / giants as f64)
}

fn giant(c: &mut Criterion) {
    let mut group = c.benchmark_group("before a giant");
    group.bench_function("one map, in place", |b| {
        b.iter_batched_ref(Giant::make, |map| in_place(map, 1), BatchSize::SmallInput);
    });
    macro_rules! rows {
        ($group:ident, |$n:ident, $source:ident| $time:expr) => {
            macro_rules! row {
                ($name:ty) => {
                    $group.bench_function(<$name>::NAME, |b| {
                        type $source = $name;
                        b.iter_custom(|$n| $time);
                    });
                };
            }
            for_each_own_source!(row);
            $group.finish();
        };
    }
    rows!(group, |n, S| before::<S>(n).time);

    let mut group = c.benchmark_group("after a giant");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    rows!(group, |n, S| after::<S>(n).time);

    let mut group = c.benchmark_group("worst after a giant");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    rows!(group, |n, S| mean(n, worst::<S>));
}

criterion_group!(benches, giant);
criterion_main!(benches);
