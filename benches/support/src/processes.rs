//! Measures a table in processes of its own, one after another.
//!
//! Where in memory the things of a row come to lie is settled once for each process, by what
//! it did before and by chance, and moves a row by up to a fifth: to fill a map and to clear it
//! took between 700 and 865 ns in one process, by the pool that lent it, and in the next one
//! all but one pool were within a fiftieth. Of a few processes, most rows have a good one,
//! and a median is of all of them.

use crate::figures::Figures;
use std::ops::Range;
use std::process::{Command, Stdio};

/// Enough that few rows are out of luck in all of them.
const PROCESSES: usize = 5;

/// In the environment of such a process, the table that it measures, and the how-manieth
/// process it is.
const TABLE: &str = "MILLPOND_TABLE";
const TURN: &str = "MILLPOND_TURN";

/// What a process is to measure for another.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) table: String,
    turn: usize,
}

impl Part {
    /// This process's, if it has one.
    pub(crate) fn of_this_process() -> Option<Self> {
        let turn = std::env::var(TURN).ok()?;
        Some(Self {
            table: std::env::var(TABLE).ok()?,
            turn: turn.parse().ok()?,
        })
    }

    /// Has what is measured lie elsewhere than in the other processes: allocators put the same
    /// things into the same places of a page, time after time.
    pub(crate) fn scatter(&self) {
        let mut random = self.turn as u64;
        for size in (16..=2048).step_by(16) {
            // Knuth's, of MMIX.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            for _ in 0..random >> 60 {
                std::hint::black_box(Vec::<u8>::with_capacity(size).leak());
            }
        }
    }

    /// Of so many rounds, those that it does: others than the other processes do.
    pub(crate) fn rounds(&self, of: usize) -> Range<usize> {
        let each = of.div_ceil(PROCESSES);
        let first = self.turn * each;
        first..first + each
    }
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
pub(crate) fn measure(table: &str, rows: usize) -> Result<Vec<Figures>, String> {
    let mut all: Vec<Figures> = Vec::new();
    all.resize_with(rows, Figures::default);
    for turn in 0..PROCESSES {
        let figures =
            one(table, turn, rows).map_err(|why| format!("measuring the table {table}: {why}"))?;
        for (row, figures) in all.iter_mut().zip(figures) {
            row.add(figures);
        }
    }
    Ok(all)
}

fn one(table: &str, turn: usize, rows: usize) -> Result<Vec<Figures>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(TABLE, table)
        .env(TURN, turn.to_string())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    told(&String::from_utf8_lossy(&output.stdout), rows)
}

/// What `tell` said, after whatever else was.
fn told(output: &str, rows: usize) -> Result<Vec<Figures>, String> {
    let last = output.lines().last().unwrap_or_default();
    let figures: Vec<Figures> =
        serde_json::from_str(last).map_err(|error| format!("{last:?} are no figures: {error}"))?;
    match figures.len() == rows {
        true => Ok(figures),
        false => Err(format!("figures of {} rows, not {rows}", figures.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_counts() {
        let line = serde_json::to_string(&[Figures::default()]).unwrap();
        let output = format!("220 requests\n\n{line}\n");
        assert_eq!(told(&output, 1).unwrap().len(), 1);
        assert_eq!(told(&output, 2).unwrap_err(), "figures of 1 rows, not 2");
        let error = told("220 requests\n", 1).unwrap_err();
        assert!(
            error.starts_with("\"220 requests\" are no figures"),
            "{error}"
        );
    }

    #[test]
    fn together_they_do_all_rounds_and_few_more() {
        for rounds in [0, 1, 4, 60, 500] {
            let table = "churn".to_owned();
            let parts = (0..PROCESSES).map(|turn| Part {
                table: table.clone(),
                turn,
            });
            let done: Vec<usize> = parts.flat_map(|part| part.rounds(rounds)).collect();
            assert!((rounds..rounds + PROCESSES).contains(&done.len()));
            // None twice.
            assert_eq!(done, (0..done.len()).collect::<Vec<_>>());
        }
    }
}
