//! One line in a test: fails it if objects are still out at its end.
//!
//! Needs the cargo feature `testing`, which belongs into `[dev-dependencies]`.
//!
//! ```
//! use millpond::{Pool, StringMap, testing};
//!
//! static PARAMS: Pool<StringMap> = Pool::new()
//!     .with_create(StringMap::new)
//!     .with_name("params");
//!
//! fn handle() {
//!     PARAMS.get().append("tag", "red");
//! }
//!
//! // #[test]
//! fn gives_back_what_it_takes() {
//!     let _leaks = testing::check(&PARAMS);
//!     handle();
//! }
//! # gives_back_what_it_takes();
//! ```
//!
//! Had `handle` kept the map in a cache, the test would fail with
//!
//! ```text
//! leak check of tests/shop.rs:14:18: 1 object is still out
//! pool "params": 1 object, 280 B
//!     src/shop.rs:31:22  1 object, 280 B, for up to 104 ms, by gives_back_what_it_takes
//!
//! each line is the `get` whose guard did not come back
//!   on its way back?   waited 103 ms, `.settle(..)` waits longer
//!   meant to stay out? `.ignore("src/shop.rs")`
//!   who called it?     `.backtraces()`, with millpond's cargo feature `backtrace`
//! ```
//!
//! # What is a leak
//!
//! An object that was borrowed since the check began, in its scope, and is out when the
//! check ends: wherever its guard is by then, in a cache, in another thread, in a cycle
//! or forgotten. Not one that was borrowed before, nor one that was
//! [detached](crate::Pooled::detach).
//!
//! # Scope
//!
//! A check looks at what its own thread borrows. So tests that run at once, as Rust's
//! do, may share a pool, each with a check of its own. A thread that a test starts
//! takes part if it enters the test's [`Scope`](crate::track::Scope):
//!
//! ```
//! use millpond::track::Scope;
//! use millpond::{Pool, testing};
//!
//! static LINES: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);
//!
//! let leaks = testing::check(&LINES);
//! let scope = Scope::current();
//! let worker = std::thread::spawn(move || {
//!     let _inside = scope.enter();
//!     std::mem::forget(LINES.get());
//! });
//! worker.join().unwrap();
//! let report = leaks.finish().unwrap_err();
//! assert_eq!(report.objects(), 1);
//! ```
//!
//! [`Check::all_threads`] looks at all.
//!
//! A check begun in a scope that its thread has entered looks at the whole of that
//! scope. It keeps its scope wherever it ends: a check may be moved to another thread,
//! or across an `.await`, and asks about the thread, or the scope, that began it. Checks
//! nest and overlap, of one pool or several, and end in any order.
//!
//! On a runtime that moves tasks from thread to thread, a check belongs to the thread
//! that began it. There, run the test on a single-threaded runtime, or look at all
//! threads.
//!
//! # Heap
//!
//! [`Check::heap_tolerance`] fails as well if the heap grew: for what a cache keeps, a
//! list that only grows, an object that was detached and stays. It needs
//! [an allocator that counts](crate::alloc), which is one line.
//!
//! # What it changes
//!
//! While a check lives, its pools [track](crate::track) all loans, those of other
//! threads, too; nothing else about them changes. The rate that the pool was
//! [given](crate::Pool::set_tracking), before or meanwhile, is back after the last
//! check. A check that is forgotten fails nothing, and its pools go on tracking all.
//! No check keeps a pool from being dropped; objects that are out then are lost, and
//! reported.
//!
//! Each tracked loan takes two locks and a look at the clock: some hundred nanoseconds.
//!
//! # When it panics
//!
//! A check that is dropped panics if something leaked. It says nothing while its thread
//! is panicking, since the test has failed already. Do not keep one in a
//! `thread_local!`: a panic in a thread's last destructors aborts the process, whoever
//! panics. Where a panic is in the way, there is [`Check::finish`].

mod check;
mod heap;
mod ignore;
mod named;
mod report;
mod settle;
mod watched;

pub use check::Check;
pub use report::{HeapLeak, LeakReport, PoolLeaks};

use crate::Pool;

/// Begins to look for objects of a pool that are borrowed and not given back, until the
/// check that it returns is dropped, which fails the test if there are any.
///
/// ```
/// use millpond::{Pool, testing};
/// use std::sync::Arc;
///
/// let pool = Arc::new(Pool::from_fn(Vec::<u8>::new));
/// let leaks = testing::check(&pool);
/// let guard = pool.get_owned();
/// assert!(leaks.finish().is_err());
/// # drop(guard);
/// ```
///
/// `let _ = check(&POOL);` ends it on the spot: give it a name, such as `_leaks`.
#[track_caller]
pub fn check<T: Send + 'static, R>(pool: &Pool<T, R>) -> Check {
    Check::new().and(pool)
}

/// The same for all [named](crate::Pool::with_name) pools, whether they have been used
/// yet or not.
///
/// ```
/// use millpond::{Pool, testing};
///
/// static LINES: Pool<Vec<u8>> = Pool::new().with_name("lines").with_create(Vec::new);
///
/// let leaks = testing::check_named();
/// let line = LINES.get();
/// let report = leaks.finish().unwrap_err();
/// assert_eq!(report.pools[0].pool.as_deref(), Some("lines"));
/// # drop(line);
/// ```
#[track_caller]
pub fn check_named() -> Check {
    Check::new().and_named()
}
