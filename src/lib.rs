//! Object pools that lend out maps, lists and buffers already empty, warm and
//! big enough.

// In the order in which an object travels.
mod depot;
mod guard;
mod inner;
mod local;
mod object;
mod pool;

// Leaves.
mod hook;
mod impls;
mod recycle;
mod stats;

pub use guard::{OwnedPooled, Pooled};
pub use hook::Discard;
pub use pool::Pool;
pub use recycle::{ByTrait, Recycle, Recycler};
pub use stats::{Discarded, Stats};
