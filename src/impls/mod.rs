//! [`Recycle`](crate::Recycle) for other people's types, one file per crate.

mod std;
