//! What does it cost to borrow a warm map and give it back: alone, with one insert,
//! and with more guards alive at once? Next to malloc, to one map reused in place,
//! and to a pool written by hand.
//!
//!     cargo bench --bench cycle
//!
//! Criterion measures one after the other, so a busy machine can favour one. Ratios
//! to rely on, with other pools and allocation counts, are in
//! `cargo bench -p millpond-peers --bench ratios`.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use millpond_bench::cycle::{empty, insert, insert_in_place, nested2, nested4, nested8, nested16};
use millpond_bench::for_each_own_source;
use millpond_bench::item::{Item, Map};
use millpond_bench::source::{Malloc, Millpond, Source, ThreadLocal, check, warm};
use std::time::Instant;

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
            check::<$source, Map>();
            warm::<$source, Map>(16);
        };
    }
    for_each_own_source!(prepare);

    // For each object: a whole nest is one iteration.
    macro_rules! group {
        ($name:literal, $guards:literal, $work:ident) => {
            let mut group = c.benchmark_group($name);
            group.throughput(Throughput::Elements($guards));
            macro_rules! row {
                ($source:ty) => {
                    bench(&mut group, <$source>::NAME, |n| {
                        $work::<$source>($guards * n);
                    });
                };
            }
            for_each_own_source!(row);
            group.finish();
        };
    }
    group!("empty", 1, empty);
    group!("one insert", 1, insert);
    let mut map = Map::make();
    let mut group = c.benchmark_group("one insert");
    bench(&mut group, "one map, in place", |n| {
        insert_in_place(&mut map, n);
    });
    group.finish();
    group!("2 guards at once", 2, nested2);
    group!("4 guards at once", 4, nested4);
    group!("8 guards at once", 8, nested8);
    group!("16 guards at once", 16, nested16);
}

criterion_group!(benches, cycle);
criterion_main!(benches);
