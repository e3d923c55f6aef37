//! Compares counts with what is expected.

use std::process::ExitCode;

pub(crate) struct Line {
    pub(crate) path: String,
    pub(crate) expected: Option<f64>,
    pub(crate) now: Option<f64>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Held,
    Better,
    Worse,
    /// Counted, but nobody said what to expect.
    New,
    /// Expected, but not counted any more.
    Gone,
}

impl Line {
    fn new(path: &str, expected: Option<f64>, now: Option<f64>, margin_percent: f64) -> Self {
        let verdict = match (expected, now) {
            (None, _) => Verdict::New,
            (Some(_), None) => Verdict::Gone,
            (Some(expected), Some(now)) => {
                let percent = percent(expected, now);
                if percent > margin_percent {
                    Verdict::Worse
                } else if percent < -margin_percent {
                    Verdict::Better
                } else {
                    Verdict::Held
                }
            }
        };
        Self {
            path: path.into(),
            expected,
            now,
            verdict,
        }
    }
}

fn percent(expected: f64, now: f64) -> f64 {
    (now / expected - 1.0) * 100.0
}

/// One line for each path that is counted or expected.
pub(crate) fn compare(
    expected: &toml::Table,
    counts: &[(&str, f64)],
    margin_percent: f64,
) -> Vec<Line> {
    let expect = |path: &str| {
        let value = expected.get(path)?;
        value.as_float().or(value.as_integer().map(|n| n as f64))
    };
    let mut lines: Vec<Line> = counts
        .iter()
        .map(|(path, now)| Line::new(path, expect(path), Some(*now), margin_percent))
        .collect();
    for path in expected.keys() {
        if counts.iter().all(|(counted, _)| counted != path) {
            lines.push(Line::new(path, expect(path), None, margin_percent));
        }
    }
    lines
}

pub(crate) fn print(lines: &[Line]) {
    let number = |n: Option<f64>| n.map_or("-".into(), |n| format!("{n:.1}"));
    println!(
        "{:46}{:>10}{:>10}{:>12}",
        "instructions of one operation", "expected", "now", "difference"
    );
    for line in lines {
        let difference = match (line.expected, line.now) {
            (Some(expected), Some(now)) => format!("{:+.2} %", percent(expected, now)),
            _ => "-".into(),
        };
        let word = match line.verdict {
            Verdict::Held => "",
            Verdict::Better => "  better",
            Verdict::Worse => "  WORSE",
            Verdict::New => "  NEW",
            Verdict::Gone => "  GONE",
        };
        println!(
            "{:46}{:>10}{:>10}{difference:>12}{word}",
            line.path,
            number(line.expected),
            number(line.now),
        );
    }
}

/// Says what follows from the lines, and how to accept it.
pub(crate) fn conclude(lines: &[Line], margin_percent: f64) -> ExitCode {
    let any = |verdict| lines.iter().any(|line| line.verdict == verdict);
    if any(Verdict::Better) {
        println!(
            "\nBetter by more than {margin_percent} %. Commit it with `.ci/instructions --accept`, \
             or a later change may give it away unseen."
        );
    }
    if any(Verdict::New) || any(Verdict::Gone) {
        println!("\nexpected.toml has other paths than are counted.");
    }
    let failed = any(Verdict::Worse) || any(Verdict::New) || any(Verdict::Gone);
    if failed {
        println!(
            "\nFAILED: counts may be {margin_percent} % above what is expected. To see where \
             they come from:\n  valgrind --tool=callgrind target/instructions/millpond-instructions \
             work PATH REPETITIONS\nIf they are worth it, say why in the commit that has the \
             outcome of\n  .ci/instructions --accept"
        );
        ExitCode::FAILURE
    } else {
        println!("\nall within {margin_percent} % of what is expected, or better");
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(expected: &str, counts: &[(&str, f64)]) -> Vec<Verdict> {
        let expected = toml::from_str(expected).unwrap();
        let lines = compare(&expected, counts, 2.0);
        lines.iter().map(|line| line.verdict).collect()
    }

    #[test]
    fn judges_by_the_margin_on_either_side() {
        use Verdict::*;
        let expected = "a = 100.0\nb = 100.0\nc = 100\nd = 100.0";
        let counts = [("a", 101.9), ("b", 102.1), ("c", 98.1), ("d", 97.9)];
        assert_eq!(verdicts(expected, &counts), [Held, Worse, Held, Better]);
    }

    #[test]
    fn a_path_that_is_missing_on_one_side_does_not_pass() {
        use Verdict::*;
        let expected = toml::from_str("gone = 1.0").unwrap();
        let lines = compare(&expected, &[("new", 1.0)], 2.0);
        assert_eq!([lines[0].verdict, lines[1].verdict], [New, Gone]);
        assert_eq!(lines[1].path, "gone");
        for line in lines {
            let code = conclude(&[line], 2.0);
            assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
        }
    }
}
