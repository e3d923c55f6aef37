//! Running the variants on all threads, round by round.
//!
//! The threads live as long as the measurement, as a server's do: what the
//! pool keeps per thread stays warm. In each round every variant gets one slot,
//! in an order that changes from round to round, so that a busy moment of the
//! machine hits all of them alike. All threads work in each slot at once.
//!
//! Allocations are counted in slots of their own, which are not timed: counting one
//! takes a good part of what it takes itself, and only those pay who allocate.

use crate::input::Request;
use crate::variants::{Bench, Check, Glance, Variant};
use millpond::alloc::{self, Counts};
use std::num::NonZero;
use std::panic;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long a slot should take at least: a hundred times what it takes to wake
/// the threads, and about a scheduler's time slice, so that even on a busy
/// machine some slots run undisturbed. At 10 ms few did.
const SLOT: Duration = Duration::from_millis(4);

/// One round in so many counts as well, beginning with the first: what a variant
/// allocates hardly changes, but if it does now and then, that should be seen.
const COUNTED: usize = 10;

/// What the threads are told to do. All of them do the same.
#[derive(Clone, Copy)]
enum Job {
    Check,
    Time { variant: Variant, passes: u32 },
    Count { variant: Variant, passes: u32 },
}

enum Outcome {
    Checked(Vec<Wrong>),
    Timed { start: Instant, end: Instant },
    Counted(Counts),
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
    /// Nanoseconds a request takes one core: one number a round.
    pub(crate) nanos: Vec<f64>,
    /// Summed over the rounds that count, and threads.
    pub(crate) counts: Counts,
    /// In which these were counted.
    pub(crate) counted: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Measurement {
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
        let mut handles = Vec::with_capacity(threads);
        for index in 0..threads {
            let (jobs, my_jobs) = mpsc::channel();
            let (my_outcomes, outcomes) = mpsc::channel();
            // Each starts elsewhere, or all would ask for the same at once.
            let (before, after) = requests.split_at(requests.len() * index / threads);
            let handle = thread::Builder::new()
                .spawn_scoped(scope, move || work(after, before, &my_jobs, &my_outcomes))
                .map_err(|e| format!("cannot start {threads} threads: {e}"))?;
            crew.push((jobs, outcomes));
            handles.push(handle);
        }

        let mut result = Measurement::default();
        check(&crew, &mut result);
        let passes = Variant::ALL.map(|variant| passes(&crew, variant));
        for round in 0..rounds as usize {
            for turn in 0..Variant::ALL.len() {
                let index = (round + turn) % Variant::ALL.len();
                let (variant, passes) = (Variant::ALL[index], passes[index]);
                let time = time(&crew, variant, passes);
                let done = (requests.len() * threads) as u64 * u64::from(passes);
                let series = &mut result.series[index];
                series.nanos.push(per_core(time, threads) / done as f64);
                if round % COUNTED == 0 {
                    series.counts += count(&crew, variant, passes);
                    series.counted += done;
                }
            }
            after_round();
        }
        // Once more: all that use must not have worn anything out.
        check(&crew, &mut result);
        result.checked = 2 * 3 * (threads * requests.len()) as u64;

        // Without jobs the threads end. They are joined one by one, as the end
        // of the scope would not wait for what they do last: to return to the
        // pools what they keep.
        drop(crew);
        for handle in handles {
            handle.join().unwrap_or_else(|e| panic::resume_unwind(e));
        }
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

/// One slot: from the first thread's start to the last one's end.
///
/// Each thread's own time would mislead where threads outnumber cores: it tells
/// who was interrupted, not how much was done.
fn time(crew: &Crew, variant: Variant, passes: u32) -> Duration {
    let mut span: Option<(Instant, Instant)> = None;
    for outcome in order(crew, Job::Time { variant, passes }) {
        if let Outcome::Timed { start, end } = outcome {
            let (first, last) = span.unwrap_or((start, end));
            span = Some((first.min(start), last.max(end)));
        }
    }
    span.map_or(Duration::ZERO, |(first, last)| last - first)
}

/// What all threads allocate in one slot.
fn count(crew: &Crew, variant: Variant, passes: u32) -> Counts {
    let mut sum = Counts::default();
    for outcome in order(crew, Job::Count { variant, passes }) {
        if let Outcome::Counted(counts) = outcome {
            sum += counts;
        }
    }
    sum
}

/// How many passes of this variant fill a slot.
fn passes(crew: &Crew, variant: Variant) -> u32 {
    time(crew, variant, 1); // warms up
    let once = time(crew, variant, 1);
    let passes = SLOT.as_secs_f64() / once.as_secs_f64().max(1e-9);
    passes.ceil().clamp(1.0, 1e6) as u32
}

/// Nanoseconds of all the cores that this many threads keep busy.
fn per_core(time: Duration, threads: usize) -> f64 {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    time.as_nanos() as f64 * threads.min(cores) as f64
}

/// One thread: does jobs until there are no more.
fn work(first: &[Request], then: &[Request], jobs: &Receiver<Job>, outcomes: &Sender<Outcome>) {
    let mut bench = Bench::default();
    let all = || first.iter().chain(then);
    let replay = |bench: &mut Bench, variant, passes| {
        for _ in 0..passes {
            bench.run(variant, all(), &mut Glance);
        }
    };
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
                let start = Instant::now();
                replay(&mut bench, variant, passes);
                let end = Instant::now();
                Outcome::Timed { start, end }
            }
            Job::Count { variant, passes } => {
                let ((), counts) = alloc::count(|| replay(&mut bench, variant, passes));
                Outcome::Counted(counts)
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
        for series in &result.series {
            assert!(series.nanos.len() == 4 && series.nanos.iter().all(|&n| n > 0.0));
            assert!(series.counted > 0 && series.counted.is_multiple_of(7 * 9));
        }
        // One header and one parameter: name, list and value of each and their
        // maps; one segment and its list. Exactly that, on every thread.
        let fresh = &result.series[0];
        assert_eq!(fresh.counts.calls(), fresh.counted * 10);
        assert_eq!(result.series[2].counts.calls(), 0);
    }
}
