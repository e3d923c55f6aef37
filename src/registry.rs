//! The named pools of the process, each held weakly: a pool that is gone is not
//! here any more.

use crate::Stats;
#[cfg(feature = "testing")]
use crate::track::{HeldSite, Scope, Watch};
#[cfg(feature = "track")]
use crate::{
    hook::Panics,
    track::{Outstanding, Profile},
};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What can be asked of a pool by those who do not know what it lends. None of it
/// runs the user's code, but for `report_held` and `release`.
pub(crate) trait Observed: Send + Sync {
    /// The name it was given, if any.
    fn name(&self) -> Option<Cow<'static, str>>;

    /// The type of what it lends.
    fn type_name(&self) -> &'static str;

    fn stats(&self) -> Stats;

    #[cfg(feature = "track")]
    fn outstanding(&self) -> Outstanding;

    #[cfg(feature = "track")]
    fn add_to(&self, profile: &mut Profile);

    /// Runs the listener.
    #[cfg(feature = "track")]
    fn report_held(&self, panics: &mut Panics);

    /// Tracks all loans while one watches.
    #[cfg(feature = "testing")]
    fn watch(&self, watch: &Arc<Watch>);

    #[cfg(feature = "testing")]
    fn unwatch(&self, watch: &Arc<Watch>);

    /// The loans of one scope, or of all threads, that began under the eyes of a watch
    /// and have not ended.
    #[cfg(feature = "testing")]
    fn held_since(&self, watch: &Watch, scope: Option<Scope>) -> Vec<HeldSite>;

    /// Gives up a share of the pool. The pool may have been dropped since the share
    /// was taken: then this closes it, shows its objects to the hook, and swallows
    /// the hook's panics.
    fn release(self: Arc<Self>);
}

/// A pool that is kept from going, for a moment. Must not be dropped under a lock.
pub(crate) struct Held(Option<Arc<dyn Observed>>);

impl Held {
    /// Holds the pool if it is still there.
    pub(crate) fn upgrade(pool: &Weak<dyn Observed>) -> Option<Self> {
        pool.upgrade().map(|pool| Self(Some(pool)))
    }

    /// The pool.
    pub(crate) fn pool(&self) -> &Arc<dyn Observed> {
        self.0.as_ref().expect("taken only by `drop`")
    }

    #[cfg(feature = "testing")]
    pub(crate) fn downgrade(&self) -> Weak<dyn Observed> {
        Arc::downgrade(self.pool())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.release();
        }
    }
}

static POOLS: Mutex<Vec<Weak<dyn Observed>>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<Weak<dyn Observed>>> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enters a pool, until it is gone.
pub(crate) fn register(pool: Weak<dyn Observed>) {
    let mut pools = lock();
    // Pools that are gone would pile up where nobody asks for the list: swept when
    // it would grow, which makes it O(1) amortised.
    if pools.len() == pools.capacity() {
        pools.retain(|pool| pool.strong_count() > 0);
    }
    #[cfg(feature = "testing")]
    let entered = Weak::clone(&pool);
    pools.push(pool);
    #[cfg(feature = "testing")]
    {
        drop(pools);
        listeners::tell(&entered);
    }
}

/// All pools that are still there, in the order in which they were entered.
pub(crate) fn held() -> Vec<Held> {
    let mut pools = lock();
    let mut held = Vec::with_capacity(pools.len());
    pools.retain(|pool| match Held::upgrade(pool) {
        Some(pool) => {
            held.push(pool);
            true
        }
        None => false,
    });
    held
}

/// Those who want to know of each pool that is entered.
#[cfg(feature = "testing")]
pub(crate) mod listeners {
    use super::{Mutex, MutexGuard, Observed, PoisonError, Weak};

    pub(crate) trait Listener: Send + Sync {
        /// A pool was entered, and nothing has been borrowed from it yet.
        fn entered(&self, pool: &Weak<dyn Observed>);
    }

    static LISTENERS: Mutex<Vec<Weak<dyn Listener>>> = Mutex::new(Vec::new());

    fn lock() -> MutexGuard<'static, Vec<Weak<dyn Listener>>> {
        LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a listener from here on. Pools that were entered before are in `held`.
    pub(crate) fn add(listener: Weak<dyn Listener>) {
        let mut listeners = lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    pub(super) fn tell(pool: &Weak<dyn Observed>) {
        let listeners: Vec<_> = lock().iter().filter_map(Weak::upgrade).collect();
        listeners.iter().for_each(|listener| listener.entered(pool));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Discard, Pool};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    #[test]
    fn the_last_share_closes_the_pool_and_swallows_its_panics() {
        /// A capture of the hook that panics when it goes, with the pool.
        struct Capture(Arc<AtomicUsize>);
        impl Drop for Capture {
            fn drop(&mut self) {
                self.0.fetch_add(100, Relaxed);
                std::panic::resume_unwind(Box::new("the capture's own"));
            }
        }
        let seen = Arc::new(AtomicUsize::new(0));
        let log = Capture(Arc::clone(&seen));
        let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(8))
            .with_name("registry: last share")
            .with_drop_hook_fn(move |_, why| {
                assert_eq!(why, Discard::PoolDropped);
                log.0.fetch_add(1, Relaxed);
                std::panic::resume_unwind(Box::new("the hook's own"));
            });
        drop([pool.get(), pool.get(), pool.get()]);
        let ours = |held: &Held| held.pool().name().as_deref() == pool.name();
        let mut held: Vec<_> = held().into_iter().filter(ours).collect();
        assert_eq!(held.len(), 1);
        drop(pool);
        assert_eq!(seen.load(Relaxed), 0, "the share keeps the objects");
        assert_eq!(held[0].pool().stats().idle_local, 3);
        held.clear();
        assert_eq!(seen.load(Relaxed), 103);
    }

    #[test]
    fn pools_that_are_gone_do_not_pile_up() {
        for _ in 0..10_000 {
            let pool = Pool::from_fn(|| vec![0u8; 1]).with_name("registry: short");
            drop(pool.get());
        }
        // Others of this process's tests are here too.
        assert!(lock().capacity() < 1_000);
    }
}
