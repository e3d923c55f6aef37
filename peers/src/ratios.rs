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
    // Not under mimalloc: at the row of poolshark's LPooled the process grew by 20 MB a
    // second, and did not come to an end.
    if allocator != "mimalloc" {
        tables::handoff(&plan, targets);
    }
    tables::churn(&plan, targets);
    tables::giant(&plan, targets);
}
