//! A `Vec<String>` that keeps its strings when it is cleared.
//!
//! `Vec::clear` drops every string, so the next round of the same work asks
//! malloc for every string again. Here a list is a vector of strings and a
//! length: the strings before the length are the contents, those behind it are
//! spares, and `push_str` overwrites the next spare. Clearing sets the length.
//! Sixteen header values take 97 ns and no allocation, where a fresh vector
//! takes 500 ns with glibc's malloc (417 if made with the right size) or 300 ns
//! with mimalloc's (237), and 17 to 19 allocations. Copying the text is most of
//! what is left. `benches/strings.rs` measures it.
//!
//! * A spare is emptied when it is overwritten, not when the list is cleared.
//!   That makes `clear` O(1), costs nothing (the copy writes the string's
//!   length anyway), and leaves in each spare the length of its last text, by
//!   which `shrink_to` tells a string that is in use from one that was huge
//!   once.
//! * Memory is counted as it grows, so that `footprint` is O(1). The one thing
//!   that escapes the count is a `&mut String` in the caller's hands. Rather
//!   than measure all strings on every return, the list remembers that it has
//!   lent its contents out and measures them once, later (see `lent`).
//! * One counter covers contents and spares, so that a string that crosses
//!   from one to the other changes nothing. Two counters would be simpler to
//!   explain, but every `push_str` would have to write both.

mod convert;

use crate::Recycle;
use std::ops::{Deref, DerefMut};

/// A `Vec<String>` whose strings keep their memory when it is cleared.
///
/// Derefs to `[String]`, so everything that slices can do works: indexing,
/// `iter`, `join`, `sort`. [`clear`](StringList::clear) keeps the strings as
/// spares and [`push_str`](StringList::push_str) copies into the next one:
/// filling the list again allocates nothing once it has been as long and its
/// strings have been as big.
///
/// Nothing shows a spare: it is not in `len`, the slice, `Debug`, `==` or a
/// clone. Its text stays in memory until it is overwritten, as it does after
/// `String::clear`.
///
/// The list never lets go of a spare by itself; [`Recycle::shrink_to`] and
/// [`shrink_to_fit`](StringList::shrink_to_fit) do.
///
/// # Examples
///
/// ```
/// use millpond::StringList;
///
/// let mut words = StringList::new();
/// for line in ["the quick fox", "a lazy dog"] {
///     words.clear();
///     words.extend(line.split(' ')); // the second line reuses the strings of the first
///     assert_eq!(words.join("-"), line.replace(' ', "-"));
/// }
/// assert_eq!(words, ["a", "lazy", "dog"]);
/// ```
#[derive(Default)]
pub struct StringList {
    /// The contents, then the spares.
    items: Vec<String>,
    /// How many of the items are contents.
    len: usize,
    /// Capacities of all items; of the spares alone while `lent`.
    bytes: usize,
    /// The contents were handed out mutably, so their capacities are anyone's
    /// guess until `settle` adds them up.
    lent: bool,
}

impl StringList {
    /// Makes an empty list that owns no memory.
    pub const fn new() -> Self {
        StringList {
            items: Vec::new(),
            len: 0,
            bytes: 0,
            lent: false,
        }
    }

