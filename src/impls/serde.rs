//! Counts by reason, as a map whose keys are the reasons.

use crate::{Discard, Discarded};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

impl Serialize for Discarded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(why, n)| (why.key(), n)))
    }
}

impl<'de> Deserialize<'de> for Discarded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Counts)
    }
}

struct Counts;

impl<'de> Visitor<'de> for Counts {
    type Value = Discarded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from reasons to counts, as {\"trimmed\": 3}")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Discarded, M::Error> {
        let mut counts = Discarded::default();
        while let Some(key) = map.next_key::<String>()? {
            match Discard::ALL.into_iter().find(|why| why.key() == key) {
                Some(why) => counts.0[why as usize] = map.next_value()?,
                // Of a later version, perhaps: like any field that is not known.
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(counts)
    }
}

#[cfg(feature = "track")]
impl Serialize for crate::track::Tracking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "track")]
impl<'de> Deserialize<'de> for crate::track::Tracking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
