//! All tables in one run: what a bench target calls with its allocator.

use crate::tables::{self, Targets};
use millpond_bench::counting::overhead;
use millpond_bench::plan::Plan;
use std::alloc::GlobalAlloc;

/// Measures every table that the command line asks for.
pub fn run(allocator: &'static str, plain: &impl GlobalAlloc) {
    let plan = Plan::from_args("peers", allocator);
    let (counting, plain) = overhead(plain);
    println!("{allocator}: malloc + free {counting:.1} ns, {plain:.1} without the counter");
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
