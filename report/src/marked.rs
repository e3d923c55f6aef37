//! The parts of texts that the report writes: what stands between `<!-- MARK -->` and
//! `<!-- end -->`, where a mark is one of
//!
//! * `numbers:NAME`: a table of `report/numbers.toml`,
//! * `output:NAME`: what a program of `report/outputs.toml` printed,
//! * `machine`: where all that was measured, in a sentence.
//!
//! Any other comment in such a text is an error: it is a mark that is misspelt.

use crate::Result;
use crate::markdown;
use crate::numbers::Numbers;
use crate::outputs::Program;
use crate::report::Report;

const OPEN: &str = "<!--";
const CLOSE: &str = "-->";
const END: &str = "<!-- end -->";

/// What is behind a mark.
enum Part {
    Written(String),
    /// It stays as it is, for this reason.
    Left(String),
}

/// All that marks can name.
#[derive(Debug)]
pub(crate) struct Marks<'a> {
    pub(crate) numbers: &'a [Numbers],
    pub(crate) programs: &'a [Program],
    pub(crate) report: &'a Report,
}

impl Marks<'_> {
    /// The text with every marked part written anew, and which were not.
    ///
    /// # Errors
    ///
    /// With the number of the line, if a mark is unknown or has no end, or an end has no
    /// mark.
    pub(crate) fn update(&self, text: &str) -> Result<(String, Vec<String>)> {
        let (mut out, mut at, mut left) = (String::new(), 0, Vec::new());
        while let Some(begin) = find(text, OPEN, at) {
            let wrong = |why: String| format!("{}: {why}", text[..begin].lines().count() + 1);
            let inner = find(text, CLOSE, begin).map(|close| begin + OPEN.len()..close);
            let inner = inner.ok_or_else(|| wrong(format!("a `{OPEN}` has no `{CLOSE}`")))?;
            let (mark, from) = (text[inner.clone()].trim(), inner.end + CLOSE.len());
            let part = self.part(mark).map_err(wrong)?;
            // No other comment in between: a forgotten end would take the next one's.
            let end = find(text, OPEN, from).filter(|end| text[*end..].starts_with(END));
            let end = end.ok_or_else(|| wrong(format!("{mark} has no `{END}`")))?;
            match part {
                Part::Written(part) => out += &format!("{}\n{part}", &text[at..from]),
                Part::Left(why) => {
                    left.push(format!("{mark} is as it was: {why}"));
                    out += &text[at..end];
                }
            }
            out += END;
            at = end + END.len();
        }
        Ok((out + &text[at..], left))
    }

    fn part(&self, mark: &str) -> std::result::Result<Part, String> {
        let nothing = || format!("nothing describes {mark}");
        match mark.split_once(':') {
            Some(("numbers", name)) => {
                let numbers = self.numbers.iter().find(|numbers| numbers.name == name);
                let numbers = numbers.ok_or_else(nothing)?;
                Ok(match numbers.markdown(self.report) {
                    Ok(table) => Part::Written(table),
                    Err(missing) => Part::Left(format!("nothing was measured of {missing}")),
                })
            }
            Some(("output", name)) => {
                let program = self.programs.iter().find(|program| program.name == name);
                let program = program.ok_or_else(nothing)?;
                let mut outputs = self.report.outputs.iter();
                Ok(match outputs.find(|output| output.name == name) {
                    Some(output) => Part::Written(markdown::output(output)),
                    None => Part::Left(format!("there is no output of: {}", program.command)),
                })
            }
            None if mark == "machine" => Ok(match self.report.place() {
                Some(place) => Part::Written(format!("{place}\n")),
                None => Part::Left("the machine was not recorded".into()),
            }),
            None if mark == "end" => Err(format!("`{END}` ends nothing")),
            _ => Err(format!("`{OPEN} {mark} {CLOSE}` is no mark")),
        }
    }
}

/// Where it is next.
fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text[from..].find(what).map(|at| from + at)
}
