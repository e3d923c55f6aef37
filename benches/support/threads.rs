//! What more than one thread is needed for.

use crossbeam_queue::ArrayQueue;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, available_parallelism, yield_now};
use std::time::{Duration, Instant};

/// Waits for another thread by spinning, as both would who are never idle: a queue
/// that its consumer sleeps on measures the scheduler. After about a tenth of a
/// millisecond the other is not running, and gets the core.
#[derive(Default)]
struct Spin(u32);

impl Spin {
    fn turn(&mut self) {
        self.0 += 1;
        if self.0 < 10_000 {
            std::hint::spin_loop();
        } else {
            yield_now();
        }
    }
}

/// Lets threads begin at one instant: none is still waking up when another is done.
struct Start {
    missing: AtomicUsize,
}

impl Start {
    fn of(threads: usize) -> Self {
        let missing = AtomicUsize::new(threads);
        Self { missing }
    }

    fn wait(&self) {
        self.missing.fetch_sub(1, SeqCst);
        let mut wait = Spin::default();
        while self.missing.load(SeqCst) > 0 {
            wait.turn();
        }
    }
}

/// How long this thread has waited for a core so far, where the system tells.
fn waited() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').nth(1).and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// When the first thread began and the last one ended, how long of this all were
/// at it, and how long one waited for a core.
struct Span {
    begin: Instant,
    end: Instant,
    all: (Instant, Instant),
    waited: Duration,
}

impl Span {
    fn of(work: impl FnOnce()) -> Self {
        let before = waited();
        let begin = Instant::now();
        work();
        let end = Instant::now();
        let waited = waited() - before;
        Self {
            begin,
            end,
            all: (begin, end),
            waited,
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            begin: self.begin.min(other.begin),
            end: self.end.max(other.end),
            all: (self.all.0.max(other.all.0), self.all.1.min(other.all.1)),
            waited: self.waited.max(other.waited),
        }
    }
}

/// How long work took, in the last of so many attempts.
pub(crate) struct Took {
    pub(crate) time: Duration,
    pub(crate) attempts: u64,
    /// Threads took turns on a core that they should have had for themselves.
    pub(crate) disturbed: bool,
}

/// Repeats what was disturbed: while another process has one of the cores, threads
/// that are to meet take turns instead, and neither their cost nor what they save
/// each other shows. Up to ten times, until no thread waited for a core for more
/// than a hundredth of the time, and all were at it for nine tenths.
fn undisturbed(run: impl Fn() -> Span) -> Took {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let span = run();
        let time = span.end - span.begin;
        let together = span.all.1.saturating_duration_since(span.all.0);
        let disturbed = span.waited * 100 > time || together * 10 < time * 9;
        if !disturbed || attempts == 10 {
            return Took {
                time,
                attempts,
                disturbed,
            };
        }
    }
}

/// How long one of `n` operations takes where each of `threads` threads does `n`,
/// times `n`: the time from the first start to the last end, shared out to the
/// cores if there are fewer than threads.
pub(crate) fn each_does(threads: usize, n: u64, warm: fn(), work: fn(u64)) -> Took {
    let run = || {
        let start = Start::of(threads);
        let each = || {
            warm();
            start.wait();
            Span::of(|| work(n))
        };
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
            let spans = handles
                .into_iter()
                .map(|handle| handle.join().expect("no panic"));
            spans.reduce(Span::join).expect("a thread")
        })
    };
    let cores = available_parallelism().map_or(1, usize::from);
    if threads > cores {
        let span = run();
        return Took {
            time: (span.end - span.begin).mul_f64(cores as f64 / threads as f64),
            attempts: 1,
            disturbed: false,
        };
    }
    undisturbed(run)
}

/// How long it takes to pass `n` loans to another thread, which begins with
/// `prepare` and drops each loan.
pub(crate) fn pass<L: Send>(n: u64, prepare: fn(), lend: fn() -> L) -> Took {
    undisturbed(|| {
        // As deep as a channel between two stages of a server would be.
        let queue = ArrayQueue::<L>::new(256);
        let start = Start::of(2);
        thread::scope(|scope| {
            let consumer = scope.spawn(|| {
                prepare();
                start.wait();
                Span::of(|| {
                    for _ in 0..n {
                        let mut wait = Spin::default();
                        while queue.pop().is_none() {
                            wait.turn();
                        }
                    }
                })
            });
            start.wait();
            let producer = Span::of(|| {
                for _ in 0..n {
                    let mut loan = lend();
                    let mut wait = Spin::default();
                    while let Err(back) = queue.push(loan) {
                        loan = back;
                        wait.turn();
                    }
                }
            });
            producer.join(consumer.join().expect("no panic"))
        })
    })
}
