//! Object pools that lend out maps, lists and buffers already empty, warm and
//! big enough.

mod recycle;

mod impls;

pub use recycle::Recycle;
