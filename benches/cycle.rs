//! What does it cost to borrow a warm map and give it back: alone, with one
//! insert, and with more guards alive at once? Next to malloc, to one map reused
//! in place, to a pool written by hand, and to the peers.
//!
//!     cargo bench --bench cycle
//!
//! Criterion measures one after the other, so a busy machine can favour one; for
//! ratios to rely on, see `ratios`.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sources::*;
use std::time::Instant;

#[path = "support/sources.rs"]
#[macro_use]
mod sources;

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut work: impl FnMut(u64)) {
    group.bench_function(name, |b| {
        b.iter_custom(|n| {
            let start = Instant::now();
            work(n);
            start.elapsed()
        });
    });
}

fn cycle(c: &mut Criterion) {
    macro_rules! prepare {
        ($source:ty) => {
            <$source>::check();
            <$source>::warm(16);
        };
    }
    for_each_source!(prepare);

    let mut group = c.benchmark_group("empty");
    macro_rules! row {
        ($source:ty) => {
            bench(&mut group, <$source>::NAME, empty::<$source>);
        };
    }
    for_each_source!(row);
    group.finish();

    let mut group = c.benchmark_group("one insert");
    macro_rules! row {
        ($source:ty) => {
            bench(&mut group, <$source>::NAME, insert::<$source>);
        };
    }
    for_each_source!(row);
    let mut map = make();
    bench(&mut group, "one map, in place", |n| {
        insert_in_place(&mut map, n);
    });
    group.finish();

    // For each object: a whole nest is one iteration.
    macro_rules! nest {
        ($depth:literal, $nested:ident) => {
            let mut group = c.benchmark_group(concat!($depth, " guards at once"));
            group.throughput(Throughput::Elements($depth));
            macro_rules! row {
                ($source:ty) => {
                    bench(&mut group, <$source>::NAME, |n| {
                        $nested::<$source>($depth * n);
                    });
                };
            }
            for_each_source!(row);
            group.finish();
        };
    }
    nest!(4, nested4);
    nest!(8, nested8);
    nest!(16, nested16);
}

criterion_group!(benches, cycle);
criterion_main!(benches);
