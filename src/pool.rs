//! The pool: its configuration, which is `const`, and its handle on the rest.

use crate::hook::{Hook, Panics, SharedHook};
use crate::inner::{Config, Inner};
use crate::local::{FRONT, Limits};
use crate::object::Object;
use crate::retain::{History, Retention, Verdict};
use crate::sweeper::monotonic;
use crate::trimmer::Trimmer;
use crate::{ByTrait, Discard, OwnedPooled, Pooled, Recycle, Recycler, Stats};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Objects a thread keeps for itself unless told otherwise: the front, and as
/// much again behind it, so that batches of eight are exchanged.
const LOCAL_CAPACITY: usize = 16;

/// Objects the shared tier keeps unless told otherwise.
const GLOBAL_CAPACITY: usize = 256;

/// Heap bytes a thread keeps unless told otherwise. High, because the retention
/// policy decides better what is worth its memory; this is the safety net.
const LOCAL_BUDGET: usize = 64 << 20;

/// Heap bytes the shared tier keeps unless told otherwise.
const GLOBAL_BUDGET: usize = 256 << 20;

/// What a pool did not need for so long is given back, unless told otherwise. The
/// interval of kmem, from which the idea is.
const TRIM_INTERVAL: Duration = Duration::from_secs(15);

/// Lends objects that are empty and warm, and takes them back by itself.
///
/// A pool is made in a `static`, needs no lazy initialisation, and is shared by
/// reference:
///
/// ```
/// use millpond::Pool;
/// use std::collections::HashMap;
///
/// static PARAMS: Pool<HashMap<String, Vec<String>>> = Pool::new()
///     .with_create(|| HashMap::with_capacity(16))
///     .with_local_capacity(8)
///     .with_global_capacity(256);
///
/// let mut params = PARAMS.get(); // empty, with capacity
/// params.insert("page".into(), vec!["2".into()]);
/// drop(params); // cleared, and back in the pool
/// assert!(PARAMS.get().is_empty());
/// ```
///
/// or at run time, with closures that capture ([`from_fn`](Pool::from_fn)) and
/// guards that own their pool ([`get_owned`](Pool::get_owned)).
///
/// # Tiers
///
/// `get` takes from the calling thread's own tier, then from the shared tier,
/// then calls the create function. A dropped guard recycles its object and puts
/// it into the own tier of the thread it is dropped on; what a thread has too
/// much of goes to the shared tier in batches; what both have too much of is
/// destroyed, after the [drop hook](Pool::with_drop_hook) has seen it. What a
/// thread keeps goes to the shared tier when the thread exits.
///
/// # Memory
///
/// With *T* threads that have borrowed from the pool and are alive, what lies idle
/// is at most
///
/// * `T × local_capacity + global_capacity` objects, and
/// * `T × local_budget + global_budget` heap bytes, by [`Recycle::footprint`],
///
/// plus the size of each object and some 40 bytes, and 700 for each thread. In practice it
/// is far less: [`Retention`] lets an object keep no more than 64 KiB unless it is
/// used, and what was not needed for [an interval](Pool::with_trim_interval) is
/// given back. Objects that are lent out are not limited.
///
/// # Panics and re-entrancy
///
/// The create function, `recycle`, the drop hook and the objects' own `Drop` may
/// panic and may use the same pool. No lock is held while they run. A panic goes
/// on to whoever called `get` or dropped the guard, except where it would abort
/// the process: while another panic is unwinding, and at thread exit.
///
/// # Teardown
///
/// Guards may be dropped, and objects borrowed, in the destructors of
/// thread-locals. Objects of a `static` pool are not destroyed at process exit:
/// statics are never dropped.
pub struct Pool<T: Send + 'static, R = ByTrait> {
    create: Create<T>,
    // Two fields instead of `Hook`: assigning to a field that has drop glue is
    // not allowed in a `const fn`.
    hook: Option<fn(&mut T, Discard)>,
    hook_fn: Option<SharedHook<T>>,
    recycler: R,
    return_hook: Option<fn(&mut T) -> bool>,
    return_hook_fn: Option<ReturnHook<T>>,
    retention: Retention,
    /// Objects of fewer bytes come back without a look at the policy: 0 if all
    /// need one.
    unlooked: usize,
    local_capacity: usize,
    global_capacity: usize,
    local_budget: usize,
    global_budget: usize,
    batch: Option<usize>,
    trim_interval: Option<Duration>,
    clock: fn() -> Duration,
    enabled: bool,
    /// Made at first use, because what threads share needs an `Arc`.
    inner: OnceLock<Arc<Inner<T>>>,
}

