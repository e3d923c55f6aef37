//! The tables: work, rows and targets. In all of them the first row is the baseline.

mod contents;
mod giant;
mod maps;
mod threads;

pub(crate) use contents::{buffers, requests, strings};
pub(crate) use giant::giant;
pub(crate) use maps::maps;
pub(crate) use threads::{churn, contention, handoff};

use millpond_bench::source::{Millpond, Source};
use millpond_bench::target::Target;

/// Where a peer does the same work, it should not be faster.
const AHEAD: Target<'static> = Target::Peers(Millpond::NAME, 1.0);

/// Which targets there are: those against an allocator are for one of them.
#[derive(Clone, Copy)]
pub(crate) struct Targets {
    glibc: bool,
    /// What a request or a list may take of a fresh one.
    of_fresh: Option<f64>,
}

impl Targets {
    pub(crate) fn under(allocator: &str) -> Self {
        Self {
            glibc: allocator == "glibc",
            of_fresh: match allocator {
                "glibc" => Some(0.22),
                "mimalloc" => Some(0.35),
                _ => None,
            },
        }
    }

    /// Those that hold under any allocator, and those for glibc's.
    fn of<'a>(self, always: &[Target<'a>], glibc: &[Target<'a>]) -> Vec<Target<'a>> {
        let glibc = if self.glibc { glibc } else { &[] };
        always.iter().chain(glibc).copied().collect()
    }
}

/// Does something with every source, malloc first: the baseline.
macro_rules! for_each_source {
    ($macro:ident) => {
        $macro!(Malloc);
        $macro!(Millpond);
        $macro!(ThreadLocal);
        $crate::for_each_peer!($macro);
    };
}
use for_each_source;
