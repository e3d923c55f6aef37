//! Threads that come and go, timed from the inside.

use crate::counting::Counter;
use crate::threads::Took;
use millpond::alloc::Counts;
use std::cell::OnceCell;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Sees a thread from its first instruction to the end of its destructors: std runs
/// the destructor of the thread-local that was used first last.
struct Witness {
    begin: Instant,
    counter: Counter,
    report: Sender<(Duration, Counts)>,
}

thread_local! {
    static WITNESS: OnceCell<Witness> = const { OnceCell::new() };
}

impl Witness {
    fn begin(report: Sender<(Duration, Counts)>) {
        WITNESS.with(|witness| {
            let counter = Counter::begin();
            let begin = Instant::now();
            witness.get_or_init(|| Self {
                begin,
                counter,
                report,
            });
        });
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let seen = (self.begin.elapsed(), self.counter.counts());
        // Nobody asks only where the caller has panicked.
        let _ = self.report.send(seen);
    }
}

/// Starts `n` threads that do `work` and end, so many at a time. Their time is `n`
/// times that of the median thread: the start of a thread, which takes a hundred times
/// as long as little work does, is left out, and so are those that waited for a core.
pub fn come_and_go(n: u64, at_once: usize, work: fn()) -> Took {
    let (report, reports) = channel();
    let mut left = n;
    while left > 0 {
        let wave = left.min(at_once as u64);
        let start = || {
            let report = report.clone();
            thread::spawn(move || {
                Witness::begin(report);
                work();
            })
        };
        let threads: Vec<_> = (0..wave).map(|_| start()).collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        left -= wave;
    }
    drop(report);
    let (mut times, counts): (Vec<_>, Vec<_>) = reports.into_iter().unzip();
    times.sort_unstable();
    Took {
        time: times[times.len() / 2].mul_f64(n as f64),
        counts: counts.into_iter().fold(Counts::default(), |a, b| a + b),
        disturbed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const NAP: Duration = Duration::from_millis(20);

    struct Nap;

    impl Drop for Nap {
        fn drop(&mut self) {
            thread::sleep(NAP);
        }
    }

    #[test]
    fn the_destructors_of_a_thread_are_part_of_its_time() {
        thread_local! {
            static LATER: Cell<Option<Nap>> = const { Cell::new(None) };
        }
        let took = come_and_go(3, 2, || LATER.set(Some(Nap)));
        assert!(took.time >= NAP * 3, "{took:?}");
    }
}
