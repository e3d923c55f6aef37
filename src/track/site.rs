//! Where an object was borrowed: a line of code, and the stack above it if asked.

use super::label;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The line that called `get`. One pointer to a constant.
#[derive(Clone, Copy)]
pub(crate) struct Site(pub(super) &'static Location<'static>);

impl Site {
    #[inline]
    #[track_caller]
    pub(crate) fn caller() -> Self {
        Self(Location::caller())
    }
}

/// The return addresses of a stack, innermost first; none where no stack was asked
/// for.
#[cfg(feature = "backtrace")]
pub(super) type Addresses = smallvec::SmallVec<[usize; 32]>;

/// A line, a stack and a thread that borrow: what totals are kept for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) location: &'static Location<'static>,
    pub(super) stack: Box<[usize]>,
    pub(super) thread: label::Id,
    /// Stands for all those for which there was no room.
    pub(super) is_rest: bool,
    /// Estimates: each sampled loan counts for as many as it stands for.
    pub(super) created: AtomicU64,
    pub(super) grown: AtomicU64,
}

impl Entry {
    pub(super) fn new(site: Site, stack: &[usize], thread: label::Id, is_rest: bool) -> Self {
        Self {
            location: site.0,
            stack: stack.into(),
            thread,
            is_rest,
            created: AtomicU64::new(0),
            grown: AtomicU64::new(0),
        }
    }

    pub(super) fn is_for(&self, site: Site, stack: &[usize], thread: label::Id) -> bool {
        std::ptr::eq(self.location, site.0) && self.thread == thread && *self.stack == *stack
    }

    pub(super) fn hash(&self) -> u64 {
        hash(Site(self.location), &self.stack, self.thread)
    }

    pub(super) fn count(&self, counter: &AtomicU64, n: u64) {
        // Never wraps: after five centuries of a terabyte a second.
        counter.fetch_add(n, Relaxed);
    }

    pub(super) fn site(&self) -> CallSite {
        CallSite {
            file: if self.is_rest {
                "(other call sites)"
            } else {
                self.location.file()
            },
            line: self.location.line(),
            column: self.location.column(),
            is_rest: self.is_rest,
            stack: self.stack.to_vec(),
        }
    }
}

/// A multiplicative hash: addresses are chosen by the linker, not by an attacker,
/// and SipHash would be a third of what tracking a loan takes.
pub(super) fn hash(site: Site, stack: &[usize], thread: label::Id) -> u64 {
    let mut hasher = BuildHasherDefault::<Multiply>::default().build_hasher();
    hasher.write_usize(std::ptr::from_ref(site.0).addr());
    hasher.write_u32(thread.0);
    for address in stack {
        hasher.write_usize(*address);
    }
    hasher.finish()
}

#[derive(Default)]
struct Multiply(u64);

impl Hasher for Multiply {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        // 2^64 divided by the golden ratio; the high bits are the good ones.
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// A line of code that borrows from a pool. `Display` prints `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSite {
    file: &'static str,
    line: u32,
    column: u32,
    is_rest: bool,
    stack: Vec<usize>,
}

impl CallSite {
    /// The file, as the compiler was given it: relative to the workspace for its
    /// own packages.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The line, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// Whether this stands for all call sites for which there was no room: a pool
    /// remembers 16,384 combinations of line, stack and thread name for each of eight
    /// groups of threads.
    pub fn is_rest(&self) -> bool {
        self.is_rest
    }

    #[cfg(all(feature = "backtrace", feature = "testing"))]
    pub(crate) fn has_stack(&self) -> bool {
        !self.stack.is_empty()
    }

    /// The return addresses that led here, innermost first.
    #[cfg(all(feature = "backtrace", feature = "pprof"))]
    pub(crate) fn addresses(&self) -> &[usize] {
        &self.stack
    }

    /// The functions that led here, innermost first; empty unless
    /// [backtraces](crate::Pool::set_backtraces) were on. Looks up symbols, which
    /// takes milliseconds the first time.
    #[cfg(feature = "backtrace")]
    pub fn stack(&self) -> Vec<super::Frame> {
        super::stack::resolve(self, &self.stack)
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_rest {
            return f.pad(self.file);
        }
        f.pad(&format!("{}:{}:{}", self.file, self.line, self.column))
    }
}
