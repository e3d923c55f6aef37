//! The standard collections that keep their capacity, and what is built of them.

use crate::Recycle;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;

/// Bytes that a std hash table of this capacity owns: one entry and one
/// control byte a bucket, plus a group of 16 control bytes at the end.
///
/// `capacity()` counts what fits before the next growth (7/8 of the buckets),
/// so this rounds back up to the power of two below it. O(1).
fn table_bytes(capacity: usize, entry: usize) -> usize {
    let buckets = match capacity {
        0 => return 0,
        1..=3 => 4,
        4..=7 => 8,
        8..=14 => 16,
        _ => capacity.saturating_mul(8).div_ceil(7).next_power_of_two(),
    };
    buckets.saturating_mul(entry + 1).saturating_add(16)
}

/// How many entries fit into a table that owns about `bytes`.
fn table_capacity(bytes: usize, entry: usize) -> usize {
    bytes.saturating_sub(16) / (entry + 1) / 8 * 7
}

/// For collections that keep `capacity()` places of `size_of::<T>()` bytes.
macro_rules! recycle_flat {
    ($([$($generics:tt)*] $collection:ty, $element:ty;)*) => {$(
        impl<$($generics)*> Recycle for $collection {
            #[inline]
            fn recycle(&mut self) {
                self.clear();
            }

            #[inline]
            fn footprint(&self) -> usize {
                // Zero-sized elements report usize::MAX places and own nothing.
                self.capacity().saturating_mul(size_of::<$element>())
            }

            #[inline]
            fn occupied(&self) -> usize {
                self.len() * size_of::<$element>()
            }

            fn shrink_to(&mut self, bytes: usize) {
                self.shrink_to(bytes.checked_div(size_of::<$element>()).unwrap_or(0));
            }
        }
    )*};
}

recycle_flat! {
    [T] Vec<T>, T;
    [T] VecDeque<T>, T;
    [T: Ord] BinaryHeap<T>, T;
    [] String, u8;
    [] OsString, u8;
}

impl Recycle for PathBuf {
    fn recycle(&mut self) {
        self.clear();
    }

    fn footprint(&self) -> usize {
        self.capacity()
    }

    fn occupied(&self) -> usize {
        self.as_os_str().len()
    }

    fn shrink_to(&mut self, bytes: usize) {
        self.shrink_to(bytes);
    }
}
