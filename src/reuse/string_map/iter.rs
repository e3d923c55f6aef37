//! Walks over the entries that are present.

use super::table::{Entry, Table};
use std::fmt;
use std::iter::FusedIterator;
use std::{slice, vec};

/// Iterator over the keys and values of a [`StringMap`](crate::StringMap),
/// made by [`iter`](crate::StringMap::iter).
#[derive(Clone)]
pub struct Iter<'a> {
    live: slice::Iter<'a, u32>,
    entries: &'a [Entry],
}

impl<'a> Iter<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Iter {
            live: table.live().iter(),
            entries: table.entries(),
        }
    }
}

/// Iterator over the keys of a [`StringMap`](crate::StringMap), made by
/// [`keys`](crate::StringMap::keys).
#[derive(Clone)]
pub struct Keys<'a>(Iter<'a>);

/// Iterator over the values of each key of a [`StringMap`](crate::StringMap),
/// made by [`values`](crate::StringMap::values).
#[derive(Clone)]
pub struct Values<'a>(Iter<'a>);

impl<'a> Keys<'a> {
    pub(super) fn new(iter: Iter<'a>) -> Self {
        Keys(iter)
    }
}

impl<'a> Values<'a> {
    pub(super) fn new(iter: Iter<'a>) -> Self {
        Values(iter)
    }
}

/// Iterator that takes the keys and values out of a
/// [`StringMap`](crate::StringMap).
pub struct IntoIter {
    live: vec::IntoIter<u32>,
    entries: Vec<Entry>,
}

impl IntoIter {
    pub(super) fn new(table: Table) -> Self {
        let (live, entries) = table.into_live();
        IntoIter {
            live: live.into_iter(),
            entries,
        }
    }

    /// What is still to come, for `Debug`.
    fn rest(&self) -> Iter<'_> {
        Iter {
            live: self.live.as_slice().iter(),
            entries: &self.entries,
        }
    }
}

/// The steps of an iterator that maps what another yields.
macro_rules! steps {
    ($([$($generics:tt)*] $iter:ty, $item:ty, |$this:ident| $inner:expr, |$from:pat_param| $map:expr;)*) => {$(
        impl<$($generics)*> Iterator for $iter {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                let $this = self;
                let $from = $inner.next()?;
                Some($map)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                let $this = self;
                $inner.size_hint()
            }
        }

        impl<$($generics)*> DoubleEndedIterator for $iter {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                let $this = self;
                let $from = $inner.next_back()?;
                Some($map)
            }
        }

        impl<$($generics)*> ExactSizeIterator for $iter {}
        impl<$($generics)*> FusedIterator for $iter {}
    )*};
}

steps! {
    ['a] Iter<'a>, (&'a str, &'a [String]), |this| this.live, |&i| {
        let entry = &this.entries[i as usize];
        (entry.key.as_str(), entry.values.as_slice())
    };
    ['a] Keys<'a>, &'a str, |this| this.0, |(key, _)| key;
    ['a] Values<'a>, &'a [String], |this| this.0, |(_, values)| values;
    [] IntoIter, (String, Vec<String>), |this| this.live, |i| {
        let entry = &mut this.entries[i as usize];
        (std::mem::take(&mut entry.key), std::mem::take(&mut entry.values).into())
    };
}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for IntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rest().fmt(f)
    }
}
