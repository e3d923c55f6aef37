//! The figures, for a person at a terminal of 80 columns.

use crate::input::Request;
use crate::measure::Measurement;
use crate::numbers::{best, median, plural, thousands};
use crate::variants::{HEADERS, QUERY, SEGMENTS, Variant};
use std::io::{self, Write};

/// What is going to be measured: printed first, for those who wait.
pub(crate) fn opening(
    out: &mut dyn Write,
    source: &str,
    requests: &[Request],
    threads: usize,
) -> io::Result<()> {
    let middle = |count: fn(&Request) -> usize| {
        let mut counts: Vec<usize> = requests.iter().map(count).collect();
        counts.sort_unstable();
        counts[counts.len() / 2]
    };
    writeln!(
        out,
        "{}, {}: {}",
        plural(requests.len() as u64, "request"),
        plural(threads as u64, "thread"),
        source
    )?;
    writeln!(
        out,
        "the median request has {}, {} and {}",
        plural(middle(|r| r.headers.len()) as u64, "header"),
        plural(middle(|r| r.query.len()) as u64, "query parameter"),
        plural(middle(|r| r.segments.len()) as u64, "path segment"),
    )
}

/// The table.
pub(crate) fn results(out: &mut dyn Write, measured: &Measurement) -> io::Result<()> {
    let series = &measured.series;
    writeln!(
        out,
        "{}, the variants in turn; time of a core and memory for one request:\n",
        plural(series[0].nanos.len() as u64, "round"),
    )?;
    let mut row = |name: &str, cells: [&str; 5]| {
        let [best, median, ratio, allocations, bytes] = cells;
        writeln!(
            out,
            "{name:<12} {best:>10} {median:>10} {ratio:>7} {allocations:>13} {bytes:>10}"
        )
    };
    row(
        "",
        ["best ns", "median ns", "ratio", "allocations", "bytes"],
    )?;
    let base = best(&series[0].nanos);
    for (variant, series) in Variant::ALL.iter().zip(series) {
        let per_request = |sum: u64| sum as f64 / series.counted as f64;
        row(
            variant.name(),
            [
                &thousands(best(&series.nanos).round() as u64),
                &thousands(median(&series.nanos).round() as u64),
                &format!("{:.2}", best(&series.nanos) / base),
                &amount(per_request(series.counts.calls())),
                &amount(per_request(series.counts.bytes_allocated)),
            ],
        )?;
    }
    Ok(())
}

/// What was checked, and how it went.
pub(crate) fn verdict(out: &mut dyn Write, measured: &Measurement) -> io::Result<()> {
    let checked = plural(measured.checked, "answer");
    match measured.wrong.len() as u64 {
        0 => writeln!(out, "\n{checked} checked against HashMap: all right"),
        n => writeln!(out, "\n{checked} checked against HashMap: {n} WRONG"),
    }
}

/// What the pools say of themselves.
pub(crate) fn pools(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\npool of header maps\n{}", HEADERS.stats())?;
    writeln!(out, "\npool of query maps\n{}", QUERY.stats())?;
    writeln!(out, "\npool of segment lists\n{}", SEGMENTS.stats())
}

/// One decimal, but never a zero that is not one: nothing is the claim here.
fn amount(n: f64) -> String {
    if n == 0.0 {
        "0".to_owned()
    } else if n < 0.05 {
        format!("{n:.0e}")
    } else if n < 999.95 {
        format!("{n:.1}")
    } else {
        thousands(n.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        assert_eq!(amount(0.0), "0");
        assert_eq!(amount(0.000_02), "2e-5");
        assert_eq!(amount(36.96), "37.0");
        assert_eq!(amount(2_812.4), "2,812");
    }

    #[test]
    fn the_table_fits_into_80_columns_and_shows_wrong_answers() {
        let mut measured = Measurement::default();
        for series in &mut measured.series {
            series.nanos = vec![1_234_567.8];
            series.counted = 1;
            series.counts.bytes_allocated = 123_456_789;
        }
        let mut out = Vec::new();
        results(&mut out, &measured).unwrap();
        verdict(&mut out, &measured).unwrap();
        measured.wrong.push(crate::measure::Wrong {
            variant: Variant::Pooled,
            line: 1,
            what: "query",
        });
        verdict(&mut out, &measured).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(
            text.contains("all right") && text.contains("1 WRONG"),
            "{text}"
        );
    }
}
