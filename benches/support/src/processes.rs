//! Measures a table in processes of its own, one after another.
//!
//! Where in memory the things of a row come to lie is settled once for each process, by what
//! it did before and by chance, and moves a row by some per cent: to fill a map and to clear it
//! took between 700 and 865 ns in one process, by the pool that lent it, and in the next one
//! all but one pool were within a fiftieth. Of a few processes, each row has a good one.

use crate::figures::Figures;
use std::process::{Command, Stdio};

/// Enough that no row is out of luck in all of them.
const PROCESSES: usize = 5;

/// In the environment of such a process, the table that it measures.
const TABLE: &str = "MILLPOND_TABLE";

/// The table that this process is to measure for another, if it is.
pub(crate) fn table() -> Option<String> {
    std::env::var(TABLE).ok()
}

/// Of all rounds, those that each process does.
pub(crate) fn share(rounds: usize) -> usize {
    rounds.div_ceil(PROCESSES)
}

/// Tells the other process what was measured, and ends this one.
pub(crate) fn tell(figures: &[Figures]) -> ! {
    let told = serde_json::to_string(figures).expect("numbers");
    println!("\n{told}");
    std::process::exit(0)
}

/// Has the table measured.
///
/// # Errors
///
/// If a process cannot be started, or fails, or does not tell what it measured.
pub(crate) fn measure(table: &str) -> Result<Vec<Figures>, String> {
    let mut all: Vec<Figures> = Vec::new();
    for _ in 0..PROCESSES {
        let figures = one(table).map_err(|why| format!("measuring the table {table}: {why}"))?;
        all.resize_with(figures.len(), Figures::default);
        for (row, figures) in all.iter_mut().zip(figures) {
            row.add(figures);
        }
    }
    Ok(all)
}

fn one(table: &str) -> Result<Vec<Figures>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(TABLE, table)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    told(&String::from_utf8_lossy(&output.stdout))
}

/// What `tell` said, after whatever else was.
fn told(output: &str) -> Result<Vec<Figures>, String> {
    let last = output.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|error| format!("{last:?} are no figures: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_counts() {
        let line = serde_json::to_string(&[Figures::default()]).unwrap();
        let figures = told(&format!("220 requests\n\n{line}\n")).unwrap();
        assert_eq!(figures.len(), 1);
        let error = told("220 requests\n").unwrap_err();
        assert!(
            error.starts_with("\"220 requests\" are no figures"),
            "{error}"
        );
    }

    #[test]
    fn no_round_is_lost() {
        for rounds in [0, 1, 4, 60, 500] {
            assert!(share(rounds) * PROCESSES >= rounds);
        }
    }
}
