//! Where and of what the figures are. Recorded beside the results when they are taken,
//! so that a report written later does not name another machine.

use crate::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

const FILE: &str = "machine.json";

#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    /// Name and value, in the order in which they are shown.
    pub(crate) facts: Vec<(String, String)>,
    /// The crates that were measured, and what this one is built of.
    pub(crate) crates: Vec<(String, String)>,
}

impl Machine {
    pub(crate) fn here(root: &Path) -> Result<Self> {
        let facts = [
            (
                "date",
                Some(
                    jiff::Timestamp::now()
                        .strftime("%Y-%m-%d %H:%M UTC")
                        .to_string(),
                ),
            ),
            ("commit", commit(root)),
            ("processor", processor()),
            (
                "cores",
                available_parallelism().ok().map(|cores| cores.to_string()),
            ),
            ("system", system()),
            ("C library", output(root, "getconf", &["GNU_LIBC_VERSION"])),
            ("compiler", output(root, "rustc", &["--version"])),
        ];
        let known = facts.into_iter();
        let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Self {
            facts: known.collect(),
            crates: crates(&std::fs::read_to_string(root.join("Cargo.lock"))?)?,
        })
    }

    pub(crate) fn write(&self, results: &Path) -> Result<()> {
        Ok(std::fs::write(
            results.join(FILE),
            serde_json::to_string_pretty(self)?,
        )?)
    }

    /// What was recorded, or nothing.
    pub(crate) fn read(results: &Path) -> Result<Option<Self>> {
        let path = results.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path)?;
        let machine = serde_json::from_str(&text);
        machine.map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

fn output(root: &Path, program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn commit(root: &Path) -> Option<String> {
    let commit = output(root, "git", &["rev-parse", "--short=12", "HEAD"])?;
    // Of files that are not tracked nothing is built.
    let changes = output(
        root,
        "git",
        &["status", "--porcelain", "--untracked-files=no"],
    )?;
    Some(if changes.is_empty() {
        commit
    } else {
        format!("{commit}, with changes")
    })
}

fn processor() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn system() -> Option<String> {
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows the number is a name that somebody gave it.
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    Some(format!("{}, Linux {kernel}", name.trim_matches('"')))
}

/// What the members that measure, and the crate itself, are built of.
fn crates(lock: &str) -> Result<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        #[serde(default)]
        dependencies: Vec<String>,
    }
    let lock: Lock = toml::from_str(lock).map_err(|error| format!("Cargo.lock: {error}"))?;
    let measuring = ["millpond", "millpond-bench", "millpond-peers"];
    let named = lock
        .package
        .iter()
        .filter(|package| measuring.contains(&&*package.name));
    // "name", or "name version" where there is more than one of it.
    let mut named: Vec<&str> = named
        .flat_map(|package| &package.dependencies)
        .filter(|name| !name.starts_with("millpond-"))
        .map(String::as_str)
        .collect();
    named.sort_unstable();
    named.dedup();
    Ok(lock
        .package
        .iter()
        .filter(|package| {
            let versioned = format!("{} {}", package.name, package.version);
            named.contains(&&*package.name) || named.contains(&&*versioned)
        })
        .map(|package| (package.name.clone(), package.version.clone()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_those_that_are_measured_in_the_version_that_is() {
        let lock = r#"
            version = 4
            [[package]]
            name = "millpond"
            version = "0.1.0"
            dependencies = ["smallvec", "toml 1.2.1"]
            [[package]]
            name = "other"
            version = "9.0.0"
            dependencies = ["unseen"]
            [[package]]
            name = "smallvec"
            version = "1.15.0"
            [[package]]
            name = "toml"
            version = "0.9.0"
            [[package]]
            name = "toml"
            version = "1.2.1"
            [[package]]
            name = "unseen"
            version = "1.0.0"
        "#;
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(
            crates(lock).unwrap(),
            [pair("smallvec", "1.15.0"), pair("toml", "1.2.1")]
        );
    }
}
