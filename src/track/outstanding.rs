//! Who holds what, for people.

use super::Tracking;
use super::label;
use super::record::Record;
use super::site::CallSite;
use super::tracker::Tracker;
use crate::units::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The objects of a pool that are out, by the line that borrowed them: what
/// [`Pool::outstanding`](crate::Pool::outstanding) returns.
///
/// `Display` prints it for a person.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outstanding {
    /// The pool's name.
    pub pool: Option<String>,
    /// How many objects are out, tracked or not: [`Stats::in_use`](crate::Stats::in_use).
    pub in_use: u64,
    /// What is tracked now.
    pub tracking: Tracking,
    /// Where they were borrowed; the site with the oldest first.
    pub sites: Vec<HeldSite>,
}

/// The objects that one line of code, by one stack if there are stacks, has
/// borrowed and not given back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeldSite {
    /// The line that called `get`.
    pub site: CallSite,
    /// How many are out: counted where all are tracked, estimated where some are.
    pub objects: u64,
    /// Their bytes, as `objects`; see [`Held::bytes`].
    pub bytes: u64,
    /// Names of the threads that borrowed them, sorted.
    pub threads: Vec<Arc<str>>,
    /// Those that were tracked, oldest first.
    pub held: Vec<Held>,
}

/// One object that is out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Held {
    /// For how long, on the pool's [clock](crate::Pool::with_clock).
    pub age: Duration,
    /// Bytes of the object and what it owns, when its guard was last used: the
    /// pool cannot look at what is lent.
    pub bytes: u64,
    /// Name of the thread that borrowed it.
    pub thread: Arc<str>,
    /// How many loans it stands for: 1 where all are tracked.
    pub weight: u32,
}

impl Outstanding {
    pub(crate) fn new(pool: Option<&str>, in_use: u64, tracker: &Tracker) -> Self {
        Self {
            pool: pool.map(String::from),
            in_use,
            tracking: tracker.tracking(),
            sites: tracker.held(|_, _| true),
        }
    }
}

impl HeldSite {
    /// The age of the one that has been out longest.
    pub fn oldest(&self) -> Duration {
        self.held.first().map_or(Duration::ZERO, |held| held.age)
    }

    /// Whether `objects` and `bytes` are estimates.
    pub fn is_estimate(&self) -> bool {
        self.held.iter().any(|held| held.weight > 1)
    }
}

/// Sorts records by call site.
pub(super) fn group(records: Vec<(Record, Duration)>, each: usize) -> Vec<HeldSite> {
    let mut names = BTreeMap::new();
    let mut sites: BTreeMap<CallSite, Vec<Held>> = BTreeMap::new();
    for (record, age) in records {
        let thread = record.entry.thread;
        let name = names.entry(thread).or_insert_with(|| label::name(thread));
        sites.entry(record.entry.site()).or_default().push(Held {
            age,
            bytes: record.bytes.saturating_add(each) as u64,
            thread: Arc::clone(name),
            weight: record.weight,
        });
    }
    let sum = |held: &[Held], of: fn(&Held) -> u64| {
        let each = held
            .iter()
            .map(|held| of(held).saturating_mul(held.weight.into()));
        each.fold(0, u64::saturating_add)
    };
    let sites = sites.into_iter().map(|(site, mut held)| {
        held.sort_by_key(|held| std::cmp::Reverse(held.age));
        let mut threads: Vec<_> = held.iter().map(|held| Arc::clone(&held.thread)).collect();
        threads.sort();
        threads.dedup();
        HeldSite {
            site,
            objects: sum(&held, |_| 1),
            bytes: sum(&held, |held| held.bytes),
            threads,
            held,
        }
    });
    let mut sites: Vec<_> = sites.collect();
    sites.sort_by_key(|site| std::cmp::Reverse(site.oldest()));
    sites
}

/// A duration as a person says it.
pub(super) struct Age(pub(super) Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let text = match seconds {
            0 => format!("{} ms", self.0.as_millis()),
            1..60 => format!("{:.1} s", self.0.as_secs_f64()),
            60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
            3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
            _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
        };
        f.pad(&text)
    }
}

/// `3 objects`, or `about 384 objects` where that is an estimate.
pub(super) struct Count(pub(super) u64, pub(super) bool);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.1 { "about " } else { "" };
        let s = if self.0 == 1 { "" } else { "s" };
        f.pad(&format!("{about}{} object{s}", self.0))
    }
}

/// So many thread names are printed.
const NAMES: usize = 4;

/// Where and what, in one line, and below it the stack if there is one.
impl fmt::Display for HeldSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}  {}, {}, for up to {}, by ",
            self.site,
            Count(self.objects, self.is_estimate()),
            Bytes(self.bytes),
            Age(self.oldest()),
        )?;
        for (at, name) in self.threads.iter().take(NAMES).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            let name = name.escape_debug().to_string().replace("\\'", "'");
            write!(f, "{comma}{name}")?;
        }
        if self.threads.len() > NAMES {
            write!(f, " and {} more", self.threads.len() - NAMES)?;
        }
        #[cfg(feature = "backtrace")]
        for frame in self.site.stack() {
            write!(f, "\n        {frame}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pool {
            Some(name) => write!(f, "pool {name:?}: ")?,
            None => write!(f, "pool: ")?,
        }
        write!(f, "{} out", Count(self.in_use, false))?;
        for site in &self.sites {
            write!(f, "\n    {site}")?;
        }
        let tracked: u64 = self.sites.iter().map(|site| site.objects).sum();
        match self.tracking {
            Tracking::All if tracked >= self.in_use => Ok(()),
            Tracking::All => write!(
                f,
                "\n    {} were borrowed before all were tracked",
                self.in_use - tracked
            ),
            Tracking::Off if self.in_use == 0 => Ok(()),
            now => write!(
                f,
                "\n    tracking is {now}: `set_tracking(Tracking::All)` names every line from then on"
            ),
        }
    }
}
