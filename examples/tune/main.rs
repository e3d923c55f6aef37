//! Finds out how many objects each thread should keep for itself.
//!
//! ```text
//! cargo run --release --example tune                                 # the shipped corpus
//! cargo run --release --example tune -- mine.jsonl --depth 40        # your own
//! cargo run --release --example tune -- --share 100 --threads 4      # hand-over
//! cargo run --release --example tune -- --synthetic 0 --depth 100    # the pool alone
//! ```
//!
//! Every size of a row of sizes gets a pool of its own and the same load: maps
//! are borrowed, `--depth` of them at once, filled with the headers of recorded
//! requests, and dropped; `--share` percent of them on another thread. Measured
//! are the time for one map, where the pool found it, and what the pool keeps
//! when all of them have come back. The recommended size is the smallest that is
//! within 5% of the fastest, and what the library recommends by itself
//! (`pool.stats().advice()`, from its counters alone) is printed beside it.
//!
//! One HTML file shows the same as curves. It needs nothing but itself.
//!
//! A pool for each size, rather than one that is told another size by
//! `set_local_capacity`: the sizes take turns, hundreds of times, and a single
//! pool would carry one size's objects and counters into the next one's slot.
//!
//! The input is that of the `requests` example, which also checks every answer;
//! here only time is looked at.
//!
//! Exit status: 0 if all went well; 2 if nothing could be measured (usage,
//! unreadable input, no request in it, unwritable output); 3 if malformed lines
//! were skipped and all else went well.

#[path = "../requests/arguments.rs"]
mod arguments;
#[path = "../requests/input.rs"]
mod input;
#[path = "../requests/numbers.rs"]
mod numbers;
#[path = "../requests/source.rs"]
mod source;

mod load;
mod measure;
mod output;
mod page;
mod plot;
mod report;

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::Load;
use measure::Plan;
use output::{cannot_write, writable};
use report::Findings;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

const NOT_RUN: u8 = 2;
const LINES_SKIPPED: u8 = 3;

const OUT: &str = "target/tune.html";

/// Measure which per-thread capacity a load wants.
#[derive(Parser)]
#[command(
    name = "tune",
    after_help = "Exit status: 0 all went well, 2 nothing measured, 3 malformed lines skipped."
)]
struct Args {
    /// Requests, one JSON array of [name, value] pairs a line; `-` is standard
    /// input. Default: the shipped corpus.
    path: Option<PathBuf>,
    /// Instead of recorded requests: maps with so many made-up pairs. 0 leaves the
    /// maps empty, and so measures the pool alone.
    #[arg(long, value_name = "PAIRS", conflicts_with = "path",
          value_parser = clap::value_parser!(u16).range(..=1024))]
    synthetic: Option<u16>,
    /// Maps that a thread holds at once, as a worker of an async server does.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=4096))]
    depth: u16,
    /// Threads. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Percentage of maps that are dropped on another thread than the one that
    /// borrowed them. Above 0, half of the threads do nothing but drop.
    #[arg(long, default_value_t = 0, value_name = "PERCENT",
          value_parser = clap::value_parser!(u8).range(..=100))]
    share: u8,
    /// Rounds to measure, each size once a round; best and median are taken over
    /// them.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Per-thread sizes to try. Default: 0 and the powers of two, up to twice what
    /// the load can use.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(..=65536))]
    sizes: Vec<u32>,
    /// The page to write. Default: target/tune.html.
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let bar = match io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let status = run(
        std::env::args_os(),
        &mut io::stdin().lock(),
        &mut io::stdout().lock(),
        &mut io::stderr(),
        bar,
    );
    ExitCode::from(status)
}

/// The program, with its surroundings as parameters so that tests can look.
fn run(
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    bar: ProgressDrawTarget,
) -> u8 {
    let args: Args = match arguments::parse(args, stdout, stderr) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match tune(&args, stdin, stdout, stderr, bar) {
        Ok(0) => 0,
        Ok(_) => LINES_SKIPPED,
        Err(message) => {
            let _ = writeln!(stderr, "tune: {message}");
            NOT_RUN
        }
    }
}

/// The number of malformed lines, or why nothing was measured or shown.
fn tune(
    args: &Args,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    bar: ProgressDrawTarget,
) -> Result<u64, String> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let plan = Plan {
        threads: args.threads.map_or(cores, usize::from),
        cores,
        depth: usize::from(args.depth),
        share: args.share,
        rounds: args.rounds,
    };
    if plan.share > 0 && plan.threads < 2 {
        let share = plan.share;
        return Err(format!(
            "--share {share} needs at least two threads, one of them to drop"
        ));
    }
    let (load, skipped) = match args.synthetic {
        Some(pairs) => (Load::synthetic(usize::from(pairs)), 0),
        None => {
            let loaded = source::load("tune", args.path.as_deref(), stdin, stderr)?;
            let skipped = loaded.skipped;
            (Load::recorded(loaded), skipped)
        }
    };
    let out = args.out.as_deref().unwrap_or(Path::new(OUT));
    // Before ten seconds of measuring, not after them.
    writable(out, args.out.is_none())?;

    let written = |result: io::Result<()>| match result {
        // Whoever reads our output has seen enough (`| head -1`).
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|e| format!("cannot write the results: {e}")),
    };
    written(report::opening(stdout, &load, &plan).and_then(|()| stdout.flush()))?;
    let advice = measure::pilot(&load, &plan)?.advice();
    let sizes = match &args.sizes[..] {
        [] => plan.sizes(&advice),
        sizes => Plan::in_order(sizes.iter().map(|&size| size as usize)),
    };
    let bar = progress(plan.rounds, bar);
    let rows = measure::run(&load, &plan, &sizes, || bar.inc(1));
    bar.finish_and_clear();
    let found = Findings {
        load,
        plan,
        rows: rows?,
        advice,
    };
    let html = page::html(&found)?;
    fs::write(out, html).map_err(|e| cannot_write(out, &e))?;
    written(
        report::table(stdout, &found)
            .and_then(|()| report::verdict(stdout, &found))
            .and_then(|()| writeln!(stdout, "curves:      {}", out.display()))
            .and_then(|()| stdout.flush()),
    )?;
    Ok(skipped)
}

fn progress(rounds: u32, target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rounds, {eta} left")
        .expect("a constant template");
    let bar = ProgressBar::with_draw_target(Some(u64::from(rounds)), target);
    bar.with_style(style)
}

#[cfg(test)]
mod tests;
