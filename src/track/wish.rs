//! What is to be tracked: what the pool's owner set last, and what leak checks need
//! while they live.

#[cfg(feature = "testing")]
use super::watch::Watch;
use super::{Setup, Tracking};
#[cfg(feature = "testing")]
use std::sync::Arc;

/// Several may wish at once, so the owner's wish is kept while a check's overrides it,
/// and comes back by itself whichever check ends last.
pub(super) struct Wish {
    /// The owner's.
    pub(super) tracking: Tracking,
    /// The owner's.
    #[cfg(feature = "backtrace")]
    pub(super) backtraces: bool,
    #[cfg(feature = "testing")]
    pub(super) watches: Vec<Arc<Watch>>,
}

impl Wish {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            tracking: setup.tracking,
            #[cfg(feature = "backtrace")]
            backtraces: setup.backtraces,
            #[cfg(feature = "testing")]
            watches: Vec::new(),
        }
    }

    /// What is tracked now.
    pub(super) fn tracking_now(&self) -> Tracking {
        #[cfg(feature = "testing")]
        if !self.watches.is_empty() {
            return Tracking::All;
        }
        self.tracking
    }

    /// Whether stacks are kept now.
    #[cfg(feature = "backtrace")]
    pub(super) fn backtraces_now(&self) -> bool {
        #[cfg(feature = "testing")]
        if self.watches.iter().any(|watch| watch.wants_backtraces()) {
            return true;
        }
        self.backtraces
    }
}