type ReturnHook<T> = Box<dyn Fn(&mut T) -> bool + Send + Sync>;

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

struct Create<T> {
    plain: Option<fn() -> T>,
    boxed: Option<Box<dyn Fn() -> T + Send + Sync>>,
}

impl<T: Recycle + Send + 'static> Pool<T> {
    /// A pool with the default capacities, for a `static` or anywhere else.
    ///
    /// It has to be told how to make an object, by
    /// [`with_create`](Pool::with_create). [`Pool::default`] does that for types
    /// that have a default.
    pub const fn new() -> Self {
        Self::with_recycler(ByTrait)
    }

    /// A pool whose create function captures what it needs.
    ///
    /// ```
    /// use millpond::Pool;
    ///
    /// let capacity = 64;
    /// let pool = Pool::from_fn(move || Vec::<u8>::with_capacity(capacity));
    /// assert_eq!(pool.get().capacity(), 64);
    /// ```
    pub fn from_fn(create: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::new().with_create_fn(create)
    }
}

/// A pool of `T::default()` objects.
impl<T: Recycle + Default + Send + 'static> Default for Pool<T> {
    fn default() -> Self {
        Self::new().with_create(T::default)
    }
}

impl<T: Send + 'static, F: Fn(&mut T) + Send + Sync + 'static> Pool<T, F> {
    /// A pool of objects that do not implement [`Recycle`]: `create` makes them,
    /// `recycle` empties them.
    ///
    /// For a `static`, see [`with_recycle`](Pool::with_recycle).
    pub fn from_fns(create: impl Fn() -> T + Send + Sync + 'static, recycle: F) -> Self {
        Self::with_recycler(recycle).with_create_fn(create)
    }
}

impl<T: Send + 'static> Pool<T, fn(&mut T)> {
    /// A `static` pool of objects that do not implement [`Recycle`].
    ///
    /// ```
    /// use millpond::Pool;
    /// use std::sync::mpsc::{Receiver, Sender, channel};
    ///
    /// type Channel = (Sender<u32>, Receiver<u32>);
    /// static CHANNELS: Pool<Channel, fn(&mut Channel)> =
    ///     Pool::with_recycle(channel, |c| while c.1.try_recv().is_ok() {});
    ///
    /// CHANNELS.get().0.send(7).unwrap();
    /// assert!(CHANNELS.get().1.try_recv().is_err());
    /// ```
    pub const fn with_recycle(create: fn() -> T, recycle: fn(&mut T)) -> Self {
        Self::with_recycler(recycle as fn(&mut T)).with_create(create)
    }
}

