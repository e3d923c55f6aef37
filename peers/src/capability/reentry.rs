//! May what makes an object use the same pool? A handler that borrows while it builds
//! what it borrows is not far-fetched: think of a buffer filled from a template.

use super::subjects::{self, Subject};
use super::{Answer, trying};
use millpond_bench::item::{Item, Map};
use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

pub(super) trait Reenter: Subject {
    /// Lends enough that an object is made, and while it is, lends one more.
    fn reenter();
}

pub(super) fn probe<S: Reenter>() -> Answer {
    trying("to borrow while an object is being made");
    S::reenter();
    Answer::new(!ARMED.load(SeqCst), "borrowed one more while one was made")
}

/// The next object that is made borrows one.
static ARMED: AtomicBool = AtomicBool::new(false);

fn if_armed<L>(lend: impl FnOnce() -> L) {
    if ARMED.swap(false, SeqCst) {
        drop(lend());
    }
}

/// More than any of them makes at once.
fn lend_many<L>(lend: impl Fn() -> L) {
    ARMED.store(true, SeqCst);
    drop((0..40).map(|_| lend()).collect::<Vec<_>>());
}

macro_rules! reenter {
    ($($subject:ident, $pool:ty, |$make:ident| $new:expr, |$maps:ident| $lend:expr;)*) => {$(
        impl Reenter for subjects::$subject {
            fn reenter() {
                static $maps: LazyLock<$pool> = LazyLock::new(|| $new);
                fn $make() -> Map {
                    if_armed(|| $lend);
                    Map::make()
                }
                LazyLock::force(&$maps);
                lend_many(|| $lend);
            }
        }
    )*};
}

struct Allocate(fn() -> Map);

impl opool::PoolAllocator<Map> for Allocate {
    fn allocate(&self) -> Map {
        (self.0)()
    }
}

reenter! {
    Millpond, millpond::Pool<Map>,
        |make| millpond::Pool::new().with_create(make), |POOL| POOL.get();
    Opool, opool::Pool<Allocate, Map>,
        |make| opool::Pool::new(64, Allocate(make)), |POOL| POOL.get();
    ObjectPool, (object_pool::Pool<Map>, fn() -> Map),
        |make| (object_pool::Pool::new(0, make), make), |POOL| POOL.0.pull(POOL.1);
    Linear, lockfree_object_pool::LinearObjectPool<Map>,
        |make| lockfree_object_pool::LinearObjectPool::new(make, Map::clear), |POOL| POOL.pull();
    Mutex, lockfree_object_pool::MutexObjectPool<Map>,
        |make| lockfree_object_pool::MutexObjectPool::new(make, Map::clear), |POOL| POOL.pull();
    SpinLock, lockfree_object_pool::SpinLockObjectPool<Map>,
        |make| lockfree_object_pool::SpinLockObjectPool::new(make, Map::clear), |POOL| POOL.pull();
    Regex, regex_automata::util::pool::Pool<Map>,
        |make| regex_automata::util::pool::Pool::new(make), |POOL| POOL.get();
    Swimmer, swimmer::Pool<Map>,
        |make| swimmer::builder().with_supplier(make).build(), |POOL| POOL.get();
}

/// A hasher that borrows while it is made: where there is no create function, it is
/// the part of a new map that a user can write.
macro_rules! hasher {
    ($hasher:ident, $lend:expr) => {
        struct $hasher;

        impl Default for $hasher {
            fn default() -> Self {
                if_armed(|| $lend);
                Self
            }
        }

        impl BuildHasher for $hasher {
            type Hasher = DefaultHasher;

            fn build_hasher(&self) -> DefaultHasher {
                DefaultHasher::new()
            }
        }
    };
}

type Nested<S> = HashMap<u64, u64, S>;

impl Reenter for subjects::PoolsharkLocal {
    fn reenter() {
        hasher!(Nosy, poolshark::local::take::<Nested<Nosy>>());
        lend_many(poolshark::local::take::<Nested<Nosy>>);
    }
}

impl Reenter for subjects::PoolsharkGlobal {
    fn reenter() {
        static POOL: LazyLock<poolshark::global::Pool<Nested<Nosy>>> =
            LazyLock::new(|| poolshark::global::Pool::new(64, 1024));
        hasher!(Nosy, POOL.take());
        lend_many(|| POOL.take());
    }
}

impl Reenter for subjects::Slab {
    fn reenter() {
        static POOL: LazyLock<sharded_slab::Pool<Nested<Nosy>>> = LazyLock::new(Default::default);
        hasher!(Nosy, POOL.create());
        lend_many(|| POOL.create());
    }
}

impl Reenter for subjects::Zeropool {
    fn reenter() {
        static POOL: LazyLock<zeropool::ZeroPool> =
            LazyLock::new(|| zeropool::ZeroPool::new().allocator(Nosy));
        struct Nosy;
        impl zeropool::Allocator for Nosy {
            fn allocate(&self, capacity: usize) -> Vec<u8> {
                if_armed(|| POOL.alloc(4096));
                vec![0; capacity]
            }
        }
        lend_many(|| POOL.alloc(4096));
    }
}
