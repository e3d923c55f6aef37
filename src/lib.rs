//! Pools that lend out maps, lists and buffers already empty, warm and big
//! enough, and take them back by themselves.
//!
//! A server that makes a `HashMap<String, Vec<String>>` for each request allocates
//! some thirty times to fill it and frees as often to forget it. A pool of such
//! maps, cleared, saves three of the thirty: `clear` keeps the table and frees
//! every key, list and value in it. This crate keeps those too, and the hot path
//! of getting and giving back is cheaper than `malloc`.
//!
//! ```
//! use millpond::{Pool, StringMap};
//!
//! static PARAMS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
//!
//! let mut params = PARAMS.get(); // from this thread's tier, the shared one, or new
//! params.append("tag", "red");
//! params.append("tag", "blue");
//! assert_eq!(params.get("tag").unwrap(), ["red", "blue"]);
//! drop(params); // cleared, and back in the pool
//!
//! assert!(PARAMS.get().is_empty());
//! assert_eq!(PARAMS.stats().created, 1);
//! ```
//!
//! # Contents
//!
//! * [`Pool`] lends, [`Pooled`] and [`OwnedPooled`] are what you hold.
//! * [`Recycle`] is what an object must be able to do. The standard collections
//!   that keep their capacity can; [`Pool::from_fns`] takes closures for types
//!   that cannot.
//! * [`StringMap`] and [`StringList`] are collections whose *inside* survives
//!   clearing.
//! * [`Retention`] says how much memory an object may keep; budgets and
//!   [trimming](Pool::with_trim_interval) what a pool may.
//! * [`Stats`] says what a pool did and holds, and [`Advice`] which size it wants;
//!   [`Delta`] what it did between two moments, [`Discard`] why it let something go;
//!   [`pools`] lists all pools that have a [name](Pool::with_name), and a [`sampler`]
//!   watches them over time and says which of them leak.
//! * `alloc`, with the feature `count-alloc`, counts what *your* code allocates.
//!
//! # How an object travels
//!
//! ```text
//! get:   pool -> own thread's front -> own thread's back -> depot -> create
//! drop:  guard -> recycle -> front -> back -> depot -> hook, destroy
//! ```
//!
//! The *front* is sixteen slots that only their thread can reach. The *back*, the
//! rest of a thread's capacity, is behind a mutex that its thread takes once every
//! four objects or so. The *depot* is the tier that all threads share: a queue of
//! batches, half as long as a thread's capacity, up to sixteen. Objects move from
//! one to the next in halves, so that a thread that swings around a boundary does
//! not cross it each time.
//!
//! Objects stay where they are, in a box of their own; what travels is a pointer.
//!
//! # What holds always
//!
//! * A lent object is empty, and lent to one borrower.
//! * No lock or borrow of the pool is held while your code runs: create, recycle,
//!   hook, and the elements' `Drop`. All of it may use the same pool, and may panic.
//! * A panic in your code goes on to whoever called `get` or dropped the guard. It
//!   is swallowed only where it would abort the process: while another is
//!   unwinding, and at thread exit. An object whose recycling panicked is destroyed.
//! * Capacities and budgets hold, at every moment. (A capacity that is lowered while
//!   the pool is busy holds once what was under way then has been used again.)
//! * At thread exit what the thread kept moves to the shared tier. (`join` waits
//!   for that; the end of a `thread::scope` does not.) Guards may be
//!   dropped, and objects borrowed, in the destructors of thread-locals, before or
//!   after the pool's own.
//!
//! # What does not
//!
//! * A guard that is leaked, by `mem::forget` or a cycle, never comes back.
//! * A `static` is never dropped, so what lies idle in a `static` pool at process
//!   exit is not shown to the drop hook; call [`Pool::close`] where that matters.
//! * Up to sixteen objects of each *other* thread are out of reach of
//!   [`Pool::trim`] and [`Pool::set_local_capacity`], until that thread uses the
//!   pool again or exits.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `count-alloc`: the module `alloc`, an allocator that counts, for tests and benches.
//! * `metrics`: sends the figures of all named pools to whatever recorder of the
//!   `metrics` crate is installed, as Prometheus names them.
//! * `pprof`: profiles that `go tool pprof` opens. Brings `track`.
//! * `serde`: [`Stats`], [`Delta`] and what belongs to them can be written, and read
//!   back where they consist of figures alone; [`Advice`] and [`Pools`] can be
//!   written.
//! * `testing`: `testing::check(&POOL)`, a line in a test that fails it if something
//!   was not given back, or if the heap grew, and says which line borrowed it.
//! * `track`: the module `track`, who holds what; `backtrace`: with the stack;
//!   `tracing`: tells of lost and long-held guards as warnings of that crate.
//!
//! # When not to use it
//!
//! Where a map can be reused in place (`map.clear()` in a loop), do that: it is the
//! limit. Where objects own no heap memory, an allocator is as fast. A pool keeps
//! memory from the rest of the program; [how much](Pool#memory) is bounded.

// What benches and tests measure with; knows nothing of pools.
#[cfg(feature = "count-alloc")]
pub mod alloc;

// In the order in which an object travels.
mod pool;

mod guard;

mod inner;

mod local;

mod depot;

mod object;

// Collections made to be reused. They know only `recycle`.
mod reuse;

// Those who watch pools from outside.
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod sampler;

// Leaves.
mod advice;
mod delta;
#[cfg(feature = "pprof")]
mod export;
mod hook;
mod impls;
mod pools;
mod recycle;
mod registry;
mod retain;
mod stats;
mod sweeper;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "track")]
pub mod track;
#[cfg(not(feature = "track"))]
#[path = "track/off.rs"]
mod track;
mod trimmer;
mod units;

pub use advice::{Advice, Reason};
pub use delta::{Delta, Rates};
pub use guard::{OwnedPooled, Pooled};
pub use hook::Discard;
pub use pool::Pool;
pub use pools::{PoolStats, Pools, pools};
pub use recycle::{ByTrait, Recycle, Recycler};
pub use retain::{Retention, Use, Verdict};
pub use reuse::{StringList, StringMap, string_map};
pub use stats::{Discarded, Stats};
pub use trimmer::Trimmer;
