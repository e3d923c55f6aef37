//! Object pools that lend out maps, lists and buffers already empty, warm and
//! big enough.

// In the order in which an object travels.
mod pool;

mod guard;

mod inner;

mod local;

mod depot;

mod object;

// Collections made to be reused. They know only `recycle`.
mod reuse;

// Leaves.
mod hook;
mod impls;
mod recycle;
mod stats;

pub use guard::{OwnedPooled, Pooled};
pub use hook::Discard;
pub use pool::Pool;
pub use recycle::{ByTrait, Recycle, Recycler};
pub use reuse::{StringList, StringMap, string_map};
pub use stats::{Discarded, Stats};
