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

/// When a thread began and ended, and how long of this it waited for a core.
struct Span {
    begin: Instant,
    end: Instant,
    waited: Duration,
}

impl Span {
    fn of(work: impl FnOnce()) -> Self {
        let before = waited();
        let begin = Instant::now();
        work();
        let end = Instant::now();
        let waited = waited() - before;
        Self { begin, end, waited }
    }

    fn join(self, other: Self) -> Self {
        Self {
            begin: self.begin.min(other.begin),
            end: self.end.max(other.end),
            waited: self.waited.max(other.waited),
        }
    }
}

/// Repeats what was disturbed: while another process has one of the cores, threads
/// that are to meet take turns instead, and neither their cost nor what they save
/// each other shows. Takes the least disturbed of ten, or the first in which no
/// thread waited for a core longer than for a hundredth of the time.
fn undisturbed(run: impl Fn() -> Span) -> Duration {
    let mut least: Option<Span> = None;
    for _ in 0..10 {
        let span = run();
        let took = span.end - span.begin;
        if span.waited * 100 <= took {
            return took;
        }
        if least
            .as_ref()
            .is_none_or(|least| span.waited < least.waited)
        {
            least = Some(span);
        }
    }
    least.map_or(Duration::ZERO, |span| span.end - span.begin)
}

/// How long one of `n` operations takes where each of `threads` threads does `n`,
/// times `n`: the time from the first start to the last end, shared out to the
/// cores if there are fewer than threads.
pub(crate) fn each_does(threads: usize, n: u64, warm: fn(), work: fn(u64)) -> Duration {
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
        return (span.end - span.begin).mul_f64(cores as f64 / threads as f64);
    }
    undisturbed(run)
}

/// How long it takes to pass `n` loans to another thread, which begins with
/// `prepare` and drops each loan.
pub(crate) fn pass<L: Send>(n: u64, prepare: fn(), lend: fn() -> L) -> Duration {
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
