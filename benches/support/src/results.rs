//! Results for programs: one JSON line for each row of each table.
//!
//! With `MILLPOND_RESULTS` naming a directory, a run writes the file
//! `<bench>-<allocator>.jsonl` into it. In a line:
//!
//! | field | |
//! |---|---|
//! | `bench`, `allocator` | which run |
//! | `table`, `title` | which table; `table` is a short name that stays |
//! | `row`, `kind`, `limit` | which row; `pool` (this crate), `collection` (this crate, lending a collection of its own where peers lend std's), `malloc`, `limit` (nothing can be faster), `peer`, `own` (hand-written) |
//! | `baseline` | the row whose time is 1 |
//! | `ns_best`, `ns_median` | nanoseconds an operation |
//! | `ratio_best`, `ratio_median` | to the baseline: of the best rounds; the median of the ratios within the rounds |
//! | `ratio_to_pool` | to the fastest row of the kind `pool`, by the ratio that counts |
//! | `allocations`, `reallocations`, `bytes` | asked of the allocator for one operation, counted in a round that is not timed; a block that grows counts with the bytes by which it does |
//! | `rounds` | in which the row was measured undisturbed |
//! | `judge` | `best` or `median`: which ratio counts in this table |
//! | `targets` | `against`, `at_most`, `ratio`, `met`; against `allocations`, the ratio is their number |
//! | `left_out` | why the row is not measured in this table; nothing else of it is there but `bench` to `kind` |
//!
//! What was not measured is null.

use crate::figures::Figures;
use crate::table::{LeftOut, Printed, Row, Table};
use crate::target::{Judge, Verdict};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The directory that results are to be written to, if any.
pub fn directory() -> Option<PathBuf> {
    std::env::var_os("MILLPOND_RESULTS").map(PathBuf::from)
}

/// Makes a file of results.
///
/// # Errors
///
/// If it cannot be made; says which and why.
pub fn create(directory: &Path, name: &str) -> Result<File, String> {
    let path = directory.join(name);
    std::fs::create_dir_all(directory)
        .and_then(|()| File::create(&path))
        .map_err(|error| format!("MILLPOND_RESULTS: cannot make {}: {error}", path.display()))
}

/// Where the results of a run go.
#[derive(Debug)]
pub(crate) struct Results {
    file: Option<File>,
    bench: &'static str,
    allocator: &'static str,
}

impl Results {
    /// Without a directory, they go nowhere.
    pub(crate) fn open(
        directory: Option<PathBuf>,
        bench: &'static str,
        allocator: &'static str,
    ) -> Result<Self, String> {
        let file = directory
            .map(|directory| create(&directory, &format!("{bench}-{allocator}.jsonl")))
            .transpose()?;
        Ok(Self {
            file,
            bench,
            allocator,
        })
    }

    /// Adds a table. The file is whole after each.
    pub(crate) fn write(&mut self, table: &Table<'_>, printed: &Printed) {
        let Some(file) = &mut self.file else {
            return;
        };
        let rows = table.rows.iter().zip(&printed.figures);
        let measured = rows.map(|(row, own)| line(table, row, own, printed));
        let left_out = table.left_out.iter().map(|row| why_not(table, row));
        let mut lines = String::new();
        for mut line in measured.chain(left_out) {
            line["bench"] = json!(self.bench);
            line["allocator"] = json!(self.allocator);
            lines += &format!("{line}\n");
        }
        file.write_all(lines.as_bytes())
            .unwrap_or_else(|error| panic!("cannot write to MILLPOND_RESULTS: {error}"));
    }
}

// NaN becomes null.
fn line(table: &Table<'_>, row: &Row<'_>, own: &Figures, printed: &Printed) -> Value {
    let (ratio_best, ratio_median) = own.ratios(&printed.figures[row.baseline]);
    let pool = table.fastest_pool(&printed.figures);
    let ratio_to_pool = pool.map(|at| table.judge.ratios(own, &printed.figures[at]).0);
    let verdicts = printed.verdicts.iter();
    let targets: Vec<_> = verdicts
        .filter(|verdict| verdict.row == row.name)
        .map(target)
        .collect();
    json!({
        "table": table.id,
        "title": table.title,
        "row": row.name,
        "kind": row.kind.name(),
        "limit": row.kind == crate::source::Kind::Limit,
        "baseline": table.rows[row.baseline].name,
        "ns_best": own.best(),
        "ns_median": own.median(),
        "ratio_best": ratio_best,
        "ratio_median": ratio_median,
        "ratio_to_pool": ratio_to_pool,
        "allocations": own.each(|counts| counts.allocations),
        "reallocations": own.each(|counts| counts.reallocations),
        "bytes": own.each(|counts| counts.bytes_allocated),
        "rounds": own.rounds(),
        "judge": match table.judge {
            Judge::Best => "best",
            Judge::Median => "median",
        },
        "targets": targets,
    })
}

fn why_not(table: &Table<'_>, row: &LeftOut) -> Value {
    json!({
        "table": table.id,
        "title": table.title,
        "row": row.name,
        "kind": row.kind.name(),
        "left_out": row.why,
    })
}

