//! [`Recycle`](crate::Recycle) for other people's types, and their traits for ours:
//! one file per crate.

#[cfg(feature = "serde")]
mod serde;
mod std;
