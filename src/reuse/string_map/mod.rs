//! A `HashMap<String, Vec<String>>` that keeps keys and values when cleared,
//! and the types that its methods return.
//!
//! Clearing a `HashMap<String, Vec<String>>` saves 3 of its 37 allocations a
//! request: the keys, the vectors and the values are freed and made again, for
//! the same names, all day. The map here leaves them where they are. 1,636
//! recorded requests of 11 headers each, nanoseconds (best of 31 rounds, in
//! which the candidates take turns) and allocations a request on a 2-core
//! EPYC. `benches/requests.rs` measures the same; only ratios carry over to
//! another machine, and they vary by a tenth from run to run:
//!
//! | | glibc | mimalloc | allocations |
//! |---|---|---|---|
//! | fresh `HashMap<String, Vec<String>>` | 1490 | 1240 | 37 |
//! | one such map, cleared | 1080 | 834 | 34 |
//! | fresh, borrowing: `HashMap<&str, SmallVec<[&str; 2]>>` | 700 | 726 | 3 |
//! | this map | 232 | 233 | 0 |
//! | this map with foldhash | 207 | 199 | 0 |
//! | copying the names and values, nothing else | 104 | 95 | 0 |
//!
//! An earlier design drained keys and values into lists of spares and took
//! them from there: no allocations either, but as slow as the borrowing map,
//! for every key was copied and inserted anew. Marking absent keys one by one
//! when clearing, in a table that guesses nothing, took 0.19 of a fresh map;
//! this takes 0.15.
//!
//! # How it works
//!
//! * *Entries stay.* A key and its values live in one entry, in a vector; a
//!   bare hash table leads to it by index. An entry is present if the life
//!   (the time since the last `clear`) that used it last is this one, so
//!   `clear` increments one number and visits nobody.
//! * *The next key is guessed.* Requests name the same things in the same
//!   order. Each entry remembers which one came after it; comparing strings is
//!   cheaper than hashing one. The guess is right for 72 % of the recorded
//!   headers and takes SipHash from 300 ns a request to 235–260, and foldhash
//!   from 235–250 to 200–210. Two remembered successors are right for 84 % and
//!   measured no faster (250–260): a second comparison that fails as often as
//!   it succeeds seems to cost what the hash would. The successor's successor,
//!   for headers that come and go, would add only 3 %.
//! * *What nobody uses goes.* See `limits` for how much is remembered.
//!
//! The modules, in the order of the data: this one hashes, `table` holds the
//! entries, `limits` says how many; `iter` and `convert` look on.

mod convert;
mod iter;
mod limits;
mod table;

pub use iter::{IntoIter, Iter, Keys, Values};

use crate::{Recycle, StringList};
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Index;
use table::Table;

/// A `HashMap<String, Vec<String>>` whose keys and values keep their memory
/// when it is cleared.
///
/// For maps that are filled again and again with much the same keys: request
/// headers, query parameters, form fields, labels. Appending to a key that an
/// earlier use knew compares one string, copies one, and allocates nothing.
///
/// A key that is not present is absent from every method, remembered or not.
/// Its text stays in memory until it is overwritten, as it does after
/// `String::clear`.
///
/// # Order
///
/// Iteration follows the first appearance of each key since the last
/// [`clear`](StringMap::clear). Removing a key puts the last one into its
/// place; [`retain`](StringMap::retain) keeps the order.
///
/// # How much it remembers
///
/// After a `clear` the map holds at most 128 keys, or four times as many as
/// the largest recent use had, and their keys and values own at most 64 KiB,
/// or eight times what the largest recent use needed; a use's weight halves
/// every 22 clears. So neither keys that never come back, such as ids or an
/// attacker's, nor one giant value make it grow for good. A new key beyond the
/// limit takes the place and the memory of one that was not used for long, so
/// not even random keys allocate in the long run.
///
/// # When a `HashMap` is better
///
/// For a map that is filled once, or that is looked up far more often than it
/// is filled.
///
/// # Examples
///
/// ```
/// use millpond::StringMap;
///
/// let mut query = StringMap::new();
/// for request in ["tag=red&tag=blue&page=2", "page=3"] {
///     query.clear();
///     for pair in request.split('&') {
///         let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
///         query.append(key, value);
///     }
///     assert!(query.first("page").is_some());
/// }
/// assert_eq!(query.get("tag"), None);
/// assert_eq!(&query["page"], ["3"]);
/// ```
pub struct StringMap<S = RandomState> {
    table: Table,
    hasher: S,
}

