//! Where a warm object can come from: this pool, malloc, a pool of one's own. All do
//! the same work: lend an empty object with room, take it back at the end of the
//! scope, and clear it in between.
//!
//! Every source is a `static`, as in a program.

use crate::item::{Buffer, Giant, Headers, Item, Map, Texts};
use millpond::{Pool, Pooled, StringList, StringMap};
use std::cell::RefCell;
use std::hint::black_box;
use std::ops::{Deref, DerefMut};

/// Enough for the deepest nesting here, and for every loan under way between two
/// threads: a pool that is too small would be measured creating.
pub const IDLE: usize = 1024;

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// This crate's pool, with what other pools lend in the same table.
    Pool,
    /// This crate's pool, with a collection of this crate's where others lend std's: how
    /// it is meant to be used, and other work than theirs.
    Collection,
    /// Made and dropped.
    Malloc,
    /// What no pool can be better than: reuse in place, or less work.
    Limit,
    /// Another pool that can be downloaded.
    Peer,
    /// What one writes oneself in ten lines.
    Own,
}

impl Kind {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Collection => "collection",
            Self::Malloc => "malloc",
            Self::Limit => "limit",
            Self::Peer => "peer",
            Self::Own => "own",
        }
    }
}

/// Something that objects come from.
pub trait Source: 'static {
    /// Its name in tables.
    const NAME: &'static str;
    /// What it is.
    const KIND: Kind;
}

/// A source of `T`.
pub trait Lend<T: Item>: Source {
    /// A guard that gives the object back.
    type Loan: DerefMut<Target = T>;

    /// Lends an object that is empty, and has room once it is warm.
    fn lend() -> Self::Loan;
}

/// Fills the calling thread's tier, or whatever the pool has, with `n` objects of
/// equal room.
pub fn warm<S: Lend<T>, T: Item>(n: usize) {
    let mut loans: Vec<_> = (0..n).map(|_| S::lend()).collect();
    for loan in &mut loans {
        loan.grow();
    }
}

/// Lends a map and puts one entry into it. Some peers make theirs without room.
#[inline]
pub fn lend_filled<S: Lend<Map>>() -> S::Loan {
    let mut map = S::lend();
    if !map.is_warm() {
        map.grow();
    }
    map.insert(black_box(1), 2);
    map
}

/// # Panics
///
/// If an object comes back dirty, or without its room: the source does other work.
pub fn check<S: Lend<T>, T: Item>() {
    warm::<S, T>(1);
    for _ in 0..3 {
        let mut loan = S::lend();
        assert!(loan.is_clean(), "{} does not clear", S::NAME);
        assert!(loan.is_warm(), "{} does not keep the room", S::NAME);
        loan.soil();
    }
}

/// As [`check`], for everything that every source lends.
///
/// # Panics
///
/// As [`check`].
pub fn check_all<S>()
where
    S: Lend<Map> + Lend<Giant> + Lend<Headers> + Lend<Texts> + Lend<Buffer>,
{
    check::<S, Map>();
    check::<S, Giant>();
    check::<S, Headers>();
    check::<S, Texts>();
    check::<S, Buffer>();
}

/// This crate's pool.
#[derive(Debug)]
pub struct Millpond;

impl Source for Millpond {
    const NAME: &'static str = "millpond";
    const KIND: Kind = Kind::Pool;
}

/// No pool.
#[derive(Debug)]
pub struct Malloc;

/// An object that is made and dropped.
#[derive(Debug)]
pub struct Fresh<T>(T);

impl Source for Malloc {
    const NAME: &'static str = "made and dropped";
    const KIND: Kind = Kind::Malloc;
}

impl<T: Item> Lend<T> for Malloc {
    type Loan = Fresh<T>;

    #[inline]
    fn lend() -> Fresh<T> {
        Fresh(T::make())
    }
}

/// The pool that one writes oneself in ten lines.
#[derive(Debug)]
pub struct ThreadLocal;

impl Source for ThreadLocal {
    const NAME: &'static str = "thread_local! RefCell<Vec>";
    const KIND: Kind = Kind::Own;
}

/// What has a stack in every thread.
pub trait Stacked: Item {
    /// Uses the calling thread's.
    fn with_stack<R>(work: impl FnOnce(&mut Vec<Self>) -> R) -> R;
}

/// An object of a thread's stack.
#[derive(Debug)]
pub struct FromStack<T: Stacked>(Option<T>);

impl<T: Stacked> Lend<T> for ThreadLocal {
    type Loan = FromStack<T>;

    #[inline]
    fn lend() -> FromStack<T> {
        let object = T::with_stack(Vec::pop);
        FromStack(Some(object.unwrap_or_else(T::make)))
    }
}

impl<T: Stacked> Drop for FromStack<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut object) = self.0.take() {
            object.empty();
            T::with_stack(|stack| stack.push(object));
        }
    }
}

impl<T> Deref for Fresh<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Fresh<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Stacked> Deref for FromStack<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_ref().expect("taken only by drop")
    }
}

impl<T: Stacked> DerefMut for FromStack<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("taken only by drop")
    }
}

// A static cannot be generic: one for each kind of object.
macro_rules! statics {
    ($($item:ty),*) => {$(
        impl Lend<$item> for Millpond {
            type Loan = Pooled<'static, $item>;

            #[inline]
            fn lend() -> Self::Loan {
                static POOL: Pool<$item> = Pool::new()
                    .with_create(<$item>::make)
                    .with_global_capacity(IDLE);
                POOL.get()
            }
        }

        impl Stacked for $item {
            #[inline]
            fn with_stack<R>(work: impl FnOnce(&mut Vec<Self>) -> R) -> R {
                thread_local! {
                    static STACK: RefCell<Vec<$item>> = const { RefCell::new(Vec::new()) };
                }
                STACK.with_borrow_mut(work)
            }
        }
    )*};
}

statics!(Map, Giant, Headers, Texts, Buffer, StringMap, StringList);

/// Does something with every source that is no peer: this pool first, then malloc,
/// the baseline of most tables, then the pool of one's own.
#[macro_export]
macro_rules! for_each_own_source {
    ($macro:ident) => {
        $macro!(Millpond);
        $macro!(Malloc);
        $macro!(ThreadLocal);
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sources_do_the_same_work() {
        macro_rules! row {
            ($source:ident) => {
                check_all::<$source>();
                check::<$source, StringMap>();
                check::<$source, StringList>();
            };
        }
        for_each_own_source!(row);
    }
}
