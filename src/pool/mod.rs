//! The pool: a handle that is `const`, on what threads share, which is made at
//! first use.

mod config;
mod home;
mod put;
#[cfg(feature = "track")]
mod tracking;

use crate::hook::{Hook, Panics, SharedHook};
use crate::inner::{Config, Inner};
use crate::object::Object;
use crate::registry::Observed;
use crate::retain::Retention;
use crate::track::{Setup, Site, apart};
use crate::trimmer::Trimmer;
use crate::{ByTrait, Discard, OwnedPooled, Pooled, Recycler, Stats};
use home::Home;
use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

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
/// A thread gets its tier when it first borrows, or after it has dropped 64 guards, of any
/// pools, that others borrowed. Where sixteen threads in a row ended after fewer than 64 gets
/// and returns each, the next ones are expected to be passing through, too: what they borrow
/// comes from the shared tier and goes back there, which takes less than a tier that comes
/// and goes. (Room is kept there for what is lent so, of no more than 32 objects, and a
/// quarter of the capacity and of the bytes.) A thread that goes on after 64 gets its tier
/// then, and ends the expectation when it exits.
///
/// # Memory
///
/// With *T* threads that are alive and [have a tier](Stats::threads) of their own, what
/// lies idle is at most
///
/// * `T × local_capacity + global_capacity` objects, and
/// * `T × local_budget + global_budget` heap bytes, by [`Recycle::footprint`](crate::Recycle::footprint),
///
/// plus the size of each object and some 40 bytes, together a multiple of 64, and 700 for
/// each thread. (Each thread of the program has 512 more, for all pools together.) What the
/// allocator adds is not counted: glibc's up to some 130 bytes for each object, as it does not
/// pack well what begins a cache line. In practice it is far less: [`Retention`] lets an
/// object keep no more than 64 KiB unless it is used, and what was not needed for
/// [an interval](Pool::with_trim_interval) is given back. Objects that are lent out are not
/// limited.
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
    // Two fields instead of a `Cow`, and below instead of `Hook`: assigning to a
    // field that has drop glue is not allowed in a `const fn`.
    name: Option<&'static str>,
    owned_name: Option<String>,
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
    track: Setup,
    home: Home<T>,
}

type ReturnHook<T> = Box<dyn Fn(&mut T) -> bool + Send + Sync>;

struct Create<T> {
    plain: Option<fn() -> T>,
    boxed: Option<Box<dyn Fn() -> T + Send + Sync>>,
}

