//! What does one giant cost the requests after it?
//!
//! `cargo bench --bench giant`. No criterion: what matters here are single requests
//! (the worst, the 99th percentile), not means. A request borrows a map, inserts,
//! and gives it back. The same with one map that is cleared, as pools do that keep
//! everything, and with the pool told to (`Retention::keep_all`).

use millpond::{Pool, Retention};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

type Map = HashMap<u64, u64>;

fn fill(map: &mut Map, entries: u64) {
    map.extend((0..entries).map(|n| (n, n)));
    black_box(map);
}

/// Nanoseconds of one request.
fn timed(request: impl FnOnce()) -> u64 {
    let start = Instant::now();
    request();
    start.elapsed().as_nanos() as u64
}

fn pooled(pool: &Pool<Map>, entries: u64) -> u64 {
    timed(|| fill(&mut pool.get(), entries))
}

fn cleared(map: &mut Map, entries: u64) -> u64 {
    timed(|| {
        fill(map, entries);
        map.clear();
    })
}

fn percentile(times: &mut [u64], percent: usize) -> u64 {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn pool() -> Pool<Map> {
    Pool::from_fn(|| Map::with_capacity(16))
}

/// Median ns of small requests before a giant of a million entries, of those from
/// the tenth after it on, and the worst between.
fn one_giant(name: &str, mut request: impl FnMut(u64) -> u64) {
    let mut before: Vec<_> = (0..10_000).map(|_| request(4)).collect();
    request(1_000_000);
    let worst = (0..10).map(|_| request(4)).max().unwrap_or(0);
    let mut after: Vec<_> = (0..2_000).map(|_| request(4)).collect();
    let (before, after) = (percentile(&mut before, 50), percentile(&mut after, 50));
    let ratio = after as f64 / before as f64;
    println!("{name:28}{before:>10}{worst:>12}{after:>12}{ratio:>9.2}");
}

/// Median and 99th percentile of small requests, with and without 1% giants.
fn one_percent(name: &str, requests: u64, mut request: impl FnMut(u64) -> u64) {
    let mut run = |giants: bool| {
        let mut small = Vec::new();
        for n in 0..requests {
            if giants && n % 100 == 50 {
                request(100_000);
            } else {
                small.push(request(4));
            }
        }
        (percentile(&mut small, 50), percentile(&mut small, 99))
    };
    let (p50, p99) = run(false);
    let (p50_giants, p99_giants) = run(true);
    let ratio = p99_giants as f64 / p99 as f64;
    println!("{name:28}{p50:>10}{p99:>8}{p50_giants:>12}{p99_giants:>8}{ratio:>9.2}");
}

fn main() {
    // Cargo says `--bench` when it is to be measured, and not when it tests.
    let scale = if std::env::args().any(|arg| arg == "--bench") {
        1
    } else {
        100
    };

    println!("4-insert requests around one of 1,000,000 entries: ns");
    println!(
        "{:28}{:>10}{:>12}{:>12}{:>9}",
        "", "before", "worst of 10", "from 10th", "ratio"
    );
    for _ in 0..3 {
        let keep = pool();
        one_giant("millpond", |n| pooled(&keep, n));
        let all = pool().with_retention(Retention::keep_all());
        one_giant("millpond, keep_all", |n| pooled(&all, n));
        let mut map = Map::with_capacity(16);
        one_giant("one map, cleared", |n| cleared(&mut map, n));
    }

    println!("\nrequests that are always 50,000 entries: best of 200 in turns, us");
    let always = pool();
    let mut map = Map::with_capacity(16);
    let (mut ours, mut limit) = (u64::MAX, u64::MAX);
    for _ in 0..200 / scale {
        ours = ours.min(pooled(&always, 50_000));
        limit = limit.min(cleared(&mut map, 50_000));
    }
    let stats = always.stats();
    println!(
        "{:28}{:>10}\n{:28}{:>10}{:>9.2}{:>9.1}% hits",
        "one map, in place",
        limit / 1000,
        "millpond",
        ours / 1000,
        ours as f64 / limit as f64,
        100.0 * stats.hit_rate()
    );

    println!("\n1% of 100,000 entries among 4-insert requests: ns of the small ones");
    println!(
        "{:28}{:>10}{:>8}{:>12}{:>8}{:>9}",
        "", "p50", "p99", "with: p50", "p99", "ratio"
    );
    for _ in 0..3 {
        let keep = pool();
        one_percent("millpond", 100_000 / scale, |n| pooled(&keep, n));
        println!("{:28}{} bytes retained", "", keep.stats().idle_bytes);
    }
    let all = pool().with_retention(Retention::keep_all());
    one_percent("millpond, keep_all", 20_000 / scale, |n| pooled(&all, n));
}
