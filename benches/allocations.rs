//! What does a request's query cost in time *and* allocations: parsed into a fresh
//! map, into one that is cleared, into a pooled one?
//!
//!     cargo bench --bench allocations
//!
//! An example of a bench of your own, with nothing but what this crate exports: copy
//! it into yours. It needs criterion, millpond with the feature `count-alloc` (`serde`
//! too, for the lines of JSON), and `harness = false`. criterion times, the table
//! counts, one after the other.

use criterion::{Criterion, criterion_group, criterion_main};
use millpond::alloc::{Counting, Table};
use millpond::{Pool, StringMap};
use std::collections::HashMap;
use std::hint::black_box;

// Around your own allocator, if you have one: `Counting::new(MiMalloc)`.
#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

const QUERY: &str = "q=object+pool&lang=rust&tag=memory&tag=reuse&sort=updated&page=3";

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn fill(map: &mut HashMap<String, Vec<String>>) {
    for (key, value) in pairs(black_box(QUERY)) {
        map.entry(key.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    black_box(&*map);
}

fn fresh() {
    fill(&mut HashMap::new());
}

fn cleared_only() {
    static MAPS: Pool<HashMap<String, Vec<String>>> = Pool::new().with_create(HashMap::new);
    fill(&mut MAPS.get());
}

fn pooled() {
    static PARAMS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
    let mut params = PARAMS.get();
    for (key, value) in pairs(black_box(QUERY)) {
        params.append(key, value);
    }
    black_box(&*params);
}

fn query(c: &mut Criterion) {
    let candidates: [(&str, fn()); 3] = [
        ("fresh", fresh),
        ("cleared only", cleared_only),
        ("pooled", pooled),
    ];
    let mut table = Table::new("a query into a map");
    let mut group = c.benchmark_group("query");
    for (name, work) in candidates {
        // Warmed up and counted, in a run of its own.
        table.count(name, work);
        // Timed by criterion while nothing is counted; the table keeps the best.
        group.bench_function(name, |b| b.iter_custom(|n| table.time(name, n, work)));
    }
    group.finish();
    println!("{table}\n\n{}", table.markdown());
    for row in table.rows() {
        // For programs, a line of JSON each.
        println!("{}", serde_json::to_string(row).expect("plain figures"));
    }
}

criterion_group!(benches, query);
criterion_main!(benches);
