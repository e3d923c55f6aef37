//! The tables of `ratios`: work, candidates and targets.

use crate::ratio::{Judge, Table, Target};
use crate::sources::*;
use crate::threads::each_does;
use crate::{corpus, handoff, requests, strings};
use std::time::Duration;

const SHORT: Duration = Duration::from_micros(200);
const PEERS: &[&str] = &[
    PoolsharkLocal::NAME,
    PoolsharkGlobal::NAME,
    Opool::NAME,
    ObjectPool::NAME,
    Linear::NAME,
    Mutex::NAME,
    SpinLock::NAME,
];

/// Which tables to print, and how thoroughly.
pub(crate) struct Plan {
    words: Vec<String>,
    measure: bool,
}

impl Plan {
    /// The command line: words, one of which must be in a table's title. Without
    /// `--bench`, which cargo adds, everything is tried once and nothing measured.
    pub(crate) fn from_args() -> Self {
        let (options, words): (Vec<_>, Vec<_>) = std::env::args()
            .skip(1)
            .partition(|arg| arg.starts_with('-'));
        let measure = options.iter().any(|option| option == "--bench");
        Self { words, measure }
    }

    fn wants(&self, title: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| title.contains(word))
    }

    fn print<'a>(
        &self,
        title: &'a str,
        (round, rounds, judge): (Duration, usize, Judge),
        fill: impl FnOnce(&mut Table<'a>),
        targets: &[Target<'_>],
    ) {
        if self.wants(title) {
            let mut table = Table::new(title, round, judge);
            fill(&mut table);
            table.print(if self.measure { rounds } else { 1 }, targets);
        }
    }

    /// A map borrowed and given back on one thread. The targets are for glibc's
    /// malloc; with another, the figures are for comparison.
    pub(crate) fn maps(&self, targets: bool) {
        macro_rules! prepare {
            ($source:ty) => {
                <$source>::check();
                <$source>::warm(16);
            };
        }
        for_each_source!(prepare);
        let targets = |some: &'static [Target<'static>]| if targets { some } else { &[] };

        macro_rules! fill {
            ($work:ident) => {
                |table: &mut Table<'_>| {
                    macro_rules! row {
                        ($source:ty) => {
                            table.row(<$source>::NAME, $work::<$source>);
                        };
                    }
                    row!(Malloc);
                    row!(Millpond);
                    row!(ThreadLocal);
                    for_each_peer!(row);
                }
            };
        }
        self.print(
            "get + drop of one warm HashMap<u64, u64> (ratio to made and dropped)",
            (SHORT, 500, Judge::Best),
            fill!(empty),
            targets(&[
                Target::Ratio(Millpond::NAME, 0.55, &[Malloc::NAME]),
                Target::Ratio(Millpond::NAME, 0.45, PEERS),
                Target::NoAllocations(Millpond::NAME),
            ]),
        );

        const IN_PLACE: &str = "one map, in place";
        let mut map = make();
        self.print(
            "the same with one insert (ratio to one map reused in place)",
            (SHORT, 500, Judge::Best),
            |table| {
                table.row(IN_PLACE, move |n| insert_in_place(&mut map, n));
                macro_rules! row {
                    ($source:ty) => {
                        table.row(<$source>::NAME, insert::<$source>);
                    };
                }
                for_each_source!(row);
            },
            targets(&[Target::Ratio(Millpond::NAME, 1.4, &[IN_PLACE])]),
        );

        self.print(
            "four nested guards, per object (ratio to made and dropped)",
            (SHORT, 500, Judge::Best),
            fill!(nested4),
            targets(&[Target::Ratio(Millpond::NAME, 0.6, &[Malloc::NAME])]),
        );
        self.print(
            "eight nested guards, per object",
            (SHORT, 200, Judge::Best),
            fill!(nested8),
            &[],
        );
        self.print(
            "sixteen nested guards, per object",
            (SHORT, 200, Judge::Best),
            fill!(nested16),
            &[],
        );
    }

    /// The headers of a request into a map of strings.
    pub(crate) fn requests(&self, of_fresh: f64) {
        const REQUESTS: &str = "headers of a request (ratio to a fresh map of strings)";
        const STRINGS: &str = "16 strings into a list (ratio to a fresh list)";
        if !self.wants(REQUESTS) && !self.wants(STRINGS) {
            return;
        }
        let corpus = corpus::requests();
        self.print(
            REQUESTS,
            (Duration::ZERO, 100, Judge::Best),
            |table| {
                for (name, work) in requests::candidates(&corpus) {
                    table.batch(name, corpus.len(), work);
                }
            },
            &[
                Target::Ratio(requests::STRING_MAP, of_fresh, &[requests::FRESH]),
                Target::Ratio(requests::STRING_MAP, 0.6, &[requests::BORROWED]),
                Target::NoAllocations(requests::STRING_MAP),
                Target::Ratio(requests::POOLED, of_fresh, &[requests::FRESH]),
                Target::Ratio(requests::POOLED, 0.6, &[requests::BORROWED]),
                Target::NoAllocations(requests::POOLED),
            ],
        );

        let lists = strings::lists(&corpus);
        self.print(
            STRINGS,
            (Duration::ZERO, 200, Judge::Best),
            |table| {
                for (name, work) in strings::candidates(&lists) {
                    table.batch(name, lists.len(), work);
                }
            },
            &[
                Target::Ratio(strings::STRING_LIST, 0.3, &[strings::FRESH]),
                Target::NoAllocations(strings::STRING_LIST),
                Target::Ratio(strings::POOLED, 0.3, &[strings::FRESH]),
                Target::NoAllocations(strings::POOLED),
            ],
        );
    }

    /// Several threads, each on its own. Rounds are long beside the start of a
    /// thread, and short beside a time slice.
    pub(crate) fn contention(&self) {
        self.print(
            "several threads, each on its own (ratio to one thread)",
            (Duration::from_micros(600), 60, Judge::Median),
            |table| {
                macro_rules! rows {
                    ($source:ty) => {
                        let mut one = None;
                        for (threads, name) in [(1, "one"), (2, "two"), (4, "four")] {
                            let name = format!("{}, {name}", <$source>::NAME);
                            let work = move |n| {
                                let warm = || <$source>::warm(1);
                                let mut took = each_does(threads, n, warm, empty::<$source>);
                                took.time *= threads as u32;
                                took
                            };
                            let row = table.timed(name, one, threads, work);
                            one.get_or_insert(row);
                        }
                    };
                }
                for_each_source!(rows);
            },
            &[Target::Ratio("millpond, two", 1.15, &["millpond, one"])],
        );
    }

    /// Borrowed on one thread, given back on another.
    pub(crate) fn handoff(&self) {
        use handoff::{BORROWING, MALLOC, MILLPOND, POOLSHARK};
        self.print(
            "get on one thread, drop on another (ratio to made and dropped)",
            (Duration::from_millis(2), 60, Judge::Median),
            |table| {
                for (name, work) in handoff::candidates() {
                    table.timed(name, Some(0), 1, work);
                }
            },
            &[
                Target::Ratio(MILLPOND, 0.9, &[POOLSHARK]),
                Target::Ratio(MILLPOND, 0.35, &[MALLOC]),
                Target::Ratio(BORROWING, 0.9, &[POOLSHARK]),
                Target::Ratio(BORROWING, 0.35, &[MALLOC]),
            ],
        );
    }
}