impl<T: Send + 'static, R> Pool<T, R> {
    /// A pool with a [`Recycler`] of your own.
    pub const fn with_recycler(recycler: R) -> Self {
        Self {
            create: Create {
                plain: None,
                boxed: None,
            },
            hook: None,
            hook_fn: None,
            recycler,
            return_hook: None,
            return_hook_fn: None,
            retention: Retention::new(),
            unlooked: 0,
            local_capacity: LOCAL_CAPACITY,
            global_capacity: GLOBAL_CAPACITY,
            local_budget: LOCAL_BUDGET,
            global_budget: GLOBAL_BUDGET,
            batch: None,
            trim_interval: Some(TRIM_INTERVAL),
            clock: monotonic,
            enabled: true,
            inner: OnceLock::new(),
        }
        .with_unlooked()
    }

    /// Settles which objects need no look at the policy.
    const fn with_unlooked(mut self) -> Self {
        let small = self.limits().small;
        let policy = self.retention.unlooked();
        self.unlooked = if self.return_hook.is_some() || self.return_hook_fn.is_some() {
            0
        } else if policy < small {
            policy
        } else {
            small
        };
        self
    }

    const fn limits(&self) -> Limits {
        let front = self.local_budget / (2 * FRONT);
        let small = self.retention.small();
        Limits {
            small: 1 + if small < front { small } else { front },
            budget: self.local_budget,
        }
    }

    /// Sets the function that makes an object when the pool has none.
    ///
    /// Give what it makes the capacity that most uses need: the pool keeps it.
    pub const fn with_create(mut self, create: fn() -> T) -> Self {
        self.create.plain = Some(create);
        self
    }

    /// The same with a closure that captures; it wins over `with_create`.
    pub fn with_create_fn(mut self, create: impl Fn() -> T + Send + Sync + 'static) -> Self {
        self.create.boxed = Some(Box::new(create));
        self
    }

    /// Sets how many objects each thread keeps for itself. Default 16; 0 sends
    /// everything through the shared tier.
    ///
    /// Should cover the guards that one thread holds at once. Change it later
    /// with [`set_local_capacity`](Pool::set_local_capacity).
    pub const fn with_local_capacity(mut self, objects: usize) -> Self {
        self.local_capacity = objects;
        self
    }

    /// Sets how many objects the shared tier keeps. Default 256; with 0, objects
    /// do not move between threads.
    pub const fn with_global_capacity(mut self, objects: usize) -> Self {
        self.global_capacity = objects;
        self
    }

    /// Sets how much memory an object may keep when it comes back; see
    /// [`Retention`].
    pub const fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self.with_unlooked()
    }

    /// Sets how many heap bytes each thread keeps for itself at most, in addition
    /// to how many objects. Default 64 MiB.
    pub const fn with_local_budget(mut self, bytes: usize) -> Self {
        self.local_budget = bytes;
        self.with_unlooked()
    }

    /// Sets how many heap bytes the shared tier keeps at most, in addition to how
    /// many objects. Default 256 MiB.
    pub const fn with_global_budget(mut self, bytes: usize) -> Self {
        self.global_budget = bytes;
        self
    }

    /// Fixes how many objects threads exchange with the shared tier at once, from 1
    /// to 16. By default it is half of the local capacity, and up to all of it while
    /// threads get into each other's way there.
    pub const fn with_batch(mut self, objects: usize) -> Self {
        self.batch = Some(objects);
        self
    }

    /// Sets after how long what nobody needed is given back, or that it is never
    /// (`None`). Default 15 seconds.
    ///
    /// What lay idle for a whole interval is let go as [`Discard::Trimmed`]: the
    /// objects of the shared tier, and of each thread's tier, that were there at
    /// every moment of it. A busy thread looks at the clock once every 1,024
    /// returns and does it for all; a program that has come to rest altogether
    /// calls [`trim`](Pool::trim) or [`trim_every`](Pool::trim_every).
    pub const fn with_trim_interval(mut self, interval: Option<Duration>) -> Self {
        self.trim_interval = interval;
        self
    }

    /// Sets the clock that the trim interval is measured with, as a time since any
    /// fixed moment: for tests. It may jump. Default: the monotonic clock.
    pub const fn with_clock(mut self, clock: fn() -> Duration) -> Self {
        self.clock = clock;
        self
    }

    /// Sets a function that sees every object that comes back, as its borrower left
    /// it, and says whether it is fit to be lent again. One that is not is let go as
    /// [`Discard::Refused`].
    ///
    /// ```
    /// use millpond::Pool;
    ///
    /// // A buffer that has seen a secret is not lent again.
    /// static BUFFERS: Pool<Vec<u8>> = Pool::new()
    ///     .with_create(Vec::new)
    ///     .with_return_hook(|buffer| !buffer.starts_with(b"secret"));
    ///
    /// BUFFERS.get().extend_from_slice(b"secret");
    /// assert_eq!(BUFFERS.stats().returned, 0);
    /// ```
    pub const fn with_return_hook(mut self, accept: fn(&mut T) -> bool) -> Self {
        self.return_hook = Some(accept);
        self.with_unlooked()
    }

    /// The same with a closure that captures; it wins over `with_return_hook`.
    pub fn with_return_hook_fn(
        mut self,
        accept: impl Fn(&mut T) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.return_hook_fn = Some(Box::new(accept));
        self.with_unlooked()
    }

    /// Sets the function that sees every object once, when the pool lets it go
    /// for destruction, with the reason.
    ///
    /// The object has been recycled, but for the reasons [`Discard::Oversized`],
    /// [`Discard::Refused`] and [`Discard::RecyclePanicked`], for which it is as its
    /// borrower left it, or as the panic did. The hook may release what the object
    /// owns, may use the pool, and may panic. It does not see objects that were
    /// [detached](Pooled::detach).
    ///
    /// ```
    /// use millpond::{Discard, Pool};
    ///
    /// static BUFFERS: Pool<Vec<u8>> = Pool::new()
    ///     .with_create(|| Vec::with_capacity(4096))
    ///     .with_drop_hook(|buffer, why| eprintln!("{} bytes: {why}", buffer.capacity()));
    /// # drop(BUFFERS.get());
    /// # BUFFERS.trim();
    /// ```
    pub const fn with_drop_hook(mut self, hook: fn(&mut T, Discard)) -> Self {
        self.hook = Some(hook);
        self
    }

    /// The same with a closure that captures; it wins over `with_drop_hook`.
    pub fn with_drop_hook_fn(
        mut self,
        hook: impl Fn(&mut T, Discard) + Send + Sync + 'static,
    ) -> Self {
        self.hook_fn = Some(Arc::new(hook));
        self
    }

    /// Sets whether the pool pools; see [`set_enabled`](Pool::set_enabled).
    pub const fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    #[inline]
    fn inner(&self) -> &Arc<Inner<T>> {
        match self.inner.get() {
            Some(inner) => inner,
            None => self.init(),
        }
    }

    #[cold]
    #[inline(never)]
    fn init(&self) -> &Arc<Inner<T>> {
        self.inner.get_or_init(|| {
            let hook = match (&self.hook_fn, self.hook) {
                (Some(hook), _) => Hook::Shared(Arc::clone(hook)),
                (None, Some(hook)) => Hook::Plain(hook),
                (None, None) => Hook::None,
            };
            Inner::new(Config {
                hook,
                enabled: self.enabled,
                local_capacity: self.local_capacity,
                global_capacity: self.global_capacity,
                limits: self.limits(),
                global_budget: self.global_budget,
                batch: self.batch,
                trim_interval: self.trim_interval,
                clock: self.clock,
            })
        })
    }

    /// How many objects each thread keeps for itself.
    pub fn local_capacity(&self) -> usize {
        self.inner().local_capacity()
    }

    /// Changes how many objects each thread keeps for itself, while it runs.
    ///
    /// What no longer fits moves to the shared tier, or is let go as
    /// [`Discard::Trimmed`]. Of other threads' tiers, up to eight objects each
    /// cannot be reached from here; those threads do it at their next `get` or
    /// return. Takes a lock for each thread that uses the pool.
    pub fn set_local_capacity(&self, objects: usize) {
        self.inner().set_local_capacity(objects);
    }

    /// How many objects the shared tier keeps.
    pub fn global_capacity(&self) -> usize {
        self.inner().global_capacity()
    }

    /// Changes how many objects the shared tier keeps, while it runs. What no
    /// longer fits is let go as [`Discard::Trimmed`].
    pub fn set_global_capacity(&self, objects: usize) {
        self.inner().set_global_capacity(objects);
    }

    /// Whether the pool pools.
    pub fn is_enabled(&self) -> bool {
        self.inner().is_enabled()
    }

    /// Switches pooling off, or on again: to rule the pool out while debugging.
    ///
    /// While it is off, every `get` makes an object and every guard destroys its
    /// own ([`Discard::Disabled`]); nothing else changes. What lies idle is let go
    /// at once, but for up to eight objects of each other thread, which that
    /// thread destroys instead of using them at its next `get`.
    pub fn set_enabled(&self, enabled: bool) {
        self.inner().set_enabled(enabled);
    }

    /// Gives back what lies idle, as [`Discard::Trimmed`]; how many objects.
    ///
    /// Reaches the shared tier, all of the calling thread's tier, and of every
    /// other thread's tier all but the first eight objects, which only their
    /// thread can reach.
    pub fn trim(&self) -> usize {
        self.inner().trim(Discard::Trimmed)
    }

    /// Ends pooling for good, at the shutdown of a program whose pool is a `static`
    /// and so is never dropped: lets go of everything idle, as
    /// [`Discard::PoolDropped`], and from here on of everything that comes back
    /// ([`Discard::Disabled`]).
    ///
    /// Returns how many objects it could not reach: those that are lent out, and up
    /// to eight idle ones of each other thread that is still alive. Each of them is
    /// shown to the drop hook when its guard is dropped or its thread exits. 0 means
    /// that every object has been.
    pub fn close(&self) -> u64 {
        self.inner().shut();
        let stats = self.stats();
        stats.in_use + stats.idle_local + stats.idle_global
    }

    /// Starts a thread that gives back, every `interval`, what the whole interval
    /// did not need: for programs that come to rest, where no return drives
    /// [the trimming](Pool::with_trim_interval).
    ///
    /// The thread ends when the pool or the [`Trimmer`] is dropped.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub fn trim_every(&self, interval: Duration) -> std::io::Result<Trimmer> {
        Trimmer::start(self.inner(), interval)
    }

    /// A snapshot of what the pool did and holds.
    ///
    /// Takes a lock for each thread that uses the pool: for a metrics endpoint,
    /// not for a request.
    pub fn stats(&self) -> Stats {
        self.inner().stats()
    }

    #[cold]
    #[inline(never)]
    fn create(&self) -> Box<Object<T>> {
        let value = match (&self.create.boxed, self.create.plain) {
            (Some(create), _) => create(),
            (None, Some(create)) => create(),
            (None, None) => panic!(
                "this Pool<{}> cannot make objects: \
                 give it a function that can, with `Pool::new().with_create(...)`",
                std::any::type_name::<T>()
            ),
        };
        let object = Object::new(value, self.unlooked == 0);
        self.inner().count_created();
        object
    }

    #[cold]
    #[inline(never)]
    fn recycle_panicked(&self, object: Box<Object<T>>, payload: Payload) {
        let mut panics = Panics::caught(payload);
        self.inner()
            .discard([object], Discard::RecyclePanicked, &mut panics);
        panics.resume();
    }

    pub(crate) fn count_detached(&self) {
        self.inner().count_detached();
    }
}

