//! The records of sampled loans.
//!
//! A loan is sampled with probability 1/n, each on its own, so that nothing that
//! happens at a fixed beat, four guards a request say, is seen more or less often
//! than it happens; and counts for n. The gaps between sampled loans are then
//! geometrically distributed: a thread draws one and counts down to it, which costs
//! the hot path a decrement.
//!
//! A record stays with its object while that lies idle, so that idle memory has a
//! call site too, until the next loan.

use super::label;
use super::leak::{Leak, LeakKind, Listener};
use super::outstanding::{HeldSite, group};
use super::scope;
use super::site::{Addresses, Entry, Site, hash};
use super::wish::Wish;
use super::{Setup, Tracking, apart};
use crate::Discard;
use crate::hook::Panics;
use crate::local::thread_number;
use crossbeam_utils::CachePadded;
use hashbrown::HashTable;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::catch_unwind;
#[cfg(feature = "backtrace")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Threads are spread over so many tables, each with a lock of its own.
const SHARDS: usize = 8;

/// Combinations of line, stack and thread name that one table remembers. Some 130 bytes
/// each, and eight for each frame of a stack: 17 MB at worst without stacks, 80 with.
/// The rest is counted together.
const MOST_ENTRIES: usize = 16_384;

/// Says which record an object has, and whether its next loan gets one.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// 0: none. One number, so that the hot path has one thing to look at.
    number: u32,
    /// The bytes that the record knows, so that a lock is taken only for news.
    noted: AtomicUsize,
}

/// In a lease's number: the loan is to be recorded.
const ASKED: u32 = 1 << 31;

impl Lease {
    /// Whether there is a record, of the object's loan or of its last one, or has to
    /// be one.
    #[inline]
    pub(crate) fn is_held(&self) -> bool {
        self.number != 0
    }

    /// Has the loan recorded that begins.
    #[cold]
    pub(crate) fn ask(&mut self) {
        self.number |= ASKED;
    }

    /// `None` if there are a quarter of a billion records: one more is not kept.
    fn new(shard: usize, at: usize, bytes: usize) -> Option<Self> {
        let number = u32::try_from((at + 1) * SHARDS + shard).ok()?;
        (number < ASKED).then(|| Self {
            number,
            noted: AtomicUsize::new(bytes),
        })
    }

    fn place(&self) -> Option<(usize, usize)> {
        let number = (self.number & !ASKED) as usize;
        Some((number % SHARDS, (number / SHARDS).checked_sub(1)?))
    }
}

/// A thread's way to the next loan that it samples, from one pool. What counts is
/// how many loans its front has served, which the front counts anyway.
#[derive(Default)]
pub(crate) struct Countdown {
    next: Cell<usize>,
    random: Cell<u64>,
}

impl Countdown {
    /// Whether the loan with this number is to be sampled.
    #[inline]
    pub(crate) fn is_due(&self, served: usize) -> bool {
        served == self.next.get()
    }

    /// Draws the number of loans to the next one that is sampled.
    fn restart(&self, rate: Rate, served: usize) {
        let gap = match rate.one_in {
            // Never, by any count.
            0 => usize::MAX,
            1 => 1,
            // The inverse of the geometric distribution.
            _ => (self.uniform().ln() * rate.scale).ceil().clamp(1.0, 1e12) as usize,
        };
        self.next.set(served.wrapping_add(gap));
    }

