//! What does a second thread cost, if each borrows and gives back its own? And
//! four threads on two cores?
//!
//!     cargo bench --bench contention
//!
//! The figures are for one operation of one thread; where there are more threads
//! than cores, for one operation's share of a core.

use criterion::{Criterion, criterion_group, criterion_main};
use sources::*;
use threads::each_does;

#[path = "support/sources.rs"]
#[macro_use]
#[allow(dead_code)]
mod sources;
#[path = "support/threads.rs"]
#[allow(dead_code)]
mod threads;

fn contention(c: &mut Criterion) {
    for threads in [1, 2, 4] {
        let mut group = c.benchmark_group(format!("each of {threads} threads"));
        macro_rules! row {
            ($source:ty) => {
                <$source>::check();
                group.bench_function(<$source>::NAME, |b| {
                    b.iter_custom(|n| {
                        each_does(threads, n, || <$source>::warm(1), empty::<$source>).time
                    });
                });
            };
        }
        for_each_source!(row);
        group.finish();
    }
}

criterion_group!(benches, contention);
criterion_main!(benches);
