//! What can be done with a pool and its guards: the traits they have, and those
//! they must not have.

mod common;

use common::nothing_lost;
use millpond::sampler::{Sampler, Sampling, Series};
use millpond::{OwnedPooled, Pool, Pooled, Recycle};
use std::borrow::{Borrow, BorrowMut};
use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet, LinkedList};
use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Fails to compile unless the type has the trait.
macro_rules! has {
    ($($type:ty: $($bound:path),+;)*) => {
        $($(const _: fn() = || {
            fn has<T: ?Sized + $bound>() {}
            has::<$type>();
        };)+)*
    };
}

/// Fails to compile if the type has the trait: the method is ambiguous then. (The
/// trick of the static_assertions crate.)
macro_rules! has_not {
    ($($type:ty: $($bound:path),+;)*) => {
        $($(const _: fn() = || {
            trait Ambiguous<A> {
                fn it() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            #[allow(dead_code)]
            struct Has;
            impl<T: ?Sized + $bound> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::it();
        };)+)*
    };
}

/// Send, not Sync.
type Lonely = Vec<Cell<u8>>;

struct NotSync(Cell<u8>);

impl millpond::Recycler<Vec<u8>> for NotSync {
    fn recycle(&self, object: &mut Vec<u8>) {
        self.0.set(self.0.get().wrapping_add(1));
        object.clear();
    }
}

struct NotSend(std::marker::PhantomData<MutexGuard<'static, u8>>);

impl millpond::Recycler<Vec<u8>> for NotSend {
    fn recycle(&self, object: &mut Vec<u8>) {
        object.clear();
    }
}

has! {
    Pool<Vec<u8>>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Default, fmt::Debug;
    // One thread at a time holds an object: the pool may be shared all the same.
    Pool<Lonely>: Send, Sync;
    Pool<Vec<u8>, NotSync>: Send;
    Pool<Vec<u8>, NotSend>: Sync;
    Pooled<'static, Vec<u8>>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe;
    Pooled<'static, Lonely>: Send;
    Pooled<'static, Vec<u8>, NotSend>: Send, Sync;
    OwnedPooled<Vec<u8>>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe;
    OwnedPooled<Lonely>: Send;
    Sampler: Send, Sync, UnwindSafe, RefUnwindSafe, fmt::Debug;
    Sampling: Send, Sync, UnwindSafe, RefUnwindSafe, fmt::Debug;
    Series: Send, Sync, UnwindSafe, RefUnwindSafe, Clone, fmt::Display;
}

has_not! {
    Pooled<'static, Lonely>: Sync;
    OwnedPooled<Lonely>: Sync;
    // The guard shares the recycler with other threads.
    Pool<Vec<u8>, NotSync>: Sync;
    Pooled<'static, Vec<u8>, NotSync>: Send, Sync;
    OwnedPooled<Vec<u8>, NotSync>: Send, Sync;
    // The last guard drops the recycler, on whatever thread.
    Pool<Vec<u8>, NotSend>: Send;
    OwnedPooled<Vec<u8>, NotSend>: Send, Sync;
    // A copied guard would be an object lent twice.
    Pooled<'static, Vec<u8>>: Clone, Copy;
    OwnedPooled<Vec<u8>>: Clone, Copy;
    Pool<Vec<u8>>: Clone;
    // Their `clear` frees every node: a pool of them would be a lie.
    BTreeMap<u8, u8>: Recycle;
    BTreeSet<u8>: Recycle;
    LinkedList<u8>: Recycle;
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Word(String);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsMut<String> for Word {
    fn as_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

impl Recycle for Word {
    fn recycle(&mut self) {
        self.0.recycle();
    }
    fn footprint(&self) -> usize {
        self.0.footprint()
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The same for both kinds of guard.
macro_rules! behaves_as_its_object {
    ($test:ident, $get:ident) => {
        #[test]
        fn $test() {
            let pool = Arc::new(Pool::from_fn(|| Word(String::new())));
            let word = |text: &str| {
                let mut guard = pool.$get();
                guard.0.push_str(text);
                guard
            };
            let (a, mut b) = (word("a"), word("b"));
            assert_eq!(format!("{a:?} {a} {a:>3}"), "Word(\"a\") a   a");
            assert_eq!(a, word("a"));
            assert_ne!(a, b);
            assert_eq!(a, Word("a".into()));
            assert!(a < b && a.partial_cmp(&b) == Some(a.cmp(&b)));
            assert_eq!(hash(&a), hash(&*a));
            assert_eq!(AsRef::<str>::as_ref(&a), "a");
            AsMut::<String>::as_mut(&mut b).push('!');
            let borrowed: &Word = a.borrow();
            assert_eq!(borrowed.0, "a");
            let borrowed: &mut Word = b.borrow_mut();
            borrowed.0.push('?');
            assert_eq!(b.0, "b!?");

            // As keys, found by what they hold. What changes in a guard's pool is no
            // part of the key.
            #[allow(clippy::mutable_key_type)]
            let ordered: BTreeSet<_> = [word("c"), word("b")].into();
            assert_eq!(ordered.first().unwrap().0, "b");
            #[allow(clippy::mutable_key_type)]
            let hashed: HashSet<_> = [word("x")].into();
            assert!(hashed.contains(&Word("x".into())));
            drop((a, b, ordered, hashed));
            nothing_lost(&pool.stats());
        }
    };
}

behaves_as_its_object!(a_guard_behaves_as_its_object, get);
behaves_as_its_object!(an_owned_guard_behaves_as_its_object, get_owned);

#[test]
fn an_owned_guard_keeps_its_pool_alive() {
    let pool = Arc::new(Pool::from_fn(Vec::<u8>::new));
    let weak = Arc::downgrade(&pool);
    let guard = pool.get_owned();
    drop(pool);
    assert!(std::ptr::eq(
        weak.as_ptr(),
        Arc::as_ptr(OwnedPooled::pool(&guard))
    ));
    let second = OwnedPooled::pool(&guard).get_owned();
    drop(guard);
    assert!(weak.upgrade().is_some());
    assert_eq!(OwnedPooled::detach(second), []);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_detached_object_keeps_its_contents() {
    let pool = Pool::from_fn(Vec::<u8>::new);
    let mut guard = pool.get();
    guard.extend([1, 2, 3]);
    assert!(std::ptr::eq(Pooled::pool(&guard), &pool));
    assert_eq!(Pooled::detach(guard), [1, 2, 3]);
    assert_eq!((pool.stats().detached, pool.stats().in_use), (1, 0));
    assert_eq!(pool.trim(), 0);
}

#[test]
fn a_leaked_guard_stays_in_use() {
    let pool = Pool::from_fn(Vec::<u8>::new);
    std::mem::forget(pool.get());
    assert_eq!((pool.stats().returned, pool.stats().in_use), (0, 1));
}

#[test]
fn a_pool_crosses_catch_unwind() {
    let pool = Pool::from_fn(Vec::<u8>::new);
    let guard = pool.get();
    let n = catch_unwind(|| guard.len() + pool.get().len()).unwrap();
    assert_eq!(n, 0);
}

#[test]
fn printing_a_pool_does_not_start_it() {
    let pool: Pool<Vec<u8>> = Pool::new().with_local_capacity(3);
    let printed = format!("{pool:?}");
    assert!(printed.contains("local_capacity: 3"), "{printed}");
    assert!(!printed.contains("stats"), "{printed}");
    assert_eq!(pool.local_capacity(), 3);
    assert!(format!("{pool:?}").contains("stats"));
}

// ---- await ------------------------------------------------------------------

static BUFFERS: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Is not ready the first time.
struct Yield(bool);

impl Future for Yield {
    type Output = ();
    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn handler() -> usize {
    let mut buffer = BUFFERS.get();
    buffer.push(1);
    Yield(false).await;
    buffer.push(2);
    buffer.len()
}

#[test]
fn a_guard_crosses_await_and_threads() {
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    assert_eq!(block_on(send(handler())), 2);

    // Begun on one thread, finished on another.
    let mut future = Box::pin(handler());
    let started = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(started.is_pending());
    assert_eq!(BUFFERS.stats().in_use, 1);
    let finished = std::thread::spawn(move || block_on(future)).join().unwrap();
    assert_eq!(finished, 2);
    nothing_lost(&BUFFERS.stats());

    // Dropped in the middle.
    let mut future = Box::pin(handler());
    let _ = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    drop(future);
    assert_eq!(BUFFERS.stats().in_use, 0);
    assert!(BUFFERS.get().is_empty());
}