    /// Above 0, at most 1.
    fn uniform(&self) -> f64 {
        let mut seed = self.random.get();
        if seed == 0 {
            seed = entropy();
        }
        let random = mix(seed);
        self.random.set(random);
        ((random >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// Another number each time. Neither a constant nor an address does: in a program that
/// makes a pool for each request, all of those would sample the same loans, or none.
fn entropy() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One loan in so many is sampled.
#[derive(Clone, Copy)]
struct Rate {
    one_in: u32,
    /// 1 / ln(1 - 1/n), which turns a random number into a gap.
    scale: f64,
}

impl Rate {
    fn of(one_in: u32) -> Self {
        let scale = (-1.0 / f64::from(one_in)).ln_1p().recip();
        Self { one_in, scale }
    }
}

/// What is known of a loan when it begins.
pub(crate) struct Loan {
    pub(crate) site: Site,
    /// Heap bytes of the object then.
    pub(crate) bytes: usize,
    pub(crate) is_new: bool,
}

/// What one object of a pool is doing, and for whom.
#[derive(Clone)]
pub(super) struct Record {
    /// Who borrowed it, last if it is idle.
    pub(super) entry: Arc<Entry>,
    /// Who made it as large as it is, if that was someone else: most of its bytes.
    origin: Option<Arc<Entry>>,
    pub(super) is_lent: bool,
    /// On the pool's clock.
    pub(super) since: Duration,
    pub(super) bytes: usize,
    bytes_before: usize,
    /// How many loans it stands for.
    pub(super) weight: u32,
    /// On whose behalf, and after how many questions: for leak checks.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "nobody asks"))]
    pub(super) scope: u64,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "nobody asks"))]
    pub(super) epoch: u64,
}

impl Record {
    /// Who its memory is put down to.
    pub(super) fn owner(&self) -> &Arc<Entry> {
        match &self.origin {
            Some(origin) if !self.is_lent => origin,
            _ => &self.entry,
        }
    }

    /// By how much the object grew in this loan.
    pub(super) fn growth(&self) -> usize {
        self.bytes.saturating_sub(self.bytes_before)
    }
}

#[derive(Default)]
struct Shard {
    records: Vec<Option<Record>>,
    free: Vec<usize>,
    entries: HashTable<Arc<Entry>>,
}

impl Shard {
    fn entry(&mut self, site: Site, stack: &[usize], thread: label::Id) -> Arc<Entry> {
        let key = hash(site, stack, thread);
        let found = self
            .entries
            .find(key, |entry| entry.is_for(site, stack, thread));
        if let Some(entry) = found {
            return Arc::clone(entry);
        }
        if self.entries.len() >= MOST_ENTRIES {
            let rest = Site::caller();
            let key = hash(rest, &[], thread);
            let found = self
                .entries
                .find(key, |entry| entry.is_for(rest, &[], thread));
            return match found {
                Some(entry) => Arc::clone(entry),
                None => self.add(key, Entry::new(rest, &[], thread, true)),
            };
        }
        self.add(key, Entry::new(site, stack, thread, false))
    }

    fn add(&mut self, key: u64, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        let added = Arc::clone(&entry);
        self.entries.insert_unique(key, added, |entry| entry.hash());
        entry
    }

    fn insert(&mut self, record: Record) -> usize {
        match self.free.pop() {
            Some(at) => {
                self.records[at] = Some(record);
                at
            }
            None => {
                self.records.push(Some(record));
                self.records.len() - 1
            }
        }
    }

    fn remove(&mut self, at: usize) -> Option<Record> {
        let record = self.records.get_mut(at)?.take()?;
        self.free.push(at);
        Some(record)
    }
}

/// A copy of a table.
pub(super) struct View {
    pub(super) records: Vec<Record>,
    pub(super) totals: Vec<Totals>,
}

/// What one entry has counted.
pub(super) struct Totals {
    pub(super) entry: Arc<Entry>,
    pub(super) created: u64,
    pub(super) grown: u64,
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
    fn now(&self) -> Duration {
        catch_unwind(self.clock).unwrap_or_else(|payload| {
            Panics::caught(payload).swallow();
            Duration::ZERO
        })
    }

    // ---- a loan -------------------------------------------------------------

    /// Begins to count down at the present rate.
    pub(crate) fn restart(&self, countdown: &Countdown, served: usize) {
        countdown.restart(self.rate(), served);
    }

    /// The same if the loan served last was the one counted down to.
    pub(crate) fn restart_if_due(&self, countdown: &Countdown, served: usize) {
        if countdown.is_due(served) {
            self.restart(countdown, served);
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
        let since = self.now();
        let stack = self.stack();
        let thread = label::current();
        let (scope, epoch) = scope::current();
        let origin = last.map(|last| Arc::clone(last.owner()));
        let at = thread_number() % SHARDS;
        let mut shard = self.shard(at);
        let entry = shard.entry(loan.site, &stack, thread);
        entry.count(&entry.gets, u64::from(rate));
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

    fn stack(&self) -> Addresses {
        #[cfg(feature = "backtrace")]
        if self.backtraces.load(Relaxed) {
            return super::stack::capture();
        }
        Addresses::new()
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
        let now = self.now();
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
        let now = millis(self.now());
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
