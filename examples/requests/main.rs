//! Replays recorded requests through pools, as a server's hot path would.
//!
//! ```text
//! cargo run --release --example requests                  # the shipped corpus
//! cargo run --release --example requests -- mine.jsonl    # your own
//! zcat mine.jsonl.gz | cargo run --release --example requests -- -
//! ```
//!
//! Each request's headers go into one map, its query parameters into another,
//! its path segments into a list; a handler glances at them; all three are
//! emptied. That is done in three ways: with new containers for each request,
//! with one set per thread that is cleared, and with `millpond`'s pools. Time
//! and allocations are measured for each, every answer of each is compared with
//! a plain `HashMap<String, Vec<String>>`.
//!
//! Timed is the storing, not the parsing: splitting and decoding are done
//! beforehand, as they cost the same whatever holds the result.
//!
//! A request is a line: a JSON array of `[name, value]` pairs, with `:path`
//! among them. The `record` example writes such files.
//!
//! Exit status: 0 if all went well; 1 if an answer was wrong; 2 if nothing
//! could be measured (usage, unreadable input, no request in it, unwritable
//! output); 3 if malformed lines were skipped and all else went well.

mod arguments;
mod input;
mod measure;
mod numbers;
mod report;
mod source;
mod variants;

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use millpond::alloc::Counting;
use source::Loaded;
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use variants::{HEADERS, QUERY, SEGMENTS};

/// While nobody counts, it costs an allocation a load and a branch.
#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

const WRONG_ANSWERS: u8 = 1;
const NOT_RUN: u8 = 2;
const LINES_SKIPPED: u8 = 3;

/// Replay recorded HTTP requests through pools, and compare.
#[derive(Parser)]
#[command(
    name = "requests",
    after_help = "Exit status: 0 all went well, 1 wrong answers, 2 nothing measured, \
                  3 malformed lines skipped."
)]
struct Args {
    /// Requests, one JSON array of [name, value] pairs a line; `-` is standard
    /// input. Default: the shipped corpus.
    path: Option<PathBuf>,
    /// Threads that replay at once. Default: one for each core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Rounds to measure; best and median are taken over them.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Objects that each pool keeps per thread. Default: the pool's own.
    #[arg(long)]
    local_capacity: Option<usize>,
}

fn main() -> ExitCode {
    let bar = match io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let mut input = io::stdin().lock();
    let status = run(
        std::env::args_os(),
        &mut input,
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
    let loaded = source::load("requests", args.path.as_deref(), stdin, stderr);
    let Loaded {
        source,
        requests,
        skipped,
    } = match loaded {
        Ok(loaded) => loaded,
        Err(e) => return fail(stderr, &e),
    };
    if let Some(capacity) = args.local_capacity {
        HEADERS.set_local_capacity(capacity);
        QUERY.set_local_capacity(capacity);
        SEGMENTS.set_local_capacity(capacity);
    }
    let threads = match args.threads {
        Some(threads) => usize::from(threads),
        None => thread::available_parallelism().map_or(1, NonZero::get),
    };

    let opening =
        report::opening(stdout, &source, &requests, threads).and_then(|()| stdout.flush());
    let bar = progress(args.rounds, bar);
    let measured = measure::run(&requests, threads, args.rounds, || bar.inc(1));
    bar.finish_and_clear();
    let measured = match measured {
        Ok(measured) => measured,
        Err(e) => return fail(stderr, &e),
    };
    let printed = opening
        .and_then(|()| report::results(stdout, &measured))
        .and_then(|()| report::verdict(stdout, &measured))
        .and_then(|()| report::pools(stdout))
        .and_then(|()| stdout.flush());

    // A thousand wrong answers have one cause as a rule: a few will do.
    for wrong in measured.wrong.iter().take(10) {
        let (line, what) = (wrong.line, wrong.what);
        let variant = wrong.variant.name();
        let _ = writeln!(stderr, "requests: line {line}, {variant}: wrong {what}");
    }
    match printed {
        // Whoever reads our output has seen enough (`| head -1`).
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
        Err(e) => return fail(stderr, &format!("cannot write the results: {e}")),
        Ok(()) => {}
    }
    status(measured.wrong.len(), skipped)
}

/// Wrong answers weigh more than skipped lines.
fn status(wrong: usize, skipped: u64) -> u8 {
    match (wrong, skipped) {
        (0, 0) => 0,
        (0, _) => LINES_SKIPPED,
        _ => WRONG_ANSWERS,
    }
}

fn fail(stderr: &mut dyn Write, message: &str) -> u8 {
    let _ = writeln!(stderr, "requests: {message}");
    NOT_RUN
}

fn progress(rounds: u32, target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rounds, {eta} left")
        .expect("a constant template");
    let bar = ProgressBar::with_draw_target(Some(u64::from(rounds)), target);
    bar.with_style(style)
}

#[cfg(test)]
mod tests;
