//! What a `HashMap<String, Vec<String>>` converts to, compares with and is
//! made from.

use super::{IntoIter, Iter, StringMap};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;

impl<S: BuildHasher + Clone> Clone for StringMap<S> {
    /// Copies the present keys and values, not what is remembered.
    fn clone(&self) -> Self {
        let mut map = Self::with_capacity_and_hasher(self.len(), self.hasher.clone());
        for (key, values) in self {
            map.insert(key, values.into());
        }
        map
    }
}

impl<S: BuildHasher> StringMap<S> {
    /// Makes `values` the values of `key`.
    fn insert(&mut self, key: &str, values: crate::StringList) {
        *self.get_or_insert(key) = values;
    }
}

/// Equal if the same keys have the same values. Neither the order of the keys
/// nor the hashers matter.
impl<S1: BuildHasher, S2> PartialEq<StringMap<S2>> for StringMap<S1> {
    fn eq(&self, other: &StringMap<S2>) -> bool {
        self.len() == other.len()
            && other
                .iter()
                .all(|(key, values)| self.get(key) == Some(values))
    }
}

impl<S: BuildHasher> Eq for StringMap<S> {}

impl<S1, S2: BuildHasher> PartialEq<HashMap<String, Vec<String>, S2>> for StringMap<S1> {
    fn eq(&self, other: &HashMap<String, Vec<String>, S2>) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, values)| other.get(key).is_some_and(|theirs| theirs == values))
    }
}

impl<S1: BuildHasher, S2> PartialEq<StringMap<S2>> for HashMap<String, Vec<String>, S1> {
    fn eq(&self, other: &StringMap<S2>) -> bool {
        other == self
    }
}

// To and from one hasher, so that it need not be named, as with std's own `From`;
// `collect` and `extend` convert to every other.
impl<S> From<HashMap<String, Vec<String>, S>> for StringMap {
    fn from(map: HashMap<String, Vec<String>, S>) -> Self {
        map.into_iter().collect()
    }
}

impl<S> From<StringMap<S>> for HashMap<String, Vec<String>> {
    fn from(map: StringMap<S>) -> Self {
        map.into_iter().collect()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for StringMap {
    /// Appends each value to the values of its key.
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().collect()
    }
}

macro_rules! extend {
    ($($(#[$doc:meta])* [$($generics:tt)*] $item:ty, |$map:ident, $key:ident, $value:ident| $add:expr;)*) => {$(
        $(#[$doc])*
        impl<$($generics)* S: BuildHasher> Extend<$item> for StringMap<S> {
            fn extend<I: IntoIterator<Item = $item>>(&mut self, items: I) {
                let $map = self;
                for ($key, $value) in items {
                    $add;
                }
            }
        }

        $(#[$doc])*
        impl<$($generics)* S: BuildHasher + Default> FromIterator<$item> for StringMap<S> {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                let mut map = Self::default();
                map.extend(items);
                map
            }
        }
    )*};
}

extend! {
    /// Appends each value to the values of its key.
    ['a,] (&'a str, &'a str), |map, key, value| map.append(key, value);
    /// Appends each value to the values of its key.
    [] (String, String), |map, key, value| map.append(&key, &value);
    /// Appends each value to the values of its key.
    ['a,] (Cow<'a, str>, Cow<'a, str>), |map, key, value| map.append(&key, &value);
    /// Makes each list the values of its key, as `HashMap` does.
    [] (String, Vec<String>), |map, key, values| map.insert(&key, values.into());
}

impl<'a, S> IntoIterator for &'a StringMap<S> {
    type Item = (&'a str, &'a [String]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<S> IntoIterator for StringMap<S> {
    type Item = (String, Vec<String>);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter::new(self.table)
    }
}
