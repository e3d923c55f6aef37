//! Runs every measurement.

use crate::Result;
use crate::machine::Machine;
use crate::outputs::{Program, Ran};
use std::path::Path;
use std::process::Command;

/// Each writes its results where `MILLPOND_RESULTS` says.
const STEPS: [&[&str]; 4] = [
    &["cargo", "bench", "--package", "millpond-peers", "--benches"],
    &[
        "cargo",
        "run",
        "--package",
        "millpond-peers",
        "--bin",
        "capabilities",
    ],
    &["peers/go/run"],
    &[".ci/instructions"],
];

/// Runs all steps and then all programs, one after another; which of them failed.
pub(crate) fn run(root: &Path, results: &Path, programs: &[Program]) -> Result<Vec<String>> {
    std::fs::create_dir_all(results)?;
    // Of a run before this one nothing may be left.
    for entry in std::fs::read_dir(results)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl" || extension == "txt")
        {
            std::fs::remove_file(path)?;
        }
    }
    Machine::here(root)?.write(results)?;
    let results = results.canonicalize()?;
    let mut failed = Vec::new();
    for step in STEPS {
        let words = step.join(" ");
        println!("\n== {words}");
        let status = Command::new(step[0])
            .args(&step[1..])
            .current_dir(root)
            .env("MILLPOND_RESULTS", &results)
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => failed.push(format!("{words}: {status}")),
            Err(error) => failed.push(format!("{words}: {error}")),
        }
    }
    for program in programs {
        println!("\n== {}", program.command);
        match program.run(root, &results)? {
            Ran::Recorded => {}
            Ran::NotHere => println!("SKIPPED: there is no Go"),
            Ran::Failed(why) => failed.push(format!("{}: {why}", program.command)),
        }
    }
    Ok(failed)
}
