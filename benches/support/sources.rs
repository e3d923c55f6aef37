//! Where a warm map can come from: this pool, malloc, the peers. All do the same
//! work: lend an empty map with room for sixteen entries, take it back at the end
//! of the scope, and clear it in between.
//!
//! Every source is a `static`, as in a program: peers that have no const
//! constructor are in a `LazyLock`, whose check costs a load and a branch.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

pub(crate) type Map = HashMap<u64, u64>;

pub(crate) const CAPACITY: usize = 16;

/// Enough for the deepest nesting here, and for every loan under way between two
/// threads: a pool that is too small would be measured creating.
pub(crate) const IDLE: usize = 1024;

pub(crate) fn make() -> Map {
    Map::with_capacity(black_box(CAPACITY))
}

pub(crate) trait Source {
    const NAME: &'static str;
    type Loan: DerefMut<Target = Map>;

    fn lend() -> Self::Loan;

    /// Fills the calling thread's tier, or whatever the pool has, with `n` maps of
    /// equal capacity. Some peers make their objects without any.
    fn warm(n: usize) {
        let mut loans: Vec<_> = (0..n).map(|_| Self::lend()).collect();
        for loan in &mut loans {
            loan.reserve(CAPACITY);
        }
    }

    /// # Panics
    ///
    /// If a map comes back dirty, or without its capacity.
    fn check() {
        Self::warm(1);
        for _ in 0..3 {
            let mut map = Self::lend();
            let empty_and_warm = map.is_empty() && map.capacity() >= CAPACITY;
            assert!(empty_and_warm, "{} does other work", Self::NAME);
            map.insert(1, 2);
        }
    }
}

/// One lend and return.
pub(crate) fn empty<S: Source>(n: u64) {
    for _ in 0..n {
        black_box(&mut *S::lend());
    }
}

/// The same with one insert.
pub(crate) fn insert<S: Source>(n: u64) {
    for _ in 0..n {
        let mut map = S::lend();
        map.insert(black_box(1), 2);
        black_box(&*map);
    }
}

/// The limit: one map of the caller's own, reused in place.
pub(crate) fn insert_in_place(map: &mut Map, n: u64) {
    for _ in 0..n {
        map.insert(black_box(1), 2);
        black_box(&*map);
        map.clear();
    }
}

/// `n` lends and returns, four at a time.
pub(crate) fn nested4<S: Source>(n: u64) {
    for _ in 0..n / 4 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
    }
}

/// `n` lends and returns, two fours at a time.
pub(crate) fn nested8<S: Source>(n: u64) {
    for _ in 0..n / 8 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        nested4::<S>(4);
    }
}

/// `n` lends and returns, four fours at a time.
pub(crate) fn nested16<S: Source>(n: u64) {
    for _ in 0..n / 16 {
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        let (mut a, mut b, mut c, mut d) = (S::lend(), S::lend(), S::lend(), S::lend());
        black_box((&mut *a, &mut *b, &mut *c, &mut *d));
        nested8::<S>(8);
    }
}

// ---- this pool --------------------------------------------------------------

pub(crate) struct Millpond;

pub(crate) static POOL: millpond::Pool<Map> = millpond::Pool::new()
    .with_create(make)
    .with_global_capacity(IDLE);

impl Source for Millpond {
    const NAME: &'static str = "millpond";
    type Loan = millpond::Pooled<'static, Map>;

    #[inline]
    fn lend() -> Self::Loan {
        POOL.get()
    }
}

// ---- without a pool ---------------------------------------------------------

pub(crate) struct Malloc;

/// A map that is made and dropped.
pub(crate) struct Fresh(Map);

impl Source for Malloc {
    const NAME: &'static str = "made and dropped";
    type Loan = Fresh;

    #[inline]
    fn lend() -> Fresh {
        Fresh(make())
    }
}

/// The pool that one writes oneself in ten lines.
pub(crate) struct ThreadLocal;

thread_local! {
    static STACK: RefCell<Vec<Map>> = const { RefCell::new(Vec::new()) };
}

pub(crate) struct FromStack(Option<Map>);

impl Source for ThreadLocal {
    const NAME: &'static str = "thread_local! RefCell<Vec<Map>>";
    type Loan = FromStack;

    #[inline]
    fn lend() -> FromStack {
        let map = STACK.with_borrow_mut(Vec::pop);
        FromStack(Some(map.unwrap_or_else(make)))
    }
}

impl Drop for FromStack {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut map) = self.0.take() {
            map.clear();
            STACK.with_borrow_mut(|stack| stack.push(map));
        }
    }
}

// ---- peers ------------------------------------------------------------------

