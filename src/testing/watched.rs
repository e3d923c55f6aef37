//! A pool that a check watches, and holds no more than weakly.

use super::report::{PoolLeaks, sum};
use crate::registry::{Held, Observed};
use crate::track::{HeldSite, Scope, Watch};
use std::sync::{Arc, Weak};

#[derive(Debug)]
pub(super) struct Watched {
    name: Option<String>,
    type_name: &'static str,
    pool: Pool,
    watch: Arc<Watch>,
}

/// What does not print.
struct Pool(Weak<dyn Observed>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

/// What a look finds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) leaks: Option<PoolLeaks>,
    /// Bytes of the objects that are out, those that may be included.
    pub(super) lent: u64,
    /// The pool is being dropped by another thread: what it lost is not known yet.
    pub(super) is_going: bool,
}

impl Watched {
    /// Watches from here on; `None` if the pool is gone.
    pub(super) fn new(pool: Weak<dyn Observed>) -> Option<Self> {
        let watch = Watch::new();
        let held = Held::upgrade(&pool)?;
        held.pool().watch(&watch);
        Some(Self {
            name: held.pool().name().map(String::from),
            type_name: held.pool().type_name(),
            pool: Pool(pool),
            watch,
        })
    }

    pub(super) fn is_of(&self, pool: &Weak<dyn Observed>) -> bool {
        Weak::ptr_eq(&self.pool.0, pool)
    }

    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.is_of(&other.pool.0)
    }

    /// Has stacks kept, too.
    #[cfg(feature = "backtrace")]
    pub(super) fn want_backtraces(&self) {
        self.watch.want_backtraces();
        if let Some(held) = Held::upgrade(&self.pool.0) {
            held.pool().watch(&self.watch);
        }
    }

    /// What is out now of what was borrowed since, in a scope or on all threads, but
    /// for the sites that are meant.
    pub(super) fn look(&self, scope: Option<Scope>, is_meant: impl Fn(&HeldSite) -> bool) -> Found {
        let held = Held::upgrade(&self.pool.0);
        let mut sites = held.map(|held| held.pool().held_since(&self.watch, scope));
        // The pool may have been dropped since: by this thread even, with `held`.
        let lost = self.watch.lost(scope);
        let is_lost = lost.is_some();
        if is_lost {
            sites = lost;
        }
        let Some(mut sites) = sites else {
            return Found {
                is_going: true,
                ..Found::default()
            };
        };
        let lent = sum(sites.iter().map(|site| site.bytes));
        sites.retain(|site| !is_meant(site));
        let leaks = (!sites.is_empty()).then(|| PoolLeaks {
            pool: self.name.clone(),
            type_name: self.type_name,
            is_lost,
            sites,
        });
        Found {
            leaks,
            lent,
            is_going: false,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(held) = Held::upgrade(&self.pool.0) {
            held.pool().unwatch(&self.watch);
        }
    }
}
