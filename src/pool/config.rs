//! What a pool is made with. All of it is `const`, but for closures that capture.

use super::home::Home;
use super::{Create, Pool};
use crate::local::{FRONT, Limits};
use crate::sweeper::monotonic;
use crate::track::Setup;
use crate::{ByTrait, Discard, Recycle, Retention};
use std::sync::Arc;
use std::time::Duration;

/// Objects a thread keeps for itself unless told otherwise: the front, and as
/// much again behind it, so that batches of sixteen are exchanged.
const LOCAL_CAPACITY: usize = 32;

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
    /// A pool with a [`Recycler`](crate::Recycler) of your own.
    pub const fn with_recycler(recycler: R) -> Self {
        Self {
            create: Create {
                plain: None,
                boxed: None,
            },
            name: None,
            owned_name: None,
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
            track: Setup::new(),
            home: Home::new(),
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

    pub(super) const fn limits(&self) -> Limits {
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

    /// Names the pool, so that [`pools`](crate::pools) lists it from its first use
    /// on. Two pools may have the same name.
    ///
    /// ```
    /// use millpond::Pool;
    ///
    /// static HEADERS: Pool<Vec<u8>> = Pool::new().with_name("headers").with_create(Vec::new);
    /// assert_eq!(HEADERS.name(), Some("headers"));
    /// # HEADERS.get();
    /// # assert!(millpond::pools().iter().any(|pool| pool.name == "headers"));
    /// ```
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The same with a name made at run time; it wins over `with_name`.
    ///
    /// ```
    /// use millpond::Pool;
    ///
    /// let shard = 3;
    /// let pool = Pool::from_fn(Vec::<u8>::new).with_owned_name(format!("shard {shard}"));
    /// assert_eq!(pool.name(), Some("shard 3"));
    /// ```
    pub fn with_owned_name(mut self, name: impl Into<String>) -> Self {
        self.owned_name = Some(name.into());
        self
    }

    /// Sets how many objects each thread keeps for itself. Default 32; 0 sends
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
    /// every moment of it (of the sixteen that only its thread can reach, at every
    /// moment that was looked at). A busy thread looks at the clock once every
    /// thousand returns or so, and does it for all; a program that has come to rest altogether
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
    /// The object has been recycled, but for the reasons [`Discard::Refused`], for
    /// which it is as its borrower left it, [`Discard::RecyclePanicked`], and
    /// [`Discard::Oversized`], for which it may not be. The hook may release what the object
    /// owns, may use the pool, and may panic. It does not see objects that were
    /// [detached](crate::Pooled::detach).
    ///
    /// A hook that borrows from its own pool and gives back there may be called again, from
    /// within itself, where that object is not kept either: in a pool that keeps nothing
    /// (capacities of 0, disabled), without end. Let it look at the reason first.
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
}
