//! How a table gives memory back: one entry for a new key, half of them when
//! recent lives were small, or as many as the caller says.

use super::{Entry, NONE, Table};
use hashbrown::HashTable;
use std::cmp::Reverse;

/// How many absent keys are compared for age before one is evicted. Comparing
/// a few at a moving hand comes close to a list in order of use, which would
/// cost a store or two on every append (Redis samples 5 for the same reason).
const SAMPLE: usize = 5;

impl Table {
    /// An absent entry that has not been used for long. There is one, since
    /// the limit that leads here is well above the number of live entries.
    ///
    /// O(1) amortised: the hand passes a live entry at most once a round, and
    /// the limit keeps three in four entries absent.
    pub(super) fn victim(&mut self) -> u32 {
        let mut oldest = NONE;
        let mut seen = 0;
        for _ in 0..self.entries.len() {
            let here = self.hand;
            self.hand = if here + 1 < self.entries.len() {
                here + 1
            } else {
                0
            };
            let life = self.entries[here].life;
            if life == self.life {
                continue;
            }
            if oldest == NONE || life < self.entries[oldest as usize].life {
                oldest = here as u32;
            }
            seen += 1;
            if seen == SAMPLE {
                break;
            }
        }
        oldest
    }

    /// Recent lives were much smaller than what is remembered. Down to half of
    /// the limits, so that it takes as much again to come here again.
    #[cold]
    #[inline(never)]
    pub(super) fn trim(&mut self) {
        let keys = self.peaks.most_keys(0) / 2;
        let bytes = self.peaks.most_bytes() / 2;
        let bytes = if self.bytes > 2 * bytes {
            bytes
        } else {
            usize::MAX
        };
        self.evict(keys, bytes, 0);
    }

    /// Gives memory back until `footprint` is at most `bytes`, or nothing but
    /// the live entries is left: first room that no entry uses, then the
    /// memory that values had no use for last time, then the keys that were
    /// not used for longest.
    pub(in super::super) fn shrink_to(&mut self, bytes: usize) {
        self.settle();
        if self.footprint() > bytes {
            self.fit();
        }
        if self.footprint() > bytes {
            // Four buckets of five bytes for each entry, at most, and 32 bytes
            // that do not depend on their number.
            let per_key = size_of::<Entry>() + size_of::<u32>() + 20;
            self.evict(usize::MAX, bytes.saturating_sub(32), per_key);
        }
    }

    /// Evicts absent entries until at most `keys` entries are left and they
    /// own at most `bytes` in all, counting `per_key` for each on top of what
    /// it owns. Live entries stay.
    ///
    /// O(entries), and O(n log n) in those left after counting if the bytes
    /// are what is too much.
    fn evict(&mut self, keys: usize, bytes: usize, per_key: usize) {
        debug_assert!(keys >= self.live.len(), "live entries stay");
        if self.entries.len() > keys {
            self.entries
                .select_nth_unstable_by_key(keys, |entry| Reverse(entry.life));
            self.entries.truncate(keys);
        }
        if bytes != usize::MAX {
            // Latest use first: they get what there is.
            self.entries
                .sort_unstable_by_key(|entry| Reverse(entry.life));
            let life = self.life;
            let mut left = bytes;
            self.entries.retain_mut(|entry| {
                // Down to the last text and the last number of values: absent
                // values are those of the last use until the next.
                entry.values.shrink_to_fit();
                entry.key.shrink_to_fit();
                entry.bytes = entry.measure();
                let cost = entry.bytes + per_key;
                // A giant is dropped, not all that comes after it.
                let keep = entry.life == life || cost <= left;
                if keep {
                    left = left.saturating_sub(cost);
                }
                keep
            });
        }
        self.fit();
    }

    /// Rebuilds what points at entries after they have moved, no bigger than
    /// they need.
    fn fit(&mut self) {
        self.entries.shrink_to_fit();
        self.live.shrink_to(self.entries.len());
        self.index = HashTable::with_capacity(self.entries.len());
        self.previous = NONE;
        self.first = NONE;
        self.hand = 0;
        self.bytes = 0;
        for (i, entry) in self.entries.iter_mut().enumerate() {
            let hash = entry.hash;
            // Nothing can be rehashed: the room was reserved.
            self.index.insert_unique(hash, i as u32, |_| hash);
            if entry.life == self.life {
                self.live[entry.at as usize] = i as u32;
            }
            entry.next = NONE;
            self.bytes += entry.bytes;
        }
    }
}
