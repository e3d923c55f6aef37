//! Runs this very program under valgrind.

use crate::Result;
use crate::paths::Path;
use std::process::Command;

/// Whether there is a valgrind to run.
pub(crate) fn is_installed() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

/// What this program prints under valgrind, on its two outputs. Without the caller's
/// environment: how long that is moves the stack, and with it what is aligned.
pub(crate) fn run(options: &[&str], args: &[&str]) -> Result<(String, String)> {
    let mut valgrind = Command::new("valgrind");
    valgrind.env_clear();
    // Where it is installed.
    if let Some(path) = std::env::var_os("PATH") {
        valgrind.env("PATH", path);
    }
    let program = std::env::current_exe()?;
    let output = valgrind.args(options).arg(program).args(args).output()?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    if output.status.success() {
        Ok((out, err))
    } else {
        Err(format!("valgrind {options:?}: {}\n{err}", output.status).into())
    }
}

/// Instructions of one operation.
pub(crate) fn count(path: &Path) -> Result<f64> {
    let few = collected(path, path.repetitions)?;
    let many = collected(path, 3 * path.repetitions)?;
    let operations = 2 * path.repetitions * (path.operations)();
    let instructions = many
        .checked_sub(few)
        .ok_or_else(|| format!("{}: more repetitions took fewer instructions", path.name))?;
    Ok(instructions as f64 / operations as f64)
}

fn collected(path: &Path, repetitions: u64) -> Result<u64> {
    // Threads in the order in which they ask, or one may find the other still awake.
    let options = [
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--fair-sched=try",
    ];
    let (_, err) = run(&options, &["work", path.name, &repetitions.to_string()])?;
    parse(&err).ok_or_else(|| format!("no count in what callgrind printed:\n{err}").into())
}

/// The count in callgrind's summary, `==123== Collected : 456`.
fn parse(summary: &str) -> Option<u64> {
    let line = summary.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_count_and_nothing_else() {
        let summary = "==7== \n==7== Events    : Ir\n==7== Collected : 1610635\n==7== \n";
        assert_eq!(parse(summary), Some(1_610_635));
        assert_eq!(parse("==7== Events    : Ir\n"), None);
        assert_eq!(parse("==7== Collected : many\n"), None);
    }
}
