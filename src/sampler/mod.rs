//! Pools over time: cheap counters often, profiles seldom, on one clock, and a
//! verdict on what they say.
//!
//! ```
//! use millpond::Pool;
//! use millpond::sampler::{Sampler, Trend};
//! use std::time::Duration;
//!
//! let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(64)).with_name("buffers");
//! let sampler = Sampler::every(Duration::from_millis(500), Duration::from_secs(30))
//!     .with_pool(&pool);
//!
//! // A minute of a load that loses every tenth object. A program leaves the ticks
//! // to `sampler.start()`.
//! for tick in 0..120 {
//!     for n in 0..10 {
//!         let buffer = pool.get();
//!         if n == 0 {
//!             std::mem::forget(buffer);
//!         }
//!     }
//!     sampler.tick(Duration::from_millis(500 * tick));
//! }
//!
//! let series = &sampler.series()[0];
//! let verdict = series.verdict();
//! assert_eq!(verdict.trend, Trend::Leaking);
//! assert_eq!(
//!     series.to_string(),
//!     "buffers: leaking: the lowest in use rose from 1 to 111 over 59.5 s and never fell \
//!      back, with the idle memory from 64 B to 64 B (gets 20.0/s, created 2.0/s, \
//!      returned 18.0/s)"
//! );
//! ```

mod clock;
mod profile;
mod sentence;
mod series;
mod thread;
mod trend;
mod verdict;

#[cfg(feature = "track")]
pub use profile::ProfilePoint;
pub use series::{Point, Series};
pub use thread::Sampling;
pub use verdict::{Change, Evidence, Trend, Verdict};

use crate::Pool;
use crate::registry::{self, Held, Observed};
use crate::sweeper::monotonic;
use clock::{Clock, Due};
use series::{Ring, Sample};
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Points kept of each pool unless told otherwise: ten minutes at two a second.
const CAPACITY: usize = 1_200;

/// Profiles kept of each pool: the last ten minutes at two a minute. A profile is
/// as large as there are call sites.
const PROFILES: usize = 20;

/// No shorter than this. A snapshot takes a lock for each thread.
const SHORTEST: Duration = Duration::from_millis(1);

/// Takes snapshots of pools, of all [named](Pool::with_name) ones unless told which,
/// and keeps the latest.
///
/// [`start`](Sampler::start) leaves that to a thread; who has a scheduler, calls
/// [`tick`](Sampler::tick).
///
/// # Memory
///
/// A point takes 200 bytes: 240 KB for each pool with the default of 1,200 points.
/// Of profiles, which take some 100 bytes for each call site, the last 20 are kept.
/// What was seen of a named pool goes when the pool goes. A sampler does not keep
/// pools alive.
pub struct Sampler {
    every: Duration,
    capacity: usize,
    /// `None`: all named ones.
    pools: Option<Vec<Weak<dyn Observed>>>,
    time: fn() -> Duration,
    hook: Option<Hook>,
    state: Mutex<State>,
}

type Hook = Box<dyn Fn(&Sampler) + Send + Sync>;

struct State {
    clock: Clock,
    watched: Vec<(Weak<dyn Observed>, Ring)>,
}

impl Sampler {
    /// Takes counters every `points`, and a profile every `profiles`, at the same
    /// moment as one of the points. Less than a millisecond counts as one.
    ///
    /// There are profiles where the feature `track` is on and the pool tracks loans.
    pub fn every(points: Duration, profiles: Duration) -> Self {
        let every = points.max(SHORTEST);
        Self {
            every,
            capacity: CAPACITY,
            pools: None,
            time: monotonic,
            hook: None,
            state: Mutex::new(State {
                clock: Clock::new(every, profiles),
                watched: Vec::new(),
            }),
        }
    }

