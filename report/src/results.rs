//! Reads what the measurements wrote: JSON lines, one for each row of each table.

use crate::Result;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One row of one table. Fields that are not named here are for others.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) bench: String,
    /// Not every run has one: instructions are counted under the system's.
    pub(crate) allocator: Option<String>,
    pub(crate) table: String,
    pub(crate) title: String,
    pub(crate) row: String,
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) limit: bool,
    pub(crate) baseline: Option<String>,
    pub(crate) ns_best: Option<f64>,
    pub(crate) ns_median: Option<f64>,
    pub(crate) ratio_best: Option<f64>,
    pub(crate) ratio_median: Option<f64>,
    /// To this crate's fastest row, where it took turns with that: of the best rounds, or
    /// the median of the ratios within the rounds.
    pub(crate) ratio_to_pool: Option<f64>,
    pub(crate) allocations: Option<f64>,
    pub(crate) reallocations: Option<f64>,
    pub(crate) bytes: Option<f64>,
    #[serde(default)]
    pub(crate) judge: Judge,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
    pub(crate) instructions: Option<f64>,
    pub(crate) expected: Option<f64>,
    /// Why it was not measured in this table.
    pub(crate) left_out: Option<String>,
    /// Of what was measured, such as Go's.
    pub(crate) version: Option<String>,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// This crate, at the work that the others in the table do.
    Pool,
    /// This crate, with a collection of its own where others lend std's.
    Collection,
    /// An allocator, without a pool.
    Malloc,
    /// What nothing can be faster than.
    Limit,
    /// Another pool.
    Peer,
    /// Written by hand.
    Own,
}

impl Kind {
    /// This crate's, at whatever work.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Pool | Self::Collection)
    }
}

/// Which of the two figures counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Judge {
    #[default]
    Best,
    Median,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) against: String,
    pub(crate) at_most: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) met: Option<bool>,
}

/// What one subject can do.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Capability {
    pub(crate) capability: String,
    #[serde(alias = "row")]
    pub(crate) subject: String,
    #[serde(alias = "able", deserialize_with = "verdict")]
    pub(crate) verdict: String,
    #[serde(alias = "evidence")]
    pub(crate) detail: Option<String>,
}

/// A word, or whether the subject is able to; null where it makes no sense to ask.
fn verdict<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<String, D::Error> {
    match Value::deserialize(from)? {
        Value::String(word) => Ok(word),
        Value::Bool(true) => Ok("yes".into()),
        Value::Bool(false) => Ok("no".into()),
        Value::Null => Ok("n/a".into()),
        other => Err(serde::de::Error::custom(format!("{other} is no verdict"))),
    }
}

impl Row {
    pub(crate) fn allocator(&self) -> &str {
        self.allocator.as_deref().unwrap_or("glibc")
    }

    /// The figure that counts, in nanoseconds.
    pub(crate) fn ns(&self) -> Option<f64> {
        match self.judge {
            Judge::Best => self.ns_best,
            Judge::Median => self.ns_median,
        }
    }

    pub(crate) fn is_limit(&self) -> bool {
        self.limit || self.kind == Kind::Limit
    }

    fn numbers(&self) -> impl Iterator<Item = f64> {
        [
            self.ns_best,
            self.ns_median,
            self.ratio_best,
            self.ratio_median,
            self.ratio_to_pool,
            self.allocations,
            self.reallocations,
            self.bytes,
            self.instructions,
            self.expected,
        ]
        .into_iter()
        .flatten()
    }
}

/// Everything that was measured, in the order of the files' names.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    pub(crate) capabilities: Vec<Capability>,
}

/// Reads every `.jsonl` file in a directory.
///
/// # Errors
///
/// With file and line, where a line is not what it should be, or is there twice.
pub(crate) fn read(directory: &Path) -> Result<Results> {
    let mut results = Results::default();
    let mut seen = HashMap::new();
    for path in files(directory)? {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        for (at, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), at + 1);
            results
                .add(line, &place, &mut seen)
                .map_err(|error| format!("{place}: {error}"))?;
        }
    }
    if results.rows.is_empty() && results.capabilities.is_empty() {
        return Err(format!("{}: no results in any .jsonl file", directory.display()).into());
    }
    Ok(results)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Results {
    fn add(&mut self, line: &str, place: &str, seen: &mut HashMap<String, String>) -> Result<()> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let value: Value = serde_json::from_str(line)?;
        let key = if value["bench"] == "capabilities" {
            let one: Capability = serde_json::from_value(value)?;
            let key = format!("{} of {}", one.capability, one.subject);
            self.capabilities.push(one);
            key
        } else {
            let row: Row = serde_json::from_value(value)?;
            if let Some(number) = row.numbers().find(|number| *number < 0.0) {
                return Err(format!("{number} can not have been measured").into());
            }
            let key = format!("{:?} in {} with {}", row.row, row.table, row.allocator());
            self.rows.push(row);
            key
        };
        match seen.insert(key.clone(), place.to_owned()) {
            None => Ok(()),
            Some(first) => Err(format!("{key} is already in {first}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(lines: &[&str]) -> Result<Results> {
        let mut results = Results::default();
        let mut seen = HashMap::new();
        for line in lines {
            results.add(line, "here", &mut seen)?;
        }
        Ok(results)
    }

    const LEAST: &str = r#"{"bench":"b","table":"t","title":"T","row":"r","kind":"pool"}"#;

    #[test]
    fn what_is_missing_is_unmeasured_and_what_is_unknown_is_ignored() {
        let line = LEAST.replace('}', r#","ns_best":null,"more":[1]}"#);
        let results = add(&[&line]).unwrap();
        assert_eq!(results.rows[0].ns(), None);
        assert_eq!(results.rows[0].allocations, None);
        assert_eq!(results.rows[0].allocator(), "glibc");
    }

    #[test]
    fn a_capability_is_a_word_or_whether_one_is_able_to() {
        let line = |rest: &str| format!(r#"{{"bench":"capabilities","capability":"c",{rest}}}"#);
        let results = add(&[
            &line(r#""subject":"a","verdict":"by count""#),
            &line(r#""row":"b","able":false,"evidence":"seen""#),
            &line(r#""row":"c","able":null"#),
        ]);
        let all = results.unwrap().capabilities;
        let verdicts = all.iter().map(|one| (&*one.subject, &*one.verdict));
        assert!(verdicts.eq([("a", "by count"), ("b", "no"), ("c", "n/a")]));
        assert_eq!(all[1].detail.as_deref(), Some("seen"));
        assert!(add(&[&line(r#""row":"d","able":7"#)]).is_err());
        assert!(add(&[&line(r#""row":"d""#)]).is_err());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let refused = |lines: &[&str]| add(lines).unwrap_err().to_string();
        assert!(refused(&["{"]).contains("EOF"));
        assert!(refused(&[&LEAST.replace("pool", "pond")]).contains("unknown variant"));
        assert!(refused(&[&LEAST.replace("\"table\"", "\"chair\"")]).contains("table"));
        let negative = LEAST.replace('}', r#","ns_best":-1}"#);
        assert!(refused(&[&negative]).contains("-1 can not have been measured"));
        assert!(refused(&[LEAST, LEAST]).contains("already in here"));
    }
}
