//! The peers as sources: each lends an object that is empty and has room, takes it
//! back at the end of the scope, and has it cleared in between, by itself if it can.
//!
//! Each is used as its documentation advises for a `static`. Where it has no const
//! constructor, that is a `LazyLock`, whose check costs a load and a branch. Bounds
//! are wide enough for all that is lent here at once: a pool that is too small would
//! be measured creating.
//!
//! | peer | version | what had to be added |
//! |---|---|---|
//! | poolshark, `LPooled` and global `Pool` | 0.2.10 | objects are made without room, and get it in their first use |
//! | opool | 0.2.0 | nothing; clears when lending, not when taking back: [`OpoolCleared`] then, too |
//! | object-pool | 0.6.0 | clearing ([`Cleared`]) |
//! | lockfree-object-pool, `Linear`, `Mutex`, `SpinLock` | 0.1.6 | nothing |
//! | regex-automata, `util::pool::Pool` | 0.4.18 | clearing ([`Cleared`]) |
//! | sharded-slab, `Pool` | 0.1.7 | giving back ([`slab`]): a guard's end does not, its key must be cleared; room, as for poolshark |
//! | swimmer | 0.3.0 | nothing; still builds, with thread_local 0.3.6 of 2018 |
//! | zeropool | 0.7.0 | lends nothing but bytes: see [`buffers`] |

pub mod buffers;
pub mod slab;

use millpond::{StringList, StringMap};
use millpond_bench::item::{Buffer, Giant, Headers, Item, Map, Texts};
use millpond_bench::source::{IDLE, Kind, Lend, Source};
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

macro_rules! peers {
    ($($peer:ident, $name:literal;)*) => {$(
        #[doc = $name]
        #[derive(Debug)]
        pub struct $peer;

        impl Source for $peer {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::Peer;
        }
    )*};
}

peers! {
    PoolsharkLocal, "poolshark, LPooled";
    PoolsharkGlobal, "poolshark, global Pool";
    Opool, "opool";
    OpoolCleared, "opool, cleared when dropped";
    ObjectPool, "object-pool";
    Linear, "lockfree-object-pool, Linear";
    Mutex, "lockfree-object-pool, Mutex";
    SpinLock, "lockfree-object-pool, SpinLock";
    Regex, "regex-automata, Pool";
    Slab, "sharded-slab, Pool";
    SlabOwned, "sharded-slab, owned guards";
    Swimmer, "swimmer";
}

/// How opool makes and clears objects.
#[derive(Debug)]
pub struct Items;

impl<T: Item> opool::PoolAllocator<T> for Items {
    #[inline]
    fn allocate(&self) -> T {
        T::make()
    }

    #[inline]
    fn reset(&self, object: &mut T) {
        object.empty();
    }
}

/// The guard of a pool that leaves clearing to its user.
#[derive(Debug)]
pub struct Cleared<G: DerefMut<Target: Item>>(G);

impl<G: DerefMut<Target: Item>> Drop for Cleared<G> {
    #[inline]
    fn drop(&mut self) {
        self.0.empty();
    }
}

impl<G: DerefMut<Target: Item>> Deref for Cleared<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.0
    }
}

impl<G: DerefMut<Target: Item>> DerefMut for Cleared<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.0
    }
}

// A static cannot be generic: one for each peer and kind of object.
macro_rules! lend {
    ($item:ty, $peer:ty, $loan:ty, $pool:ty = $new:expr, |$maps:ident| $lend:expr) => {
        impl Lend<$item> for $peer {
            type Loan = $loan;

            #[inline]
            fn lend() -> Self::Loan {
                static $maps: LazyLock<$pool> = LazyLock::new(|| $new);
                $lend
            }
        }
    };
}

/// Those that take any type.
macro_rules! any {
    ($($item:ty),*) => {$(
        lend!($item, Opool, opool::RefGuard<'static, Items, $item>,
            opool::Pool<Items, $item> = opool::Pool::new(IDLE, Items),
            |POOL| POOL.get());
        lend!($item, ObjectPool, Cleared<object_pool::Reusable<'static, $item>>,
            object_pool::Pool<$item> = object_pool::Pool::new(0, <$item>::make),
            |POOL| Cleared(POOL.pull(<$item>::make)));
        lend!($item, Linear, lockfree_object_pool::LinearReusable<'static, $item>,
            lockfree_object_pool::LinearObjectPool<$item> =
                lockfree_object_pool::LinearObjectPool::new(<$item>::make, <$item>::empty),
            |POOL| POOL.pull());
        lend!($item, Mutex, lockfree_object_pool::MutexReusable<'static, $item>,
            lockfree_object_pool::MutexObjectPool<$item> =
                lockfree_object_pool::MutexObjectPool::new(<$item>::make, <$item>::empty),
            |POOL| POOL.pull());
        lend!($item, SpinLock, lockfree_object_pool::SpinLockReusable<'static, $item>,
            lockfree_object_pool::SpinLockObjectPool<$item> =
                lockfree_object_pool::SpinLockObjectPool::new(<$item>::make, <$item>::empty),
            |POOL| POOL.pull());
        lend!($item, Regex, Cleared<regex_automata::util::pool::PoolGuard<'static, $item, fn() -> $item>>,
            regex_automata::util::pool::Pool<$item> =
                regex_automata::util::pool::Pool::new(<$item>::make),
            |POOL| Cleared(POOL.get()));
    )*};
}

