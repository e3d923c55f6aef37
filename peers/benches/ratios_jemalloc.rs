//! The tables of `ratios` where malloc is jemalloc.
//!
//!     cargo bench -p millpond-peers --bench ratios_jemalloc

use millpond::alloc::Counting;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Counting<Jemalloc> = Counting::new(Jemalloc);

fn main() {
    millpond_peers::ratios::run("jemalloc");
}
