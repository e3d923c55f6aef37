//! Sixteen strings into a list, emptied in between: `StringList` next to a
//! vector. The strings are the values of the requests' headers, in chunks.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millpond::StringList;
use std::hint::black_box;

mod corpus;

fn strings(c: &mut Criterion) {
    let requests = corpus::requests();
    let values: Vec<&str> = requests.iter().flatten().map(|(_, v)| v.as_str()).collect();
    let lists: Vec<&[&str]> = values.chunks_exact(16).collect();
    let mut group = c.benchmark_group("16 strings");
    group.throughput(Throughput::Elements(lists.len() as u64));

    group.bench_function("fresh Vec<String>", |b| {
        b.iter(|| {
            for texts in &lists {
                let mut list = Vec::new();
                for text in *texts {
                    list.push(text.to_string());
                }
                black_box(&list);
            }
        });
    });

    group.bench_function("fresh Vec<String> of the right size", |b| {
        b.iter(|| {
            for texts in &lists {
                let list: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
                black_box(&list);
            }
        });
    });

    group.bench_function("cleared Vec<String>", |b| {
        let mut list = Vec::new();
        b.iter(|| {
            for texts in &lists {
                for text in *texts {
                    list.push(text.to_string());
                }
                black_box(&list);
                list.clear();
            }
        });
    });

    group.bench_function("StringList", |b| {
        let mut list = StringList::new();
        b.iter(|| {
            for texts in &lists {
                for text in *texts {
                    list.push_str(text);
                }
                black_box(&list);
                list.clear();
            }
        });
    });
}

criterion_group!(benches, strings);
criterion_main!(benches);
