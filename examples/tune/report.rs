//! What was found, and the figures of it for a terminal of 80 columns.

use crate::load::Load;
use crate::measure::{Plan, Row};
use crate::numbers::{best, median, plural, thousands};
use millpond::Advice;
use std::io::{self, Write};

/// Sizes within 5% of the fastest are as good, for what can be told apart here.
const AS_GOOD: f64 = 1.05;

/// How much longer than the best round the median one takes on a busy machine: 1.1
/// to 1.4 is usual on a virtual one that is otherwise idle.
const BLURRED: f64 = 1.5;

pub(crate) struct Findings {
    pub(crate) load: Load,
    pub(crate) plan: Plan,
    /// In the order of their sizes; at least one.
    pub(crate) rows: Vec<Row>,
    /// The library's own.
    pub(crate) advice: Advice,
}

impl Findings {
    /// The smallest size that is as good as the fastest.
    pub(crate) fn recommended(&self) -> &Row {
        let times = self.rows.iter().map(|row| best(&row.nanos));
        let fastest = times.fold(f64::INFINITY, f64::min);
        let as_good = |row: &&Row| best(&row.nanos) <= fastest * AS_GOOD;
        let first = self.rows.iter().find(as_good);
        first.expect("the fastest is as good as itself")
    }

    /// A warning, if other work on the machine blurred the measurement: then sizes
    /// 5% apart cannot be told apart.
    pub(crate) fn noise(&self) -> Option<String> {
        let row = self.recommended();
        let ratio = median(&row.nanos) / best(&row.nanos);
        (ratio > BLURRED).then(|| {
            format!(
                "Blurred: its median round took {ratio:.1} times its best. Differences this \
                 small want a quieter machine, or more --rounds."
            )
        })
    }

    pub(crate) fn advised(&self) -> usize {
        self.advice.local_capacity as usize
    }

    /// How the recommended size and the advised one differ, in a sentence.
    pub(crate) fn comparison(&self) -> String {
        let recommended = self.recommended();
        let Some(advised) = self.rows.iter().find(|row| row.size == self.advised()) else {
            return "The advised size was not among those tried.".to_owned();
        };
        let (ours, theirs) = (best(&recommended.nanos), best(&advised.nanos));
        let percent = 100.0 * (theirs / ours - 1.0);
        if advised.size == recommended.size {
            "Both agree.".to_owned()
        } else if percent.abs() < 0.5 {
            "The two are equally fast.".to_owned()
        } else {
            let how = if percent < 0.0 { "faster" } else { "slower" };
            format!("The advised size is {:.0}% {how}.", percent.abs())
        }
    }
}

/// What is going to be measured: printed first, for those who wait.
pub(crate) fn opening(out: &mut dyn Write, load: &Load, plan: &Plan) -> io::Result<()> {
    writeln!(out, "{}\n{}\n", load.name, describe(plan))
}

pub(crate) fn describe(plan: &Plan) -> String {
    let threads = plural(plan.threads as u64, "thread");
    let maps = plural(plan.depth as u64, "map");
    match plan.share {
        0 => format!("{threads}, {maps} held at once by each"),
        share => format!(
            "{} of {threads} borrow, {maps} at once; {share}% are dropped by the other {}",
            plan.borrowers(),
            plan.droppers(),
        ),
    }
}

/// The header of the table and its rows, as text; the last cell is a remark.
pub(crate) const COLUMNS: [&str; 8] = [
    "size",
    "own tier",
    "shared",
    "new",
    "best ns",
    "median ns",
    "retained",
    "",
];

pub(crate) fn cells(found: &Findings) -> impl Iterator<Item = [String; 8]> + '_ {
    let recommended = found.recommended().size;
    let advised = found.advised();
    found.rows.iter().map(move |row| {
        let new = (100.0 - row.local - row.global).max(0.0);
        let remark = match (row.size == recommended, row.size == advised) {
            (true, true) => "recommended, advised",
            (true, false) => "recommended",
            (false, true) => "advised",
            (false, false) => "",
        };
        [
            thousands(row.size as u64),
            percent(row.local),
            percent(row.global),
            percent(new),
            nanos(best(&row.nanos)),
            nanos(median(&row.nanos)),
            bytes(row.idle_bytes as f64),
            remark.to_owned(),
        ]
    })
}

pub(crate) fn table(out: &mut dyn Write, found: &Findings) -> io::Result<()> {
    let mut line = |cells: [&str; 8]| {
        let [size, local, global, new, best, median, retained, remark] = cells;
        let text = format!(
            "{size:>6} {local:>8} {global:>6} {new:>6} {best:>8} {median:>9} {retained:>9}  {remark}"
        );
        writeln!(out, "{}", text.trim_end())
    };
    line(COLUMNS)?;
    cells(found).try_for_each(|row| line(row.each_ref().map(String::as_str)))
}

