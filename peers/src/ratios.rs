//! All tables in one run: what a bench target calls with its allocator.

use crate::tables::{self, Targets};
use millpond_bench::plan::Plan;

/// Measures every table that the command line asks for.
pub fn run(allocator: &'static str) {
    let plan = Plan::from_args("peers", allocator);
    let targets = Targets::under(allocator);
    tables::maps(&plan, targets);
    tables::requests(&plan, targets);
    tables::strings(&plan, targets);
    tables::buffers(&plan, targets);
    tables::contention(&plan, targets);
    tables::handoff(&plan, targets);
    tables::churn(&plan, targets);
    tables::giant(&plan, targets);
}
