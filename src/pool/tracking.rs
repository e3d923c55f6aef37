//! What the feature `track` adds to a pool.

use super::Pool;
use crate::hook::Panics;
use crate::registry::Observed;
use crate::track::{Leak, Outstanding, Profile, Tracking};
use std::sync::Arc;
use std::time::Duration;

impl<T: Send + 'static, R> Pool<T, R> {
    /// Sets which loans are [tracked](crate::track) at first. Default: none.
    pub const fn with_tracking(mut self, tracking: Tracking) -> Self {
        self.track.tracking = tracking;
        self
    }

    /// Sets whether tracked loans keep the stack that led to them.
    #[cfg(feature = "backtrace")]
    pub const fn with_backtraces(mut self, on: bool) -> Self {
        self.track.backtraces = on;
        self
    }

    /// Sets how long a guard may be out before the
    /// [listener](Pool::with_leak_listener) is told. Default: for ever.
    ///
    /// Only guards that are [tracked](Pool::set_tracking) are found. A busy thread
    /// looks once every thousand returns or so, and then at most four times in
    /// `after`; [`report_held`](Pool::report_held) looks at once.
    pub const fn with_held_after(mut self, after: Duration) -> Self {
        self.track.held_after = Some(after);
        self
    }

    /// Sets who is told of guards that are lost, or have been out for too long: once
    /// for each line of code that borrowed them, and for each of the two.
    ///
    /// A guard is lost if the pool is dropped while it is out: it was leaked, by
    /// `mem::forget` say. In a pool that is never dropped, such as a `static`, a
    /// leaked guard is one that is [held](Pool::with_held_after) for ever. With
    /// the feature `tracing`, a warning is emitted, too.
    ///
    /// The listener may use the pool, and may panic.
    ///
    /// ```
    /// use millpond::track::Tracking;
    /// use millpond::Pool;
    ///
    /// let pool = Pool::from_fn(Vec::<u8>::new)
    ///     .with_tracking(Tracking::All)
    ///     .with_leak_listener(|leak| eprintln!("{leak}"));
    /// std::mem::forget(pool.get());
    /// drop(pool); // pool: 1 object lost with forgotten guards, 80 B, borrowed at src/...
    /// ```
    pub const fn with_leak_listener(mut self, listener: fn(&Leak)) -> Self {
        self.track.listener = Some(listener);
        self
    }

    /// The same with a closure that captures; it wins over `with_leak_listener`.
    pub fn with_leak_listener_fn(
        mut self,
        listener: impl Fn(&Leak) + Send + Sync + 'static,
    ) -> Self {
        self.track.listener_fn = Some(Arc::new(listener));
        self
    }

    /// Which loans are tracked, as it was set last. While a leak check of the feature
    /// `testing` watches the pool, all are.
    pub fn tracking(&self) -> Tracking {
        self.inner().tracker().wanted()
    }

    /// Changes which loans are tracked, while the pool runs: all threads' from their
    /// next `get` on. What is out already stays as it is, tracked or not.
    ///
    /// Takes a lock for each thread that uses the pool.
    pub fn set_tracking(&self, tracking: Tracking) {
        self.inner().set_tracking(tracking);
    }

    /// Whether tracked loans keep the stack that led to them.
    #[cfg(feature = "backtrace")]
    pub fn backtraces(&self) -> bool {
        self.inner().tracker().wants_backtraces()
    }

    /// Changes whether tracked loans keep the stack that led to them. Each takes
    /// some microseconds then.
    #[cfg(feature = "backtrace")]
    pub fn set_backtraces(&self, on: bool) {
        self.inner().tracker().set_backtraces(on);
    }

    /// The objects that are out, by the line that borrowed them, the oldest first:
    /// those that are [tracked](Pool::set_tracking).
    ///
    /// O(tracked objects × log). Takes eight locks in turn.
    pub fn outstanding(&self) -> Outstanding {
        self.inner().outstanding()
    }

    /// Where the memory of the pool's objects comes from and who has it, as far as
    /// loans were [tracked](Pool::set_tracking).
    pub fn profile(&self) -> Profile {
        let mut profile = Profile::new();
        self.inner().add_to(&mut profile);
        profile
    }

    /// Tells the [listener](Pool::with_leak_listener) now of guards that have been
    /// out for [too long](Pool::with_held_after), if it has not been told of their
    /// lines.
    ///
    /// # Panics
    ///
    /// If the listener does.
    pub fn report_held(&self) {
        let mut panics = Panics::default();
        self.inner().report_held(&mut panics);
        panics.resume();
    }
}
