//! A service that leaks without a word, and the profiles that say where.
//!
//! ```text
//! cargo run --release --example leak_hunt                      # all three leaks
//! cargo run --release --example leak_hunt -- --leak guard      # one of them
//! cargo run --release --example leak_hunt -- --leak none       # the control
//! cargo run --release --example leak_hunt -- --tracking 1/128  # sampled
//! ```
//!
//! Worker threads answer recorded requests with objects of three pools, `headers`,
//! `params` and `body`, and leak in the ways that `--leak` names:
//!
//! * `guard`: logging in puts a guard into a global cache that forgets nobody;
//! * `map`: searches are counted in a map that is never emptied;
//! * `giants`: exports fill huge buffers, of a pool whose retention is switched off.
//!
//! Nothing fails and nothing is logged. Then it prints what the pools know, writes a
//! profile of an early moment and one of the end, and says which commands find what.
//!
//! The load is the same in each run: requests are chosen by a fixed seed.
//!
//! Needs the features `pprof` and `backtrace`; without them, it has cargo build and
//! run it with them.
//!
//! Exit status: 0 if all went well; 2 if not (usage, unreadable input, no request in
//! it, unwritable output); 3 if malformed lines were skipped and all else went well.

#[cfg(not(all(feature = "pprof", feature = "backtrace")))]
mod rerun;

#[cfg(all(feature = "pprof", feature = "backtrace"))]
#[path = "../requests/arguments.rs"]
mod arguments;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
mod hunt;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
#[path = "../requests/input.rs"]
mod input;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
mod load;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
#[path = "../requests/numbers.rs"]
#[allow(dead_code, reason = "the part for timings")]
mod numbers;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
#[path = "../tune/output.rs"]
mod output;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
mod report;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
mod service;
#[cfg(all(feature = "pprof", feature = "backtrace"))]
#[path = "../requests/source.rs"]
mod source;

#[cfg(all(feature = "pprof", feature = "backtrace"))]
use hunt::main as run;
#[cfg(not(all(feature = "pprof", feature = "backtrace")))]
use rerun::main as run;
use std::process::ExitCode;

fn main() -> ExitCode {
    run()
}

#[cfg(all(test, feature = "pprof", feature = "backtrace"))]
mod tests;
