//! Why objects leave the pool, and who is told.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Why the pool let an object go instead of keeping it for the next borrower.
///
/// The first group happens to an object on its way back, the second to one that
/// lay idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Discard {
    /// On return: the thread's own tier is full and there is no shared tier
    /// (its capacity is 0). Full by count, or by bytes.
    LocalFull,
    /// On return: the thread's own tier and the shared tier are both full, by count
    /// or by bytes.
    GlobalFull,
    /// On return: the object holds more memory than the
    /// [retention policy](crate::Retention) lets it keep, and cannot shrink.
    Oversized,
    /// On return: the [return hook](crate::Pool::with_return_hook) refused it.
    Refused,
    /// On return: `recycle`, or another function that was asked about the object,
    /// panicked, so it may be dirty.
    RecyclePanicked,
    /// On return: the pool is [disabled](crate::Pool::set_enabled).
    Disabled,
    /// Idle: [`Pool::trim`](crate::Pool::trim) gave it back, a whole
    /// [interval](crate::Pool::with_trim_interval) did not need it, a smaller
    /// capacity was set, or pooling was switched off.
    Trimmed,
    /// Idle: its thread exited and the shared tier had no room for it.
    ThreadExit,
    /// Idle: the pool was dropped or [closed](crate::Pool::close).
    PoolDropped,
}

impl Discard {
    /// Every reason, in the order of their declaration.
    pub const ALL: [Discard; 9] = [
        Discard::LocalFull,
        Discard::GlobalFull,
        Discard::Oversized,
        Discard::Refused,
        Discard::RecyclePanicked,
        Discard::Disabled,
        Discard::Trimmed,
        Discard::ThreadExit,
        Discard::PoolDropped,
    ];

    /// Whether this happens to an object that comes back, rather than to one that
    /// lay idle.
    pub const fn on_return(self) -> bool {
        use Discard::{PoolDropped, ThreadExit, Trimmed};
        !matches!(self, Trimmed | ThreadExit | PoolDropped)
    }

    /// The reason as one word for machines, in snake case: a key in JSON, a label
    /// in metrics.
    ///
    /// ```
    /// assert_eq!(millpond::Discard::LocalFull.key(), "local_full");
    /// ```
    pub const fn key(self) -> &'static str {
        match self {
            Discard::LocalFull => "local_full",
            Discard::GlobalFull => "global_full",
            Discard::Oversized => "oversized",
            Discard::Refused => "refused",
            Discard::RecyclePanicked => "recycle_panicked",
            Discard::Disabled => "disabled",
            Discard::Trimmed => "trimmed",
            Discard::ThreadExit => "thread_exit",
            Discard::PoolDropped => "pool_dropped",
        }
    }

    /// The reason in a few words, as `Display` prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Discard::LocalFull => "local tier full",
            Discard::GlobalFull => "shared tier full",
            Discard::Oversized => "oversized",
            Discard::Refused => "refused",
            Discard::RecyclePanicked => "recycle panicked",
            Discard::Disabled => "pool disabled",
            Discard::Trimmed => "trimmed",
            Discard::ThreadExit => "thread exit",
            Discard::PoolDropped => "pool dropped",
        }
    }
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A drop hook that captures.
pub(crate) type SharedHook<T> = Arc<dyn Fn(&mut T, Discard) + Send + Sync>;

/// The drop hook, a plain function where the pool is a `static`.
pub(crate) enum Hook<T> {
    None,
    Plain(fn(&mut T, Discard)),
    Shared(SharedHook<T>),
}

impl<T> Hook<T> {
    /// Shows `value` to the hook. User code: call it under no lock or borrow.
    pub(crate) fn call(&self, value: &mut T, why: Discard) {
        match self {
            Hook::None => {}
            Hook::Plain(hook) => hook(value, why),
            Hook::Shared(hook) => hook(value, why),
        }
    }
}

/// Runs user code to its end although some of it panics, and keeps the first
/// panic for later: one bad object must not stop the ninety-nine behind it.
#[derive(Default)]
pub(crate) struct Panics(Option<Box<dyn Any + Send>>);

impl Panics {
    /// Starts with a panic that has been caught already.
    pub(crate) fn caught(payload: Box<dyn Any + Send>) -> Self {
        Self(Some(payload))
    }

    pub(crate) fn catch(&mut self, f: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
            match &self.0 {
                None => self.0 = Some(payload),
                Some(_) => Self::caught(payload).swallow(),
            }
        }
    }

    pub(crate) fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Lets the first panic go on, unless one is under way already: a second
    /// would abort the process.
    pub(crate) fn resume(self) {
        if let Some(payload) = self.0 {
            if std::thread::panicking() {
                std::mem::forget(payload);
            } else {
                resume_unwind(payload);
            }
        }
    }

    /// Ends the panic here, where nobody could catch it. Its payload is leaked:
    /// dropping it is user code too, and might panic in turn.
    pub(crate) fn swallow(self) {
        std::mem::forget(self.0);
    }
}
