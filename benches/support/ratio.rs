//! Measures a table of candidates against each other, on a machine that is busy
//! with something else.
//!
//! All candidates take turns, in rounds of a fraction of a millisecond or a few,
//! so that whatever slows the machine down slows all of them. The best round of
//! each is what it takes when nothing interferes. The ratio of the medians would
//! still mix rounds of different moments: the median printed is the one of the
//! ratios within each round.

use crate::counting::allocations;
use crate::threads::Took;
use std::time::{Duration, Instant};

/// The most objects that one operation of a row borrows at once.
const NEST: u64 = 16;

/// Does so much, and says how long it took.
type Work<'a> = Box<dyn FnMut(u64) -> Took + 'a>;

pub(crate) struct Table<'a> {
    title: &'a str,
    round: Duration,
    judge: Judge,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: String,
    work: Work<'a>,
    /// Operations in one unit of work, such as requests in a corpus.
    unit: u64,
    /// Units are done in multiples of this.
    step: u64,
    /// The row whose time is 1.
    baseline: usize,
}

struct Figures {
    /// Nanoseconds an operation, round by round; not a number where the row was
    /// disturbed.
    times: Vec<f64>,
    allocations: u64,
    operations: u64,
}

impl Figures {
    fn best(&self) -> f64 {
        self.times.iter().copied().fold(f64::NAN, f64::min)
    }

    fn median(&self) -> f64 {
        median(self.times.clone())
    }

