//! What does another thread cost, if each borrows and gives back its own? And four
//! threads on each core?
//!
//!     cargo bench --bench contention
//!
//! The figures are for one operation of one thread; where there are more threads
//! than cores, for one operation's share of a core.

use criterion::{Criterion, criterion_group, criterion_main};
use millpond_bench::cycle::empty;
use millpond_bench::for_each_own_source;
use millpond_bench::item::Map;
use millpond_bench::source::{Malloc, Millpond, Source, ThreadLocal, check, warm};
use millpond_bench::threads::{each_does, numbers};

fn contention(c: &mut Criterion) {
    for threads in numbers() {
        let mut group = c.benchmark_group(format!("each of {threads} threads"));
        macro_rules! row {
            ($source:ty) => {
                check::<$source, Map>();
                group.bench_function(<$source>::NAME, |b| {
                    let warm = || warm::<$source, Map>(1);
                    b.iter_custom(|n| each_does(threads, n, warm, empty::<$source>).time);
                });
            };
        }
        for_each_own_source!(row);
        group.finish();
    }
}

criterion_group!(benches, contention);
criterion_main!(benches);
