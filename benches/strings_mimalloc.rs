//! Does `StringList` still pay where malloc is mimalloc?
//!
//!     cargo bench --bench strings_mimalloc
//!
//! The work is that of `strings`; a process has one allocator, so this is a
//! process of its own.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/strings.rs"]
#[allow(dead_code)]
mod work;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn strings(c: &mut Criterion) {
    let requests = corpus::requests();
    let lists = work::lists(&requests);
    let mut group = c.benchmark_group("16 strings, mimalloc");
    group.throughput(Throughput::Elements(lists.len() as u64));
    for (name, mut work) in work::candidates(&lists) {
        group.bench_function(name, |b| b.iter(&mut work));
    }
}

criterion_group!(benches, strings);
criterion_main!(benches);
