//! A check, from the line that begins it to its verdict.

use super::heap::Heap;
use super::ignore::Prefix;
use super::named::Named;
use super::report::LeakReport;
use super::settle::{SETTLE, settle};
use super::watched::Watched;
use crate::Pool;
use crate::track::{HeldSite, Scope, apart};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread::panicking;
use std::time::Duration;

/// Looks whether what is borrowed while it lives has come back when it ends: made by
/// [`check`](super::check).
///
/// It ends when it is dropped, and panics then if something leaked; or with
/// [`finish`](Self::finish), which returns what did.
#[derive(Debug)]
#[must_use = "a check ends when it is dropped: bind it, as in `let _leaks = check(&POOL);`"]
pub struct Check {
    /// `None` once it has ended.
    live: Option<Live>,
}

#[derive(Debug)]
struct Live {
    at: &'static Location<'static>,
    /// `None`: all threads.
    scope: Option<Scope>,
    pools: Vec<Watched>,
    named: Option<Arc<Named>>,
    meant: Vec<Prefix>,
    settle: Duration,
    heap: Option<Heap>,
}

impl Check {
    /// Of no pool yet.
    #[track_caller]
    pub(super) fn new() -> Self {
        let live = Live {
            at: Location::caller(),
            scope: Some(Scope::current()),
            pools: Vec::new(),
            named: None,
            meant: Vec::new(),
            settle: SETTLE,
            heap: None,
        };
        Self { live: Some(live) }
    }

    fn with(mut self, change: impl FnOnce(&mut Live)) -> Self {
        if let Some(live) = &mut self.live {
            // No check counts what checks take for themselves.
            apart(|| change(live));
        }
        self
    }

    /// All named pools, those that are first used later, too.
    pub(super) fn and_named(self) -> Self {
        self.with(|live| live.named = Some(Named::watch()))
    }

    /// Looks at another pool, too, from here on.
    ///
    /// ```
    /// use millpond::{Pool, StringMap, testing};
    ///
    /// static LINES: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);
    /// static PARAMS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
    ///
    /// let _leaks = testing::check(&LINES).and(&PARAMS);
    /// ```
    pub fn and<T: Send + 'static, R>(self, pool: &Pool<T, R>) -> Self {
        self.with(|live| {
            let pool = pool.observed();
            if !live.pools.iter().any(|other| other.is_of(&pool)) {
                live.pools.extend(Watched::new(pool));
            }
        })
    }

    /// Looks at what all threads borrow, rather than at this thread's
    /// [scope](crate::track::Scope).
    ///
    /// For code that starts threads of its own. Other tests that use the same pool at
    /// the same time show up, too: give such a test a pool of its own, or a process (a
    /// file in `tests/` with one test).
    #[track_caller]
    pub fn all_threads(mut self) -> Self {
        if let Some(live) = &mut self.live {
            live.scope = None;
            if let Some(heap) = &live.heap {
                live.heap = Some(Heap::begin(heap.tolerated(), true));
            }
        }
        self
    }

    /// Fails, too, if more than so many bytes of heap are in use at the end that were
    /// not at this line.
    ///
    /// What the check's pools hold is left out: their idle objects, whoever filled
    /// them, their records of loans, and what they set up for a thread. So are
    /// objects that are out, which are leaks of their own or may stay out. What is
    /// measured is what this thread allocated and did not free; memory that goes from
    /// one thread to another counts where it was allocated, and such a test asks for
    /// [`all_threads`](Self::all_threads), which measures the process, in a process of
    /// its own.
    ///
    /// Whatever is set up once counts if it happens inside: a `LazyLock`, a
    /// thread-local, the first use of another pool. Run the code once before the check.
    /// Leave some tolerance, of some tens of bytes for each object that the pool keeps,
    /// since [`footprint`](crate::Recycle::footprint) need not be exact, and for what
    /// the test prints, which the test runner keeps.
    ///
    /// # Panics
    ///
    /// If the program's allocator does not count, with the line to add.
    ///
    /// # Examples
    ///
    /// ```
    /// use millpond::{Pool, StringMap, alloc::Counting, testing};
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: Counting = Counting::system();
    ///
    /// static PARAMS: Pool<StringMap> = Pool::new().with_create(StringMap::new);
    ///
    /// fn handle(log: &mut Vec<String>) {
    ///     PARAMS.get().append("tag", "red");
    ///     log.push("red".repeat(1_000));
    /// }
    ///
    /// # fn main() {
    /// let mut log = Vec::new();
    /// handle(&mut log);
    /// let leaks = testing::check(&PARAMS).heap_tolerance(1_000);
    /// handle(&mut log);
    /// let report = leaks.finish().unwrap_err();
    /// assert!(report.heap.is_some());
    /// # }
    /// ```
    #[track_caller]
    pub fn heap_tolerance(mut self, bytes: usize) -> Self {
        if let Some(live) = &mut self.live {
            live.heap = Some(Heap::begin(bytes, live.scope.is_none()));
        }
        self
    }

    /// Waits so long for objects to come back, instead of 100 ms: of a thread that is
    /// about to end, say.
    ///
    /// Only a check that is about to fail waits. It looks after 1 ms, 2, 4 and so on,
    /// and in the end every 100 ms; with [`Duration::ZERO`] it looks once.
    pub fn settle(self, time: Duration) -> Self {
        self.with(|live| live.settle = time)
    }

    /// Lets objects stay out that were borrowed in a file, or in a directory and below
    /// it: in a cache, say. May be called again, for more.
    ///
    /// `path` is the beginning of a path as reports print it (for packages of the
    /// workspace, relative to its root), up to a separator: `src/cache` is not the
    /// beginning of `src/cached.rs`. `/` and `\` are the same.
    ///
    /// # Panics
    ///
    /// If the path is empty, or the root: it would be the beginning of all.
    ///
    /// # Examples
    ///
    /// ```
    /// use millpond::{Pool, testing};
    ///
    /// static LINES: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);
    ///
    /// let leaks = testing::check(&LINES).ignore("src/cache").ignore(file!());
    /// std::mem::forget(LINES.get());
    /// assert!(leaks.finish().is_ok());
    /// ```
    #[track_caller]
    pub fn ignore(self, path: &str) -> Self {
        let Some(prefix) = apart(|| Prefix::new(path)) else {
            panic!(
                "every path begins with {path:?}, so nothing would be checked: \
                 name a file or a directory, as in `.ignore(\"src/cache\")`"
            );
        };
        self.with(|live| live.meant.push(prefix))
    }

    /// Has the stack kept that leads to each `get` from here on, for the report. Each
    /// takes some microseconds then.
    ///
    /// Of the pools that the check has been given so far.
    #[cfg(feature = "backtrace")]
    pub fn backtraces(self) -> Self {
        self.with(|live| {
            if let Some(named) = &live.named {
                named.want_backtraces();
            }
            live.for_each_pool(Watched::want_backtraces);
        })
    }

    /// Ends the check.
    ///
    /// # Errors
    ///
    /// What is out, and where it was borrowed.
    pub fn finish(mut self) -> Result<(), LeakReport> {
        match self.live.take() {
            Some(live) => live.end(),
            None => Ok(()),
        }
    }
}

