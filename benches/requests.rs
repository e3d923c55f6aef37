//! What does a request's header list cost in a map of strings: made for each
//! request, cleared, borrowed from the request, or a `StringMap`?
//!
//!     cargo bench --bench requests
//!
//! The corpus is JSON lines, each an array of `[name, value]`: the file named by
//! `MILLPOND_CORPUS`, or else `corpus/requests.jsonl`. Criterion prints the time
//! for the whole corpus, and requests a second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millpond_bench::{corpus, requests};

fn requests(c: &mut Criterion) {
    let corpus = corpus::requests();
    let mut group = c.benchmark_group("requests");
    group.throughput(Throughput::Elements(corpus.len() as u64));
    for mut candidate in requests::candidates(&corpus) {
        candidate.check(&corpus);
        group.bench_function(&candidate.name, |b| b.iter(&mut candidate.work));
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
