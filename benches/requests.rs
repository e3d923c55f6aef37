//! Header lists of real requests into a multimap, emptied between requests:
//! what `StringMap` is for, next to what programs do without it.
//!
//! The corpus is JSON lines, each an array of `[name, value]`: the file named
//! by `MILLPOND_CORPUS`, or else `corpus/requests.jsonl`. Each figure is for
//! the whole corpus; divide by the number of requests, which is printed first.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millpond::StringMap;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::black_box;

mod corpus;

/// With `entry`, which is faster here than looking the key up first: most keys
/// are new to the request, so the copy is needed anyway.
fn fill(map: &mut HashMap<String, Vec<String>>, request: &[(String, String)]) {
    for (key, value) in request {
        map.entry(key.clone()).or_default().push(value.clone());
    }
}

fn reuse<S: BuildHasher>(map: &mut StringMap<S>, requests: &[Vec<(String, String)>]) {
    for request in requests {
        for (key, value) in request {
            map.append(key, value);
        }
        black_box(&*map);
        map.clear();
    }
}

fn requests(c: &mut Criterion) {
    let requests = corpus::requests();
    let mut group = c.benchmark_group("requests");
    group.throughput(Throughput::Elements(requests.len() as u64));

    group.bench_function("fresh HashMap<String, Vec<String>>", |b| {
        b.iter(|| {
            for request in &requests {
                let mut map = HashMap::new();
                fill(&mut map, request);
                black_box(&map);
            }
        });
    });

    group.bench_function("cleared HashMap<String, Vec<String>>", |b| {
        let mut map = HashMap::new();
        b.iter(|| {
            for request in &requests {
                fill(&mut map, request);
                black_box(&map);
                map.clear();
            }
        });
    });

    group.bench_function("fresh, borrowing HashMap<&str, SmallVec<[&str; 2]>>", |b| {
        b.iter(|| {
            for request in &requests {
                let mut map: HashMap<&str, SmallVec<[&str; 2]>> = HashMap::new();
                for (key, value) in request {
                    map.entry(key).or_default().push(value);
                }
                black_box(&map);
            }
        });
    });

    group.bench_function("StringMap", |b| {
        let mut map = StringMap::new();
        b.iter(|| reuse(&mut map, &requests));
    });

    group.bench_function("StringMap with foldhash", |b| {
        let mut map = StringMap::with_hasher(foldhash::fast::RandomState::default());
        b.iter(|| reuse(&mut map, &requests));
    });

    group.bench_function("memcpy of all names and values, the limit", |b| {
        let mut bytes = String::new();
        b.iter(|| {
            for request in &requests {
                bytes.clear();
                for (key, value) in request {
                    bytes.push_str(key);
                    bytes.push_str(value);
                }
                black_box(&bytes);
            }
        });
    });
}

criterion_group!(benches, requests);
criterion_main!(benches);
