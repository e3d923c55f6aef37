//! The records of sampled loans, in tables.
//!
//! A record stays with its object while that lies idle, so that idle memory has a
//! call site too, until the next loan.

use super::label;
use super::site::{Entry, Site, hash};
use hashbrown::HashTable;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Threads are spread over so many tables, each with a lock of its own.
pub(super) const SHARDS: usize = 8;

/// Combinations of line, stack and thread name that one table remembers. Some 130 bytes
/// each, and eight for each frame of a stack: 17 MB at worst without stacks, 80 with.
/// The rest is counted together.
const MOST_ENTRIES: usize = 16_384;

/// Says which record an object has, and whether its next loan gets one.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// 0: none. One number, so that the hot path has one thing to look at.
    pub(super) number: u32,
    /// The bytes that the record knows, so that a lock is taken only for news.
    pub(super) noted: AtomicUsize,
}

/// In a lease's number: the loan is to be recorded.
pub(super) const ASKED: u32 = 1 << 31;

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
    pub(super) fn new(shard: usize, at: usize, bytes: usize) -> Option<Self> {
        let number = u32::try_from((at + 1) * SHARDS + shard).ok()?;
        (number < ASKED).then(|| Self {
            number,
            noted: AtomicUsize::new(bytes),
        })
    }

    pub(super) fn place(&self) -> Option<(usize, usize)> {
        let number = (self.number & !ASKED) as usize;
        Some((number % SHARDS, (number / SHARDS).checked_sub(1)?))
    }
}

/// What one object of a pool is doing, and for whom.
#[derive(Clone)]
pub(super) struct Record {
    /// Who borrowed it, last if it is idle.
    pub(super) entry: Arc<Entry>,
    /// Who made it as large as it is, if that was someone else: most of its bytes.
    pub(super) origin: Option<Arc<Entry>>,
    pub(super) is_lent: bool,
    /// On the pool's clock.
    pub(super) since: Duration,
    pub(super) bytes: usize,
    pub(super) bytes_before: usize,
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
pub(super) struct Shard {
    pub(super) records: Vec<Option<Record>>,
    free: Vec<usize>,
    pub(super) entries: HashTable<Arc<Entry>>,
}

impl Shard {
    pub(super) fn entry(&mut self, site: Site, stack: &[usize], thread: label::Id) -> Arc<Entry> {
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

    pub(super) fn insert(&mut self, record: Record) -> usize {
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

    pub(super) fn remove(&mut self, at: usize) -> Option<Record> {
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
