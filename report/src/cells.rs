//! How figures are written: the same in the page and in the Markdown.

use crate::judged::{Group, Judged, Standing};
use crate::results::{Kind, Row, Target};

/// What was not measured.
pub(crate) const NOTHING: &str = "–";

/// What the times are, in either form of the report.
pub(crate) const TIMES: &str = "Times are nanoseconds an operation: of the best of many short \
    rounds, in which all rows of a table take turns, and of the median round; but for Go's, in \
    several processes.";

/// The same of the other figures.
pub(crate) const COUNTS: &str = "Allocations are counted in rounds that are not timed.";

pub(crate) const COLUMNS: [&str; 9] = [
    "",
    "ns best",
    "ns median",
    "ratio best",
    "ratio median",
    "× limit",
    "allocs",
    "reallocs",
    "bytes",
];

/// One cell for each column.
pub(crate) fn cells(judged: &Judged) -> [String; COLUMNS.len()] {
    let row = &judged.row;
    [
        row.row.clone(),
        ns(row.ns_best),
        ns(row.ns_median),
        ratio(row.ratio_best),
        ratio(row.ratio_median),
        ratio(judged.to_limit),
        count(row.allocations),
        count(row.reallocations),
        count(row.bytes),
    ]
}

/// The word beside a row.
pub(crate) fn standing(judged: &Judged) -> String {
    match &judged.standing {
        Standing::None | Standing::Behind => String::new(),
        Standing::Level => "level".into(),
        Standing::Ahead(share, _) => format!("ahead, {}", percent(*share)),
        Standing::LeftOut(_) => "left out".into(),
    }
}

/// What a group's ratios are of, its limit, and which row of this crate's is compared with
/// no other.
pub(crate) fn legend(group: &Group) -> String {
    let mut words = Vec::new();
    if let Some(baseline) = group
        .rows
        .iter()
        .find_map(|judged| judged.row.baseline.as_ref())
    {
        words.push(format!("ratio to “{baseline}”"));
    }
    if let Some(limit) = &group.limit {
        words.push(format!("limit: “{limit}”"));
    }
    for judged in &group.rows {
        if judged.row.kind == Kind::Collection {
            let row = &judged.row.row;
            words.push(format!(
                "“{row}” lends a collection of this crate's: compared with nobody"
            ));
        }
    }
    if group.judge == crate::results::Judge::Median {
        words.push(
            "judged by the median of the ratios to millpond within the rounds, because threads \
             meet here"
                .into(),
        );
    }
    words.join("; ")
}

pub(crate) fn allocator(name: &str) -> String {
    match name {
        "go" => "Go".into(),
        other => other.into(),
    }
}

pub(crate) fn ns(ns: Option<f64>) -> String {
    ns.map_or(NOTHING.into(), |ns| {
        number(ns, if ns < 100.0 { 1 } else { 0 })
    })
}

pub(crate) fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(NOTHING.into(), |ratio| {
        number(ratio, if ratio < 100.0 { 2 } else { 0 })
    })
}

pub(crate) fn instructions(count: Option<f64>) -> String {
    count.map_or(NOTHING.into(), |count| number(count, 1))
}

/// Only what is exactly none is 0.
pub(crate) fn count(count: Option<f64>) -> String {
    match count {
        None => NOTHING.into(),
        Some(0.0) => "0".into(),
        Some(few) if few < 0.005 => "<0.01".into(),
        Some(few) if few < 100.0 => {
            let text = number(few, 2);
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        Some(many) => number(many, 0),
    }
}

/// Which share of a target's limit was reached, in words.
pub(crate) fn verdict(target: &Target) -> &'static str {
    match target.met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "not measured",
    }
}

/// What a row did for a difference to what is expected.
pub(crate) fn difference(row: &Row) -> String {
    match (row.instructions, row.expected) {
        (Some(now), Some(expected)) if expected > 0.0 => {
            let percent = (now / expected - 1.0) * 100.0;
            // Not "-0.00".
            let percent = if percent.abs() < 0.005 { 0.0 } else { percent };
            format!("{percent:+.2} %")
        }
        _ => NOTHING.into(),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// With a comma for each thousand.
fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_what_was_measured_and_no_more() {
        assert_eq!(ns(None), "–");
        assert_eq!(ns(Some(7.94)), "7.9");
        assert_eq!(ns(Some(1_234_567.8)), "1,234,568");
        assert_eq!(ratio(Some(0.364)), "0.36");
        assert_eq!(count(Some(0.0)), "0");
        assert_eq!(count(Some(0.0001)), "<0.01");
        assert_eq!(count(Some(1.0)), "1");
        assert_eq!(count(Some(29.54)), "29.54");
        assert_eq!(count(Some(1640.2)), "1,640");
        assert_eq!(number(999.0, 0), "999");
    }
}
