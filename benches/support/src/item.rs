//! The kinds of objects that sources lend.

use millpond::{StringList, StringMap};
use std::collections::HashMap;
use std::hint::black_box;

/// The object of most tables.
pub type Map = HashMap<u64, u64>;
/// As [`Map`], in pools of its own: a giant that one of them keeps is in nobody's way.
pub type Giant = HashMap<u64, i64>;
/// The headers of a request, as everybody keeps them.
pub type Headers = HashMap<String, Vec<String>>;
/// A list of strings.
pub type Texts = Vec<String>;
/// A buffer.
pub type Buffer = Vec<u8>;

/// Entries that a new map has room for.
pub const CAPACITY: usize = 16;

/// Bytes that a new buffer has room for: the smallest that the peer that lends
/// nothing but buffers keeps.
pub const BUFFER: usize = 4096;

/// What can be made, and emptied for the next one.
pub trait Item: Send + Sized + 'static {
    /// A new one, with room.
    fn make() -> Self;

    /// Empties it, and keeps its room.
    fn empty(&mut self);

    /// Gives it the room that a new one has: some peers make theirs without any.
    fn grow(&mut self);

    /// Leaves something in it.
    fn soil(&mut self);

    /// Nothing is in it.
    fn is_clean(&self) -> bool;

    /// It has the room that [`make`](Self::make) gives.
    fn is_warm(&self) -> bool;
}

macro_rules! item {
    ($($item:ty, $capacity:expr, $item_:ident => $soil:expr;)*) => {$(
        impl Item for $item {
            #[inline]
            fn make() -> Self {
                Self::with_capacity(black_box($capacity))
            }

            #[inline]
            fn empty(&mut self) {
                self.clear();
            }

            fn grow(&mut self) {
                self.reserve($capacity);
            }

            fn soil(&mut self) {
                let $item_ = self;
                $soil;
            }

            fn is_clean(&self) -> bool {
                self.is_empty()
            }

            fn is_warm(&self) -> bool {
                self.capacity() >= $capacity
            }
        }
    )*};
}

item! {
    Map, CAPACITY, map => map.insert(1, 2);
    Giant, CAPACITY, map => map.insert(1, 2);
    Headers, CAPACITY, map => map.insert("host".into(), vec!["example.test".into()]);
    Texts, CAPACITY, list => list.push("text".into());
    Buffer, BUFFER, bytes => bytes.push(1);
}

macro_rules! reusable {
    ($($item:ty, $item_:ident => $soil:expr;)*) => {$(
        impl Item for $item {
            #[inline]
            fn make() -> Self {
                Self::new()
            }

            #[inline]
            fn empty(&mut self) {
                self.clear();
            }

            // These learn by being used.
            fn grow(&mut self) {
                self.soil();
            }

            fn soil(&mut self) {
                let $item_ = self;
                $soil;
            }

            fn is_clean(&self) -> bool {
                self.is_empty()
            }

            fn is_warm(&self) -> bool {
                true
            }
        }
    )*};
}

reusable! {
    StringMap, map => map.append("host", "example.test");
    StringList, list => list.push_str("text");
}
