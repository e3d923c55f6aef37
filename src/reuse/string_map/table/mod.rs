//! The keys, remembered and present, and the way to them. Knows hashes, not
//! hashers: each is computed by the caller, once, and kept beside its key.

mod evict;

use super::limits::{self, Peaks};
use crate::{Recycle, StringList};
use hashbrown::HashTable;

/// No entry. Beyond every index, so that looking it up finds nothing without
/// a check of its own.
const NONE: u32 = u32::MAX;

/// A key, its values, and when it was last used. No `Debug`: it would show
/// what earlier lives left.
pub(super) struct Entry {
    pub(super) key: String,
    /// Left from an earlier life unless the entry is live.
    pub(super) values: StringList,
    hash: u64,
    /// The life that used the key last. The key is present if that is this one.
    life: u64,
    /// What the entry adds to `Table::bytes`.
    bytes: usize,
    /// Where the entry stands in `Table::live`, while it is live.
    at: u32,
    /// The entry that came after this one last time.
    next: u32,
}

impl Entry {
    fn measure(&self) -> usize {
        self.key.capacity() + self.values.footprint()
    }

    /// What the present contents need. See [`limits`].
    fn need(&self) -> usize {
        limits::key_need(&self.key)
            + self.values.len() * limits::value_need("")
            + self.values.text_bytes()
    }
}

/// All entries. A life is what lies between two calls of `clear`.
pub(super) struct Table {
    index: HashTable<u32>,
    entries: Vec<Entry>,
    /// The entries that this life uses, in the order of their appearance.
    live: Vec<u32>,
    life: u64,
    /// The entry used last, and the one that opened a life last.
    previous: u32,
    first: u32,
    /// Where the search for a key to evict goes on.
    hand: usize,
    /// What the keys and values of all entries own.
    bytes: usize,
    /// What this life's contents need.
    need: usize,
    /// Values were handed out mutably: `bytes` and `need` are out of date for
    /// the live entries until `settle`.
    lent: bool,
    peaks: Peaks,
}

