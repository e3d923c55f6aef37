//! The allocator that counts, for tests that measure what their own thread does.

#![allow(dead_code, unreachable_pub)]

use millpond::alloc::{Counting, count};

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

/// How often this thread asked for memory meanwhile.
pub fn calls(work: impl FnOnce()) -> u64 {
    count(work).1.calls()
}
