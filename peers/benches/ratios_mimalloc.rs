//! The tables of `ratios` where malloc is mimalloc.
//!
//!     cargo bench -p millpond-peers --bench ratios_mimalloc

use millpond::alloc::Counting;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting::new(MiMalloc);

fn main() {
    millpond_peers::ratios::run("mimalloc");
}
