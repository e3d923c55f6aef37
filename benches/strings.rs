//! What do sixteen strings cost in a list: made, cleared, or a `StringList`?
//!
//!     cargo bench --bench strings
//!
//! The strings are the header values of the corpus that `requests` describes.
//! Criterion prints the time for all lists, and lists a second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millpond_bench::{corpus, strings};

fn strings(c: &mut Criterion) {
    let requests = corpus::requests();
    let lists = strings::lists(&requests);
    let mut group = c.benchmark_group("16 strings");
    group.throughput(Throughput::Elements(lists.len() as u64));
    for (name, _, mut work) in strings::candidates(&lists) {
        group.bench_function(name, |b| b.iter(&mut work));
    }
}

criterion_group!(benches, strings);
criterion_main!(benches);
