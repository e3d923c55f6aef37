//! What does a request's header list cost in a map of strings: made for each
//! request, cleared, borrowed from the request, or a `StringMap`?
//!
//!     cargo bench --bench requests             # with the system's malloc
//!     cargo bench --bench requests_mimalloc
//!
//! The corpus is JSON lines, each an array of `[name, value]`: the file named by
//! `MILLPOND_CORPUS`, or else `corpus/requests.jsonl`. Criterion prints the time
//! for the whole corpus, and requests a second; allocations are in `ratios`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/requests.rs"]
#[allow(dead_code)]
mod work;

fn requests(c: &mut Criterion) {
    let requests = corpus::requests();
    let mut group = c.benchmark_group("requests");
    group.throughput(Throughput::Elements(requests.len() as u64));
    for (name, mut work) in work::candidates(&requests) {
        group.bench_function(name, |b| b.iter(&mut work));
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