pub(crate) struct PoolsharkLocal;

impl Source for PoolsharkLocal {
    const NAME: &'static str = "poolshark, LPooled";
    type Loan = poolshark::local::LPooled<Map>;

    #[inline]
    fn lend() -> Self::Loan {
        poolshark::local::LPooled::take()
    }
}

pub(crate) struct PoolsharkGlobal;

static POOLSHARK: LazyLock<poolshark::global::Pool<Map>> =
    LazyLock::new(|| poolshark::global::Pool::new(IDLE, 4096));

impl Source for PoolsharkGlobal {
    const NAME: &'static str = "poolshark, global Pool";
    type Loan = poolshark::global::GPooled<Map>;

    #[inline]
    fn lend() -> Self::Loan {
        POOLSHARK.take()
    }
}

pub(crate) struct Opool;

#[derive(Debug)]
pub(crate) struct Maps;

impl opool::PoolAllocator<Map> for Maps {
    #[inline]
    fn allocate(&self) -> Map {
        make()
    }

    #[inline]
    fn reset(&self, map: &mut Map) {
        map.clear();
    }
}

static OPOOL: LazyLock<opool::Pool<Maps, Map>> = LazyLock::new(|| opool::Pool::new(IDLE, Maps));

/// Clears when lending, not when taking back; the work is the same.
impl Source for Opool {
    const NAME: &'static str = "opool";
    type Loan = opool::RefGuard<'static, Maps, Map>;

    #[inline]
    fn lend() -> Self::Loan {
        OPOOL.get()
    }
}

pub(crate) struct ObjectPool;

static OBJECT_POOL: LazyLock<object_pool::Pool<Map>> =
    LazyLock::new(|| object_pool::Pool::new(0, make));

/// object-pool leaves clearing to its user.
pub(crate) struct ClearOnDrop(object_pool::Reusable<'static, Map>);

impl Source for ObjectPool {
    const NAME: &'static str = "object-pool";
    type Loan = ClearOnDrop;

    #[inline]
    fn lend() -> ClearOnDrop {
        ClearOnDrop(OBJECT_POOL.pull(make))
    }
}

impl Drop for ClearOnDrop {
    #[inline]
    fn drop(&mut self) {
        self.0.clear();
    }
}

macro_rules! lockfree_object_pool {
    ($($source:ident, $name:literal, $pool:ident, $loan:ident;)*) => {$(
        pub(crate) struct $source;

        impl Source for $source {
            const NAME: &'static str = $name;
            type Loan = lockfree_object_pool::$loan<'static, Map>;

            #[inline]
            fn lend() -> Self::Loan {
                static MAPS: LazyLock<lockfree_object_pool::$pool<Map>> =
                    LazyLock::new(|| lockfree_object_pool::$pool::new(make, Map::clear));
                MAPS.pull()
            }
        }
    )*};
}

lockfree_object_pool! {
    Linear, "lockfree-object-pool, Linear", LinearObjectPool, LinearReusable;
    Mutex, "lockfree-object-pool, Mutex", MutexObjectPool, MutexReusable;
    SpinLock, "lockfree-object-pool, SpinLock", SpinLockObjectPool, SpinLockReusable;
}

macro_rules! deref {
    ($($loan:ident: $this:ident => $map:expr;)*) => {$(
        impl Deref for $loan {
            type Target = Map;

            #[inline]
            fn deref(&$this) -> &Map {
                &$map
            }
        }

        impl DerefMut for $loan {
            #[inline]
            fn deref_mut(&mut $this) -> &mut Map {
                &mut $map
            }
        }
    )*};
}

impl Deref for FromStack {
    type Target = Map;

    #[inline]
    fn deref(&self) -> &Map {
        self.0.as_ref().expect("taken only by drop")
    }
}

impl DerefMut for FromStack {
    #[inline]
    fn deref_mut(&mut self) -> &mut Map {
        self.0.as_mut().expect("taken only by drop")
    }
}

deref! {
    Fresh: self => self.0;
    ClearOnDrop: self => *self.0;
}

/// Does something with every source, this pool first, then those without a pool,
/// then the peers.
macro_rules! for_each_source {
    ($macro:ident) => {
        $macro!(Millpond);
        $macro!(Malloc);
        $macro!(ThreadLocal);
        for_each_peer!($macro);
    };
}

macro_rules! for_each_peer {
    ($macro:ident) => {
        $macro!(PoolsharkLocal);
        $macro!(PoolsharkGlobal);
        $macro!(Opool);
        $macro!(ObjectPool);
        $macro!(Linear);
        $macro!(Mutex);
        $macro!(SpinLock);
    };
}
