//! Running the variants on all threads, round by round.
//!
//! The threads live as long as the measurement, as a server's do: what the
//! pool keeps per thread stays warm. In each round every variant gets one slot,
//! in an order that changes from round to round, so that a busy moment of the
//! machine hits all of them alike. All threads work in each slot at once.

use crate::counting::{self, Count};
use crate::input::Request;
use crate::variants::{Bench, Check, Glance, Variant};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long the slowest variant's slot should take at least: a thousand times
/// what reading the clock and waking a thread cost.
const SLOT: Duration = Duration::from_millis(8);

/// What the threads are told to do. All of them do the same.
#[derive(Clone, Copy)]
enum Job {
    Check,
    Time { variant: Variant, passes: u32 },
}

enum Outcome {
    Checked(Vec<Wrong>),
    Timed { time: Duration, count: Count },
}

/// An answer that differed from the plain map's.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) variant: Variant,
    pub(crate) line: u64,
    pub(crate) what: &'static str,
}

/// One variant's results.
#[derive(Debug, Default)]
pub(crate) struct Series {
    /// Nanoseconds a request, mean over the threads: one number a round.
    pub(crate) nanos: Vec<f64>,
    /// Summed over rounds and threads.
    pub(crate) count: Count,
    pub(crate) requests: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) passes: u32,
    /// In the order of `Variant::ALL`.
    pub(crate) series: [Series; 3],
    pub(crate) checked: u64,
    pub(crate) wrong: Vec<Wrong>,
}

/// Checks all answers, measures, and checks again.
///
/// # Errors
///
/// If the system has no room for so many threads.
pub(crate) fn run(
    requests: &[Request],
    threads: usize,
    rounds: u32,
    mut after_round: impl FnMut(),
) -> Result<Measurement, String> {
    thread::scope(|scope| {
        let mut crew = Vec::with_capacity(threads);
        for index in 0..threads {
            let (jobs, my_jobs) = mpsc::channel();
            let (my_outcomes, outcomes) = mpsc::channel();
            // Each starts elsewhere, or all would ask for the same at once.
            let (before, after) = requests.split_at(requests.len() * index / threads);
            thread::Builder::new()
                .spawn_scoped(scope, move || work(after, before, &my_jobs, &my_outcomes))
                .map_err(|e| format!("cannot start {threads} threads: {e}"))?;
            crew.push((jobs, outcomes));
        }

        let mut result = Measurement::default();
        check(&crew, &mut result);
        // The first pass warms up, the second says how many fit into a slot.
        let variant = Variant::Fresh;
        order(&crew, Job::Time { variant, passes: 1 });
        let pass = mean(&order(&crew, Job::Time { variant, passes: 1 })).0;
        let passes = SLOT.as_nanos() as f64 / pass.max(1.0);
        result.passes = passes.ceil().clamp(1.0, 1e6) as u32;

        for round in 0..rounds as usize {
            for turn in 0..Variant::ALL.len() {
                let index = (round + turn) % Variant::ALL.len();
                let job = Job::Time {
                    variant: Variant::ALL[index],
                    passes: result.passes,
                };
                let (nanos, count) = mean(&order(&crew, job));
                let done = requests.len() as u64 * u64::from(result.passes);
                let series = &mut result.series[index];
                series.nanos.push(nanos / done as f64);
                series.requests += done * threads as u64;
                series.count.allocations += count.allocations;
                series.count.bytes += count.bytes;
            }
            after_round();
        }
        // Once more: hours of use must not have worn anything out.
        check(&crew, &mut result);
        result.checked = 2 * 3 * (threads * requests.len()) as u64;
        Ok(result)
    })
}

type Crew = [(Sender<Job>, Receiver<Outcome>)];

/// Has every thread do this one job, and waits for all.
///
/// # Panics
///
/// If a thread has panicked, as otherwise the others would be waited for in vain.
fn order(crew: &Crew, job: Job) -> Vec<Outcome> {
    for (jobs, _) in crew {
        // One that is gone is noticed below.
        let _ = jobs.send(job);
    }
    let outcomes = crew.iter().map(|(_, outcomes)| outcomes.recv());
    outcomes.map(|o| o.expect("a worker panicked")).collect()
}

fn check(crew: &Crew, result: &mut Measurement) {
    for outcome in order(crew, Job::Check) {
        if let Outcome::Checked(wrong) = outcome {
            result.wrong.extend(wrong);
        }
    }
}

/// Nanoseconds of the slot, mean over the threads; allocations, summed.
fn mean(outcomes: &[Outcome]) -> (f64, Count) {
    let mut nanos = 0.0;
    let mut sum = Count::default();
    for outcome in outcomes {
        if let Outcome::Timed { time, count } = outcome {
            nanos += time.as_nanos() as f64;
            sum.allocations += count.allocations;
            sum.bytes += count.bytes;
        }
    }
    (nanos / outcomes.len() as f64, sum)
}

/// One thread: does jobs until there are no more.
fn work(first: &[Request], then: &[Request], jobs: &Receiver<Job>, outcomes: &Sender<Outcome>) {
    let mut bench = Bench::default();
    let all = || first.iter().chain(then);
    for job in jobs {
        let outcome = match job {
            Job::Check => {
                let mut wrong = Vec::new();
                for variant in Variant::ALL {
                    let mut check = Check::default();
                    bench.run(variant, all(), &mut check);
                    let found = check.wrong.into_iter();
                    wrong.extend(found.map(|(line, what)| Wrong {
                        variant,
                        line,
                        what,
                    }));
                }
                Outcome::Checked(wrong)
            }
            Job::Time { variant, passes } => {
                let before = counting::here();
                let start = Instant::now();
                for _ in 0..passes {
                    bench.run(variant, all(), &mut Glance);
                }
                let time = start.elapsed();
                let count = counting::here() - before;
                Outcome::Timed { time, count }
            }
        };
        if outcomes.send(outcome).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_yields_a_number_and_every_answer_is_right() {
        let lines: String = (0..7)
            .map(|i| format!("[[\":path\",\"/{i}?n={i}\"],[\"a\",\"{i}\"]]\n"))
            .collect();
        let requests = crate::input::read(lines.as_bytes(), |_, why| panic!("{why}")).unwrap();
        let mut ticks = 0;
        // More threads than requests: some start at the same one.
        let result = run(&requests, 9, 4, || ticks += 1).unwrap();
        assert_eq!(ticks, 4);
        assert_eq!((result.wrong.len(), result.checked), (0, 2 * 3 * 9 * 7));
        let done = 7 * 9 * 4 * u64::from(result.passes);
        for series in &result.series {
            assert_eq!((series.nanos.len(), series.requests), (4, done));
            assert!(series.nanos.iter().all(|&n| n > 0.0));
        }
        // One header and one parameter: key, list and value of each, and both
        // maps; one segment and its list. Exactly that, on every thread.
        let fresh = &result.series[0].count;
        assert_eq!(fresh.allocations, done * (2 * 4 + 2));
        let pooled = &result.series[2].count;
        assert_eq!((pooled.allocations, pooled.bytes), (0, 0));
    }
}
