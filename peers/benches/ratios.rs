//! Does the pool reach its targets, and is it ahead of every other pool? All
//! candidates of a table take turns, so that the ratios hold on a busy machine too, in
//! five processes one after another: where in memory a row's things lie, which can move it
//! by a fifth, is decided anew in each.
//!
//!     cargo bench -p millpond-peers --bench ratios               # everything
//!     cargo bench -p millpond-peers --bench ratios -- insert     # tables of this name
//!     cargo bench -p millpond-peers --bench ratios -- requests --corpus my.jsonl
//!     MILLPOND_RESULTS=target/results cargo bench -p millpond-peers --bench ratios
//!
//! Prints the best and the median round, the ratio of the bests and the median of
//! the ratios, what one operation asks of the allocator (counted in a pass of its
//! own), and what of the targets was met: by the ratio of the bests, or, where threads
//! meet, by the median of the rounds in which no thread had to wait for a core.
//! Asserts nothing about times.

use millpond::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

fn main() {
    millpond_peers::ratios::run("glibc");
}
