//! All named pools, those included that are used for the first time while the check
//! lives: in a test that runs alone, that is all of them.

use super::watched::Watched;
use crate::registry::{self, Observed, listeners};
#[cfg(feature = "backtrace")]
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

#[derive(Debug, Default)]
pub(super) struct Named {
    pools: Mutex<Vec<Arc<Watched>>>,
    /// Of pools that come later.
    #[cfg(feature = "backtrace")]
    backtraces: AtomicBool,
}

impl Named {
    /// Watches all from here on.
    pub(super) fn watch() -> Arc<Self> {
        let named = Arc::new(Self::default());
        let listener: Weak<Self> = Arc::downgrade(&named);
        listeners::add(listener);
        // After that, so that none is missed. One may come both ways.
        for held in registry::held() {
            named.add(&held.downgrade());
        }
        named
    }

    /// Those that have been used by now.
    pub(super) fn pools(&self) -> Vec<Arc<Watched>> {
        self.lock().clone()
    }

    #[cfg(feature = "backtrace")]
    pub(super) fn want_backtraces(&self) {
        self.backtraces.store(true, Relaxed);
    }

    // Whoever is let go of runs hooks: never under this lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Watched>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, pool: &Weak<dyn Observed>) {
        let Some(watched) = Watched::new(Weak::clone(pool)) else {
            return;
        };
        #[cfg(feature = "backtrace")]
        if self.backtraces.load(Relaxed) {
            watched.want_backtraces();
        }
        let watched = Arc::new(watched);
        // Declared after `watched`, so that it is unlocked before.
        let mut pools = self.lock();
        if !pools.iter().any(|other| other.is_of(pool)) {
            pools.push(Arc::clone(&watched));
        }
    }
}

impl listeners::Listener for Named {
    fn entered(&self, pool: &Weak<dyn Observed>) {
        self.add(pool);
    }
}
