//! What does it cost to borrow a map on one thread and give it back on another,
//! with a bounded queue in between: from one to one, from four to one, from one to
//! four?
//!
//!     cargo bench --bench handoff
//!
//! A consumer that has borrowed keeps a tier of its own from the beginning; one that only
//! drops gets it after 64 objects.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use millpond_bench::for_each_own_source;
use millpond_bench::handoff::{FAN_IN, FAN_OUT, PAIR, borrowing, dropping, nothing};
use millpond_bench::item::Map;
use millpond_bench::source::{IDLE, Malloc, Millpond, Source, ThreadLocal, check, warm};
use millpond_bench::threads::{Stages, Took};

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (name, work): (&str, fn(u64, Stages) -> Took),
    stages: Stages,
) {
    // Each thread has an equal share: of one loan, four threads have none.
    let of_four = |n: u64| work(4 * n, stages).time / 4;
    group.bench_function(name, |b| b.iter_custom(of_four));
}

fn handoff(c: &mut Criterion) {
    warm::<Millpond, Map>(IDLE / 2);
    for (name, stages) in [("handoff", PAIR), ("fan-in", FAN_IN), ("fan-out", FAN_OUT)] {
        let mut group = c.benchmark_group(name);
        macro_rules! row {
            ($source:ty) => {
                check::<$source, Map>();
                bench(&mut group, (<$source>::NAME, dropping::<$source>), stages);
            };
        }
        for_each_own_source!(row);
        let borrowing = ("millpond, consumer borrows too", borrowing::<Millpond> as _);
        bench(&mut group, borrowing, stages);
        bench(&mut group, ("nothing but the queue", nothing), stages);
        group.finish();
    }
}

criterion_group!(benches, handoff);
criterion_main!(benches);
