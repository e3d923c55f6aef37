//! Runs every measurement of millpond, and writes one report.
//!
//!     cargo run --release -p millpond-report                # measure and write
//!     cargo run --release -p millpond-report -- --from DIR  # write, from results
//!
//! Writes a self-contained page, `docs/performance.md`, and the marked parts of the README
//! and of `docs/tracking.md`: measured tables, and what programs print.
//! Ends with 1 if a row is ahead of this crate and `report/explanations.toml` does not say
//! why; all is written then. Also with 1 if a measurement failed; then only the page is, so
//! that no file of the repository loses figures. With 2 if results make no sense; then
//! nothing is.

// In the order in which figures travel.
mod measure;

mod outputs;
mod results;

mod explanations;
mod judged;
mod machine;
mod report;

mod cells;
mod markdown;
mod marked;
mod numbers;
mod page;
mod plot;

use clap::Parser;
use explanations::Explanations;
use machine::Machine;
use marked::Marks;
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
    /// Texts whose marked parts to replace [default: README.md docs/tracking.md]
    #[arg(long, value_name = "FILE")]
    marked: Vec<PathBuf>,
    /// Why others are ahead [default: report/explanations.toml]
    #[arg(long, value_name = "FILE")]
    explanations: Option<PathBuf>,
    /// What the README's tables consist of [default: report/numbers.toml]
    #[arg(long, value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// Which programs to run, and what to show of them [default: report/outputs.toml]
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize()?;
    let or = |path: Option<PathBuf>, default: &str| path.unwrap_or_else(|| root.join(default));
    let programs = outputs::programs(&or(args.outputs, "report/outputs.toml"))?;
    let mut complaints = Vec::new();
    let directory = match args.from {
        Some(directory) => directory,
        None => {
            let directory = root.join("target/report/results");
            let failed = measure::run(&root, &directory, &programs)?;
            complaints.extend(failed.into_iter().map(|step| format!("FAILED: {step}")));
            directory
        }
    };
    let mut why = Explanations::read(&or(args.explanations, "report/explanations.toml"))?;
    let numbers = numbers::read(&or(args.numbers, "report/numbers.toml"))?;
    let results = results::read(&directory)?;
    let outputs = outputs::read(&programs, &directory)?;
    let report = Report::new(Machine::read(&directory)?, results, outputs, &mut why);

    let marks = Marks {
        numbers: &numbers,
        programs: &programs,
        report: &report,
    };
    let mut texts = Vec::new();
    let mut left = Vec::new();
    for path in marked(&root, args.marked) {
        let wrong = |error| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.into()))?;
        let (text, here) = marks.update(&text).map_err(wrong)?;
        left.extend(here.iter().map(|why| wrong(why.as_str().into())));
        texts.push((path, text));
    }
    let page = page::html(&report)?;
    let markdown = markdown::markdown(&report);
    write(&or(args.html, "target/report/index.html"), &page)?;
    if complaints.is_empty() {
        write(&or(args.markdown, "docs/performance.md"), &markdown)?;
        for (path, text) in texts {
            write(&path, &text)?;
        }
    } else {
        println!("note: no other file was written, because not all was measured");
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

/// The texts that have marked parts.
fn marked(root: &Path, asked: Vec<PathBuf>) -> Vec<PathBuf> {
    match &asked[..] {
        [] => ["README.md", "docs/tracking.md"]
            .map(|name| root.join(name))
            .into(),
        _ => asked,
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}