impl<T: Send + 'static, R: Recycler<T>> Pool<T, R> {
    /// Lends an object: recycled, with the capacity that earlier uses gave it, or
    /// new. It comes back when the guard is dropped, on whatever thread.
    ///
    /// O(1). Without a lock or an atomic read-modify-write where the thread's own
    /// tier has an object.
    ///
    /// # Panics
    ///
    /// If the create function panics, or there is none. The pool is as before.
    #[inline]
    pub fn get(&self) -> Pooled<'_, T, R> {
        Pooled::new(self, self.take())
    }

    /// Lends an object with a guard that owns a share of the pool, and so has no
    /// lifetime.
    ///
    /// ```
    /// use millpond::Pool;
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::from_fn(|| Vec::<u8>::with_capacity(64)));
    /// let mut buffer = pool.get_owned();
    /// std::thread::spawn(move || buffer.push(1)).join().unwrap();
    /// assert_eq!(pool.stats().in_use, 0);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get`](Pool::get).
    #[inline]
    pub fn get_owned(self: &Arc<Self>) -> OwnedPooled<T, R> {
        OwnedPooled::new(Arc::clone(self), self.take())
    }

    #[inline]
    fn take(&self) -> Box<Object<T>> {
        match self.inner().take() {
            Some(object) => object,
            None => self.create(),
        }
    }

    /// Recycles an object and keeps it, or lets it go.
    // Not inlined: a guard is dropped in many places, on unwinding paths too, and
    // one call with two registers measured faster than a hundred instructions in
    // each (9.0 against 9.6 ns a cycle, 8.5 against 9.6 with four guards).
    #[inline(never)]
    pub(crate) fn put(&self, mut object: Box<Object<T>>) {
        if object.look {
            return self.put_looked(object);
        }
        // Costs nothing where `recycle` cannot panic: the compiler sees it.
        let recycled = catch_unwind(AssertUnwindSafe(|| {
            self.recycler.recycle(&mut object.value);
            self.recycler.footprint(&object.value)
        }));
        match recycled {
            Ok(bytes) if bytes < self.unlooked => self.inner().put(object, bytes),
            Ok(bytes) => self.put_grown(object, bytes),
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }

    /// Puts back an object that has become large in this use. Clearing it cost no
    /// more than growing it had, so there was no need to look before.
    #[cold]
    #[inline(never)]
    fn put_grown(&self, mut object: Box<Object<T>>, bytes: usize) {
        let fitted = catch_unwind(AssertUnwindSafe(|| {
            let verdict = self.judge(&mut object, bytes, bytes);
            self.fit(&mut object, verdict)
        }));
        self.put_fitted(object, fitted);
    }

    /// Puts back an object that has to be looked at first: before it is cleared,
    /// which takes a large map as long as it is large, however little it holds.
    #[cold]
    #[inline(never)]
    fn put_looked(&self, mut object: Box<Object<T>>) {
        let fitted = catch_unwind(AssertUnwindSafe(|| {
            let accepted = match (&self.return_hook_fn, self.return_hook) {
                (Some(accept), _) => accept(&mut object.value),
                (None, Some(accept)) => accept(&mut object.value),
                (None, None) => true,
            };
            if !accepted {
                return Err(Discard::Refused);
            }
            let footprint = self.recycler.footprint(&object.value);
            let occupied = self.recycler.occupied(&object.value).min(footprint);
            let verdict = self.judge(&mut object, footprint, occupied);
            if verdict == Verdict::LetGo {
                return Err(Discard::Oversized);
            }
            self.recycler.recycle(&mut object.value);
            self.fit(&mut object, verdict)
        }));
        self.put_fitted(object, fitted);
    }

    fn judge(&self, object: &mut Object<T>, footprint: usize, occupied: usize) -> Verdict {
        let large = self.retention.is_large(footprint);
        let since = self.inner().since_large(large);
        self.retention
            .decide(&object.history.enter(footprint, occupied, since))
    }

    /// Does to a recycled object what was decided; its size then.
    fn fit(&self, object: &mut Object<T>, verdict: Verdict) -> Result<usize, Discard> {
        let to = match verdict {
            Verdict::Keep => return Ok(self.recycler.footprint(&object.value)),
            Verdict::Shrink(to) => to,
            Verdict::LetGo => return Err(Discard::Oversized),
        };
        self.recycler.shrink_to(&mut object.value, to);
        object.history = History::default();
        let bytes = self.recycler.footprint(&object.value);
        if bytes <= to.saturating_mul(2).max(self.retention.small()) {
            Ok(bytes)
        } else {
            Err(Discard::Oversized)
        }
    }

    fn put_fitted(
        &self,
        mut object: Box<Object<T>>,
        fitted: Result<Result<usize, Discard>, Payload>,
    ) {
        match fitted {
            Ok(Ok(bytes)) => {
                object.look = bytes >= self.unlooked;
                if bytes < self.limits().small {
                    self.inner().put(object, bytes);
                } else {
                    self.inner().put_slow(object, bytes);
                }
            }
            Ok(Err(why)) => self.inner().discard_now([object], why),
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }
}

impl<T: Send + 'static, R> Drop for Pool<T, R> {
    /// Lets go of every idle object, of all threads, as [`Discard::PoolDropped`].
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            let mut panics = Panics::default();
            inner.close(&mut panics);
            panics.resume();
        }
    }
}

impl<T: Send + 'static, R> fmt::Debug for Pool<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pool = f.debug_struct("Pool");
        pool.field("type", &std::any::type_name::<T>());
        match self.inner.get() {
            // Not made for printing it.
            None => pool
                .field("local_capacity", &self.local_capacity)
                .field("global_capacity", &self.global_capacity)
                .field("enabled", &self.enabled),
            Some(inner) => pool
                .field("local_capacity", &inner.local_capacity())
                .field("global_capacity", &inner.global_capacity())
                .field("enabled", &inner.is_enabled())
                .field("stats", &inner.stats()),
        };
        pool.finish_non_exhaustive()
    }
}

// Whatever panics, the pool is left whole: see "Panics and re-entrancy".
impl<T: Send + 'static, R> UnwindSafe for Pool<T, R> {}
impl<T: Send + 'static, R> RefUnwindSafe for Pool<T, R> {}
