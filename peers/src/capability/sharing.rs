//! Does safe code stay safe? Objects of one type must not become objects of another,
//! and what is not `Send` must stay with its thread.
//!
//! Where a bound on the pool itself forbids objects that are not `Send`, there is
//! nothing to try at run time. It does not compile:
//!
//! ```compile_fail,E0277
//! let pool: millpond::Pool<std::sync::MutexGuard<'static, ()>> = millpond::Pool::new();
//! ```
//! ```compile_fail,E0277
//! let pool: swimmer::Pool<std::sync::MutexGuard<'static, ()>> = swimmer::Pool::new();
//! ```

use super::subjects::{self, Subject};
use super::{Answer, trying};
use millpond_bench::item::Map;
use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hasher};
use std::rc::Rc;
use std::sync::MutexGuard;

pub(super) trait Share: Subject {
    /// Gives back a map with one type of hasher, and borrows and uses one with
    /// another, of the same layout.
    fn types() -> Answer;

    /// Whether safe code can get something that is not `Send` to another thread.
    fn send() -> Answer;
}

pub(super) fn types<S: Share>() -> Answer {
    S::types()
}

pub(super) fn send<S: Share>() -> Answer {
    S::send()
}

// ---- types ------------------------------------------------------------------

/// A hasher that is a number, which is no address.
struct Number(usize);

impl Default for Number {
    fn default() -> Self {
        Self(16)
    }
}

/// A hasher that is a reference.
struct Reference(&'static u64);

impl Default for Reference {
    fn default() -> Self {
        Self(&SEED)
    }
}

static SEED: u64 = 7;

impl BuildHasher for Number {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(self.0);
        hasher
    }
}

impl BuildHasher for Reference {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(*self.0);
        hasher
    }
}

type Numbered = HashMap<u64, u64, Number>;
type Referring = HashMap<u64, u64, Reference>;

const MIXED: &str =
    "to use a map whose hasher is a reference, after one whose hasher is a number was given back";

fn apart(used: &mut Referring) -> Answer {
    used.insert(1, 2);
    let own = *used.hasher().0 == SEED;
    Answer::new(
        own,
        "a map with another hasher was given back; this one has its own",
    )
}

macro_rules! types {
    (|$make:ident: $item:ident| $new:expr, |$pool:ident| $lend:expr) => {
        fn types() -> Answer {
            trying(MIXED);
            {
                type $item = Numbered;
                let $make: fn() -> $item = Default::default;
                let $pool = $new;
                $lend.insert(1, 2);
            }
            type $item = Referring;
            let $make: fn() -> $item = Default::default;
            let $pool = $new;
            apart(&mut $lend)
        }
    };
}

struct Allocate<T>(fn() -> T);

impl<T> opool::PoolAllocator<T> for Allocate<T> {
    fn allocate(&self) -> T {
        (self.0)()
    }
}

// ---- Send -------------------------------------------------------------------

/// `Sync` and not `Send`: it must be unlocked by the thread that locked it.
type Locked = MutexGuard<'static, ()>;

/// Whether a type implements a trait, as the compiler sees it.
macro_rules! implements {
    ($type:ty: $trait:ident) => {{
        struct Ask<T>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T> Otherwise for Ask<T> {}
        #[allow(dead_code)]
        impl<T: $trait> Ask<T> {
            const ANSWER: bool = true;
        }
        Ask::<$type>::ANSWER
    }};
}

macro_rules! send {
    ($($type:ty: $trait:ident),*) => {
        fn send() -> Answer {
            $(
                if implements!($type: $trait) {
                    let evidence = concat!(stringify!($type), " is ", stringify!($trait));
                    return Answer::new(false, evidence);
                }
            )*
            let evidence = [$(concat!(stringify!($type), " is not ", stringify!($trait))),*].join(", ");
            Answer::new(true, evidence)
        }
    };
}

const NO_POOL: &str = "a pool of what is not Send does not compile";

impl Share for subjects::Millpond {
    types!(|make: T| millpond::Pool::from_fn(make), |pool| pool.get());
    fn send() -> Answer {
        Answer::new(true, NO_POOL)
    }
}

impl Share for subjects::Swimmer {
    fn types() -> Answer {
        Answer::senseless("takes no maps with a hasher of one's own")
    }
    fn send() -> Answer {
        Answer::new(true, NO_POOL)
    }
}

impl Share for subjects::Zeropool {
    fn types() -> Answer {
        Answer::senseless("lends bytes only")
    }
    fn send() -> Answer {
        Answer::senseless("lends bytes only")
    }
}

impl Share for subjects::PoolsharkLocal {
    fn types() -> Answer {
        trying(MIXED);
        poolshark::local::LPooled::<Numbered>::take().insert(1, 2);
        apart(&mut poolshark::local::LPooled::<Referring>::take())
    }
    send!(poolshark::local::LPooled<Vec<Locked>>: Send);
}

impl Share for subjects::PoolsharkGlobal {
    types!(
        |_make: T| poolshark::global::Pool::<T>::new(64, 1024),
        |pool| pool.take()
    );
    send!(poolshark::global::Pool<Vec<Locked>>: Sync);
}

/// An allocator that must not leave its thread.
struct Counted(#[allow(dead_code)] Rc<()>);

impl opool::PoolAllocator<Map> for Counted {
    fn allocate(&self) -> Map {
        Map::new()
    }
}

impl Share for subjects::Opool {
    types!(|make: T| opool::Pool::new(64, Allocate(make)), |pool| pool
        .get());
    send!(opool::Pool<Allocate<Locked>, Locked>: Sync, opool::Pool<Counted, Map>: Send);
}

impl Share for subjects::ObjectPool {
    types!(|make: T| object_pool::Pool::new(1, make), |pool| pool
        .try_pull()
        .expect("one"));
    send!(object_pool::Pool<Locked>: Sync);
}

impl Share for subjects::Linear {
    types!(
        |make: T| lockfree_object_pool::LinearObjectPool::new(make, T::clear),
        |pool| pool.pull()
    );
    send!(lockfree_object_pool::LinearObjectPool<Locked>: Sync);
}

impl Share for subjects::Mutex {
    types!(
        |make: T| lockfree_object_pool::MutexObjectPool::new(make, T::clear),
        |pool| pool.pull()
    );
    send!(lockfree_object_pool::MutexObjectPool<Locked>: Sync);
}

impl Share for subjects::SpinLock {
    types!(
        |make: T| lockfree_object_pool::SpinLockObjectPool::new(make, T::clear),
        |pool| pool.pull()
    );
    send!(lockfree_object_pool::SpinLockObjectPool<Locked>: Sync);
}

impl Share for subjects::Regex {
    types!(
        |make: T| regex_automata::util::pool::Pool::new(make),
        |pool| pool.get()
    );
    send!(regex_automata::util::pool::Pool<Locked>: Sync);
}

impl Share for subjects::Slab {
    fn types() -> Answer {
        trying(MIXED);
        let pool = sharded_slab::Pool::<Numbered>::new();
        let key = pool.create_with(|map| {
            map.insert(1, 2);
        });
        pool.clear(key.expect("room"));
        let pool = sharded_slab::Pool::<Referring>::new();
        apart(&mut pool.create().expect("room"))
    }
    send!(sharded_slab::pool::OwnedRefMut<Option<Locked>>: Send);
}
