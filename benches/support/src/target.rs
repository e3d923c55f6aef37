//! What a row must reach, and whether it does.

use crate::figures::Figures;
use crate::source::Kind;
use crate::table::Table;
use std::fmt;

/// By which of the two ratios targets are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judge {
    /// Nothing but noise makes a round slower than another.
    Best,
    /// The best round of threads that share something is the one in which they
    /// happened to meet least.
    Median,
}

impl Judge {
    /// The time that counts.
    pub(crate) fn time(self, figures: &Figures) -> f64 {
        match self {
            Self::Best => figures.best(),
            Self::Median => figures.median(),
        }
    }

    /// The ratio that counts, and the other one.
    pub(crate) fn ratios(self, own: &Figures, to: &Figures) -> (f64, f64) {
        let (best, median) = own.ratios(to);
        match self {
            Self::Best => (best, median),
            Self::Median => (median, best),
        }
    }
}

/// What a row must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// So many times the fastest of the others, at most.
    Ratio(&'a str, f64, &'a [&'a str]),
    /// So many times the fastest peer, at most.
    Peers(&'a str, f64),
    /// No allocation or reallocation once warm.
    NoAllocations(&'a str),
}

/// Whether a row reached its target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) row: String,
    /// The row it was compared with, or "allocations".
    pub(crate) against: String,
    pub(crate) at_most: f64,
    /// Not a number if nothing was measured.
    pub(crate) ratio: f64,
    /// The ratio that it was not judged by.
    other: f64,
    judge: Judge,
}

impl Verdict {
    /// `None` if nothing was measured.
    pub(crate) fn met(&self) -> Option<bool> {
        (!self.ratio.is_nan()).then_some(self.ratio <= self.at_most)
    }
}

impl Target<'_> {
    pub(crate) fn judge(&self, table: &Table<'_>, figures: &[Figures]) -> Verdict {
        match *self {
            Self::Ratio(row, at_most, others) => {
                let others = others.iter().map(|name| table.find(name));
                compare(table, figures, row, at_most, others)
            }
            Self::Peers(row, at_most) => {
                let rows = table.rows.iter().enumerate();
                let peers = rows.filter(|(_, row)| row.kind == Kind::Peer);
                compare(table, figures, row, at_most, peers.map(|(at, _)| at))
            }
            Self::NoAllocations(row) => {
                let own = &figures[table.find(row)];
                Verdict {
                    row: row.to_owned(),
                    against: "allocations".to_owned(),
                    at_most: 0.0,
                    ratio: own.each(|counts| counts.allocations + counts.reallocations),
                    other: f64::NAN,
                    judge: table.judge,
                }
            }
        }
    }
}

/// With the fastest of the others.
fn compare(
    table: &Table<'_>,
    figures: &[Figures],
    row: &str,
    at_most: f64,
    others: impl Iterator<Item = usize>,
) -> Verdict {
    let against = table.fastest(figures, others);
    let against = against.expect("compared with something");
    let own = &figures[table.find(row)];
    let (ratio, other) = table.judge.ratios(own, &figures[against]);
    Verdict {
        row: row.to_owned(),
        against: table.rows[against].name.clone(),
        at_most,
        ratio,
        other,
        judge: table.judge,
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.met() {
            Some(true) => "met    ",
            Some(false) => "MISSED ",
            None => "UNDECIDED, not measured or the machine is too busy: ",
        })?;
        match self.ratio.is_nan() {
            true => write!(f, "{}: - ", self.row)?,
            false => write!(f, "{}: {:.2} ", self.row, self.ratio)?,
        }
        if !self.other.is_nan() {
            let other = match self.judge {
                Judge::Best => "median",
                Judge::Median => "best",
            };
            write!(f, "({other} {:.2}) ", self.other)?;
        }
        write!(f, "x {}, at most {:.2}", self.against, self.at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::Took;
    use millpond::alloc::Counts;
    use std::time::Duration;

    fn figures(time: f64, allocations: u64) -> Figures {
        let mut counts = Counts::default();
        counts.allocations = allocations;
        Figures {
            times: vec![time],
            counts,
            operations: 10,
        }
    }

    #[test]
    fn a_target_is_met_against_the_fastest_of_the_others() {
        let mut table = Table::new("id", "title", Duration::ZERO, Judge::Best);
        let kinds = [Kind::Pool, Kind::Peer, Kind::Own];
        for (name, kind) in ["own", "slow", "fast"].into_iter().zip(kinds) {
            table.timed(name, kind, |_| Took::of(|| {}));
        }
        let figures = [figures(10.0, 1), figures(40.0, 0), figures(20.0, 0)];
        let judge = |target: Target<'_>| target.judge(&table, &figures);

        let met = judge(Target::Ratio("own", 0.5, &["slow", "fast"]));
        assert_eq!((met.against.as_str(), met.met()), ("fast", Some(true)));
        let peers = judge(Target::Peers("own", 0.3));
        assert_eq!((peers.against.as_str(), peers.met()), ("slow", Some(true)));
        let missed = judge(Target::Ratio("own", 0.4, &["slow", "fast"]));
        assert_eq!(missed.met(), Some(false));
        assert!(missed.to_string().starts_with("MISSED"), "{missed}");

        let allocates = judge(Target::NoAllocations("own"));
        assert_eq!((allocates.ratio, allocates.met()), (0.1, Some(false)));
        assert_eq!(judge(Target::NoAllocations("fast")).met(), Some(true));
    }
}
