//! What one pool knows of its loans, and whom it tells.

use super::countdown::{Countdown, Rate, entropy, mix};
use super::label;
use super::leak::{Leak, LeakKind, Listener};
use super::outstanding::{HeldSite, group};
use super::record::{ASKED, Lease, Record, SHARDS, Shard, Totals, View};
use super::scope;
#[cfg(feature = "backtrace")]
use super::site::Addresses;
use super::site::{Entry, Site};
use super::wish::Wish;
use super::{Setup, Tracking, apart};
use crate::Discard;
use crate::hook::Panics;
use crate::local::thread_number;
use crossbeam_utils::CachePadded;
use std::collections::BTreeSet;
use std::panic::catch_unwind;
#[cfg(feature = "backtrace")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is known of a loan when it begins.
pub(crate) struct Loan {
    pub(crate) site: Site,
    /// Heap bytes of the object then.
    pub(crate) bytes: usize,
    pub(crate) is_new: bool,
}

/// Tracks the loans of one pool.
pub(crate) struct Tracker {
    /// What is to be tracked. The fields below follow it, and change under its lock.
    wish: Mutex<Wish>,
    /// One loan in so many is sampled; 0: none.
    one_in: AtomicU32,
    /// The bits of `Rate::scale`. Of two rates set at once, a gap or two may be drawn
    /// with the scale of the other.
    scale: AtomicU64,
    #[cfg(feature = "backtrace")]
    backtraces: AtomicBool,
    clock: fn() -> Duration,
    /// Bytes of a box that holds an object.
    each: usize,
    shards: [CachePadded<Mutex<Shard>>; SHARDS],
    /// Loans that were drawn one by one, from some number on.
    drawn: AtomicU64,
    pub(super) held_after: Option<Duration>,
    pub(super) listener: Listener,
    /// On the pool's clock, in milliseconds: when to look for held guards next.
    next_look: AtomicU64,
    /// What the listener has been told.
    reported: Mutex<BTreeSet<(LeakKind, &'static str, u32, u32)>>,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Tracker {
    pub(crate) fn new(setup: &Setup, clock: fn() -> Duration, each: usize) -> Self {
        Self {
            wish: Mutex::new(Wish::new(setup)),
            one_in: AtomicU32::new(setup.tracking.rate()),
            scale: AtomicU64::new(Rate::of(setup.tracking.rate()).scale.to_bits()),
            #[cfg(feature = "backtrace")]
            backtraces: AtomicBool::new(setup.backtraces),
            clock,
            each,
            shards: Default::default(),
            drawn: AtomicU64::new(entropy()),
            held_after: setup.held_after,
            listener: setup.listener(),
            next_look: AtomicU64::new(0),
            reported: Mutex::default(),
        }
    }

    /// What is tracked now.
    pub(crate) fn tracking(&self) -> Tracking {
        Tracking::from_rate(self.one_in.load(Relaxed))
    }

    /// What the pool's owner wants tracked.
    pub(crate) fn wanted(&self) -> Tracking {
        self.wish().tracking
    }

    pub(crate) fn set_tracking(&self, tracking: Tracking) {
        self.change(|wish| wish.tracking = tracking);
    }

    fn rate(&self) -> Rate {
        Rate {
            one_in: self.one_in.load(Relaxed),
            scale: f64::from_bits(self.scale.load(Relaxed)),
        }
    }

    pub(super) fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is to be tracked, and does as it says then.
    pub(super) fn change(&self, change: impl FnOnce(&mut Wish)) {
        let mut wish = self.wish();
        change(&mut wish);
        let rate = Rate::of(wish.tracking_now().rate());
        self.scale.store(rate.scale.to_bits(), Relaxed);
        self.one_in.store(rate.one_in, Relaxed);
        #[cfg(feature = "backtrace")]
        self.backtraces.store(wish.backtraces_now(), Relaxed);
    }

    /// Whether the pool's owner wants stacks kept.
    #[cfg(feature = "backtrace")]
    pub(crate) fn wants_backtraces(&self) -> bool {
        self.wish().backtraces
    }

    #[cfg(feature = "backtrace")]
    pub(crate) fn set_backtraces(&self, on: bool) {
        self.change(|wish| wish.backtraces = on);
    }

    fn shard(&self, at: usize) -> MutexGuard<'_, Shard> {
        // Nothing of the user's runs under this lock.
        self.shards[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool's clock; its panic is nobody's who borrows.
    fn now(&self) -> Option<Duration> {
        catch_unwind(self.clock)
            .map_err(|payload| Panics::caught(payload).swallow())
            .ok()
    }

    // ---- a loan -------------------------------------------------------------

    /// Begins to count down at the present rate.
    pub(crate) fn restart(&self, countdown: &Countdown) {
        countdown.restart(self.rate());
    }

    /// The same if the loan served last was the one counted down to.
    pub(crate) fn restart_if_due(&self, countdown: &Countdown) {
        if countdown.was_due() {
            self.restart(countdown);
        }
    }

    /// Samples a loan that no front has served.
    pub(crate) fn draw(&self, lease: &mut Lease) {
        let is_sampled = match self.one_in.load(Relaxed) {
            0 => false,
            1 => true,
            n => mix(self.drawn.fetch_add(1, Relaxed)) <= u64::MAX / u64::from(n),
        };
        if is_sampled {
            lease.ask();
        }
    }

    /// Forgets the object's last loan, and records the one that begins if it is
    /// sampled.
    pub(crate) fn lend(&self, lease: &mut Lease, loan: Loan) {
        let is_asked = lease.number & ASKED != 0;
        let last = self.take(lease);
        let one_in = self.one_in.load(Relaxed);
        // Off since the countdown began, perhaps.
        if is_asked && one_in != 0 {
            if !loan.is_new {
                self.count_kept(loan.bytes, -1);
            }
            *lease = apart(|| self.record(loan, last, one_in));
        }
    }

    fn record(&self, loan: Loan, last: Option<Record>, rate: u32) -> Lease {
        // Without a clock nothing is old.
        let since = self.now().unwrap_or(Duration::MAX);
        let stack = self.stack();
        let thread = label::current();
        let (scope, epoch) = scope::current();
        let origin = last.map(|last| Arc::clone(last.owner()));
        let at = thread_number() % SHARDS;
        let mut shard = self.shard(at);
        let entry = shard.entry(loan.site, &stack, thread);
        if loan.is_new {
            entry.count(&entry.created, u64::from(rate));
            self.count_growth(&entry, self.each, rate);
        }
        let slot = shard.insert(Record {
            entry,
            origin,
            is_lent: true,
            since,
            bytes: loan.bytes,
            bytes_before: if loan.is_new { 0 } else { loan.bytes },
            weight: rate,
            scope,
            epoch,
        });
        Lease::new(at, slot, loan.bytes).unwrap_or_else(|| {
            shard.remove(slot);
            Lease::default()
        })
    }

    #[cfg(feature = "backtrace")]
    fn stack(&self) -> Addresses {
        if self.backtraces.load(Relaxed) {
            super::stack::capture()
        } else {
            Addresses::new()
        }
    }

    #[cfg(not(feature = "backtrace"))]
    fn stack(&self) -> [usize; 0] {
        []
    }

    fn count_growth(&self, entry: &Entry, bytes: usize, weight: u32) {
        let bytes = (bytes as u64).saturating_mul(u64::from(weight));
        entry.count(&entry.grown, bytes);
    }

    fn with<R>(&self, lease: &Lease, f: impl FnOnce(&mut Record) -> R) -> Option<R> {
        let (shard, at) = lease.place()?;
        self.shard(shard).records.get_mut(at)?.as_mut().map(f)
    }

    fn take(&self, lease: &mut Lease) -> Option<Record> {
        let (shard, at) = std::mem::take(lease).place()?;
        apart(|| self.shard(shard).remove(at))
    }

    /// Notes how large a lent object is now.
    pub(crate) fn resize(&self, lease: &Lease, bytes: usize) {
        if lease.noted.load(Relaxed) != bytes {
            lease.noted.store(bytes, Relaxed);
            self.with(lease, |record| record.bytes = bytes);
        }
    }

    /// Notes that the object came back or left, and how large it was, if that is
    /// known.
    pub(crate) fn end(&self, lease: &Lease, bytes: Option<usize>) {
        let bytes = bytes.unwrap_or_else(|| lease.noted.load(Relaxed));
        lease.noted.store(bytes, Relaxed);
        self.with(lease, |record| {
            record.bytes = bytes;
            let growth = record.growth();
            if growth > 0 {
                self.count_growth(&record.entry, growth, record.weight);
                if growth >= record.bytes / 2 {
                    record.origin = None;
                }
            }
            record.is_lent = false;
            record.bytes_before = record.bytes;
        });
    }

    /// Takes note that the pool has a tracked object of so many bytes that a borrower
    /// had.
    pub(crate) fn keep(&self, bytes: usize) {
        self.count_kept(bytes, 1);
    }

    /// Takes note that it has not any more, if it had. Of an object that was never
    /// tracked, only where all are: it is one of before.
    pub(crate) fn let_go(&self, lease: &Lease, bytes: usize, why: Discard) {
        use Discard::{Disabled, GlobalFull, LocalFull};
        let was_idle = !why.on_return();
        let was_kept = if lease.is_held() {
            // Found fit to be kept when it came back, before there was no room for it.
            was_idle || matches!(why, LocalFull | GlobalFull | Disabled)
        } else {
            was_idle && self.one_in.load(Relaxed) == 1
        };
        if was_kept {
            self.count_kept(bytes, -1);
        }
    }

    fn count_kept(&self, _bytes: usize, _sign: i64) {
        #[cfg(feature = "testing")]
        super::balance::add(_sign * (_bytes + self.each) as i64);
    }

    /// Forgets an object.
    pub(crate) fn retire(&self, lease: &mut Lease) {
        self.take(lease);
    }

    // ---- what it tells ------------------------------------------------------

    /// Copies of all records, and their age.
    pub(super) fn records(&self) -> Vec<(Record, Duration)> {
        let now = self.now().unwrap_or(Duration::ZERO);
        let mut records = Vec::new();
        for at in 0..SHARDS {
            let shard = self.shard(at);
            records.extend(shard.records.iter().flatten().cloned());
        }
        // A clock that was set back makes nothing older than it is.
        let aged = records.into_iter().map(|record| {
            let age = now.saturating_sub(record.since);
            (record, age)
        });
        aged.collect()
    }

    /// What each table knows, of one moment: a loan and its totals are in one table.
    pub(super) fn views(&self) -> impl Iterator<Item = View> {
        (0..SHARDS).map(|at| {
            let shard = self.shard(at);
            let records = shard.records.iter().flatten().cloned();
            let totals = shard.entries.iter().map(|entry| Totals {
                entry: Arc::clone(entry),
                created: entry.created.load(Relaxed),
                grown: entry.grown.load(Relaxed),
            });
            View {
                records: records.collect(),
                totals: totals.collect(),
            }
        })
    }

    /// Bytes of the box around each object.
    pub(super) fn each(&self) -> usize {
        self.each
    }

    /// What is out, of those records that are asked for.
    pub(super) fn held(&self, wants: impl Fn(&Record, Duration) -> bool) -> Vec<HeldSite> {
        let mut records = self.records();
        records.retain(|(record, age)| record.is_lent && wants(record, *age));
        group(records, self.each)
    }

    // ---- the listener -------------------------------------------------------

    /// Tells the listener who has held a guard for too long, now and then.
    pub(crate) fn report_held_if_due(&self, pool: Option<&str>, panics: &mut Panics) {
        let Some(after) = self.held_after else { return };
        let Some(now) = self.now().map(millis) else {
            return;
        };
        let next = self.next_look.load(Relaxed);
        let pause = (millis(after) / 4).max(1);
        // A clock that was set back would otherwise stop the looks for as long.
        let set_back = now.saturating_add(pause) < next;
        if now >= next || set_back {
            self.next_look.store(now.saturating_add(pause), Relaxed);
            self.report_held(pool, panics);
        }
    }

    /// Tells the listener who has held a guard for too long.
    pub(crate) fn report_held(&self, pool: Option<&str>, panics: &mut Panics) {
        let Some(after) = self.held_after else { return };
        let held = self.held(|_, age| age >= after);
        self.report(LeakKind::Held, held, pool, panics);
    }

    /// Tells the listener whose guards will never come back: the pool is gone.
    pub(crate) fn report_lost(&self, pool: Option<&str>, panics: &mut Panics) {
        #[cfg(feature = "testing")]
        self.tell_lost();
        let lost = self.held(|_, _| true);
        self.report(LeakKind::Lost, lost, pool, panics);
    }

    fn report(
        &self,
        kind: LeakKind,
        sites: Vec<HeldSite>,
        pool: Option<&str>,
        panics: &mut Panics,
    ) {
        for held in sites {
            let site = &held.site;
            let key = (kind, site.file(), site.line(), site.column());
            let is_news = {
                let reported = self.reported.lock();
                reported.unwrap_or_else(PoisonError::into_inner).insert(key)
            };
            if is_news {
                let leak = Leak::new(kind, pool, held, self.tracking());
                self.listener.tell(&leak, panics);
            }
        }
    }
}
