//! What more than one thread is needed for.

use crate::counting::Counter;
use crossbeam_queue::ArrayQueue;
use millpond::alloc::Counts;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, available_parallelism, yield_now};
use std::time::{Duration, Instant};

/// Cores that this process may use.
pub fn cores() -> usize {
    // Asking reads files.
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| available_parallelism().map_or(1, usize::from))
}

/// Numbers of threads to measure: each power of two up to the cores, the cores, and
/// four times as many.
pub fn numbers() -> Vec<usize> {
    let cores = cores();
    let powers = (0..).map(|power| 1 << power);
    let mut numbers: Vec<usize> = powers.take_while(|threads| *threads < cores).collect();
    numbers.extend([cores, 4 * cores]);
    numbers
}

/// Waits for another thread by spinning, as both would who are never idle: a queue
/// that its consumer sleeps on measures the scheduler. After so many turns, about a
/// tenth of a millisecond if all have a core, the other is not running, and gets it.
struct Spin {
    turns: u32,
    patience: u32,
}

impl Spin {
    fn among(threads: usize) -> Self {
        let patience = if threads > cores() { 100 } else { 10_000 };
        Self { turns: 0, patience }
    }

    fn turn(&mut self) {
        self.turns += 1;
        if self.turns < self.patience {
            std::hint::spin_loop();
        } else {
            yield_now();
        }
    }
}

/// Lets threads begin at one instant: none is still waking up when another is done.
struct Start {
    missing: AtomicUsize,
    threads: usize,
}

impl Start {
    fn of(threads: usize) -> Self {
        let missing = AtomicUsize::new(threads);
        Self { missing, threads }
    }

    fn wait(&self) {
        self.missing.fetch_sub(1, SeqCst);
        let mut wait = Spin::among(self.threads);
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
    counts: Counts,
}

impl Span {
    fn of(work: impl FnOnce()) -> Self {
        let before = waited();
        let counter = Counter::begin();
        let begin = Instant::now();
        work();
        let end = Instant::now();
        let counts = counter.counts();
        let waited = waited() - before;
        Self {
            begin,
            end,
            all: (begin, end),
            waited,
            counts,
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            begin: self.begin.min(other.begin),
            end: self.end.max(other.end),
            all: (self.all.0.max(other.all.0), self.all.1.min(other.all.1)),
            waited: self.waited.max(other.waited),
            counts: self.counts + other.counts,
        }
    }
}

/// How long work took, and what it asked the allocator for.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// From the first start to the last end.
    pub time: Duration,
    /// Of all threads that did it, while counting was on.
    pub counts: Counts,
    /// Threads took turns on a core that they should have had for themselves.
    pub disturbed: bool,
}

impl Took {
    /// One thread's work.
    pub fn of(work: impl FnOnce()) -> Self {
        let counter = Counter::begin();
        let begin = Instant::now();
        work();
        let time = begin.elapsed();
        Self {
            time,
            counts: counter.counts(),
            disturbed: false,
        }
    }
}

/// Repeats what was disturbed: while another process has one of the cores, threads
/// that are to meet take turns instead, and neither their cost nor what they save
/// each other shows. Up to ten times, until no thread waited for a core for more
/// than a hundredth of the time, and all were at it for nine tenths. Where there
/// are more threads than cores, they always take turns.
fn undisturbed(threads: usize, run: impl Fn() -> Span) -> Took {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let span = run();
        let time = span.end - span.begin;
        let together = span.all.1.saturating_duration_since(span.all.0);
        let disturbed =
            threads <= cores() && (span.waited * 100 > time || together * 10 < time * 9);
        if !disturbed || attempts == 10 {
            return Took {
                time,
                counts: span.counts,
                disturbed,
            };
        }
    }
}

/// Runs each on a thread of its own, and joins the spans of all.
fn together<'a>(works: Vec<Box<dyn FnOnce() -> Span + Send + 'a>>) -> Span {
    thread::scope(|scope| {
        let handles: Vec<_> = works.into_iter().map(|work| scope.spawn(work)).collect();
        let spans = handles
            .into_iter()
            .map(|handle| handle.join().expect("no panic"));
        spans.reduce(Span::join).expect("a thread")
    })
}

/// How long one of `n` operations takes where each of `threads` threads does `n`,
/// times `n`: the time from the first start to the last end, shared out to the
/// cores if there are fewer than threads.
pub fn each_does(threads: usize, n: u64, warm: fn(), work: fn(u64)) -> Took {
    let mut took = undisturbed(threads, || {
        let start = &Start::of(threads);
        let each = move || {
            warm();
            start.wait();
            Span::of(|| work(n))
        };
        together((0..threads).map(|_| Box::new(each) as _).collect())
    });
    if threads > cores() {
        took.time = took.time.mul_f64(cores() as f64 / threads as f64);
    }
    took
}

/// Threads that pass loans on, and threads that drop them.
#[derive(Clone, Copy, Debug)]
pub struct Stages {
    /// Threads that borrow.
    pub producers: usize,
    /// Threads that drop.
    pub consumers: usize,
}

/// How long it takes to pass `n` loans through one queue. Each consumer begins with
/// `prepare`; each thread has an equal share of the work.
pub fn pass<L: Send>(n: u64, stages: Stages, prepare: fn(), lend: fn() -> L) -> Took {
    let Stages {
        producers,
        consumers,
    } = stages;
    let threads = producers + consumers;
    undisturbed(threads, || {
        // As deep as a channel between two stages of a server would be.
        let queue = &ArrayQueue::<L>::new(256);
        let start = &Start::of(threads);
        let produce = move || {
            start.wait();
            Span::of(|| {
                for _ in 0..n / producers as u64 {
                    let mut loan = lend();
                    let mut wait = Spin::among(threads);
                    while let Err(back) = queue.push(loan) {
                        loan = back;
                        wait.turn();
                    }
                }
            })
        };
        let consume = move || {
            prepare();
            start.wait();
            Span::of(|| {
                for _ in 0..n / consumers as u64 {
                    let mut wait = Spin::among(threads);
                    while queue.pop().is_none() {
                        wait.turn();
                    }
                }
            })
        };
        let mut works: Vec<Box<dyn FnOnce() -> Span + Send + '_>> = Vec::new();
        works.extend((0..producers).map(|_| Box::new(produce) as _));
        works.extend((0..consumers).map(|_| Box::new(consume) as _));
        together(works)
    })
}
