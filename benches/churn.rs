//! What do threads cost that come and go, and find a pool that others used before
//! them?
//!
//!     cargo bench --bench churn
//!
//! For one thread, from its first instruction to the end of its destructors.

use criterion::{Criterion, criterion_group, criterion_main};
use millpond_bench::churn::{short_lived, thread_per_task};
use millpond_bench::for_each_own_source;
use millpond_bench::item::Map;
use millpond_bench::source::{Malloc, Millpond, Source, ThreadLocal, check};

fn churn(c: &mut Criterion) {
    macro_rules! group {
        ($name:literal, $work:ident) => {
            let mut group = c.benchmark_group($name);
            macro_rules! row {
                ($source:ty) => {
                    check::<$source, Map>();
                    group.bench_function(<$source>::NAME, |b| {
                        b.iter_custom(|n| $work::<$source>(n).time);
                    });
                };
            }
            for_each_own_source!(row);
            group.finish();
        };
    }
    group!("short-lived threads, 16 maps each", short_lived);
    group!("a thread for each task, 8 at once", thread_per_task);
}

criterion_group!(benches, churn);
criterion_main!(benches);
