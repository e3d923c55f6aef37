//! The standard collections that keep their capacity, and what is built of them.

use crate::Recycle;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::hash::{BuildHasher, Hash};
use std::path::PathBuf;

/// Buckets of a std hash table that reports this capacity and holds nothing.
///
/// `capacity()` counts the entries that fit before the next growth: 7/8 of the
/// buckets, or one less than all of them below eight. So this adds a seventh,
/// rounded up: by multiplication, because it runs on every return, and a
/// division or the leading zeros that `next_power_of_two` counts cost 2 ns more
/// on a baseline x86-64. In 31 bits, because those fit into the instructions. Exact
/// below 2^30 entries, then a little too low. O(1).
#[inline]
fn buckets(capacity: usize) -> usize {
    const SEVENTH: u64 = (1 << 31) / 7;
    let up = (capacity as u64)
        .wrapping_mul(SEVENTH)
        .wrapping_add((1 << 31) - 1)
        >> 31;
    capacity + up as usize
}

/// Bytes that a table of this capacity owns: an entry and a control byte each.
#[inline]
fn table_bytes(capacity: usize, entry: usize) -> usize {
    buckets(capacity) * (entry + 1)
}

/// The most entries that a table of at most about `bytes` holds; 0 if not even
/// the smallest table fits.
fn table_capacity(bytes: usize, entry: usize) -> usize {
    match bytes / (entry + 1) {
        0..=3 => 0,
        4..=7 => 3,
        8..=15 => 7,
        buckets => (1 << buckets.ilog2()) / 8 * 7,
    }
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
                self.capacity().wrapping_mul(size_of::<$element>())
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

/// Whether a table that is empty now, and seems to have so many buckets by its
/// capacity, may hold tombstones.
///
/// An entry removed from a crowded neighbourhood leaves one, and `clear` returns
/// early on an empty table and keeps them all: 1,792 entries removed one by one
/// leave a capacity of about 500, and a table full of them reports 0. A clean one has a
/// power of two, at least four. A worn one may look as if it had, by chance; in a large
/// table, where a reset is cheap beside the removals that wore it, we do not guess.
#[inline]
fn may_be_worn(buckets: usize) -> bool {
    // Asked on every return of an empty map. Counting bits is slow on a baseline x86-64.
    buckets & buckets.wrapping_sub(1) != 0 || buckets.wrapping_sub(4) >= 512 - 4
}

macro_rules! recycle_table {
    ($([$($generics:tt)*] $collection:ty, $entry:ty;)*) => {$(
        impl<$($generics)*> Recycle for $collection {
            #[inline]
            fn recycle(&mut self) {
                self.recycle_and_measure();
            }

            #[inline]
            fn recycle_and_measure(&mut self) -> usize {
                if !self.is_empty() {
                    self.clear();
                    return self.footprint();
                }
                let buckets = buckets(self.capacity());
                if may_be_worn(buckets) {
                    // Out of the way of the hot path that this is inlined into.
                    #[cold]
                    #[inline(never)]
                    fn reset<$($generics)*>(table: &mut $collection) -> usize {
                        drop(table.drain());
                        table.footprint()
                    }
                    return reset(self);
                }
                buckets * (size_of::<$entry>() + 1)
            }

            #[inline]
            fn footprint(&self) -> usize {
                table_bytes(self.capacity(), size_of::<$entry>())
            }

            #[inline]
            fn occupied(&self) -> usize {
                table_bytes(self.len(), size_of::<$entry>())
            }

            fn shrink_to(&mut self, bytes: usize) {
                self.shrink_to(table_capacity(bytes, size_of::<$entry>()));
            }
        }
    )*};
}

recycle_table! {
    [K: Eq + Hash, V, S: BuildHasher] HashMap<K, V, S>, (K, V);
    [K: Eq + Hash, S: BuildHasher] HashSet<K, S>, K;
}

/// Recycles what is inside; the box itself is kept.
impl<T: Recycle> Recycle for Box<T> {
    fn recycle(&mut self) {
        (**self).recycle();
    }

    fn recycle_and_measure(&mut self) -> usize {
        size_of_val(&**self) + (**self).recycle_and_measure()
    }

    fn footprint(&self) -> usize {
        size_of_val(&**self) + (**self).footprint()
    }

    fn occupied(&self) -> usize {
        size_of_val(&**self) + (**self).occupied()
    }

    fn shrink_to(&mut self, bytes: usize) {
        let own = size_of_val(&**self);
        (**self).shrink_to(bytes.saturating_sub(own));
    }
}

/// Recycles what is inside a `Some` and leaves it a `Some`: the memory is in it.
/// An object that must come out `None` is wanted as a type of its own.
impl<T: Recycle> Recycle for Option<T> {
    fn recycle(&mut self) {
        if let Some(inner) = self {
            inner.recycle();
        }
    }

    fn recycle_and_measure(&mut self) -> usize {
        self.as_mut().map_or(0, T::recycle_and_measure)
    }

    fn footprint(&self) -> usize {
        self.as_ref().map_or(0, T::footprint)
    }

    fn occupied(&self) -> usize {
        self.as_ref().map_or(0, T::occupied)
    }

    fn shrink_to(&mut self, bytes: usize) {
        if let Some(inner) = self {
            inner.shrink_to(bytes);
        }
    }
}

/// Every part gets the share of `bytes` that it holds of the whole now.
fn share(bytes: usize, part: usize, whole: usize) -> usize {
    // 128 bits: the product of two large byte counts must not wrap.
    (bytes as u128 * part as u128)
        .checked_div(whole as u128)
        .unwrap_or(0) as usize
}

impl<T: Recycle, const N: usize> Recycle for [T; N] {
    fn recycle(&mut self) {
        self.iter_mut().for_each(T::recycle);
    }

    fn recycle_and_measure(&mut self) -> usize {
        self.iter_mut().map(T::recycle_and_measure).sum()
    }

    fn footprint(&self) -> usize {
        self.iter().map(T::footprint).sum()
    }

    fn occupied(&self) -> usize {
        self.iter().map(T::occupied).sum()
    }

    fn shrink_to(&mut self, bytes: usize) {
        let whole = self.footprint();
        for part in self {
            let bytes = share(bytes, part.footprint(), whole);
            part.shrink_to(bytes);
        }
    }
}

macro_rules! recycle_tuple {
    ($($name:ident)+) => {
        #[allow(non_snake_case)]
        impl<$($name: Recycle),+> Recycle for ($($name,)+) {
            fn recycle(&mut self) {
                let ($($name,)+) = self;
                $($name.recycle();)+
            }

            fn recycle_and_measure(&mut self) -> usize {
                let ($($name,)+) = self;
                0 $(+ $name.recycle_and_measure())+
            }

            fn footprint(&self) -> usize {
                let ($($name,)+) = self;
                0 $(+ $name.footprint())+
            }

            fn occupied(&self) -> usize {
                let ($($name,)+) = self;
                0 $(+ $name.occupied())+
            }

            fn shrink_to(&mut self, bytes: usize) {
                let whole = self.footprint();
                let ($($name,)+) = self;
                $($name.shrink_to(share(bytes, $name.footprint(), whole));)+
            }
        }
    };
}

recycle_tuple! { A }
recycle_tuple! { A B }
recycle_tuple! { A B C }
recycle_tuple! { A B C D }
recycle_tuple! { A B C D E }
recycle_tuple! { A B C D E F }
recycle_tuple! { A B C D E F G }
recycle_tuple! { A B C D E F G H }
