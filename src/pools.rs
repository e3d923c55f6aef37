//! One snapshot of all named pools.

use crate::Stats;
use crate::registry;
use crate::units::{Bytes, Count, Share};
use std::borrow::Cow;
use std::fmt;

/// A snapshot of every [named](crate::Pool::with_name) pool that has been used and
/// not been dropped, sorted by name.
///
/// `Display` prints a table, one line for each pool:
///
/// ```
/// use millpond::Pool;
///
/// static PARAMS: Pool<Vec<u8>> = Pool::new().with_name("params").with_create(Vec::new);
/// PARAMS.get().push(1);
///
/// let pools = millpond::pools();
/// println!("{pools}");
/// # assert!(pools.to_string().starts_with("pool "));
/// let params = pools.iter().find(|pool| pool.name == "params").unwrap();
/// assert_eq!(params.stats.gets, 1);
/// ```
///
/// ```text
/// pool    gets  hit rate  in use  idle  idle memory
/// params     1     0.00%       0     1          8 B
/// ```
///
/// Takes a lock for each pool and each thread that uses it: for a metrics endpoint,
/// not for a request. If a pool is dropped on another thread at this very moment,
/// its objects are shown to its drop hook on the thread that calls this; a panic of
/// that hook ends here.
pub fn pools() -> Pools {
    let mut pools: Vec<_> = registry::held()
        .into_iter()
        .map(|held| {
            let pool = held.pool();
            PoolStats {
                name: pool.name().unwrap_or_default(),
                type_name: pool.type_name(),
                stats: pool.stats(),
            }
        })
        .collect();
    pools.sort_by(|a, b| (&a.name, a.type_name).cmp(&(&b.name, b.type_name)));
    Pools(pools)
}

/// All named pools at one moment, by [`pools`].
///
/// With feature `serde`, a list of objects with `name`, `type_name` and `stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Pools(Vec<PoolStats>);

/// One pool in [`Pools`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PoolStats {
    /// The name that the pool was given. Two pools may have the same.
    pub name: Cow<'static, str>,
    /// The type of the objects it lends, by [`std::any::type_name`].
    pub type_name: &'static str,
    /// What it did and holds.
    pub stats: Stats,
}

impl Pools {
    /// How many pools there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no named pool has been used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pools, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, PoolStats> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Pools {
    type Item = &'a PoolStats;
    type IntoIter = std::slice::Iter<'a, PoolStats>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Pools {
    type Item = PoolStats;
    type IntoIter = std::vec::IntoIter<PoolStats>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEAD: [&str; 6] = ["pool", "gets", "hit rate", "in use", "idle", "idle memory"];
        let rows: Vec<[String; 6]> = std::iter::once(HEAD.map(String::from))
            .chain(self.iter().map(row))
            .collect();
        // By characters: padding counts them, too.
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{:<1$}", row[0], widths[0])?;
            for (cell, width) in row.iter().zip(widths).skip(1) {
                write!(f, "  {cell:>width$}")?;
            }
        }
        Ok(())
    }
}

fn row(pool: &PoolStats) -> [String; 6] {
    let stats = &pool.stats;
    let hits = Share {
        part: stats.local_hits.saturating_add(stats.global_hits),
        whole: stats.gets,
    };
    [
        on_one_line(&pool.name),
        Count(stats.gets).to_string(),
        hits.to_string(),
        Count(stats.in_use).to_string(),
        Count(stats.idle()).to_string(),
        Bytes(stats.idle_bytes).to_string(),
    ]
}

/// A name as it can be printed in a table: line breaks and what cannot be seen
/// escaped, and the empty name as `""`.
pub(crate) fn on_one_line(name: &str) -> String {
    if name.is_empty() {
        return r#""""#.into();
    }
    // Quotes break no line; each is escaped by the backslash just before it.
    let escaped = name.escape_debug().to_string();
    escaped.replace("\\\"", "\"").replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_one_line() {
        let table = [
            ("", "\"\""),
            ("request params", "request params"),
            ("größe 池", "größe 池"),
            ("two\nlines\tand \"quotes\"", "two\\nlines\\tand \"quotes\""),
            ("a\\\"b'", "a\\\\\"b'"),
            ("bell\u{7}\u{2028}\u{202e}", "bell\\u{7}\\u{2028}\\u{202e}"),
        ];
        for (name, text) in table {
            assert_eq!(on_one_line(name), text);
        }
    }

    #[test]
    fn the_table_is_aligned_by_characters() {
        let pool = |name: &'static str, stats| PoolStats {
            name: name.into(),
            type_name: "T",
            stats,
        };
        let busy = Stats {
            gets: 1_234_567,
            local_hits: 1_234_000,
            global_hits: 500,
            created: 67,
            in_use: 3,
            idle_local: 40,
            idle_global: 8,
            idle_bytes: 3 << 20,
            ..Stats::default()
        };
        let most = Stats {
            gets: u64::MAX,
            local_hits: u64::MAX,
            global_hits: u64::MAX,
            in_use: u64::MAX,
            idle_local: u64::MAX,
            idle_global: u64::MAX,
            idle_bytes: u64::MAX,
            ..Stats::default()
        };
        let pools = Pools(vec![
            pool("größe", busy),
            pool("a\nb", Stats::default()),
            pool("most", most),
        ]);
        let table = "\
pool                         gets  hit rate                      in use                        idle  idle memory
größe                   1,234,567    99.99%                           3                          48      3.0 MiB
a\\nb                            0         -                           0                           0          0 B
most   18,446,744,073,709,551,615   100.00%  18,446,744,073,709,551,615  18,446,744,073,709,551,615     16.0 EiB";
        assert_eq!(pools.to_string(), table);
        assert_eq!(
            Pools::default().to_string(),
            "pool  gets  hit rate  in use  idle  idle memory"
        );
    }
}
