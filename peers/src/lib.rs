//! Other pools next to millpond: the same work, and what each can do.
//!
//! Nothing else in the workspace names a peer, so that whoever tests or measures the
//! crate builds none.

pub mod capability;
pub mod peers;
pub mod ratios;
mod tables;
