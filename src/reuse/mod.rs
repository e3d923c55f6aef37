//! Collections whose inside survives clearing, not just their outside.
//!
//! They know [`Recycle`](crate::Recycle) and nothing else of this crate: they
//! pay off in a loop without any pool.

mod string_list;
pub mod string_map;

pub use string_list::StringList;
pub use string_map::StringMap;
