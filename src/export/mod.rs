//! What the crate knows, in the formats of others. Leaves, one for each format.

mod pprof;
mod profile_proto;
mod stacks;