fn target(verdict: &Verdict) -> Value {
    json!({
        "against": verdict.against,
        "at_most": verdict.at_most,
        "ratio": verdict.ratio,
        "met": verdict.met(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Kind;
    use crate::target::Target;
    use crate::threads::Took;
    use std::time::Duration;

    fn lines(rounds: usize, file: &str) -> Vec<Value> {
        let directory = std::env::temp_dir().join("millpond-results");
        let mut results = Results {
            file: Some(create(&directory, file).unwrap()),
            bench: "test",
            allocator: "glibc",
        };
        let mut table = Table::new("nap", "how long a nap is", Duration::ZERO, Judge::Best);
        for (name, kind) in [("a", Kind::Pool), ("b", Kind::Limit)] {
            table.timed(name, kind, |_| {
                Took::of(|| std::thread::sleep(Duration::from_micros(10)))
            });
        }
        table.left_out("c", Kind::Peer, "never naps");
        let targets = [
            Target::Ratio("b", 1000.0, &["a"]),
            Target::NoAllocations("b"),
        ];
        let figures = table.measure(0..rounds);
        let printed = table.print(figures, &targets);
        results.write(&table, &printed);
        let text = std::fs::read_to_string(directory.join(file)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_says_all_there_is_to_know_of_a_row() {
        let [a, b, c] = &lines(2, "measured.jsonl")[..] else {
            panic!("two rows, and one left out");
        };
        assert_eq!(a["bench"], "test");
        assert_eq!(a["allocator"], "glibc");
        assert_eq!(a["table"], "nap");
        assert_eq!(a["title"], "how long a nap is");
        assert_eq!(a["row"], "a");
        assert_eq!(a["kind"], "pool");
        assert_eq!(a["limit"], false);
        assert_eq!(a["ratio_best"], 1.0);
        assert_eq!(a["targets"], json!([]));
        assert_eq!(a["rounds"], 2);
        assert_eq!(b["kind"], "limit");
        assert_eq!(b["limit"], true);
        assert_eq!(b["baseline"], "a");
        assert_eq!(a["ratio_to_pool"], 1.0);
        assert_eq!(b["ratio_to_pool"], b["ratio_best"]);
        for field in ["ns_best", "ns_median", "ratio_best", "ratio_median"] {
            assert!(b[field].as_f64().unwrap() > 0.0, "{field}");
        }
        for field in ["allocations", "reallocations", "bytes"] {
            assert_eq!(b[field], 0.0, "{field}");
        }
        let targets = b["targets"].as_array().unwrap();
        assert_eq!(targets.len(), 2);
        assert_eq!(targets[0]["against"], "a");
        assert_eq!(targets[0]["at_most"], 1000.0);
        assert_eq!(targets[0]["met"], true);
        assert_eq!(targets[0]["ratio"], b["ratio_best"]);
        assert_eq!(targets[1]["against"], "allocations");
        assert_eq!(a["left_out"], Value::Null);
        assert_eq!(c["bench"], "test");
        assert_eq!(c["table"], "nap");
        assert_eq!(c["row"], "c");
        assert_eq!(c["kind"], "peer");
        assert_eq!(c["left_out"], "never naps");
        assert_eq!(c["ns_best"], Value::Null);
    }

    #[test]
    fn rows_are_compared_with_the_pool_by_the_ratio_that_counts() {
        let mut table = Table::new("t", "T", Duration::ZERO, Judge::Median);
        for (name, kind) in [
            ("made", Kind::Malloc),
            ("slow", Kind::Pool),
            ("pool", Kind::Pool),
            ("peer", Kind::Peer),
        ] {
            table.timed(name, kind, |_| unreachable!());
        }
        let figures = |times: [f64; 3]| Figures {
            times: times.into(),
            ..Figures::default()
        };
        let printed = Printed {
            figures: vec![
                figures([9.0; 3]),
                figures([5.0; 3]),
                figures([1.0, 2.0, 4.0]),
                figures([3.0, 2.0, 2.0]),
            ],
            verdicts: Vec::new(),
        };
        let line = |at: usize| line(&table, &table.rows[at], &printed.figures[at], &printed);
        // Of 3, 1 and 0.5; of the best rounds it would be 2, of the medians 1 as well.
        assert_eq!(line(3)["ratio_to_pool"], 1.0);
        assert_eq!(line(2)["ratio_to_pool"], 1.0);
        assert_eq!(line(0)["ratio_to_pool"], 4.5);
    }

    #[test]
    fn what_was_not_measured_is_null() {
        let lines = lines(0, "unmeasured.jsonl");
        for field in [
            "ns_best",
            "ns_median",
            "ratio_best",
            "ratio_median",
            "ratio_to_pool",
        ] {
            assert_eq!(lines[1][field], Value::Null, "{field}");
        }
        assert_eq!(lines[1]["targets"][0]["ratio"], Value::Null);
        assert_eq!(lines[1]["targets"][0]["met"], Value::Null);
    }
}
