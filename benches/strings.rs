//! What do sixteen strings cost in a list: made, cleared, or a `StringList`?
//!
//!     cargo bench --bench strings              # with the system's malloc
//!     cargo bench --bench strings_mimalloc
//!
//! The strings are the header values of the corpus that `requests` describes.
//! Criterion prints the time for all lists, and lists a second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/strings.rs"]
#[allow(dead_code)]
mod work;

fn strings(c: &mut Criterion) {
    let requests = corpus::requests();
    let lists = work::lists(&requests);
    let mut group = c.benchmark_group("16 strings");
    group.throughput(Throughput::Elements(lists.len() as u64));
    for (name, mut work) in work::candidates(&lists) {
        group.bench_function(name, |b| b.iter(&mut work));
    }
}

criterion_group!(benches, strings);
criterion_main!(benches);
