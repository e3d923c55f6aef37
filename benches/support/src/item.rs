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
    ($($item:ty: $make:expr, $grow:expr, $soil:expr, $is_warm:expr;)*) => {$(
        impl Item for $item {
            #[inline]
            fn make() -> Self {
                $make
            }

            #[inline]
            fn empty(&mut self) {
                self.clear();
            }

            fn grow(&mut self) {
                let grow: fn(&mut Self) = $grow;
                grow(self);
            }

            fn soil(&mut self) {
                let soil: fn(&mut Self) = $soil;
                soil(self);
            }

            fn is_clean(&self) -> bool {
                self.is_empty()
            }

            fn is_warm(&self) -> bool {
                let is_warm: fn(&Self) -> bool = $is_warm;
                is_warm(self)
            }
        }
    )*};
}

/// Those that are made with room.
macro_rules! roomy {
    ($($item:ty, $capacity:ident, $soil:expr;)*) => {
        item! {$(
            $item: <$item>::with_capacity(black_box($capacity)), |it| it.reserve($capacity),
                $soil, |it| it.capacity() >= $capacity;
        )*}
    };
}

roomy! {
    Map, CAPACITY, |map| map.extend([(1, 2)]);
    Giant, CAPACITY, |map| map.extend([(1, 2)]);
    Headers, CAPACITY, |map| map.extend([("host".into(), vec!["example.test".into()])]);
    Texts, CAPACITY, |list| list.push("text".into());
    Buffer, BUFFER, |bytes| bytes.push(1);
}

// These learn by being used.
item! {
    StringMap: Self::new(), Self::soil, |map| map.append("host", "example.test"), |_| true;
    StringList: Self::new(), Self::soil, |list| list.push_str("text"), |_| true;
}
