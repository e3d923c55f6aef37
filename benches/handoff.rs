//! What does it cost to borrow a map on one thread and give it back on another,
//! with a bounded queue of 256 in between?
//!
//!     cargo bench --bench handoff
//!
//! Maps have equal capacity, one entry when they are passed, and pools have equal
//! room. A consumer that has borrowed once keeps a tier of its own; one that only
//! drops does not, and takes a slower way back.

use criterion::{Criterion, criterion_group, criterion_main};

#[path = "support/sources.rs"]
#[allow(dead_code, unused_macros)]
mod sources;
#[path = "support/threads.rs"]
#[allow(dead_code)]
mod threads;
#[path = "support/handoff.rs"]
#[allow(dead_code)]
mod ways;

fn handoff(c: &mut Criterion) {
    let mut group = c.benchmark_group("handoff");
    for (name, work) in ways::candidates() {
        group.bench_function(name, |b| b.iter_custom(|n| work(n).time));
    }
}

criterion_group!(benches, handoff);
criterion_main!(benches);