    /// Watches this pool, and others that are given the same way, instead of all
    /// named ones. It needs no name.
    pub fn with_pool<T: Send + 'static, R>(mut self, pool: &Pool<T, R>) -> Self {
        let pools = self.pools.get_or_insert_default();
        let pool = pool.observed();
        if !pools.iter().any(|known| is_same(known, &pool)) {
            pools.push(pool);
        }
        self
    }

    /// Sets how many points of each pool are kept: the latest. Default 1,200, at
    /// least 1.
    pub fn with_capacity(mut self, points: usize) -> Self {
        self.capacity = points.max(1);
        self
    }

    /// Sets the clock of the [thread](Sampler::start), as a time since any fixed
    /// moment: for tests. It may jump. Default: the monotonic clock.
    pub fn with_clock(mut self, clock: fn() -> Duration) -> Self {
        self.time = clock;
        self
    }

    /// Sets a function that is called after points were taken: to look at the
    /// verdicts, or to send figures on. On the sampler's own thread, what it panics
    /// with ends there.
    pub fn with_sample_hook_fn(mut self, hook: impl Fn(&Sampler) + Send + Sync + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// Takes what is due at `now`, a time since any fixed moment; whether anything
    /// was. The first call takes a point in any case.
    ///
    /// What was missed is not made up for. If `now` is earlier than at the call
    /// before, no time has passed between the two.
    ///
    /// Takes a lock for each pool and each thread that uses it.
    pub fn tick(&self, now: Duration) -> bool {
        let due = self.state().clock.tick(now);
        if let Some(due) = due {
            let samples = self.take(due);
            self.keep(samples);
            if let Some(hook) = &self.hook {
                hook(self);
            }
        }
        due.is_some()
    }

    /// What was seen of each pool, in the order in which they were met.
    pub fn series(&self) -> Vec<Series> {
        let state = self.state();
        state
            .watched
            .iter()
            .map(|(_, ring)| ring.series())
            .collect()
    }

    /// Takes snapshots on a thread, until the [`Sampling`] is dropped.
    ///
    /// ```
    /// use millpond::sampler::Sampler;
    /// use std::time::Duration;
    ///
    /// let sampling = Sampler::every(Duration::from_millis(500), Duration::from_secs(30))
    ///     .start()?;
    /// for series in sampling.series() {
    ///     eprintln!("{series}");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub fn start(self) -> std::io::Result<Sampling> {
        Sampling::start(Arc::new(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the pools, under no lock of the sampler's: one that is dropped meanwhile
    /// is closed here, with its hook.
    fn take(&self, due: Due) -> Vec<(Weak<dyn Observed>, Sample)> {
        let held: Vec<Held> = match &self.pools {
            Some(pools) => pools.iter().filter_map(Held::upgrade).collect(),
            None => registry::held(),
        };
        let sample = |held: Held| {
            let pool = held.pool();
            let sample = Sample {
                name: pool.name(),
                type_name: pool.type_name(),
                point: Point::new(due.at, pool.stats()),
                profile: match due.profile {
                    true => profile::take(due.at, &**pool),
                    false => None,
                },
            };
            (Arc::downgrade(pool), sample)
        };
        held.into_iter().map(sample).collect()
    }

    fn keep(&self, samples: Vec<(Weak<dyn Observed>, Sample)>) {
        let mut state = self.state();
        if self.pools.is_none() {
            state.watched.retain(|(pool, _)| pool.strong_count() > 0);
        }
        // Both are in the order in which the pools were met, so that each is found
        // where the one before it was, or next to it.
        let mut next = 0;
        for (pool, sample) in samples {
            let n = state.watched.len();
            let mut places = (next..n).chain(0..next.min(n));
            let known = places.find(|i| is_same(&state.watched[*i].0, &pool));
            let at = known.unwrap_or_else(|| {
                state.watched.push((pool, Ring::new(&sample)));
                n
            });
            state.watched[at].1.push(sample, self.capacity, PROFILES);
            next = at + 1;
        }
    }
}

/// Whether both are the same pool. By address alone: the tables of methods behind it
/// may differ.
fn is_same(a: &Weak<dyn Observed>, b: &Weak<dyn Observed>) -> bool {
    std::ptr::addr_eq(a.as_ptr(), b.as_ptr())
}

// Its lock is never held while user code runs, so that a panic leaves what was taken
// before it.
impl UnwindSafe for Sampler {}
impl RefUnwindSafe for Sampler {}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("every", &self.every)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_takes_what_the_docs_say() {
        assert_eq!(size_of::<Point>(), 200);
    }
}
