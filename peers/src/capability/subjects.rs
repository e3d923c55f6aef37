//! The pools as they are, with whatever bounds they offer, and nothing added that
//! they lack.

use crate::peers::Items;
use crate::peers::slab::OwnedLoan;
use millpond::Retention;
use millpond_bench::item::{Item, Map};
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

/// How many idle objects a pool is told to keep, if it can be told.
pub(super) const MOST: usize = 64;

/// Room that no pool gives a new map, and that none is told to refuse.
const MARK: usize = 500;

/// Entries of a giant, and what a pool is told to refuse if it can be told.
const GIANT: u64 = 1_000_000;
const LARGE: usize = 1024;

/// A pool that is asked.
pub(super) trait Subject: 'static {
    const NAME: &'static str;
    type Loan: Send + 'static;

    /// From a pool that is told to keep no more than [`MOST`] and nothing large.
    fn lend() -> Self::Loan;

    /// Lends, and gives back without another word; most need none.
    fn lend_and_drop() {
        let mut loan = Self::lend();
        Self::mark(&mut loan);
    }

    fn soil(loan: &mut Self::Loan);
    fn is_clean(loan: &Self::Loan) -> bool;

    /// Makes it possible to tell it from a new one.
    fn mark(loan: &mut Self::Loan);
    fn is_marked(loan: &Self::Loan) -> bool;

    /// Lends a giant and gives it back; how many bytes of it are then kept.
    fn giant_kept() -> usize;
}

/// A pool that can lend maps.
pub(super) trait Maps: 'static {
    const NAME: &'static str;
    type Loan: DerefMut<Target = Map> + Send + 'static;

    fn lend() -> Self::Loan;

    fn lend_and_drop() {
        Self::lend().grow_to_mark();
    }
}

trait Mark {
    fn grow_to_mark(&mut self);
}

impl Mark for Map {
    fn grow_to_mark(&mut self) {
        self.reserve(MARK);
    }
}

impl<S: Maps> Subject for S {
    const NAME: &'static str = <S as Maps>::NAME;
    type Loan = <S as Maps>::Loan;

    fn lend() -> Self::Loan {
        <S as Maps>::lend()
    }

    fn lend_and_drop() {
        <S as Maps>::lend_and_drop();
    }

    fn soil(loan: &mut Self::Loan) {
        Item::soil(&mut **loan);
    }

    fn is_clean(loan: &Self::Loan) -> bool {
        Item::is_clean(&**loan)
    }

    fn mark(loan: &mut Self::Loan) {
        loan.grow_to_mark();
    }

    fn is_marked(loan: &Self::Loan) -> bool {
        loan.capacity() >= MARK
    }

    fn giant_kept() -> usize {
        let mut giant = Self::lend();
        giant.extend((0..GIANT).map(|n| (n, n)));
        // For those that do not clear: a giant should not be kept for its contents.
        giant.clear();
        drop(giant);
        let again = Self::lend();
        match again.capacity() {
            large if large > LARGE => large * size_of::<(u64, u64)>(),
            _ => 0,
        }
    }
}

macro_rules! maps {
    ($($subject:ident, $name:literal, $loan:ty, $pool:ty = $new:expr, |$maps:ident| $lend:expr;)*) => {$(
        pub(super) struct $subject;

        impl Maps for $subject {
            const NAME: &'static str = $name;
            type Loan = $loan;

            fn lend() -> Self::Loan {
                static $maps: LazyLock<$pool> = LazyLock::new(|| $new);
                $lend
            }
        }
    )*};
}