any!(Map, Giant, Headers, Texts, Buffer, StringMap, StringList);

lend!(Map, OpoolCleared, Cleared<opool::RefGuard<'static, Items, Map>>,
    opool::Pool<Items, Map> = opool::Pool::new(IDLE, Items),
    |POOL| Cleared(POOL.get()));

/// Those that have a trait for it, which they implement for the collections of std.
macro_rules! collections {
    ($($item:ty),*) => {$(
        impl Lend<$item> for PoolsharkLocal {
            type Loan = poolshark::local::LPooled<$item>;

            #[inline]
            fn lend() -> Self::Loan {
                // By default it keeps nothing of more than 1,024 elements.
                poolshark::local::LPooled::take_sz(IDLE, 4096)
            }
        }

        lend!($item, PoolsharkGlobal, poolshark::global::GPooled<$item>,
            poolshark::global::Pool<$item> = poolshark::global::Pool::new(IDLE, 4096),
            |POOL| POOL.take());
        lend!($item, Slab, slab::Loan<$item>,
            sharded_slab::Pool<$item> = sharded_slab::Pool::new(),
            |POOL| slab::Loan::of(&POOL));
        lend!($item, SlabOwned, slab::OwnedLoan<$item>,
            std::sync::Arc<sharded_slab::Pool<$item>> = Default::default(),
            |POOL| slab::OwnedLoan::of(&POOL));
        lend!($item, Swimmer, swimmer::Recycled<'static, $item>,
            swimmer::Pool<$item> = swimmer::builder().with_supplier(<$item>::make).build(),
            |POOL| POOL.get());
    )*};
}

collections!(Map, Giant, Headers, Texts, Buffer);

/// Who may keep every object that is borrowed on one thread and dropped on another: where a
/// thread looks depends on its number, what comes back is kept where the thread looks that
/// drops it, and nothing bounds that.
pub const HOARDERS: [&str; 2] = [Regex::NAME, Swimmer::NAME];

/// Does something with every peer that is one structure for all threads.
#[macro_export]
macro_rules! for_each_shared_peer {
    ($macro:ident) => {
        $macro!(Opool);
        $macro!(ObjectPool);
        $macro!(Linear);
        $macro!(Mutex);
        $macro!(SpinLock);
    };
}

/// Does something with every peer that takes any type.
#[macro_export]
macro_rules! for_each_general_peer {
    ($macro:ident) => {
        $crate::for_each_shared_peer!($macro);
        $macro!(Regex);
    };
}

/// Does something with every peer that can be measured where objects are borrowed on one
/// thread and dropped on another: not with [`HOARDERS`].
#[macro_export]
macro_rules! for_each_passing_peer {
    ($macro:ident) => {
        $macro!(PoolsharkLocal);
        $macro!(PoolsharkGlobal);
        $crate::for_each_shared_peer!($macro);
        // On which thread it is cleared makes a difference.
        $macro!(OpoolCleared);
        $macro!(SlabOwned);
    };
}

/// Does something with every peer.
#[macro_export]
macro_rules! for_each_peer {
    ($macro:ident) => {
        $macro!(PoolsharkLocal);
        $macro!(PoolsharkGlobal);
        $crate::for_each_general_peer!($macro);
        $macro!(Slab);
        $macro!(Swimmer);
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use millpond_bench::source::{check, check_all};

    #[test]
    fn all_peers_do_the_same_work() {
        macro_rules! row {
            ($source:ident) => {
                check_all::<$source>();
            };
        }
        for_each_peer!(row);
        row!(SlabOwned);
        macro_rules! row {
            ($source:ident) => {
                check::<$source, StringMap>();
                check::<$source, StringList>();
            };
        }
        for_each_general_peer!(row);
    }
}