impl Table {
    pub(super) const fn new() -> Self {
        Table {
            index: HashTable::new(),
            entries: Vec::new(),
            live: Vec::new(),
            life: 1,
            previous: NONE,
            first: NONE,
            hand: 0,
            bytes: 0,
            need: 0,
            lent: false,
            peaks: Peaks::new(),
        }
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.entries.reserve(additional);
        self.live
            .reserve(self.entries.len() - self.live.len() + additional);
        let entries = &self.entries;
        self.index
            .reserve(additional, |&i| entries[i as usize].hash);
    }

    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity().min(self.index.capacity())
    }

    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    pub(super) fn remembered(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn live(&self) -> &[u32] {
        &self.live
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The live entries by value, in order.
    pub(super) fn into_live(self) -> (Vec<u32>, Vec<Entry>) {
        (self.live, self.entries)
    }

    fn search(&self, key: &str, hash: u64) -> Option<u32> {
        self.index
            .find(hash, |&i| self.entries[i as usize].key == key)
            .copied()
    }

    /// The entry of a key that is present.
    pub(super) fn find(&self, key: &str, hash: u64) -> Option<&Entry> {
        let entry = &self.entries[self.search(key, hash)? as usize];
        (entry.life == self.life).then_some(entry)
    }

    fn find_live(&self, key: &str, hash: u64) -> Option<usize> {
        let i = self.search(key, hash)? as usize;
        (self.entries[i].life == self.life).then_some(i)
    }

    /// The values of a present key, to be changed behind the table's back.
    pub(super) fn lend(&mut self, key: &str, hash: u64) -> Option<&mut StringList> {
        let i = self.find_live(key, hash)?;
        self.lent = true;
        Some(&mut self.entries[i].values)
    }

    /// The values of a key that is present from now on, to be changed behind
    /// the table's back.
    pub(super) fn lend_or_insert(
        &mut self,
        key: &str,
        hash: impl FnOnce(&str) -> u64,
    ) -> &mut StringList {
        self.lent = true;
        let i = self.locate(key, hash);
        &mut self.revive(i).values
    }

    /// Adds a value to a key's list. The path that everything here is about.
    #[inline]
    pub(super) fn append(&mut self, key: &str, value: &str, hash: impl FnOnce(&str) -> u64) {
        let i = self.locate(key, hash);
        self.need += limits::value_need(value);
        if !self.revive(i).values.overwrite(value) {
            self.grow(i, value);
        }
    }

    /// Makes a value the only one of a key.
    pub(super) fn set(&mut self, key: &str, value: &str, hash: impl FnOnce(&str) -> u64) {
        let i = self.locate(key, hash);
        self.revive(i);
        self.unneed(i);
        self.need += limits::key_need(key) + limits::value_need(value);
        let values = &mut self.entries[i].values;
        values.clear();
        if !values.overwrite(value) {
            self.grow(i, value);
        }
    }

    /// The value needs memory, which has to be counted.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, i: usize, value: &str) {
        let entry = &mut self.entries[i];
        entry.values.grow(value);
        // A list that is lent out takes O(len) to measure; `settle` does it once.
        if !self.lent {
            self.measure(i);
        }
    }

    /// The entry of a key, found or made, present or not.
    #[inline]
    fn locate(&mut self, key: &str, hash: impl FnOnce(&str) -> u64) -> usize {
        let guess = match self.entries.get(self.previous as usize) {
            Some(entry) => entry.next,
            None => self.first,
        };
        let i = match self.entries.get(guess as usize) {
            Some(entry) if entry.key == key => guess,
            _ => {
                let hash = hash(key);
                let i = match self.search(key, hash) {
                    Some(i) => i,
                    None => self.insert(key, hash),
                };
                match self.entries.get_mut(self.previous as usize) {
                    Some(entry) => entry.next = i,
                    None => self.first = i,
                }
                i
            }
        };
        self.previous = i;
        i as usize
    }

    /// Makes an entry present, with no values if it was not before.
    #[inline]
    fn revive(&mut self, i: usize) -> &mut Entry {
        let entry = &mut self.entries[i];
        if entry.life != self.life {
            // The life last: an entry must not look present before its old
            // values are gone and the list of the live knows it.
            entry.values.clear();
            entry.at = self.live.len() as u32;
            self.need += limits::key_need(&entry.key);
            self.live.push(i as u32);
            entry.life = self.life;
        }
        entry
    }

    /// Brings an entry's share of `bytes` up to date.
    fn measure(&mut self, i: usize) {
        let entry = &mut self.entries[i];
        let bytes = entry.measure();
        self.bytes = self.bytes - entry.bytes + bytes;
        entry.bytes = bytes;
    }

    /// Before a live entry's contents go: they are not needed any more.
    fn unneed(&mut self, i: usize) {
        self.need = self.need.saturating_sub(self.entries[i].need());
    }

    /// Remembers a key that nobody knows, in the memory of one that nobody
    /// uses if there are many.
    #[cold]
    #[inline(never)]
    fn insert(&mut self, key: &str, hash: u64) -> u32 {
        let hasher = |entries: &[Entry], i: u32| entries[i as usize].hash;
        self.index.reserve(1, |&i| hasher(&self.entries, i));
        let i = if self.entries.len() < self.peaks.most_keys(self.live.len()) {
            // Fewer than NONE, so that NONE is nobody's index.
            assert!(
                self.entries.len() < NONE as usize,
                "a StringMap holds at most 2^32 - 1 keys"
            );
            self.entries.push(Entry {
                key: key.to_owned(),
                values: StringList::new(),
                hash,
                life: 0,
                bytes: 0,
                at: 0,
                next: NONE,
            });
            self.entries.len() as u32 - 1
        } else {
            let i = self.victim();
            let entry = &mut self.entries[i as usize];
            if let Ok(old) = self.index.find_entry(entry.hash, |&j| j == i) {
                old.remove();
            }
            entry.key.clear();
            entry.key.push_str(key);
            entry.hash = hash;
            entry.next = NONE;
            i
        };
        self.index
            .insert_unique(hash, i, |&i| hasher(&self.entries, i));
        self.measure(i as usize);
        i
    }

    /// Makes a present key absent; its values stay as spares. Returns its entry.
    pub(super) fn discard(&mut self, key: &str, hash: u64) -> Option<usize> {
        let i = self.find_live(key, hash)?;
        self.unneed(i);
        let at = self.entries[i].at as usize;
        self.live.swap_remove(at);
        if let Some(&moved) = self.live.get(at) {
            self.entries[moved as usize].at = at as u32;
        }
        self.bury(i);
        Some(i)
    }

    /// Makes a present key absent and takes its values out.
    pub(super) fn remove(&mut self, key: &str, hash: u64) -> Option<StringList> {
        let i = self.discard(key, hash)?;
        let values = std::mem::take(&mut self.entries[i].values);
        self.measure(i);
        Some(values)
    }

    /// An entry has left the list of the live.
    fn bury(&mut self, i: usize) {
        self.entries[i].life = self.life - 1;
        if self.lent {
            // `settle` looks only at what is live by then.
            self.measure(i);
        }
    }

    /// Keeps the live entries for which `keep` is true, in their order. If
    /// `keep` panics, all stay.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &mut StringList) -> bool) {
        self.lent = true;
        let mut kept = 0;
        for read in 0..self.live.len() {
            let entry = &mut self.entries[self.live[read] as usize];
            if keep(&entry.key, &mut entry.values) {
                self.live.swap(kept, read);
                for at in [kept, read] {
                    self.entries[self.live[at] as usize].at = at as u32;
                }
                kept += 1;
            }
        }
        while self.live.len() > kept {
            if let Some(i) = self.live.pop() {
                self.bury(i as usize);
            }
        }
        self.settle();
    }

    /// Counts again what was lent out. O(live entries and their values).
    #[cold]
    fn settle(&mut self) {
        self.need = 0;
        for at in 0..self.live.len() {
            let i = self.live[at] as usize;
            self.entries[i].values.settle();
            self.measure(i);
            self.need += self.entries[i].need();
        }
        self.lent = false;
    }

    /// Ends this life: no key is present, every key is remembered. O(1) unless
    /// values were lent out, or it is time to evict.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.lent {
            self.settle();
        }
        self.peaks
            .end_of_life(self.live.len(), self.need.min(self.bytes));
        self.live.clear();
        self.life += 1;
        self.previous = NONE;
        self.need = 0;
        if self.entries.len() > self.peaks.most_keys(0) || self.bytes > self.peaks.most_bytes() {
            self.trim();
        }
    }

    pub(super) fn footprint(&self) -> usize {
        let bytes = if self.lent {
            let live = || self.live.iter().map(|&i| &self.entries[i as usize]);
            let counted: usize = live().map(|entry| entry.bytes).sum();
            self.bytes - counted + live().map(Entry::measure).sum::<usize>()
        } else {
            self.bytes
        };
        self.fixed() + bytes
    }

    /// The same right after `clear`.
    #[inline]
    pub(super) fn footprint_cleared(&self) -> usize {
        debug_assert!(!self.lent);
        self.fixed() + self.bytes
    }

    /// What the table itself owns.
    #[inline]
    fn fixed(&self) -> usize {
        self.index.allocation_size()
            + self.entries.capacity() * size_of::<Entry>()
            + self.live.capacity() * size_of::<u32>()
    }

    /// What the contents need, and what remembering is allowed to cost.
    pub(super) fn occupied(&self) -> usize {
        let contents = self.need + self.live.len() * size_of::<Entry>();
        (contents + limits::FREE_BYTES).min(self.footprint())
    }
}