impl StringMap<RandomState> {
    /// Makes an empty map that owns no memory.
    ///
    /// Not `const`, for `RandomState` is not;
    /// [`with_hasher`](StringMap::with_hasher) is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty map with room for `capacity` keys.
    ///
    /// # Panics
    ///
    /// If the room exceeds `isize::MAX` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<S> StringMap<S> {
    /// Makes an empty map that owns no memory and hashes with `hasher`.
    pub const fn with_hasher(hasher: S) -> Self {
        StringMap {
            table: Table::new(),
            hasher,
        }
    }

    /// Makes an empty map with room for `capacity` keys that hashes with
    /// `hasher`.
    ///
    /// # Panics
    ///
    /// If the room exceeds `isize::MAX` bytes.
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        let mut map = Self::with_hasher(hasher);
        map.reserve(capacity);
        map
    }

    /// How many keys, present and remembered together, fit before the table
    /// has to grow.
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Makes room for `additional` keys that are not known yet. A
    /// [`clear`](StringMap::clear) that evicts keys gives unused room back.
    ///
    /// # Panics
    ///
    /// If the room exceeds `isize::MAX` bytes.
    pub fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional);
    }

    /// Gives back all memory that the present keys and values do not need, and
    /// forgets all other keys.
    pub fn shrink_to_fit(&mut self) {
        self.table.shrink_to(0);
    }

    /// The hasher that keys are hashed with.
    pub fn hasher(&self) -> &S {
        &self.hasher
    }

    /// How many keys are present.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no key is present.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys the map holds memory for: the present ones and those it
    /// remembers. For tests and diagnostics; see the limits
    /// [above](StringMap#how-much-it-remembers).
    pub fn remembered(&self) -> usize {
        self.table.remembered()
    }

    /// Makes all keys absent and keeps their memory and that of their values.
    ///
    /// O(1), however many keys there are, but for two cases: as many steps as
    /// there are keys and values if some were borrowed mutably, and
    /// O(`remembered`) when recent uses were so much smaller that half of what
    /// is remembered goes.
    #[inline]
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Keeps the keys for which `keep` is true, in their order, and makes the
    /// others absent. O(keys and values).
    ///
    /// If `keep` panics, every key stays, in an unspecified order.
    pub fn retain(&mut self, keep: impl FnMut(&str, &mut StringList) -> bool) {
        self.table.retain(keep);
    }

    /// The present keys with their values, in the order of
    /// [first appearance](StringMap#order).
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.table)
    }

    /// The present keys.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(self.iter())
    }

    /// The values of each present key.
    pub fn values(&self) -> Values<'_> {
        Values::new(self.iter())
    }
}

impl<S: BuildHasher> StringMap<S> {
    /// Adds `value` to the values of `key`. O(length of both) amortised.
    ///
    /// The same as `map.entry(key.to_owned()).or_default().push(value.to_owned())`
    /// with a `HashMap`.
    ///
    /// # Panics
    ///
    /// If the hasher panics; the map is then as before. If 2³² − 1 keys are
    /// remembered, all of them present.
    #[inline]
    pub fn append(&mut self, key: &str, value: &str) {
        let hasher = &self.hasher;
        self.table.append(key, value, |key| hash(hasher, key));
    }

    /// Makes `value` the only value of `key`. O(length of both and of the
    /// values that were there) amortised.
    ///
    /// # Panics
    ///
    /// As [`append`](StringMap::append).
    pub fn set(&mut self, key: &str, value: &str) {
        let hasher = &self.hasher;
        self.table.set(key, value, |key| hash(hasher, key));
    }

