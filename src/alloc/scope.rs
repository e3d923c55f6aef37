//! From when to when is counted, and whether anything can be.

use super::Counts;
use super::counters::{self, On, ProcessOn};
use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// Runs `work`, and says what this thread asked of the allocator meanwhile.
///
/// What other threads do does not count, those that `work` starts included; that is
/// [`count_process`].
///
/// # Panics
///
/// If [`Counting`](super::Counting) is not the program's global allocator, with the
/// line to add; `work` is not run then. See [`installed`].
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// let (list, counts) = millpond::alloc::count(|| vec![0_u8; 100]);
/// assert_eq!(counts.allocations, 1);
/// assert_eq!(counts.live_bytes(), 100);
/// # drop(list);
/// # }
/// ```
#[track_caller]
pub fn count<R>(work: impl FnOnce() -> R) -> (R, Counts) {
    let scope = ThreadScope::begin();
    let result = work();
    (result, scope.counts())
}

/// Runs `work`, and says what the whole process asked of the allocator meanwhile.
///
/// Whatever else runs counts too: another test in the same process, for one. In
/// tests, give it a process of its own (a file in `tests/` with one test).
///
/// # Panics
///
/// As [`count`].
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// use millpond::alloc;
///
/// let work = || std::thread::spawn(|| vec![0_u8; 10_000]).join().unwrap();
/// let (list, counts) = alloc::count_process(work);
/// assert!(counts.live_bytes() >= 10_000);
/// # drop(list);
/// # }
/// ```
#[track_caller]
pub fn count_process<R>(work: impl FnOnce() -> R) -> (R, Counts) {
    let scope = ProcessScope::begin();
    let result = work();
    (result, scope.counts())
}

/// Runs `work`, and says how many bytes this thread held at most meanwhile, beyond
/// what it held before.
///
/// A block that moves when it grows is in two places for an instant; that is the
/// allocator's affair and does not show here.
///
/// # Panics
///
/// As [`count`].
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// use std::hint::black_box;
///
/// let ((), most) = millpond::alloc::peak(|| {
///     drop(black_box(vec![0_u8; 3_000]));
///     drop(black_box(vec![0_u8; 1_000]));
/// });
/// assert_eq!(most, 3_000);
/// # }
/// ```
#[track_caller]
pub fn peak<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let _scope = ThreadScope::begin();
    let peak = Peak::begin();
    let result = work();
    (result, peak.above_base())
}

/// The innermost peak of this thread. Always ended in the order opposite to that in
/// which they began, since only `peak` makes them.
struct Peak {
    outer: i64,
    base: i64,
}

impl Peak {
    fn begin() -> Self {
        let (outer, base) = counters::begin_peak();
        Self { outer, base }
    }

    fn above_base(&self) -> u64 {
        // Never below, since it began there.
        counters::peak().wrapping_sub(self.base).cast_unsigned()
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        counters::end_peak(self.outer);
    }
}

/// Counts what this thread does from [`begin`](Self::begin) on.
///
/// What happens in an inner scope is part of the outer one. It stays on its thread.
/// One that is leaked makes nothing wrong: all threads go on counting, at the cost
/// of counting.
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// use millpond::alloc::ThreadScope;
///
/// let scope = ThreadScope::begin();
/// let list = vec![1_u64, 2];
/// assert_eq!(scope.counts().live_bytes(), 16);
/// drop(list);
/// assert_eq!(scope.counts().live_bytes(), 0);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "counts until it is dropped"]
pub struct ThreadScope {
    before: Counts,
    _on: On,
    /// Another thread would subtract these counts from its own.
    _not_send: PhantomData<*const ()>,
}

impl ThreadScope {
    /// Begins to count what this thread does.
    ///
    /// # Panics
    ///
    /// As [`count`].
    #[track_caller]
    pub fn begin() -> Self {
        check();
        let _on = On::new();
        Self {
            before: counters::of_thread(),
            _on,
            _not_send: PhantomData,
        }
    }

    /// What this thread did since the scope began.
    pub fn counts(&self) -> Counts {
        counters::of_thread().since(self.before)
    }
}

/// Counts what all threads do from [`begin`](Self::begin) on.
///
/// While threads are at work it is a reading of different moments, by as much as
/// they do during one reading: [`live_bytes`](Counts::live_bytes) may then be too
/// high, never too low. Once they have been joined it is exact. A thread that was at
/// work already when the scope began counts from when it sees that, as with any
/// flag: at once where the two have synchronized, a moment later where not.
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// use millpond::alloc::ProcessScope;
///
/// let scope = ProcessScope::begin();
/// let list = std::thread::spawn(|| vec![0_u8; 10_000]).join().unwrap();
/// assert!(scope.counts().bytes_allocated >= 10_000);
/// # drop(list);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "counts until it is dropped"]
pub struct ProcessScope {
    before: Counts,
    _on: ProcessOn,
}

impl ProcessScope {
    /// Begins to count what all threads do.
    ///
    /// # Panics
    ///
    /// As [`count`].
    #[track_caller]
    pub fn begin() -> Self {
        check();
        let _on = ProcessOn::new();
        Self {
            before: counters::process_begins(),
            _on,
        }
    }

    /// What all threads did since the scope began.
    pub fn counts(&self) -> Counts {
        counters::process_so_far().since(self.before)
    }
}

/// Whether there is anything to count: whether [`Counting`](super::Counting) is the
/// program's global allocator.
///
/// Tried once, with one allocation, and remembered.
///
/// # Errors
///
/// If it is not. The message says what to add.
///
/// # Examples
///
/// ```
/// let error = millpond::alloc::installed().unwrap_err();
/// assert!(error.to_string().contains("#[global_allocator]"));
/// ```
pub fn installed() -> Result<(), NotInstalled> {
    // Those who come second wait for the one allocation: in a scope of theirs, or of
    // a third, it would count.
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let is_counted = || {
        let _on = On::new();
        let before = counters::of_thread();
        drop(black_box(Box::new(0_u8)));
        counters::of_thread() != before
    };
    if *INSTALLED.get_or_init(is_counted) {
        Ok(())
    } else {
        Err(NotInstalled(()))
    }
}

/// Panics if there is nothing to count.
#[track_caller]
pub(super) fn check() {
    if let Err(error) = installed() {
        panic!("{error}");
    }
}

/// The program's global allocator does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInstalled(());

impl fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "nothing is counted: `millpond::alloc::Counting` is not the global allocator of this \
             program. Add to its root (the file of the test or bench, or `main.rs`):

    #[global_allocator]
    static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
",
        )
    }
}

impl Error for NotInstalled {}
