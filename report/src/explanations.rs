//! Why others are ahead where they are: a committed file, because only a person knows.

use crate::Result;
use serde::Deserialize;
use std::path::Path;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explanations {
    #[serde(default, rename = "explanation")]
    all: Vec<Explanation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// All of which it explains; a `*` at the end stands for anything.
    table: String,
    row: String,
    /// Any, if none is named.
    allocator: Option<String>,
    why: String,
    #[serde(skip)]
    used: bool,
}

impl Explanations {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| Self::parse(&text))
            .map_err(|error| format!("{}: {error}", path.display()).into())
    }

    pub(crate) fn parse(text: &str) -> std::result::Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Why this row is ahead.
    pub(crate) fn find(&mut self, table: &str, row: &str, allocator: &str) -> Option<String> {
        let found = self.all.iter_mut().find(|one| {
            matches(&one.table, table)
                && matches(&one.row, row)
                && one
                    .allocator
                    .as_deref()
                    .is_none_or(|name| name == allocator)
        })?;
        found.used = true;
        Some(found.why.trim().replace('\n', " "))
    }

    /// Those that no row needed.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.all.iter().filter(|one| !one.used);
        unused
            .map(|one| format!("table = {:?}, row = {:?}", one.table, one.row))
            .collect()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_matches_explains() {
        let mut why = Explanations::parse(
            "[[explanation]]\ntable='nested-*'\nrow='Linear'\nallocator='glibc'\nwhy='''a\nb'''\n\
             [[explanation]]\ntable='*'\nrow='Linear'\nwhy='c'\n\
             [[explanation]]\ntable='cycle'\nrow='*'\nwhy='d'",
        )
        .unwrap();
        assert_eq!(
            why.find("nested-16", "Linear", "glibc").as_deref(),
            Some("a b")
        );
        assert_eq!(
            why.find("nested-16", "Linear", "mimalloc").as_deref(),
            Some("c")
        );
        assert_eq!(why.find("nested-16", "Mutex", "glibc"), None);
        assert_eq!(why.unused(), [r#"table = "cycle", row = "*""#]);
        assert!(Explanations::parse("[[explanation]]\ntable='t'\nrow='r'").is_err());
    }
}
