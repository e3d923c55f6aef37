//! What the benchmarks of millpond share: the work, where the objects for it come
//! from if no other pool is wanted, and the engine that measures one against another.
//!
//! [`source`] says what a source of objects is, and has this crate's pool and the
//! baselines; the modules after it are one kind of work each. [`table`] measures
//! rows of work in turns and prints them; [`results`] writes them down.

// Where objects come from, and of which kind they are.
pub mod item;
#[macro_use]
pub mod source;

// Work.
pub mod churn;
pub mod corpus;
pub mod cycle;
pub mod giant;
pub mod handoff;
pub mod requests;
pub mod strings;

// Measuring.
pub mod counting;
mod figures;
pub mod lifetime;
pub mod plan;
mod processes;
pub mod results;
pub mod table;
pub mod target;
pub mod threads;

// Tables count, whoever prints them.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
