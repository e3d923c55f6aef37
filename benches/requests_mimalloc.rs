//! Does `StringMap` still pay where malloc is mimalloc?
//!
//!     cargo bench --bench requests_mimalloc
//!
//! The work and the corpus are those of `requests`; a process has one allocator,
//! so this is a process of its own. Its groups have names of their own too, or
//! criterion would compare the two allocators as if one were an older version.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/requests.rs"]
#[allow(dead_code)]
mod work;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn requests(c: &mut Criterion) {
    let requests = corpus::requests();
    let mut group = c.benchmark_group("requests, mimalloc");
    group.throughput(Throughput::Elements(requests.len() as u64));
    for (name, mut work) in work::candidates(&requests) {
        group.bench_function(name, |b| b.iter(&mut work));
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