impl<T: Send + 'static, R> Pool<T, R> {
    #[inline]
    fn inner(&self) -> &Arc<Inner<T>> {
        match self.home.inner() {
            Some(inner) => inner,
            None => self.init(),
        }
    }

    #[cold]
    #[inline(never)]
    fn init(&self) -> &Arc<Inner<T>> {
        self.home.inner_or_init(|| {
            let hook = match (&self.hook_fn, self.hook) {
                (Some(hook), _) => Hook::Shared(Arc::clone(hook)),
                (None, Some(hook)) => Hook::Plain(hook),
                (None, None) => Hook::None,
            };
            let name = match (&self.owned_name, self.name) {
                (Some(name), _) => Some(Cow::Owned(name.clone())),
                (None, name) => name.map(Cow::Borrowed),
            };
            let config = Config {
                name,
                track: &self.track,
                hook,
                enabled: self.enabled,
                local_capacity: self.local_capacity,
                global_capacity: self.global_capacity,
                limits: self.limits(),
                global_budget: self.global_budget,
                batch: self.batch,
                trim_interval: self.trim_interval,
                clock: self.clock,
            };
            apart(|| Inner::new(config))
        })
    }

    /// The name that the pool was [given](Pool::with_name).
    pub fn name(&self) -> Option<&str> {
        self.owned_name.as_deref().or(self.name)
    }

    /// How many objects each thread keeps for itself.
    pub fn local_capacity(&self) -> usize {
        self.inner().local_capacity()
    }

    /// Changes how many objects each thread keeps for itself, while it runs.
    ///
    /// What no longer fits moves to the shared tier, or is let go as
    /// [`Discard::Trimmed`]. Of other threads' tiers, up to sixteen objects each
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
    /// at once, but for up to sixteen objects of each other thread, which that
    /// thread destroys instead of using them at its next `get`.
    pub fn set_enabled(&self, enabled: bool) {
        self.inner().set_enabled(enabled);
    }

    /// Gives back what lies idle, as [`Discard::Trimmed`]; how many objects.
    ///
    /// Reaches the shared tier, all of the calling thread's tier, and of every
    /// other thread's tier all but the first sixteen objects, which only their
    /// thread can reach.
    pub fn trim(&self) -> usize {
        self.inner().trim()
    }

    /// Ends pooling for good, at the shutdown of a program whose pool is a `static`
    /// and so is never dropped: lets go of everything idle, as
    /// [`Discard::PoolDropped`], and from here on of everything that comes back
    /// ([`Discard::Disabled`]).
    ///
    /// Returns how many objects it could not reach: those that are lent out, and up
    /// to sixteen idle ones of each other thread that is still alive. Each of them is
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
    /// The thread ends when the [`Trimmer`] is dropped, or at its first interval
    /// after the pool was.
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

    /// This pool for those who watch pools of whatever type.
    pub(crate) fn observed(&self) -> Weak<dyn Observed> {
        self.inner().observed()
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
    /// If the create function panics, or there is none: the pool is as before. If the
    /// drop hook does, over objects that had to go first because a capacity was
    /// lowered or the pool switched off.
    #[inline]
    #[cfg_attr(feature = "track", track_caller)]
    pub fn get(&self) -> Pooled<'_, T, R> {
        Pooled::new(self, self.take(Site::caller()))
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
    #[cfg_attr(feature = "track", track_caller)]
    pub fn get_owned(self: &Arc<Self>) -> OwnedPooled<T, R> {
        OwnedPooled::new(Arc::clone(self), self.take(Site::caller()))
    }

    #[inline]
    fn take(&self, site: Site) -> Box<Object<T>> {
        let Some(front) = self.home.front() else {
            return self.take_without_front(site);
        };
        match front.pop() {
            // By far the most: all else is behind a call, so that this is inlined.
            Some(object) if !object.lease.is_held() => object,
            taken => self.take_slow(taken, site),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_without_front(&self, site: Site) -> Box<Object<T>> {
        match self.home.inner().and_then(|inner| inner.take_in_passing()) {
            Some(object) if !object.lease.is_held() => object,
            taken => self.take_slow(taken, site),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_slow(&self, taken: Option<Box<Object<T>>>, site: Site) -> Box<Object<T>> {
        match taken.or_else(|| self.inner().take_slow()) {
            Some(object) => self.inner().lend(object, site),
            None => self.create(site),
        }
    }

    fn create(&self, site: Site) -> Box<Object<T>> {
        let value = match (&self.create.boxed, self.create.plain) {
            (Some(create), _) => create(),
            (None, Some(create)) => create(),
            (None, None) => panic!(
                "this Pool<{}> cannot make objects: \
                 give it a function that can, with `Pool::new().with_create(...)`",
                std::any::type_name::<T>()
            ),
        };
        let mut object = Object::new(value, self.unlooked == 0);
        self.inner().lend_created(&mut object, site);
        if object.lease.is_held() {
            self.measure(&object);
        }
        object
    }

    /// Takes note of the size of a lent object that is tracked.
    #[cold]
    #[inline(never)]
    pub(crate) fn measure(&self, object: &Object<T>) {
        if let Some(bytes) = self.footprint(object) {
            self.inner().tracker().resize(&object.lease, bytes);
        }
    }

    /// `None` if asking panics: an object that cannot be measured can be lent.
    fn footprint(&self, object: &Object<T>) -> Option<usize> {
        let footprint = || self.recycler.footprint(&object.value);
        catch_unwind(AssertUnwindSafe(footprint))
            .map_err(|payload| Panics::caught(payload).swallow())
            .ok()
    }

    /// Takes leave of an object that its borrower keeps.
    pub(crate) fn detach(&self, object: &mut Object<T>) {
        if object.lease.is_held() {
            let bytes = self.footprint(object);
            self.inner().tracker().end(&object.lease, bytes);
            self.inner().tracker().retire(&mut object.lease);
        }
        self.inner().leave(object);
        self.inner().count_detached();
    }
}

impl<T: Send + 'static, R> Drop for Pool<T, R> {
    /// Lets go of every idle object, of all threads, as [`Discard::PoolDropped`].
    fn drop(&mut self) {
        if let Some(inner) = self.home.take() {
            let mut panics = Panics::default();
            inner.close(&mut panics);
            panics.resume();
        }
    }
}

impl<T: Send + 'static, R> fmt::Debug for Pool<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pool = f.debug_struct("Pool");
        if let Some(name) = self.name() {
            pool.field("name", &name);
        }
        pool.field("type", &std::any::type_name::<T>());
        match self.home.inner() {
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