/// The recommendation, and what the library says by itself.
pub(crate) fn verdict(out: &mut dyn Write, found: &Findings) -> io::Result<()> {
    let recommended = found.recommended().size;
    writeln!(
        out,
        "\nrecommended: {recommended}, the smallest size within 5% of the fastest"
    )?;
    for line in found.noise().iter().flat_map(|text| wrapped(text, 64)) {
        writeln!(out, "             {line}")?;
    }
    writeln!(out, "advised:     {}", found.advised())?;
    writeln!(out, "             {}", found.comparison())?;
    writeln!(
        out,
        "             stats().advice() said, at the default size:"
    )?;
    for line in wrapped(&found.advice.to_string(), 64) {
        writeln!(out, "             {line}")?;
    }
    Ok(())
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Never a 100 or a 0 that is not one.
pub(crate) fn percent(n: f64) -> String {
    if n > 99.9 && n < 100.0 {
        "99.9%".to_owned()
    } else if n > 0.0 && n < 0.1 {
        "<0.1%".to_owned()
    } else {
        format!("{n:.1}%").replace(".0%", "%")
    }
}

fn nanos(n: f64) -> String {
    match n {
        n if n < 100.0 => format!("{n:.1}"),
        n => thousands(n.round() as u64),
    }
}

pub(crate) fn bytes(n: f64) -> String {
    match n {
        n if n < 1024.0 => format!("{n:.0} B"),
        n if n < 1024.0 * 1024.0 => format!("{:.1} KiB", n / 1024.0),
        n => format!("{:.1} MiB", n / (1024.0 * 1024.0)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::pilot;

    /// Findings with these sizes and best times.
    pub(crate) fn found(times: &[(usize, f64)]) -> Findings {
        let load = Load::synthetic(2);
        let plan = Plan {
            threads: 2,
            cores: 2,
            depth: 12,
            share: 0,
            rounds: 2,
        };
        let advice = pilot(&load, &plan).unwrap().advice();
        assert_eq!(advice.local_capacity, 16);
        let row = |&(size, time): &(usize, f64)| Row {
            size,
            nanos: vec![time, time + 10.0],
            local: 60.0,
            global: 39.96,
            idle_bytes: 123_456_789,
        };
        Findings {
            load,
            plan,
            rows: times.iter().map(row).collect(),
            advice,
        }
    }

    #[test]
    fn the_smallest_within_five_percent_is_recommended() {
        let recommended = |times: &[_]| found(times).recommended().size;
        assert_eq!(recommended(&[(0, 50.0)]), 0);
        assert_eq!(recommended(&[(0, 50.0), (8, 10.4), (16, 10.0)]), 8);
        assert_eq!(recommended(&[(0, 50.0), (8, 10.6), (16, 10.0)]), 16);
        assert_eq!(recommended(&[(0, 10.0), (8, 10.0), (16, 12.0)]), 0);
    }

    #[test]
    fn a_blurred_measurement_says_so() {
        // The median is 5 above the best here.
        assert_eq!(found(&[(8, 11.0)]).noise(), None);
        let noise = found(&[(8, 5.0)]).noise().unwrap();
        assert!(noise.contains("2.0 times its best"), "{noise}");
    }

    #[test]
    fn the_two_recommendations_are_compared() {
        let comparison = |times: &[_]| found(times).comparison();
        assert_eq!(comparison(&[(8, 20.0), (16, 10.0)]), "Both agree.");
        assert_eq!(
            comparison(&[(8, 10.0), (16, 12.0)]),
            "The advised size is 20% slower."
        );
        assert_eq!(
            comparison(&[(8, 10.3), (16, 10.0)]),
            "The advised size is 3% faster."
        );
        assert!(comparison(&[(8, 10.0)]).contains("not among"));
    }

    #[test]
    fn the_table_is_aligned_and_fits() {
        let found = found(&[(0, 123_456.7), (16, 1.0), (65_536, 88_888.0)]);
        let mut out = Vec::new();
        table(&mut out, &found).unwrap();
        verdict(&mut out, &found).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        let ends = |line: &str| line.find("117.7 MiB").map(|at| at + "117.7 MiB".len());
        let rows: Vec<_> = text.lines().skip(1).take(3).map(ends).collect();
        assert_eq!(rows, [Some(58); 3], "{text}");
        assert!(text.contains("recommended, advised"), "{text}");
        assert!(text.contains("recommended: 16, the smallest"), "{text}");
    }

    #[test]
    fn figures_do_not_round_to_what_they_are_not() {
        assert_eq!(percent(100.0), "100%");
        assert_eq!(percent(99.99), "99.9%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(0.01), "<0.1%");
        assert_eq!(percent(39.96), "40%");
        assert_eq!(nanos(9.96), "10.0");
        assert_eq!(nanos(1_234.5), "1,235");
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(3.0 * 1024.0 * 1024.0), "3.0 MiB");
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
