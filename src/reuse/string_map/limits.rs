//! How much a map remembers: pure arithmetic, no memory.

/// Keys that are remembered however few are used. The 1,636 recorded requests
/// that this was tuned on, of a few dozen sites, use 72 names between them.
const FREE_KEYS: usize = 128;

/// Bytes of keys and values that are remembered however few are used. A map
/// that has met those 72 names owns 27 KB, of which 12 are keys and values.
pub(super) const FREE_BYTES: usize = 64 * 1024;

/// Remembered keys for each key of a recent life. At 4, three in four entries
/// are absent when one has to be evicted, so one is found at once, and a
/// map that alternates between a few kinds of request remembers them all.
const KEYS_FOR_ONE: usize = 4;

/// Remembered bytes for each byte that a recent life needed: those of four
/// keys, in strings that doubled when they grew.
const BYTES_FOR_ONE: usize = 8;

/// A peak loses a 32nd with each life: half is gone after 22.
const DECAY: usize = 32;

/// What a key needs beside its values: its text, and the vector of values,
/// which starts with four places.
#[inline]
pub(super) fn key_need(key: &str) -> usize {
    key.len() + 4 * size_of::<String>()
}

/// What a value needs: its text, a small string's slack, and a place in a
/// vector that doubles when it grows.
#[inline]
pub(super) fn value_need(value: &str) -> usize {
    value.len() + 8 + 2 * size_of::<String>()
}

/// The most that recent lives used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peaks {
    keys: usize,
    bytes: usize,
}

impl Peaks {
    pub(super) const fn new() -> Self {
        Peaks { keys: 0, bytes: 0 }
    }

    #[inline]
    pub(super) fn end_of_life(&mut self, keys: usize, bytes: usize) {
        self.keys = keys.max(self.keys - self.keys / DECAY);
        self.bytes = bytes.max(self.bytes - self.bytes / DECAY);
    }

    /// How many keys may be remembered while `live` of them are present.
    #[inline]
    pub(super) fn most_keys(&self, live: usize) -> usize {
        self.keys
            .max(live)
            .saturating_mul(KEYS_FOR_ONE)
            .max(FREE_KEYS)
    }

    /// How many bytes of keys and values may lie idle.
    #[inline]
    pub(super) fn most_bytes(&self) -> usize {
        self.bytes.saturating_mul(BYTES_FOR_ONE).max(FREE_BYTES)
    }
}
