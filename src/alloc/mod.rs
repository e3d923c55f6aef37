//! Count what your own code asks of the allocator: in a test, in a bench, in a
//! program that runs.
//!
//! Needs the cargo feature `count-alloc`, and one line in the program that is run
//! (the test, the bench or `main.rs`; a library must not choose the allocator):
//!
//! ```
//! # use millpond::alloc::Counting;
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting::system();
//! # fn main() {}
//! ```
//!
//! Or, around another allocator, `Counting<MiMalloc> = Counting::new(MiMalloc)`.
//!
//! # Examples
//!
//! A test that says "allocates nothing" and means it:
//!
//! ```
//! use millpond::{Pool, StringMap, alloc};
//!
//! #[global_allocator]
//! static ALLOCATOR: alloc::Counting = alloc::Counting::system();
//!
//! static PARAMS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
//!
//! fn handle() {
//!     PARAMS.get().append("tag", "red");
//! }
//!
//! # fn main() {
//! let ((), cold) = alloc::count(handle);
//! let ((), warm) = alloc::count(handle);
//! assert!(cold.calls() > 0);
//! assert_eq!(warm.calls(), 0, "{warm}");
//! # }
//! ```
//!
//! # What is there
//!
//! | | this thread | all threads |
//! |---|---|---|
//! | around a closure | [`count`] | [`count_process`] |
//! | from here to there | [`ThreadScope`] | [`ProcessScope`] |
//! | most bytes held at once | [`peak`] | |
//!
//! Whatever counts says what happened as [`Counts`]. A [`Table`] sets rows of them
//! side by side, for each operation, next to the timings of a bench.
//!
//! Scopes nest and overlap, on one thread and on many: nothing is ever reset, each
//! subtracts what it saw when it began. A process has no peak here, because the
//! threads' counters cannot be read all at one moment.
//!
//! # What is counted
//!
//! What the program asked for, not what the allocator took for it from the system:
//! bytes are those of the layouts. A call that the allocator refused counts nothing.
//! A reallocation counts as one, wherever the block ends up, and its bytes are those
//! by which it grew or shrank. Memory that the allocator does not see (`mmap`, C
//! code) does not count.
//!
//! # What it costs
//!
//! While nobody counts, each call pays for the load of one shared flag that hardly
//! anybody writes, and a branch. An allocation and its release, by
//! `cargo bench --bench count_cost` (best of 300 rounds on an AMD EPYC virtual
//! machine) and callgrind:
//!
//! | | glibc | | mimalloc | |
//! |---|---:|---:|---:|---:|
//! | plain | 9.9–10.2 ns | 136 instructions | 7.8–8.2 ns | 113 instructions |
//! | nobody counts | 9.9 | 144 | 8.1–8.5 | 121 |
//! | a thread is counted | 16.6–17.0 | 203 | 14.5–14.9 | 170 |
//! | the process is counted | 17.0 | 219 | 15.1–19.6 | 186 |
//!
//! (From, to: two builds of the same code. What nobody's counting costs in time is less
//! than the difference between them.)
//!
//! The nanoseconds are those of a loop that does nothing else, and the least that
//! counting costs: there it overlaps with the allocator's own waiting. Four locked adds,
//! which is what counting the process adds to counting a thread, take 10 ns alone and
//! show in part or not at all. The instructions do not depend on that. With several
//! threads at once none of it was measured. So time in one run and count in another,
//! as [`Table`] does.
//!
//! # Limits
//!
//! A scope counts its own copy of this crate: with two versions of it in one
//! program, use that of the allocator. On targets without native thread-locals the
//! allocator needs Rust 1.93, whose thread-locals do not call it back.

mod allocator;

mod counters;

mod scope;

mod table;

// Leaves.
mod counts;
mod number;

pub use allocator::Counting;
// For leak checks, which may end on another thread than they began.
#[cfg(feature = "testing")]
pub(crate) use counters::{On, of_thread as thread_counts};
pub use counts::{Counts, PerOperation};
pub use scope::{NotInstalled, ProcessScope, ThreadScope, count, count_process, installed, peak};
pub use table::{Row, Table};