    /// Makes an empty list with room for `capacity` strings, which are
    /// themselves still without memory.
    ///
    /// # Panics
    ///
    /// If the room exceeds `isize::MAX` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        StringList {
            items: Vec::with_capacity(capacity),
            ..Self::new()
        }
    }

    /// How many strings fit before the list itself has to grow.
    pub fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Makes room for `additional` more strings. Spares count as room.
    ///
    /// # Panics
    ///
    /// If the room exceeds `isize::MAX` bytes.
    pub fn reserve(&mut self, additional: usize) {
        let spares = self.items.len() - self.len;
        self.items.reserve(additional.saturating_sub(spares));
    }

    /// The contents.
    #[inline]
    pub fn as_slice(&self) -> &[String] {
        &self.items[..self.len]
    }

    /// The contents, to be changed in place. O(1) but for the first call after
    /// a `clear`, which is O(len).
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [String] {
        self.lend();
        &mut self.items[..self.len]
    }

    /// Appends a copy of `text`, in the memory of the next spare if there is
    /// one. O(`text.len()`) amortised.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        if !self.overwrite(text) {
            self.grow(text);
        }
    }

    /// `push_str` for the case that needs no memory and no counting. Says
    /// whether this was one.
    #[inline]
    pub(super) fn overwrite(&mut self, text: &str) -> bool {
        if let Some(spare) = self.items.get_mut(self.len)
            && text.len() <= spare.capacity()
            && !self.lent
        {
            spare.clear();
            spare.push_str(text);
            self.len += 1;
            return true;
        }
        false
    }

    /// `push_str` for all cases.
    #[cold]
    #[inline(never)]
    pub(super) fn grow(&mut self, text: &str) {
        if self.len == self.items.len() {
            self.items.push(String::new());
        }
        let spare = &mut self.items[self.len];
        self.bytes -= spare.capacity();
        spare.clear();
        spare.push_str(text);
        if !self.lent {
            self.bytes += spare.capacity();
        }
        self.len += 1;
    }

    /// Appends `string` itself, without copying. O(1) amortised.
    ///
    /// The spare whose place it takes is dropped: the string brings memory of
    /// its own, and a list that kept both would grow by one string a push for
    /// ever. [`push_str`](StringList::push_str) is the cheaper call for a
    /// string that is not needed any more.
    pub fn push(&mut self, string: String) {
        let capacity = string.capacity();
        match self.items.get_mut(self.len) {
            Some(spare) => {
                self.bytes -= spare.capacity();
                *spare = string;
            }
            None => self.items.push(string),
        }
        if !self.lent {
            self.bytes += capacity;
        }
        self.len += 1;
    }

    /// Takes the last string out, with its memory. O(1).
    ///
    /// [`pop_str`](StringList::pop_str) keeps the memory in the list.
    pub fn pop(&mut self) -> Option<String> {
        self.len = self.len.checked_sub(1)?;
        let string = std::mem::take(&mut self.items[self.len]);
        if !self.lent {
            self.bytes -= string.capacity();
        }
        Some(string)
    }

    /// Removes the last string and shows it a last time; its memory becomes a
    /// spare. O(1).
    ///
    /// ```
    /// let mut path = millpond::StringList::from(["usr", "lib"]);
    /// assert_eq!(path.pop_str(), Some("lib"));
    /// path.push_str("bin"); // copied to where "lib" was
    /// assert_eq!(path, ["usr", "bin"]);
    /// ```
    pub fn pop_str(&mut self) -> Option<&str> {
        let last = self.len.checked_sub(1)?;
        self.truncate(last);
        Some(&self.items[last])
    }

    /// Inserts `string` before the string at `index`. O(len − `index`) amortised.
    ///
    /// # Panics
    ///
    /// If `index` is greater than the length.
    #[track_caller]
    pub fn insert(&mut self, index: usize, string: String) {
        assert!(
            index <= self.len,
            "index {index} is past the end of a list of {}",
            self.len
        );
        self.push(string);
        self.items[index..self.len].rotate_right(1);
    }

    /// Takes the string at `index` out, with its memory, and closes the gap.
    /// O(len − `index`).
    ///
    /// # Panics
    ///
    /// If there is no string at `index`.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> String {
        self.items[index..self.len].rotate_left(1);
        self.pop().expect("rotate_left panics on an empty range")
    }

    /// Takes the string at `index` out, with its memory, and puts the last
    /// string into its place. O(1).
    ///
    /// # Panics
    ///
    /// If there is no string at `index`.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> String {
        self.items[..self.len].swap(index, self.len.wrapping_sub(1));
        self.pop().expect("swap panics on an empty list")
    }

    /// Keeps the strings for which `keep` is true, in their order; the memory
    /// of the others becomes spares. O(len).
    ///
    /// If `keep` panics, every string stays, in an unspecified order.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let mut kept = 0;
        for i in 0..self.len {
            if keep(&self.items[i]) {
                self.items.swap(kept, i);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Keeps the first `len` strings; the memory of the others becomes spares.
    /// Does nothing if the list is not longer. O(1), or as many as go if the
    /// contents were borrowed mutably.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            if self.lent {
                self.bytes += capacities(&self.items[len..self.len]);
            }
            self.len = len;
        }
    }

    /// Empties the list; the memory of all its strings becomes spares. O(1),
    /// or O(len) if the contents were borrowed mutably.
    #[inline]
    pub fn clear(&mut self) {
        if self.lent {
            self.settle();
        }
        self.len = 0;
    }

    /// Gives back all memory that the contents do not need.
    pub fn shrink_to_fit(&mut self) {
        Recycle::shrink_to(self, 0);
    }

    /// Before contents go out mutably: takes them out of the count.
    #[inline]
    fn lend(&mut self) {
        if !self.lent {
            self.bytes -= capacities(&self.items[..self.len]);
            self.lent = true;
        }
    }

    /// Counts the contents again.
    #[cold]
    pub(super) fn settle(&mut self) {
        if self.lent {
            self.bytes += capacities(&self.items[..self.len]);
            self.lent = false;
        }
    }

    /// What the list itself owns, without its strings.
    #[inline]
    fn fixed(&self) -> usize {
        self.items.capacity() * size_of::<String>()
    }

    /// Bytes of text in the contents. O(len).
    pub(super) fn text_bytes(&self) -> usize {
        self.as_slice().iter().map(String::len).sum()
    }
}

