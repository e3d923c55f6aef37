//! Does the pool reach its targets? All candidates of a table in one process, in
//! turns, so that the ratios hold on a busy machine too.
//!
//!     cargo bench --bench ratios                 # everything, in a minute or two
//!     cargo bench --bench ratios -- insert       # tables with this in their title
//!
//! Prints the best and the median round, the ratio of the bests and the median of
//! the ratios, allocations per operation (counted in a pass of its own), and what
//! of the targets was met: by the ratio of the bests, or, where threads meet, by the
//! median of the rounds in which no thread had to wait for a core ("NaN" where there
//! was none). Asserts nothing.

use std::alloc::System;

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/counting.rs"]
mod counting;
#[path = "support/handoff.rs"]
mod handoff;
#[path = "support/ratio.rs"]
mod ratio;
#[path = "support/requests.rs"]
mod requests;
#[path = "support/sources.rs"]
#[macro_use]
mod sources;
#[path = "support/strings.rs"]
mod strings;
#[path = "support/tables.rs"]
mod tables;
#[path = "support/threads.rs"]
mod threads;

#[global_allocator]
static ALLOCATOR: counting::Counting<System> = counting::Counting(System);

fn main() {
    let (counting, plain) = counting::overhead(&System);
    println!("malloc + free: {counting:.1} ns in this process, {plain:.1} without the counter");
    let plan = tables::Plan::from_args();
    plan.maps(true);
    plan.requests(0.22);
    plan.contention();
    plan.handoff();
}
