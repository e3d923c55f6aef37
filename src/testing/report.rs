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
    /// For how long the check waited for them to come back.
    pub waited: Duration,
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
    /// How many objects are out.
    pub fn objects(&self) -> u64 {
        self.pools.iter().map(PoolLeaks::objects).sum()
    }

    fn sites(&self) -> impl Iterator<Item = &HeldSite> {
        self.pools.iter().flat_map(|pool| &pool.sites)
    }
}

impl PoolLeaks {
    /// How many objects are out.
    pub fn objects(&self) -> u64 {
        self.sites.iter().map(|site| site.objects).sum()
    }

    /// Their bytes, when their guards were last used.
    pub fn bytes(&self) -> u64 {
        self.sites.iter().map(|site| site.bytes).sum()
    }
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
        let objects = self.objects();
        let are = if objects == 1 { "is" } else { "are" };
        let check = self.check;
        write!(
            f,
            "leak check of {check}: {} {are} still out",
            Objects(objects)
        )?;
        for pool in &self.pools {
            write!(f, "\n{pool}")?;
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
            Some(name) => write!(f, "pool \"{}\": ", name.escape_debug())?,
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