fn capacities(strings: &[String]) -> usize {
    strings.iter().map(String::capacity).sum()
}

impl Deref for StringList {
    type Target = [String];

    #[inline]
    fn deref(&self) -> &[String] {
        self.as_slice()
    }
}

impl DerefMut for StringList {
    #[inline]
    fn deref_mut(&mut self) -> &mut [String] {
        self.as_mut_slice()
    }
}

/// `footprint` is exact: the list's own memory and that of every string,
/// spares included. It is O(1), or O(len) if the contents were borrowed
/// mutably since the last `clear`.
impl Recycle for StringList {
    #[inline]
    fn recycle(&mut self) {
        self.clear();
    }

    // Inlined where the default would call `footprint`: every return comes by here.
    #[inline]
    fn recycle_and_measure(&mut self) -> usize {
        self.clear();
        self.fixed() + self.bytes
    }

    fn footprint(&self) -> usize {
        let lent = if self.lent { capacities(self) } else { 0 };
        self.fixed() + self.bytes + lent
    }

    /// The text and the places of the contents. O(len).
    fn occupied(&self) -> usize {
        self.len * size_of::<String>() + self.text_bytes()
    }

    /// Drops spares until the list keeps `bytes`, or only what its contents
    /// need. Spares that go on are cut to the length of their last text; one
    /// that is too big does not push out the smaller ones behind it. O(strings).
    fn shrink_to(&mut self, bytes: usize) {
        if self.footprint() <= bytes {
            return;
        }
        let mut left = bytes;
        for string in &mut self.items[..self.len] {
            string.shrink_to_fit();
            left = left.saturating_sub(string.capacity() + size_of::<String>());
        }
        let mut kept = self.len;
        for i in self.len..self.items.len() {
            let cost = self.items[i].len() + size_of::<String>();
            if cost <= left && !self.items[i].is_empty() {
                self.items[i].shrink_to_fit();
                self.items.swap(kept, i);
                left -= cost;
                kept += 1;
            }
        }
        self.items.truncate(kept);
        self.items.shrink_to_fit();
        self.bytes = capacities(&self.items);
        self.lent = false;
    }
}