    /// The values of `key`, if it is present. O(1) on average.
    ///
    /// A present key has no values only if they were taken out through
    /// [`get_mut`](StringMap::get_mut) or the like, or came so from a `HashMap`.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&[String]> {
        if self.is_empty() {
            return None;
        }
        let entry = self.table.find(key, hash(&self.hasher, key))?;
        Some(entry.values.as_slice())
    }

    /// The first value of `key`, if it is present and has one. O(1) on average.
    #[inline]
    pub fn first(&self, key: &str) -> Option<&str> {
        Some(self.get(key)?.first()?)
    }

    /// The values of `key`, if it is present, to be changed in place. O(1) on
    /// average.
    ///
    /// What the change does to the memory is counted at the next
    /// [`clear`](StringMap::clear), which therefore visits every present key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut StringList> {
        if self.is_empty() {
            return None;
        }
        self.table.lend(key, hash(&self.hasher, key))
    }

    /// The values of `key`, which is present from now on, to be changed in
    /// place. O(1) on average, as [`get_mut`](StringMap::get_mut).
    ///
    /// # Panics
    ///
    /// As [`append`](StringMap::append).
    pub fn get_or_insert(&mut self, key: &str) -> &mut StringList {
        let hasher = &self.hasher;
        self.table.lend_or_insert(key, |key| hash(hasher, key))
    }

    /// Whether `key` is present. O(1) on average.
    #[inline]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Makes `key` absent and returns its values, with their memory. O(1) on
    /// average.
    ///
    /// [`discard`](StringMap::discard) keeps the memory in the map.
    pub fn remove(&mut self, key: &str) -> Option<Vec<String>> {
        if self.is_empty() {
            return None;
        }
        let values = self.table.remove(key, hash(&self.hasher, key))?;
        Some(values.into())
    }

    /// Makes `key` absent and says whether it was present. Its memory and that
    /// of its values wait in the map for the key to come back. O(number of its
    /// values).
    pub fn discard(&mut self, key: &str) -> bool {
        !self.is_empty() && self.table.discard(key, hash(&self.hasher, key)).is_some()
    }
}

/// Hashes the bytes alone. `str`'s own `Hash` adds a byte that keeps strings
/// in a row apart; a key stands alone.
#[inline]
fn hash<S: BuildHasher>(hasher: &S, key: &str) -> u64 {
    let mut state = hasher.build_hasher();
    state.write(key.as_bytes());
    state.finish()
}

impl<S: Default> Default for StringMap<S> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

impl<S> fmt::Debug for StringMap<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// The values of a key.
///
/// # Panics
///
/// If the key is not present.
impl<S: BuildHasher> Index<&str> for StringMap<S> {
    type Output = [String];

    fn index(&self, key: &str) -> &[String] {
        self.get(key).expect("no such key in the StringMap")
    }
}

/// `footprint` is exact: the table, and every key and value, remembered or
/// present, with all its spares. It is O(1), or O(`len`) if values were
/// borrowed mutably since the last `clear`.
impl<S> Recycle for StringMap<S> {
    #[inline]
    fn recycle(&mut self) {
        self.clear();
    }

    // Inlined where the default would call `footprint`: every return comes by here.
    #[inline]
    fn recycle_and_measure(&mut self) -> usize {
        self.clear();
        self.table.footprint_cleared()
    }

    fn footprint(&self) -> usize {
        self.table.footprint()
    }

    /// What the present keys and values need, and up to 64 KiB of what is
    /// remembered: remembering is what the map is for, so a map that keeps no
    /// more than that is not too big for its use. O(1), or O(`len`) as
    /// `footprint`.
    fn occupied(&self) -> usize {
        self.table.occupied()
    }

    /// First gives back room that no key uses, then cuts values to what their
    /// last use needed, then forgets the keys that were not used for longest.
    /// Present keys stay. O(`remembered`), and a sort of it.
    fn shrink_to(&mut self, bytes: usize) {
        self.table.shrink_to(bytes);
    }
}
