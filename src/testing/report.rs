//! What a check that failed has to say.

use crate::track::HeldSite;
use crate::units::{Bytes, Count};
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// What a [check](super::Check) found: who has what, and where it was borrowed.
///
/// `Display` prints it for a person, and so does `Debug`, which is what a test that
/// returns it, or unwraps it, shows.
#[derive(Clone)]
#[non_exhaustive]
pub struct LeakReport {
    /// The line that began the check.
    pub check: &'static Location<'static>,
    /// The pools that miss objects, in the order in which the check was given them.
    pub pools: Vec<PoolLeaks>,
    /// By how much the heap grew, if that was [asked](super::Check::heap_tolerance)
    /// and is too much.
    pub heap: Option<HeapLeak>,
    /// For how long the check waited for them to come back.
    pub waited: Duration,
}

/// What is wrong with the heap at the end of a [check](super::Check::heap_tolerance).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeapLeak {
    /// It grew by more than was tolerated.
    #[non_exhaustive]
    Grew {
        /// By so many bytes, without what pools hold and what is borrowed of them.
        bytes: u64,
        /// So many were tolerated.
        tolerated: usize,
        /// Whether that is of the whole process, and not of one thread.
        all_threads: bool,
    },
    /// It could not be measured: the check ended on another thread than it began on,
    /// and was not for [all threads](super::Check::all_threads).
    Moved,
}

/// Objects of one pool that were not given back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolLeaks {
    /// The pool's name.
    pub pool: Option<String>,
    /// The type of its objects, by [`std::any::type_name`].
    pub type_name: &'static str,
    /// Whether the pool was dropped meanwhile, so that they can never come back.
    pub is_lost: bool,
    /// Where they were borrowed; the line with the oldest first.
    pub sites: Vec<HeldSite>,
}

impl LeakReport {
    /// Of a check that has found nothing.
    pub(super) fn new(check: &'static Location<'static>) -> Self {
        Self {
            check,
            pools: Vec::new(),
            heap: None,
            waited: Duration::ZERO,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pools.is_empty() && self.heap.is_none()
    }

    /// How many objects are out.
    pub fn objects(&self) -> u64 {
        sum(self.pools.iter().map(PoolLeaks::objects))
    }

    fn sites(&self) -> impl Iterator<Item = &HeldSite> {
        self.pools.iter().flat_map(|pool| &pool.sites)
    }
}

impl PoolLeaks {
    /// How many objects are out.
    pub fn objects(&self) -> u64 {
        sum(self.sites.iter().map(|site| site.objects))
    }

    /// Their bytes, when their guards were last used.
    pub fn bytes(&self) -> u64 {
        sum(self.sites.iter().map(|site| site.bytes))
    }
}

/// Objects may say that they are of any size.
pub(super) fn sum(figures: impl Iterator<Item = u64>) -> u64 {
    figures.fold(0, u64::saturating_add)
}

impl Error for LeakReport {}

impl fmt::Debug for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `3 objects`.
struct Objects(u64);

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} object{s}", Count(self.0))
    }
}

impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leak check of {}: ", self.check)?;
        match (self.objects(), self.heap) {
            (0, Some(_)) => write!(f, "nothing is out, but the heap")?,
            (1, _) => write!(f, "1 object is still out")?,
            (n, _) => write!(f, "{} are still out", Objects(n))?,
        }
        for pool in &self.pools {
            write!(f, "\n{pool}")?;
        }
        if let Some(heap) = self.heap {
            write!(f, "\nheap: {heap}")?;
        }
        self.fmt_advice(f)
    }
}

impl LeakReport {
    /// What to do about it, or how to learn more.
    fn fmt_advice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(site) = self.sites().next() else {
            return Ok(());
        };
        write!(
            f,
            "\n\neach line is the `get` whose guard did not come back"
        )?;
        if !self.waited.is_zero() {
            let waited = self.waited.as_millis();
            write!(
                f,
                "\n  on its way back?   waited {waited} ms, `.settle(..)` waits longer"
            )?;
        }
        if !site.site.is_rest() {
            write!(
                f,
                "\n  meant to stay out? `.ignore(\"{}\")`",
                site.site.file().escape_debug()
            )?;
        }
        if !self.sites().any(has_stack) {
            let feature = if cfg!(feature = "backtrace") {
                ""
            } else {
                ", with millpond's cargo feature `backtrace`"
            };
            write!(f, "\n  who called it?     `.backtraces()`{feature}")?;
        }
        Ok(())
    }
}

fn has_stack(_site: &HeldSite) -> bool {
    #[cfg(feature = "backtrace")]
    return _site.site.has_stack();
    #[cfg(not(feature = "backtrace"))]
    false
}

impl fmt::Display for PoolLeaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pool {
            Some(name) => write!(f, "pool {name:?}: ")?,
            None => write!(f, "pool of {}: ", self.type_name)?,
        }
        write!(f, "{}, {}", Objects(self.objects()), Bytes(self.bytes()))?;
        if self.is_lost {
            write!(
                f,
                "; the pool was dropped meanwhile, so they can never come back"
            )?;
        }
        for site in &self.sites {
            write!(f, "\n    {site}")?;
        }
        Ok(())
    }
}

impl fmt::Display for HeapLeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Grew {
            bytes,
            tolerated,
            all_threads,
        } = *self
        else {
            return f.write_str(
                "not measured, since the check ended on another thread than it began on: \
                 measure the process, with `.all_threads()`",
            );
        };
        let whose = if all_threads {
            "all threads have"
        } else {
            "this thread has"
        };
        write!(
            f,
            "{whose} allocated {} that are not freed, {} are tolerated; without what pools hold",
            Bytes(bytes),
            Bytes(tolerated as u64),
        )
    }
}