maps! {
    Millpond, "millpond", millpond::Pooled<'static, Map>,
        millpond::Pool<Map> = millpond::Pool::new()
            .with_create(Map::make)
            .with_retention(Retention::new().with_max(LARGE * size_of::<(u64, u64)>() * 2))
            .with_global_capacity(MOST)
            .with_local_capacity(MOST / 2),
        |POOL| POOL.get();
    PoolsharkLocal, "poolshark, LPooled", poolshark::local::LPooled<Map>,
        () = poolshark::local::set_size::<Map>(MOST, LARGE),
        |SIZES| {
            LazyLock::force(&SIZES);
            poolshark::local::LPooled::take()
        };
    PoolsharkGlobal, "poolshark, global Pool", poolshark::global::GPooled<Map>,
        poolshark::global::Pool<Map> = poolshark::global::Pool::new(MOST, LARGE),
        |POOL| POOL.take();
    Opool, "opool", opool::RefGuard<'static, Items, Map>,
        opool::Pool<Items, Map> = opool::Pool::new(MOST, Items),
        |POOL| POOL.get();
    ObjectPool, "object-pool", object_pool::Reusable<'static, Map>,
        object_pool::Pool<Map> = object_pool::Pool::new(0, Map::make),
        |POOL| POOL.pull(Map::make);
    Linear, "lockfree-object-pool, Linear", lockfree_object_pool::LinearReusable<'static, Map>,
        lockfree_object_pool::LinearObjectPool<Map> =
            lockfree_object_pool::LinearObjectPool::new(Map::make, Map::clear),
        |POOL| POOL.pull();
    Mutex, "lockfree-object-pool, Mutex", lockfree_object_pool::MutexReusable<'static, Map>,
        lockfree_object_pool::MutexObjectPool<Map> =
            lockfree_object_pool::MutexObjectPool::new(Map::make, Map::clear),
        |POOL| POOL.pull();
    SpinLock, "lockfree-object-pool, SpinLock",
        lockfree_object_pool::SpinLockReusable<'static, Map>,
        lockfree_object_pool::SpinLockObjectPool<Map> =
            lockfree_object_pool::SpinLockObjectPool::new(Map::make, Map::clear),
        |POOL| POOL.pull();
    Regex, "regex-automata, Pool",
        regex_automata::util::pool::PoolGuard<'static, Map, fn() -> Map>,
        regex_automata::util::pool::Pool<Map> = regex_automata::util::pool::Pool::new(Map::make),
        |POOL| POOL.get();
    Swimmer, "swimmer", swimmer::Recycled<'static, Map>,
        swimmer::Pool<Map> = swimmer::builder().with_supplier(Map::make).build(),
        |POOL| POOL.get();
}

/// With the guards that may go to another thread, and with what gives back that its
/// own lack.
pub(super) struct Slab;

static SLAB: LazyLock<Arc<sharded_slab::Pool<Map>>> = LazyLock::new(Default::default);

impl Maps for Slab {
    const NAME: &'static str = "sharded-slab, Pool";
    type Loan = OwnedLoan<Map>;

    fn lend() -> Self::Loan {
        OwnedLoan::of(&SLAB)
    }

    fn lend_and_drop() {
        let mut guard = SLAB.create().expect("room in the slab");
        guard.grow_to_mark();
    }
}

/// Lends bytes only. A new one is told from an old one by who made it.
pub(super) struct Zeropool;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

struct CountMade;

impl zeropool::Allocator for CountMade {
    fn allocate(&self, capacity: usize) -> Vec<u8> {
        MADE.set(MADE.get() + 1);
        vec![0; capacity]
    }
}

static ZEROPOOL: LazyLock<zeropool::ZeroPool> = LazyLock::new(|| {
    zeropool::ZeroPool::new()
        .allocator(CountMade)
        .max_buffers_per_class(MOST)
});

pub(super) struct Bytes {
    bytes: zeropool::Buf<'static>,
    made: bool,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

fn buffer(size: usize) -> Bytes {
    let before = MADE.get();
    let bytes = ZEROPOOL.alloc(size);
    let made = MADE.get() > before;
    Bytes { bytes, made }
}

impl Subject for Zeropool {
    const NAME: &'static str = "zeropool";
    type Loan = Bytes;

    fn lend() -> Bytes {
        buffer(4096)
    }

    fn soil(loan: &mut Bytes) {
        loan.fill(1);
    }

    fn is_clean(loan: &Bytes) -> bool {
        loan.iter().all(|byte| *byte == 0)
    }

    fn mark(_: &mut Bytes) {}

    fn is_marked(loan: &Bytes) -> bool {
        !loan.made
    }

    fn giant_kept() -> usize {
        // As large as the map of the others.
        let size = GIANT as usize * size_of::<(u64, u64)>();
        drop(buffer(size));
        let again = buffer(size);
        if again.made { 0 } else { again.len() }
    }
}
