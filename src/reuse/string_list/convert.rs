//! What a `Vec<String>` converts to, compares with and is made from.

use super::StringList;
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

impl Clone for StringList {
    /// Copies the contents, not the spares.
    fn clone(&self) -> Self {
        self.to_vec().into()
    }

    /// Copies the contents into the strings that this list has.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        self.extend(source.iter());
    }
}

impl fmt::Debug for StringList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl PartialEq for StringList {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for StringList {}

impl PartialOrd for StringList {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StringList {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for StringList {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

/// A list hashes, equals and orders like its slice.
impl Borrow<[String]> for StringList {
    fn borrow(&self) -> &[String] {
        self
    }
}

impl AsRef<[String]> for StringList {
    fn as_ref(&self) -> &[String] {
        self
    }
}

impl AsMut<[String]> for StringList {
    fn as_mut(&mut self) -> &mut [String] {
        self
    }
}

/// Equality with whatever else holds strings in a row, in both directions.
macro_rules! equal_slices {
    ($([$($generics:tt)*] $other:ty;)*) => {$(
        impl<$($generics)*> PartialEq<$other> for StringList {
            fn eq(&self, other: &$other) -> bool {
                self.as_slice() == &other[..]
            }
        }

        impl<$($generics)*> PartialEq<StringList> for $other {
            fn eq(&self, other: &StringList) -> bool {
                &self[..] == other.as_slice()
            }
        }
    )*};
}

equal_slices! {
    [] Vec<String>;
    [] [String];
    [] &[String];
    [const N: usize] [String; N];
    [] Vec<&str>;
    [] [&str];
    [] &[&str];
    [const N: usize] [&str; N];
}

/// Takes the vector over without copying. O(len), to count the memory.
impl From<Vec<String>> for StringList {
    fn from(items: Vec<String>) -> Self {
        StringList {
            len: items.len(),
            bytes: super::capacities(&items),
            items,
            lent: false,
        }
    }
}

/// Hands the contents over and drops the spares.
impl From<StringList> for Vec<String> {
    fn from(mut list: StringList) -> Self {
        list.items.truncate(list.len);
        list.items
    }
}

impl<const N: usize> From<[&str; N]> for StringList {
    fn from(texts: [&str; N]) -> Self {
        texts.into_iter().collect()
    }
}

impl<const N: usize> From<[String; N]> for StringList {
    fn from(strings: [String; N]) -> Self {
        Vec::from(strings).into()
    }
}

impl From<&[String]> for StringList {
    fn from(strings: &[String]) -> Self {
        strings.to_vec().into()
    }
}

/// Reserving what the iterator promises, at most: an honest hint saves growing
/// step by step, and a spare's place is not reserved twice.
macro_rules! extend {
    ($([$($generics:tt)*] $item:ty, $push:expr;)*) => {$(
        impl<$($generics)*> Extend<$item> for StringList {
            fn extend<I: IntoIterator<Item = $item>>(&mut self, items: I) {
                let items = items.into_iter();
                self.reserve(items.size_hint().0);
                items.for_each(|item| $push(self, item));
            }
        }

        impl<$($generics)*> FromIterator<$item> for StringList {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                let mut list = StringList::new();
                list.extend(items);
                list
            }
        }
    )*};
}

extend! {
    [] String, StringList::push;
    ['a] &'a str, StringList::push_str;
    ['a] &'a String, |list: &mut StringList, item: &String| list.push_str(item);
    ['a] Cow<'a, str>, |list: &mut StringList, item: Cow<'_, str>| match item {
        Cow::Borrowed(text) => list.push_str(text),
        Cow::Owned(string) => list.push(string),
    };
}

impl IntoIterator for StringList {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(self).into_iter()
    }
}

impl<'a> IntoIterator for &'a StringList {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut StringList {
    type Item = &'a mut String;
    type IntoIter = std::slice::IterMut<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