    /// The ratio of the best rounds, and the median of the ratios.
    fn ratios(&self, to: &Self) -> (f64, f64) {
        let pairs = self.times.iter().zip(&to.times);
        let ratios = pairs.map(|(own, other)| own / other).collect();
        (self.best() / to.best(), median(ratios))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// By which of the two ratios targets are judged.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Judge {
    /// Nothing but noise makes a round slower than another.
    Best,
    /// The best round of threads that share something is the one in which they
    /// happened to meet least.
    Median,
}

/// What a row must reach.
pub(crate) enum Target<'a> {
    /// So many times the fastest of the others, at most.
    Ratio(&'a str, f64, &'a [&'a str]),
    /// No allocation once warm.
    NoAllocations(&'a str),
}

impl<'a> Table<'a> {
    /// `round` is how long a candidate works in each round.
    pub(crate) fn new(title: &'a str, round: Duration, judge: Judge) -> Self {
        Self {
            title,
            round,
            judge,
            rows: Vec::new(),
        }
    }

    /// Adds a candidate that reports its own time, compared with row `baseline`, or
    /// with itself; one unit of work is so many operations. Returns the row's number.
    pub(crate) fn timed(
        &mut self,
        name: impl Into<String>,
        baseline: Option<usize>,
        unit: usize,
        work: impl FnMut(u64) -> Took + 'a,
    ) -> usize {
        self.rows.push(Row {
            name: name.into(),
            work: Box::new(work),
            unit: unit as u64,
            step: NEST,
            baseline: baseline.unwrap_or(self.rows.len()),
        });
        self.rows.len() - 1
    }

    /// Adds a candidate that does so many operations, compared with the first.
    pub(crate) fn row(&mut self, name: &str, mut work: impl FnMut(u64) + 'a) {
        self.timed(name, Some(0), 1, move |n| {
            let start = Instant::now();
            work(n);
            Took {
                time: start.elapsed(),
                attempts: 1,
                disturbed: false,
            }
        });
    }

    /// Adds a candidate one call of which does `unit` operations.
    pub(crate) fn batch(&mut self, name: &str, unit: usize, mut work: impl FnMut() + 'a) {
        self.row(name, move |n| (0..n).for_each(|_| work()));
        let row = self.rows.last_mut().expect("just added");
        (row.unit, row.step) = (unit as u64, 1);
    }

    /// Measures all rows, prints them and the verdicts. Once is enough to see that
    /// they work, where `rounds` is 1.
    pub(crate) fn print(mut self, rounds: usize, targets: &[Target<'_>]) {
        let figures = self.measure(rounds);
        println!("\n{}", self.title);
        println!(
            "{:44} {:>8} {:>8} {:>7} {:>7} {:>12}",
            "", "ns best", "median", "ratio", "median", "allocations"
        );
        for (row, own) in self.rows.iter().zip(&figures) {
            let allocations = match own.allocations {
                0 => "0".to_string(),
                n => format!("{:.2}", n as f64 / own.operations as f64),
            };
            let (best, median) = own.ratios(&figures[row.baseline]);
            println!(
                "{:44} {:8.1} {:8.1} {best:7.2} {median:7.2} {allocations:>12}",
                row.name,
                own.best(),
                own.median(),
            );
        }
        for target in targets {
            self.judge(target, &figures);
        }
    }

    fn find(&self, name: &str) -> usize {
        let found = self.rows.iter().position(|row| row.name == name);
        found.unwrap_or_else(|| panic!("no row {name:?}"))
    }

    fn judge(&self, target: &Target<'_>, figures: &[Figures]) {
        let verdict = |met| if met { "met   " } else { "MISSED" };
        match target {
            Target::Ratio(row, at_most, others) => {
                let own = &figures[self.find(row)];
                let speed = |at: &usize| match self.judge {
                    Judge::Best => figures[*at].best(),
                    Judge::Median => figures[*at].median(),
                };
                let others = others.iter().map(|name| self.find(name));
                let other = others.min_by(|a, b| speed(a).total_cmp(&speed(b)));
                let other = other.expect("compared with something");
                let (best, median) = own.ratios(&figures[other]);
                let (ratio, alternative) = match self.judge {
                    Judge::Best => (best, format!("median {median:.2}")),
                    Judge::Median => (median, format!("best {best:.2}")),
                };
                println!(
                    "{} {row}: {ratio:.2} ({alternative}) x {}, at most {at_most:.2}",
                    if ratio.is_nan() {
                        "UNDECIDED, the machine is too busy:"
                    } else {
                        verdict(ratio <= *at_most)
                    },
                    self.rows[other].name,
                );
            }
            Target::NoAllocations(row) => {
                let allocations = figures[self.find(row)].allocations;
                println!(
                    "{} {row}: {allocations} allocations, at most 0",
                    verdict(allocations == 0)
                );
            }
        }
    }

    fn measure(&mut self, rounds: usize) -> Vec<Figures> {
        let count = self.rows.len();
        // As many as fill a round of the baseline: all do the same work.
        let round = if rounds > 1 {
            self.round
        } else {
            Duration::ZERO
        };
        let mut units: Vec<u64> = Vec::with_capacity(count);
        for (at, row) in self.rows.iter_mut().enumerate() {
            units.push(if row.baseline == at {
                row.calibrate(round)
            } else {
                units[row.baseline]
            });
            let _warm = (row.work)(units[at]);
        }
        // [row][round]
        let mut times = vec![Vec::with_capacity(rounds); count];
        for round in 0..rounds {
            for i in 0..count {
                // Another one goes first each time: what the row before leaves in
                // the caches should not always be the same.
                let at = (i + round) % count;
                let row = &mut self.rows[at];
                let operations = (units[at] * row.unit) as f64;
                let took = (row.work)(units[at]);
                times[at].push(if took.disturbed {
                    f64::NAN
                } else {
                    took.time.as_secs_f64() * 1e9 / operations
                });
            }
        }
        let rows = self.rows.iter_mut().zip(units).zip(times);
        rows.map(|((row, units), times)| {
            let mut attempts = 1;
            let allocations = allocations(|| attempts = (row.work)(units).attempts);
            Figures {
                times,
                allocations,
                operations: units * row.unit * attempts,
            }
        })
        .collect()
    }
}

impl Row<'_> {
    /// How much work fills a round, going by the best of three.
    fn calibrate(&mut self, round: Duration) -> u64 {
        let mut n = self.step;
        loop {
            let times = (0..3).map(|_| (self.work)(n).time);
            let elapsed = times.min().unwrap_or_default().max(Duration::from_nanos(1));
            if elapsed >= round / 4 {
                let scale = round.as_secs_f64() / elapsed.as_secs_f64();
                let n = (n as f64 * scale) as u64;
                return n.max(1).next_multiple_of(self.step);
            }
            n *= 2;
        }
    }
}
