//! Counts the instructions of the hot paths, and compares them with what is expected.
//!
//!     .ci/instructions              # compare
//!     .ci/instructions --accept     # take the figures of now for what is expected
//!
//! Times differ from machine to machine and from minute to minute, so they never gate.
//! Instructions do not: the same program, the same input and the same libraries give
//! the same count, whatever else the machine is doing. Each path is run twice under
//! callgrind, with different numbers of repetitions; the difference, divided by the
//! operations it consists of, has neither the start nor the end of the program in it.
//!
//! Counts hold for one compiler, target, C library and kind of processor (`memcpy` is
//! chosen by it). Where one of these differs from those of `expected.toml`, or there is
//! no valgrind, the program says so and passes.

mod callgrind;
mod environment;
mod expected;
mod paths;
mod results;
mod verdict;

use clap::{Parser, Subcommand};
use environment::Environment;
use expected::Expected;
use std::process::ExitCode;

/// Counts the instructions of the hot paths, and compares them with expected.toml.
#[derive(Parser)]
struct Args {
    /// Take the figures of now for what is expected, in expected.toml.
    #[arg(long)]
    accept: bool,
    #[command(subcommand)]
    inside: Option<Inside>,
}

/// What this program does when it runs itself under valgrind.
#[derive(Subcommand)]
enum Inside {
    /// Does so many repetitions of a path.
    #[command(hide = true)]
    Work { path: String, repetitions: u64 },
    /// Prints the processor's features that a count can depend on.
    #[command(hide = true)]
    Processor,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.inside {
        Some(Inside::Work { path, repetitions }) => work(&path, repetitions),
        Some(Inside::Processor) => {
            println!("{}", environment::processor());
            Ok(ExitCode::SUCCESS)
        }
        None => gate(args.accept),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn work(name: &str, repetitions: u64) -> Result<ExitCode> {
    let path = paths::find(name).ok_or_else(|| format!("no path is called {name:?}"))?;
    (path.work)(repetitions);
    Ok(ExitCode::SUCCESS)
}

fn gate(accept: bool) -> Result<ExitCode> {
    if !callgrind::is_installed() {
        let missing = "valgrind is not installed (apt-get install valgrind)";
        if accept {
            return Err(format!("{missing}: nothing to accept").into());
        }
        println!("SKIPPED: {missing}. Instructions were neither counted nor compared.");
        return Ok(ExitCode::SUCCESS);
    }
    let here = Environment::here()?;
    let mut counts = Vec::new();
    for path in paths::PATHS {
        counts.push((path.name, callgrind::count(path)?));
    }
    if accept {
        Expected::accept(&here, &counts)?;
        println!("accepted: {}", expected::FILE);
    }
    let expected = Expected::read()?;
    let lines = verdict::compare(&expected.counts, &counts, expected.margin_percent);
    verdict::print(&lines);
    results::write(&lines)?;
    let differences = expected.environment.differences(&here);
    if !differences.is_empty() {
        println!("\nNOT GATED: counts hold for the environment they were taken in, and here");
        for difference in differences {
            println!("  {difference}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    Ok(verdict::conclude(&lines, expected.margin_percent))
}
