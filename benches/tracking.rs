//! What tracking costs: instructions and nanoseconds for each loan, by rate.
//!
//! ```text
//! cargo bench --bench tracking                    # without the feature
//! cargo bench --features track --bench tracking   # off, 1 in 128, all
//! ```
//!
//! Instructions are counted by callgrind, in a process of its own for each row, as
//! the difference between a short run and a long one: what it takes to start is in
//! both. Without valgrind that column is empty. Times are best and median of rounds
//! in which the rates take turns.

#[path = "../examples/requests/input.rs"]
#[allow(dead_code, reason = "the part that a map of headers does not need")]
mod input;

use input::Request;
use millpond::{Pool, StringMap};
use std::collections::HashMap;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

const WORKS: [&str; 3] = ["empty", "insert", "request"];

#[cfg(feature = "track")]
const RATES: &[&str] = &["off", "1/128", "all"];
#[cfg(not(feature = "track"))]
const RATES: &[&str] = &["no feature"];

const ROUNDS: usize = 40;

/// Loans of one kind of work from a pool that tracks at one rate.
struct Bench {
    maps: Pool<HashMap<u64, u64>>,
    headers: Pool<StringMap>,
    requests: Vec<Request>,
}

impl Bench {
    fn new(rate: &str) -> Self {
        let maps = Pool::from_fn(|| HashMap::with_capacity(16));
        let headers = Pool::from_fn(StringMap::new);
        #[cfg(feature = "track")]
        let (maps, headers) = {
            let rate = rate.parse().expect("one of RATES");
            (maps.with_tracking(rate), headers.with_tracking(rate))
        };
        let _ = rate;
        let mut corpus = &include_bytes!("../corpus/requests.jsonl")[..];
        let requests = input::read(&mut corpus, |line, why| panic!("line {line}: {why}"));
        Self {
            maps,
            headers,
            requests: requests.expect("a slice can be read"),
        }
    }

    fn run(&self, work: &str, loans: u64) {
        match work {
            "empty" => empty(&self.maps, loans),
            "insert" => insert(&self.maps, loans),
            _ => request(&self.headers, &self.requests, loans),
        }
    }
}

// Each for itself, as they would be in a program: in one function together the
// compiler inlines less of each.

#[inline(never)]
fn empty(maps: &Pool<HashMap<u64, u64>>, loans: u64) {
    for _ in 0..loans {
        black_box(&*maps.get());
    }
}

#[inline(never)]
fn insert(maps: &Pool<HashMap<u64, u64>>, loans: u64) {
    for n in 0..loans {
        maps.get().insert(black_box(n), n);
    }
}

#[inline(never)]
fn request(headers: &Pool<StringMap>, requests: &[Request], loans: u64) {
    for request in requests.iter().cycle().take(loans as usize) {
        let mut map = headers.get();
        let map = &mut *map;
        for (name, value) in &request.headers {
            map.append(name, value);
        }
        black_box(map);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, work, rate, loans] = &args[..]
        && flag == "--count"
    {
        let loans = loans.parse().expect("a number of loans");
        return Bench::new(rate).run(work, loans);
    }
    println!(
        "{:<9}{:<12}{:>13}{:>10}{:>11}",
        "work", "tracking", "instructions", "best ns", "median ns"
    );
    for work in WORKS {
        let times = times(work);
        for (rate, (best, median)) in RATES.iter().zip(times) {
            let count = instructions(work, rate).map_or("-".into(), |n| format!("{n:.1}"));
            println!("{work:<9}{rate:<12}{count:>13}{best:>10.1}{median:>11.1}");
        }
    }
}

/// Best and median nanoseconds of a loan, for each rate.
fn times(work: &str) -> Vec<(f64, f64)> {
    let loans = if work == "request" { 20_000 } else { 200_000 };
    let benches: Vec<_> = RATES.iter().map(|rate| Bench::new(rate)).collect();
    let mut nanos = vec![Vec::new(); benches.len()];
    for _ in 0..ROUNDS {
        for (bench, nanos) in benches.iter().zip(&mut nanos) {
            let started = Instant::now();
            bench.run(work, loans);
            nanos.push(started.elapsed().as_nanos() as f64 / loans as f64);
        }
    }
    let summed_up = nanos.into_iter().map(|mut nanos: Vec<f64>| {
        nanos.sort_by(f64::total_cmp);
        (nanos[0], nanos[nanos.len() / 2])
    });
    summed_up.collect()
}

/// Of a loan; none without valgrind.
fn instructions(work: &str, rate: &str) -> Option<f64> {
    // Many times the corpus, so that the mix of requests is the same in both.
    const UNIT: u64 = 220 * 100;
    let (short, long) = (
        UNIT,
        if work == "request" {
            5 * UNIT
        } else {
            41 * UNIT
        },
    );
    let more = collected(work, rate, long)? - collected(work, rate, short)?;
    Some(more as f64 / (long - short) as f64)
}

fn collected(work: &str, rate: &str, loans: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--count", work, rate, &loans.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, collected) = text.split_once("Collected :")?;
    collected.split_whitespace().next()?.parse().ok()
}
