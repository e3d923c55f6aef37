//! Object pools that lend out maps, lists and buffers already empty, warm and
//! big enough.

mod recycle;

mod impls;
mod reuse;

pub use recycle::Recycle;
pub use reuse::string_map;
pub use reuse::{StringList, StringMap};
