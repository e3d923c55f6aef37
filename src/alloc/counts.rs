//! What was counted, in all and for each operation.

use super::number::Figure;
use crate::units::{Bytes, BytesChange, Change, Count};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// What was asked of the allocator between two moments.
///
/// # Examples
///
/// ```
/// use millpond::alloc::Counts;
///
/// let mut counts = Counts::default();
/// counts.allocations = 30;
/// counts.bytes_allocated = 1_200;
/// assert_eq!(counts.per(10).allocations, 3.0);
/// println!("{counts}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct Counts {
    /// Blocks that were newly allocated.
    pub allocations: u64,
    /// Blocks that were resized, in place or not.
    pub reallocations: u64,
    /// Blocks that were freed.
    pub deallocations: u64,
    /// Bytes of the new blocks, and those by which blocks grew.
    pub bytes_allocated: u64,
    /// Bytes of the freed blocks, and those by which blocks shrank.
    pub bytes_freed: u64,
}

impl Counts {
    /// Calls that asked for memory: allocations and reallocations.
    pub fn calls(&self) -> u64 {
        self.allocations + self.reallocations
    }

    /// Blocks that are still there; below zero if more was freed than allocated,
    /// which was allocated before then, or by others.
    pub fn live_blocks(&self) -> i64 {
        let live = self.allocations.wrapping_sub(self.deallocations);
        live.cast_signed()
    }

    /// Bytes that are still there; may be below zero as
    /// [`live_blocks`](Self::live_blocks).
    pub fn live_bytes(&self) -> i64 {
        let live = self.bytes_allocated.wrapping_sub(self.bytes_freed);
        live.cast_signed()
    }

    /// The same for each of so many operations.
    ///
    /// # Panics
    ///
    /// If `operations` is 0.
    pub fn per(&self, operations: u64) -> PerOperation {
        assert!(
            operations > 0,
            "counts of no operations cannot be shared out"
        );
        let per = |n: u64| n as f64 / operations as f64;
        PerOperation {
            allocations: per(self.allocations),
            reallocations: per(self.reallocations),
            deallocations: per(self.deallocations),
            bytes_allocated: per(self.bytes_allocated),
            bytes_freed: per(self.bytes_freed),
        }
    }

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            allocations: f(self.allocations, other.allocations),
            reallocations: f(self.reallocations, other.reallocations),
            deallocations: f(self.deallocations, other.deallocations),
            bytes_allocated: f(self.bytes_allocated, other.bytes_allocated),
            bytes_freed: f(self.bytes_freed, other.bytes_freed),
        }
    }

    /// Between two readings of counters that wrap.
    pub(super) fn since(self, earlier: Self) -> Self {
        self.zip(earlier, u64::wrapping_sub)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Counts {
    type Output = Self;

    /// What came after `earlier`, of two counts of one scope.
    ///
    /// # Panics
    ///
    /// If `earlier` counted more: it is the later one, or of another scope.
    fn sub(self, earlier: Self) -> Self {
        self.zip(earlier, |a, b| {
            a.checked_sub(b)
                .expect("subtract the earlier counts of a scope from its later ones")
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row =
            |name: &str, n: u64, bytes: &str| writeln!(f, "{name:<14}{:>14} {bytes:>12}", Count(n));
        let allocated = Bytes(self.bytes_allocated).to_string();
        row("allocations", self.allocations, &allocated)?;
        row("reallocations", self.reallocations, "")?;
        let freed = Bytes(self.bytes_freed).to_string();
        row("deallocations", self.deallocations, &freed)?;
        let blocks = Change(self.live_blocks());
        let bytes = BytesChange(self.live_bytes());
        write!(f, "{:<14}{blocks:>14} {bytes:>12}", "still live")
    }
}

/// [`Counts`] for each operation, by [`Counts::per`].
///
/// `Display` prints what was asked for, in one line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
#[non_exhaustive]
pub struct PerOperation {
    /// Blocks newly allocated.
    pub allocations: f64,
    /// Blocks resized.
    pub reallocations: f64,
    /// Blocks freed.
    pub deallocations: f64,
    /// Bytes of new blocks, and those by which blocks grew.
    pub bytes_allocated: f64,
    /// Bytes of freed blocks, and those by which blocks shrank.
    pub bytes_freed: f64,
}

impl fmt::Display for PerOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} allocations, {} reallocations, {} bytes",
            Figure(self.allocations),
            Figure(self.reallocations),
            Figure(self.bytes_allocated),
        )
    }
}
