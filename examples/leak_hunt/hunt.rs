//! From arguments to profiles.

use crate::arguments;
use crate::load::{self, Plan};
use crate::output::{cannot_write, writable};
use crate::report;
use crate::service::{Leaks, Service};
use crate::source;
use clap::{Parser, ValueEnum};
use millpond::sampler::Sampler;
use millpond::track::Tracking;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const NOT_RUN: u8 = 2;
const LINES_SKIPPED: u8 = 3;

/// Looks at the counters in one run: some more than a verdict needs.
const POINTS: u32 = 100;

const OUT: &str = "target/leak_hunt.pb.gz";

/// Leak from three pools, and profile them.
#[derive(Parser)]
#[command(
    name = "leak_hunt",
    after_help = "Exit status: 0 all went well, 2 nothing written, 3 malformed lines skipped."
)]
pub(crate) struct Args {
    /// Requests, one JSON array of [name, value] pairs a line; `-` is standard
    /// input. Default: the shipped corpus.
    path: Option<PathBuf>,
    /// What leaks; several are separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    leak: Vec<Leak>,
    /// How long the service runs.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Requests a second, of all threads together.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rate: u32,
    /// Worker threads.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Which loans are tracked: off, all, or 1/n.
    #[arg(long, default_value = "all")]
    tracking: Tracking,
    /// The profile to write; the early one goes beside it. Default:
    /// target/leak_hunt.pb.gz.
    #[arg(long, value_name = "FILE.pb.gz")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Leak {
    /// Guards in a global cache that forgets nobody.
    Guard,
    /// A map that is never emptied.
    Map,
    /// Huge buffers that idle caches hold.
    Giants,
    /// All three.
    All,
    /// Nothing.
    None,
}

impl Args {
    /// # Errors
    ///
    /// If `none` is not alone.
    fn leaks(&self) -> Result<Leaks, String> {
        let any = |leak| self.leak.contains(&leak) || self.leak.contains(&Leak::All);
        if self.leak.contains(&Leak::None) && self.leak.iter().any(|leak| *leak != Leak::None) {
            return Err("--leak none goes with no other leak".into());
        }
        Ok(Leaks {
            guard: any(Leak::Guard),
            map: any(Leak::Map),
            giants: any(Leak::Giants),
        })
    }
}

pub(crate) fn main() -> ExitCode {
    let status = run(
        std::env::args_os(),
        &mut io::stdin().lock(),
        &mut io::stdout().lock(),
        &mut io::stderr(),
    );
    ExitCode::from(status)
}

/// Everything but the process: the exit status.
pub(crate) fn run(
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let args: Args = match arguments::parse(args, stdout, stderr) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match hunt(&args, stdin, stdout, stderr) {
        Ok(0) => 0,
        Ok(_) => LINES_SKIPPED,
        Err(e) => {
            let _ = writeln!(stderr, "leak_hunt: {e}");
            NOT_RUN
        }
    }
}

/// The number of malformed lines, or why there is no profile.
fn hunt(
    args: &Args,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<u64, String> {
    let leaks = args.leaks()?;
    let loaded = source::load("leak_hunt", args.path.as_deref(), stdin, stderr)?;
    let out = args.out.as_deref().unwrap_or(Path::new(OUT));
    let base = beside(out, "base");
    // Before the load, not after it.
    for path in [out, &base] {
        writable(path, args.out.is_none())?;
    }
    let plan = Plan {
        threads: args.threads.into(),
        requests: u64::from(args.rate) * u64::from(args.seconds),
        time: Duration::from_secs(args.seconds.into()),
    };
    written(report::opening(stdout, &loaded, &plan, args.tracking))?;
    let service = Service::new(leaks, args.tracking);
    let sampling = Sampler::every(plan.time / POINTS, plan.time).start();
    let sampling = sampling.map_err(|e| format!("cannot start a thread: {e}"))?;
    let early = || millpond::track::profile();
    let early = load::run(&service, &loaded.requests, &plan, early);
    let early = early.map_err(|e| format!("cannot start a thread: {e}"))?;
    let late = millpond::track::profile();
    for (path, profile) in [(base.as_path(), early), (out, late)] {
        fs::write(path, profile.to_pprof()).map_err(|e| cannot_write(path, &e))?;
    }
    written(report::pools(stdout, &service))?;
    written(report::verdicts(stdout, &sampling.series()))?;
    written(report::commands(stdout, leaks, out, &base))?;
    Ok(loaded.skipped)
}

/// The path with a word before its extension: `a.base.pb.gz` for `a.pb.gz`.
fn beside(path: &Path, word: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let at = name.find('.').unwrap_or(name.len());
    path.with_file_name(format!("{}.{word}{}", &name[..at], &name[at..]))
}

fn written(result: io::Result<()>) -> Result<(), String> {
    match result {
        // Whoever reads our output has seen enough (`| head -1`).
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|e| format!("cannot write the results: {e}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_early_profile_lies_beside() {
        for (path, beside_it) in [
            ("target/leak_hunt.pb.gz", "target/leak_hunt.base.pb.gz"),
            ("a b/ü", "a b/ü.base"),
            (".pb.gz", ".base.pb.gz"),
        ] {
            assert_eq!(beside(Path::new(path), "base"), Path::new(beside_it));
        }
    }
}
