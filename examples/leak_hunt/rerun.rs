//! Has cargo run this example with the features that it needs. Cargo switches them
//! on by itself only if every test and benchmark of the package has them on too.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

const FEATURES: &str = "pprof,backtrace";

pub(crate) fn main() -> ExitCode {
    let release = !cfg!(debug_assertions);
    let mut cargo = command(release, env::args_os().skip(1));
    match cargo.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(e) => {
            eprintln!(
                "leak_hunt: needs the features {FEATURES}, and cannot start cargo: {e}. Try\n    \
                 cargo run --release --features {FEATURES} --example leak_hunt"
            );
            ExitCode::from(2)
        }
    }
}

fn command(release: bool, args: impl Iterator<Item = OsString>) -> Command {
    // Cargo tells what it runs who it is.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet"]);
    if release {
        command.arg("--release");
    }
    command.args([
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    command.args(["--features", FEATURES, "--example", "leak_hunt", "--"]);
    command.args(args);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_profile_features_and_arguments() {
        let args = ["--leak", "none"].map(OsString::from);
        let line = format!("{:?}", command(true, args.into_iter()));
        for part in ["\"--release\"", FEATURES, "\"--\" \"--leak\" \"none\""] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let debug = format!("{:?}", command(false, std::iter::empty()));
        assert!(!debug.contains("--release"), "{debug}");
    }
}
