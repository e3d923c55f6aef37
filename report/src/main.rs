//! Runs every measurement of millpond, and writes one report.
//!
//!     cargo run --release -p millpond-report                # measure and write
//!     cargo run --release -p millpond-report -- --from DIR  # write, from results
//!
//! Writes a self-contained page, `docs/performance.md`, and the README's measured tables.
//! Ends with 1 if a row is ahead of this crate and `report/explanations.toml` does not say
//! why; all is written then. Also with 1 if a measurement failed; then only the page is, so
//! that no file of the repository loses figures. With 2 if results make no sense; then
//! nothing is.

// In the order in which figures travel.
mod measure;

mod results;

mod explanations;
mod judged;
mod machine;
mod report;

mod cells;
mod markdown;
mod page;
mod plot;
mod readme;

use clap::Parser;
use explanations::Explanations;
use machine::Machine;
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(about = "Runs every measurement of millpond, and writes one report")]
struct Args {
    /// Read results from this directory instead of measuring.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The page to write [default: target/report/index.html]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The Markdown to write [default: docs/performance.md]
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// The README whose tables to replace [default: README.md]
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Why others are ahead [default: report/explanations.toml]
    #[arg(long, value_name = "FILE")]
    explanations: Option<PathBuf>,
    /// What the README's tables consist of [default: report/numbers.toml]
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in complaints {
                eprintln!("{complaint}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes all; what is wrong with it.
fn run(args: Args) -> Result<Vec<String>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let or = |path: Option<PathBuf>, default: &str| path.unwrap_or_else(|| root.join(default));
    let mut complaints = Vec::new();
    let directory = match args.from {
        Some(directory) => directory,
        None => {
            let directory = root.join("target/report/results");
            let failed = measure::run(root, &directory)?;
            complaints.extend(failed.into_iter().map(|step| format!("FAILED: {step}")));
            directory
        }
    };
    let mut why = Explanations::read(&or(args.explanations, "report/explanations.toml"))?;
    let numbers = readme::read(&or(args.numbers, "report/numbers.toml"))?;
    let results = results::read(&directory)?;
    let report = Report::new(Machine::read(&directory)?, results, &mut why);

    let readme_path = or(args.readme, "README.md");
    let text = std::fs::read_to_string(&readme_path)
        .map_err(|error| format!("{}: {error}", readme_path.display()))?;
    let (readme, left) = readme::update(&text, &numbers, &report)?;
    let page = page::html(&report)?;
    let markdown = markdown::markdown(&report);
    write(&or(args.html, "target/report/index.html"), &page)?;
    if complaints.is_empty() {
        write(&or(args.markdown, "docs/performance.md"), &markdown)?;
        write(&readme_path, &readme)?;
    } else {
        println!(
            "note: the Markdown and the README are as they were, because not all was measured"
        );
    }

    println!("{}", report.summary());
    for line in left {
        println!("note: {line}");
    }
    for explanation in why.unused() {
        println!("note: no row needs this explanation any more: {explanation}");
    }
    for row in judged::unexplained(&report.sections) {
        complaints.push(format!("not explained, in report/explanations.toml: {row}"));
    }
    Ok(complaints)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}
