//! What programs print, as the README shows it. Which programs, and which of their lines,
//! is a committed file; what they printed lies beside the results, in `NAME.txt`, below
//! the command that printed it.

use crate::Result;
use regex::Regex;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whose output is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// Words without quotes, from the root of the repository.
    pub(crate) command: String,
    /// Lines are shown that match one of these; all, if there is none.
    #[serde(default)]
    show: Vec<Pattern>,
    /// Longer lines are cut.
    width: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> std::result::Result<Self, regex::Error> {
        Regex::new(&text).map(Self)
    }
}

/// What a program printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) command: String,
    /// The lines that are shown.
    pub(crate) excerpt: String,
    pub(crate) all: String,
}

/// Stands for lines that are not shown, and for the rest of those that are too long.
const MORE: &str = "...";

/// Programs in the order in which they run: one may use what another leaves.
pub(crate) fn programs(path: &Path) -> Result<Vec<Program>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default, rename = "output")]
        outputs: Vec<Program>,
    }
    let read = || -> Result<Vec<Program>> {
        let File { outputs } = toml::from_str(&std::fs::read_to_string(path)?)?;
        let mut names = HashSet::new();
        match outputs.iter().find(|one| !names.insert(&one.name)) {
            Some(twice) => Err(format!("{:?} is there twice", twice.name).into()),
            None => Ok(outputs),
        }
    };
    read().map_err(|error| format!("{}: {error}", path.display()).into())
}

/// How running a program went.
#[derive(Debug, PartialEq)]
pub(crate) enum Ran {
    Recorded,
    /// There is no Go here.
    NotHere,
    Failed(String),
}

impl Program {
    /// Runs it, and records what it prints.
    ///
    /// # Errors
    ///
    /// If that cannot be written.
    pub(crate) fn run(&self, root: &Path, results: &Path) -> Result<Ran> {
        let mut words = self.command.split_whitespace();
        let go = root.join(".ci/go");
        let program = match words.next() {
            // Which is seldom in the path.
            Some("go") => go.as_path(),
            Some(word) => Path::new(word),
            None => return Ok(Ran::Failed("no command".into())),
        };
        let mut command = Command::new(program);
        command.args(words).current_dir(root);
        let output = match command.stderr(Stdio::inherit()).output() {
            Ok(output) => output,
            Err(error) => return Ok(Ran::Failed(error.to_string())),
        };
        if program == go && output.status.code() == Some(127) {
            return Ok(Ran::NotHere);
        }
        if !output.status.success() {
            return Ok(Ran::Failed(output.status.to_string()));
        }
        // Stacks name sources by where they are, which is nobody's business.
        let printed = String::from_utf8_lossy(&output.stdout);
        let printed = printed.replace(&format!("{}/", root.display()), "");
        print!("{printed}");
        std::fs::write(
            self.file(results),
            format!("{}{printed}", self.first_line()),
        )?;
        Ok(Ran::Recorded)
    }

