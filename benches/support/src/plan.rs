//! Which tables to measure, how thoroughly, and where the results go.

use crate::corpus::{self, Request};
use crate::processes::{self, Part};
use crate::results::{self, Results};
use crate::table::Table;
use crate::target::Target;
use clap::Parser;
use std::cell::RefCell;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(about = "Measures pools against each other, in turns")]
struct Args {
    /// Only tables with one of these in their name or title.
    words: Vec<String>,
    /// Requests to replay: JSON lines, each an array of [name, value]. Default: what
    /// MILLPOND_CORPUS names, or else the corpus of this repository.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Measure: cargo says so. Without it, everything is tried once.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Which tables to print, and how thoroughly.
#[derive(Debug)]
pub struct Plan {
    args: Args,
    /// What this process is to measure for another.
    part: Option<Part>,
    results: RefCell<Results>,
}

impl Plan {
    /// By the command line. Ends the process if it makes no sense, or results cannot
    /// be written where `MILLPOND_RESULTS` says.
    pub fn from_args(bench: &'static str, allocator: &'static str) -> Self {
        let args = Args::parse();
        let part = Part::of_this_process();
        part.iter().for_each(Part::scatter);
        // Whoever measures for another tells that one, who writes.
        let directory = results::directory().filter(|_| part.is_none());
        let results = Results::open(directory, bench, allocator);
        Self {
            args,
            part,
            results: RefCell::new(results.unwrap_or_else(|error| fail(&error))),
        }
    }

    /// Whether a table is to be measured here, or printed.
    pub fn wants(&self, id: &str, title: &str) -> bool {
        if let Some(part) = &self.part {
            return id == part.table;
        }
        let words = &self.args.words;
        let named = |word: &String| id.contains(word) || title.contains(word);
        words.is_empty() || words.iter().any(named)
    }

    /// Measures a table in so many rounds and prints it, if it is [wanted](Self::wants).
    /// Ends the process if it cannot be measured.
    pub fn print(&self, mut table: Table<'_>, rounds: usize, targets: &[Target<'_>]) {
        if !self.wants(&table.id, &table.title) {
            return;
        }
        if let Some(part) = &self.part {
            processes::tell(&table.measure(part.rounds(rounds)));
        }
        let figures = match self.args.bench {
            true => {
                processes::measure(&table.id, table.rows.len()).unwrap_or_else(|error| fail(&error))
            }
            false => table.measure(0..0),
        };
        let printed = table.print(figures, targets);
        self.results.borrow_mut().write(&table, &printed);
    }

    /// The requests to replay. Ends the process if there are none.
    pub fn requests(&self) -> Vec<Request> {
        let path = corpus::path(self.args.corpus.as_deref());
        let requests = corpus::read(&path).unwrap_or_else(|error| fail(&error));
        println!("\n{} requests from {}", requests.len(), path.display());
        requests
    }
}

fn fail(error: &str) -> ! {
    eprintln!("{error}");
    std::process::exit(2);
}
