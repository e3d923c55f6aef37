//! The load: worker threads that answer requests at a fixed pace.

use crate::input::Request;
use crate::service::{Route, Service};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// Requests come in bursts, one each so often.
const BURST: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) threads: u64,
    /// Of all threads together.
    pub(crate) requests: u64,
    pub(crate) time: Duration,
}

impl Plan {
    fn bursts(&self) -> u64 {
        (self.time.as_nanos() / BURST.as_nanos()).max(1) as u64
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// The part of `whole` that falls to share `at` of `shares`, which sum up to it.
fn share(whole: u64, at: u64, shares: u64) -> u64 {
    whole * (at + 1) / shares - whole * at / shares
}

/// Lets the workers run; `early` is called a quarter into the load, while it goes on.
///
/// # Errors
///
/// If a thread cannot be started.
pub(crate) fn run<T>(
    service: &Service,
    requests: &[Request],
    plan: &Plan,
    early: impl FnOnce() -> T,
) -> io::Result<T> {
    let started = Instant::now();
    thread::scope(|scope| {
        for worker in 0..plan.threads {
            thread::Builder::new()
                .name(format!("worker {}", worker + 1))
                .spawn_scoped(scope, move || {
                    work(service, requests, plan, worker, started)
                })?;
        }
        thread::sleep(plan.time / 4);
        Ok(early())
    })
}

fn work(service: &Service, requests: &[Request], plan: &Plan, worker: u64, started: Instant) {
    let mut random = Random::new(worker);
    let own = share(plan.requests, worker, plan.threads);
    let bursts = plan.bursts();
    for burst in 0..bursts {
        for _ in 0..share(own, burst, bursts) {
            let route = Route::draw(&mut random);
            let request = &requests[random.below(requests.len() as u64) as usize];
            service.handle(route, request, random.below(1 << 40));
        }
        // Behind, it catches up.
        let due = plan.time * (burst + 1) as u32 / bursts as u32;
        thread::sleep(due.saturating_sub(started.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_up() {
        for (whole, shares) in [(0, 3), (1, 4), (10, 3), (100_000, 7)] {
            let sum: u64 = (0..shares).map(|at| share(whole, at, shares)).sum();
            assert_eq!(sum, whole);
        }
    }
}