    /// What was recorded of this command, if it was.
    ///
    /// # Errors
    ///
    /// If a line that is to be shown is not there.
    fn read(&self, results: &Path) -> Result<Option<Output>> {
        let path = self.file(results);
        if !path.exists() {
            return Ok(None);
        }
        let recorded = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let Some(all) = recorded.strip_prefix(&self.first_line()) else {
            return Ok(None);
        };
        let excerpt = self
            .excerpt(all)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Some(Output {
            name: self.name.clone(),
            command: self.command.clone(),
            excerpt,
            all: all.to_owned(),
        }))
    }

    fn file(&self, results: &Path) -> PathBuf {
        results.join(format!("{}.txt", self.name))
    }

    fn first_line(&self) -> String {
        format!("$ {}\n", self.command)
    }

    /// The lines that are shown, with an empty line or dots for what was left out between
    /// them.
    fn excerpt(&self, text: &str) -> std::result::Result<String, String> {
        let shown = |line: &str| {
            self.show.is_empty() || self.show.iter().any(|Pattern(show)| show.is_match(line))
        };
        let (mut out, mut between) = (String::new(), None);
        for line in text.trim_end().lines() {
            if shown(line) {
                let between = between.take().filter(|_| !out.is_empty());
                out.extend(between.map(|between: &str| format!("{between}\n")));
                out += &self.cut(line.trim_end());
                out.push('\n');
            } else if !line.trim().is_empty() {
                between = Some(MORE);
            } else if between.is_none() {
                between = Some("");
            }
        }
        let missing = |Pattern(show): &&Pattern| !text.lines().any(|line| show.is_match(line));
        match self.show.iter().find(missing) {
            Some(Pattern(show)) => Err(format!("no line matches {:?}", show.as_str())),
            None => Ok(out),
        }
    }

    /// At a space, if it is too long.
    fn cut(&self, line: &str) -> String {
        let width = self.width.unwrap_or(usize::MAX);
        match line.char_indices().nth(width) {
            Some((end, _)) => {
                let kept = line[..end].rfind(' ').unwrap_or(end);
                format!("{} {MORE}", line[..kept].trim_end())
            }
            None => line.to_owned(),
        }
    }
}

/// What was recorded of each.
pub(crate) fn read(programs: &[Program], results: &Path) -> Result<Vec<Output>> {
    let outputs = programs.iter().map(|program| program.read(results));
    outputs.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(toml: &str) -> Program {
        toml::from_str(&format!("name = 'name'\n{toml}")).unwrap()
    }

    #[test]
    fn what_is_left_out_between_lines_is_told() {
        let text = "head\n\nt  a\nx 1\nx 2  \n\nother\n\nx 3\nsum\n\n";
        let excerpt = |show: &str| program(&format!("command = 'c'\n{show}")).excerpt(text);
        assert_eq!(
            excerpt("").unwrap(),
            text.trim_end().replace("  \n", "\n") + "\n"
        );
        assert_eq!(excerpt("show = ['^head', '^t']").unwrap(), "head\n\nt  a\n");
        assert_eq!(excerpt("show = ['^x']").unwrap(), "x 1\nx 2\n...\nx 3\n");
        let missing = excerpt(r"show = ['^x', '^y \d']").unwrap_err();
        assert_eq!(missing, r#"no line matches "^y \\d""#);
    }

    #[test]
    fn long_lines_are_cut_between_words() {
        let excerpt = |text| program("command = 'c'\nwidth = 9").excerpt(text).unwrap();
        assert_eq!(excerpt("eins zwei"), "eins zwei\n");
        assert_eq!(excerpt("eins zwei drei"), "eins ...\n");
        assert_eq!(excerpt("einszweidrei"), "einszweid ...\n");
        assert_eq!(excerpt("öööö üüüü"), "öööö üüüü\n");
    }

    #[test]
    fn only_this_command_s_output_is_shown() {
        let results = std::env::temp_dir().join("millpond-report-outputs");
        std::fs::create_dir_all(&results).unwrap();
        let root = std::env::current_dir().unwrap();
        let path = root.join("file").display().to_string();
        let echo = program(&format!("command = 'echo {path}  twice'"));
        assert_eq!(echo.run(&root, &results).unwrap(), Ran::Recorded);
        let output = echo.read(&results).unwrap().unwrap();
        assert_eq!(
            (&*output.all, &*output.excerpt),
            ("file twice\n", "file twice\n")
        );
        assert!(
            program("command = 'echo'")
                .read(&results)
                .unwrap()
                .is_none()
        );
        let failed = |command| program(command).run(&root, &results).unwrap();
        assert!(matches!(failed("command = 'false'"), Ran::Failed(_)));
        assert!(matches!(
            failed("command = 'no-such-program'"),
            Ran::Failed(_)
        ));
    }
}
