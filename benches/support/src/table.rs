//! Measures a table of candidates against each other, on a machine that is busy
//! with something else.
//!
//! All candidates take turns, in rounds of a fraction of a millisecond or a few,
//! so that whatever slows the machine down slows all of them. The best round of
//! each is what it takes when nothing interferes. The ratio of the medians would
//! still mix rounds of different moments: the median printed is the one of the
//! ratios within each round. What is asked of the allocator is counted in a round
//! of its own, which is not timed.

use crate::counting::while_counting;
use crate::figures::Figures;
use crate::source::Kind;
use crate::target::{Judge, Target, Verdict};
use crate::threads::Took;
use std::ops::Range;
use std::time::Duration;

/// The most objects that one operation of a row borrows at once.
const NEST: u64 = 16;

/// Does so much, and says how long it took.
type Work<'a> = Box<dyn FnMut(u64) -> Took + 'a>;

/// Rows that do the same work.
pub struct Table<'a> {
    pub(crate) id: String,
    pub(crate) title: String,
    round: Duration,
    pub(crate) judge: Judge,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Who would stand here, and why not.
pub(crate) struct LeftOut {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) why: &'static str,
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)
    }
}

pub(crate) struct Row<'a> {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    work: Work<'a>,
    /// Operations in one unit of work, such as requests in a corpus.
    unit: u64,
    /// Units are done in multiples of this.
    step: u64,
    /// The row whose time is 1.
    pub(crate) baseline: usize,
}

impl<'a> Table<'a> {
    /// `id` is the name for results; `round` is how long a candidate works in each
    /// round.
    pub fn new(id: &str, title: &str, round: Duration, judge: Judge) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            round,
            judge,
            rows: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Adds a candidate that reports its own time, compared with the first.
    pub fn timed(
        &mut self,
        name: impl Into<String>,
        kind: Kind,
        work: impl FnMut(u64) -> Took + 'a,
    ) -> &mut Self {
        self.rows.push(Row {
            name: name.into(),
            kind,
            work: Box::new(work),
            unit: 1,
            step: NEST,
            baseline: 0,
        });
        self
    }

    /// Adds a candidate that does so many operations, compared with the first.
    pub fn row(
        &mut self,
        name: impl Into<String>,
        kind: Kind,
        mut work: impl FnMut(u64) + 'a,
    ) -> &mut Self {
        self.timed(name, kind, move |n| Took::of(|| work(n)))
    }

    /// Adds a candidate one call of which does `unit` operations.
    pub fn batch(
        &mut self,
        name: impl Into<String>,
        kind: Kind,
        unit: usize,
        mut work: impl FnMut() + 'a,
    ) {
        self.row(name, kind, move |n| (0..n).for_each(|_| work()));
        self.in_units(unit, 1);
    }