impl Drop for Check {
    /// Ends the check.
    ///
    /// # Panics
    ///
    /// If something leaked, with the report; unless the thread is panicking, when the
    /// check says nothing: the test has failed already.
    fn drop(&mut self) {
        let Some(live) = self.live.take() else { return };
        if panicking() {
            return apart(|| drop(live));
        }
        if let Err(report) = live.end() {
            panic!("{report}");
        }
    }
}

// It looks at pools, which are left whole whatever panics, and changes nothing.
impl UnwindSafe for Check {}
impl RefUnwindSafe for Check {}

impl Live {
    fn end(self) -> Result<(), LeakReport> {
        let verdict = self.verdict();
        apart(|| drop(self));
        verdict
    }

    fn verdict(&self) -> Result<(), LeakReport> {
        match settle(self.settle, || self.look()) {
            // A pool that another thread has been dropping all the while.
            Err((report, _)) if report.is_empty() => Ok(()),
            Err((report, waited)) => Err(LeakReport { waited, ..report }),
            Ok(()) => Ok(()),
        }
    }

    fn look(&self) -> Option<LeakReport> {
        // Before this look allocates anything.
        let heap = self.heap.as_ref().map(|heap| (heap, heap.growth()));
        let mut report = LeakReport::new(self.at);
        let (mut lent, mut is_clean) = (0, true);
        self.for_each_pool(|pool| {
            let found = pool.look(self.scope, |site| self.is_meant(site));
            is_clean &= found.leaks.is_none() && !found.is_going;
            lent = u64::saturating_add(lent, found.lent);
            report.pools.extend(found.leaks);
        });
        report.heap = heap.and_then(|(heap, growth)| heap.judge(growth, lent));
        (!is_clean || report.heap.is_some()).then_some(report)
    }

    /// Once for each.
    fn for_each_pool(&self, mut f: impl FnMut(&Watched)) {
        self.pools.iter().for_each(&mut f);
        let named = self.named.as_ref().map(|named| named.pools());
        for pool in named.iter().flatten() {
            if !self.pools.iter().any(|own| own.is_as(pool)) {
                f(pool);
            }
        }
    }

    fn is_meant(&self, site: &HeldSite) -> bool {
        let is_in = |prefix: &Prefix| prefix.holds(site.site.file());
        // The sum of many lines is in no file.
        !site.site.is_rest() && self.meant.iter().any(is_in)
    }
}
