//! Does the pool still pay where malloc is mimalloc? The tables of `ratios` that
//! depend on it, with the targets that there are.
//!
//!     cargo bench --bench ratios_mimalloc

use mimalloc::MiMalloc;

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/counting.rs"]
mod counting;
#[path = "support/handoff.rs"]
#[allow(dead_code)]
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
#[allow(dead_code)]
mod tables;
#[path = "support/threads.rs"]
#[allow(dead_code)]
mod threads;

#[global_allocator]
static ALLOCATOR: counting::Counting<MiMalloc> = counting::Counting(MiMalloc);

fn main() {
    let (counting, plain) = counting::overhead(&MiMalloc);
    println!("malloc + free: {counting:.1} ns in this process, {plain:.1} without the counter");
    let plan = tables::Plan::from_args();
    plan.maps(false);
    plan.requests(0.35);
}