    /// The row just added does `operations` at a time, in multiples of `step` times
    /// that.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn in_units(&mut self, operations: usize, step: u64) -> &mut Self {
        let row = self.rows.last_mut().expect("a row");
        (row.unit, row.step) = (operations as u64, step);
        self
    }

    /// Says of a candidate that it is not measured here, and why.
    pub fn left_out(&mut self, name: &'static str, kind: Kind, why: &'static str) {
        self.left_out.push(LeftOut { name, kind, why });
    }

    pub(crate) fn find(&self, name: &str) -> usize {
        let found = self.rows.iter().position(|row| row.name == name);
        found.unwrap_or_else(|| panic!("no row {name:?} in the table {:?}", self.title))
    }

    /// The fastest of these rows, if there is one.
    pub(crate) fn fastest(
        &self,
        figures: &[Figures],
        rows: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let time = |at: &usize| self.judge.time(&figures[*at]);
        rows.min_by(|a, b| time(a).total_cmp(&time(b)))
    }

    /// The fastest row of this crate's, at the work that the others do.
    pub(crate) fn fastest_pool(&self, figures: &[Figures]) -> Option<usize> {
        let rows = self.rows.iter().enumerate();
        let pools = rows.filter(|(_, row)| row.kind == Kind::Pool);
        self.fastest(figures, pools.map(|(at, _)| at))
    }

    /// Prints what was measured, and the verdicts.
    pub(crate) fn print(&self, figures: Vec<Figures>, targets: &[Target<'_>]) -> Printed {
        println!("\n{}", self.title);
        println!(
            "{:44} {:>8} {:>8} {:>7} {:>7} {:>9} {:>9} {:>9}",
            "", "ns best", "median", "ratio", "median", "allocs", "reallocs", "bytes"
        );
        for (row, own) in self.rows.iter().zip(&figures) {
            let (best, median) = own.ratios(&figures[row.baseline]);
            println!(
                "{:44} {:>8} {:>8} {:>7} {:>7} {:>9} {:>9} {:>9}",
                row.name,
                number(own.best(), 1),
                number(own.median(), 1),
                number(best, 2),
                number(median, 2),
                count(own.each(|counts| counts.allocations)),
                count(own.each(|counts| counts.reallocations)),
                count(own.each(|counts| counts.bytes_allocated)),
            );
        }
        for LeftOut { name, why, .. } in &self.left_out {
            println!("{name:44} left out: {why}");
        }
        let verdicts: Vec<_> = targets
            .iter()
            .map(|target| target.judge(self, &figures))
            .collect();
        for verdict in &verdicts {
            println!("{verdict}");
        }
        Printed { figures, verdicts }
    }

    /// Measures all rows. Where there are no `rounds`, does everything once, to see that it
    /// works, and measures nothing.
    pub(crate) fn measure(&mut self, rounds: Range<usize>) -> Vec<Figures> {
        let count = self.rows.len();
        // As many as fill a round of the baseline: all do the same work.
        let round = match rounds.is_empty() {
            false => self.round,
            true => Duration::ZERO,
        };
        let mut units: Vec<u64> = Vec::with_capacity(count);
        for (at, row) in self.rows.iter_mut().enumerate() {
            units.push(if row.baseline == at {
                row.calibrate(round)
            } else {
                units[row.baseline].next_multiple_of(row.step)
            });
            let _warm = (row.work)(units[at]);
        }
        // [row][round]
        let mut times = vec![Vec::with_capacity(rounds.len()); count];
        for round in rounds {
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
        rows.map(|((row, units), times)| Figures {
            times,
            counts: while_counting(|| (row.work)(units)).counts,
            operations: units * row.unit,
        })
        .collect()
    }
}

/// What a table came to.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Of each row.
    pub(crate) figures: Vec<Figures>,
    pub(crate) verdicts: Vec<Verdict>,
}

fn number(value: f64, digits: usize) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.digits$}")
    }
}

/// Only what is exactly none is 0.
fn count(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        small if small < 0.005 => "<0.01".to_owned(),
        large if large >= 1000.0 => format!("{large:.0}"),
        other => format!("{other:.2}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_is_not_nothing() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(0.0001), "<0.01");
        assert_eq!(count(29.5), "29.50");
        assert_eq!(number(f64::NAN, 1), "-");
    }

    #[test]
    fn all_rows_do_as_much_as_the_first_in_their_own_steps() {
        let mut done = [Vec::new(), Vec::new()];
        let mut table = Table::new("id", "title", Duration::ZERO, Judge::Best);
        let [first, second] = &mut done;
        let sleep = |n| Took::of(|| std::thread::sleep(Duration::from_micros(n)));
        table.timed("first", Kind::Malloc, |n| {
            first.push(n);
            sleep(n)
        });
        table.timed("second", Kind::Peer, |n| {
            second.push(n);
            sleep(n)
        });
        table.in_units(1, 48);
        let figures = table.measure(0..2);
        drop(table);
        // Calibrated three times, warmed once, timed twice, counted once.
        assert_eq!(done[0], [16; 7]);
        assert_eq!(done[1], [48; 4]);
        assert_eq!(figures[0].rounds(), 2);
        assert!(figures[0].best() > 1000.0);
    }
}
