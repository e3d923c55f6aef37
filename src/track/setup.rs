//! What a pool is told about tracking before its first use.

use super::Tracking;
use super::leak::{Leak, Listener, SharedListener};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Setup {
    pub(crate) tracking: Tracking,
    #[cfg(feature = "backtrace")]
    pub(crate) backtraces: bool,
    pub(crate) held_after: Option<Duration>,
    // Two fields, as for the hook: assigning to one that has drop glue is not
    // allowed in a `const fn`.
    pub(crate) listener: Option<fn(&Leak)>,
    pub(crate) listener_fn: Option<SharedListener>,
}

impl Setup {
    pub(crate) const fn new() -> Self {
        Self {
            tracking: Tracking::Off,
            #[cfg(feature = "backtrace")]
            backtraces: false,
            held_after: None,
            listener: None,
            listener_fn: None,
        }
    }

    pub(super) fn listener(&self) -> Listener {
        match (&self.listener_fn, self.listener) {
            (Some(listener), _) => Listener::Shared(Arc::clone(listener)),
            (None, Some(listener)) => Listener::Plain(listener),
            (None, None) => Listener::None,
        }
    }
}
