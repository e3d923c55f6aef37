//! Where counts are kept: in cells of each thread, and, while somebody counts the
//! process, in shared shards as well.
//!
//! Runs inside the allocator: allocates nothing, never panics, never waits. All
//! counters only ever grow, and wrap; whoever measures subtracts two readings.

use super::Counts;
use crossbeam_utils::CachePadded;
use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize, fence};

/// Scopes that are open, of either kind. The only thing that an allocation looks at
/// while there is none. Alone in its cache line: what is written beside it would
/// otherwise slow down every allocation.
static SCOPES: CachePadded<AtomicUsize> = CachePadded::new(AtomicUsize::new(0));

/// Of these, the ones that count all threads.
static PROCESS_SCOPES: CachePadded<AtomicUsize> = CachePadded::new(AtomicUsize::new(0));

/// Whether nobody counts.
///
/// A thread sees the scopes that it opened itself, and those of others whose opening
/// happened before, as anything else would: no more than relaxed is needed.
#[inline]
pub(super) fn is_off() -> bool {
    SCOPES.load(Relaxed) == 0
}

/// Counting is on while one of these lives.
#[derive(Debug)]
pub(crate) struct On(());

impl On {
    pub(crate) fn new() -> Self {
        SCOPES.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for On {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Relaxed);
    }
}

/// Counting is on for all threads together while one of these lives.
#[derive(Debug)]
pub(super) struct ProcessOn {
    _on: On,
}

impl ProcessOn {
    pub(super) fn new() -> Self {
        PROCESS_SCOPES.fetch_add(1, Relaxed);
        Self { _on: On::new() }
    }
}

impl Drop for ProcessOn {
    fn drop(&mut self) {
        PROCESS_SCOPES.fetch_sub(1, Relaxed);
    }
}

// ---- one thread -------------------------------------------------------------

struct Local {
    allocations: Cell<u64>,
    reallocations: Cell<u64>,
    deallocations: Cell<u64>,
    bytes_allocated: Cell<u64>,
    bytes_freed: Cell<u64>,
    /// The most bytes held at once since the innermost `peak` began.
    peak: Cell<i64>,
    /// Which shard is this thread's; too high while it has none.
    shard: Cell<usize>,
}

thread_local! {
    // Constant and without a destructor: touching it allocates nothing and works to
    // the thread's last breath.
    static LOCAL: Local = const { Local {
        allocations: Cell::new(0),
        reallocations: Cell::new(0),
        deallocations: Cell::new(0),
        bytes_allocated: Cell::new(0),
        bytes_freed: Cell::new(0),
        peak: Cell::new(0),
        shard: Cell::new(usize::MAX),
    } };
}

fn add(cell: &Cell<u64>, n: u64) {
    cell.set(cell.get().wrapping_add(n));
}

impl Local {
    /// Bytes that this thread has allocated and not freed: below zero where it frees
    /// what another thread allocated.
    fn live(&self) -> i64 {
        let live = self.bytes_allocated.get();
        live.wrapping_sub(self.bytes_freed.get()).cast_signed()
    }

    fn grow(&self, bytes: usize) {
        add(&self.bytes_allocated, bytes as u64);
        self.peak.set(self.peak.get().max(self.live()));
    }

    fn shard(&self) -> &'static Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if self.shard.get() >= SHARDS.len() {
            self.shard.set(NEXT.fetch_add(1, Relaxed) % SHARDS.len());
        }
        &SHARDS[self.shard.get()]
    }
}

// ---- all threads ------------------------------------------------------------

/// Threads take shards in turns, so that up to sixteen do not meet. A reading is
/// eighty loads, and the shards take two kilobytes.
static SHARDS: [CachePadded<Shard>; 16] = [const { CachePadded::new(Shard::new()) }; 16];

struct Shard {
    allocations: AtomicU64,
    reallocations: AtomicU64,
    deallocations: AtomicU64,
    bytes_allocated: AtomicU64,
    bytes_freed: AtomicU64,
}

impl Shard {
    const fn new() -> Self {
        Self {
            allocations: AtomicU64::new(0),
            reallocations: AtomicU64::new(0),
            deallocations: AtomicU64::new(0),
            bytes_allocated: AtomicU64::new(0),
            bytes_freed: AtomicU64::new(0),
        }
    }
}

// Adding is an atomic read-modify-write because threads share a shard. What frees is
// added with `Release` and read with `Acquire`: whoever sees a block freed sees, in
// what is read after that, that it was allocated.

// ---- what the allocator calls -----------------------------------------------

/// Counts in this thread's cells, and in its shard if somebody counts the process.
///
/// Where thread-locals have run out of life (no target with native ones), nothing is
/// counted: the alternative is a panic.
fn count(in_cells: impl FnOnce(&Local), in_shard: impl FnOnce(&Shard)) {
    let _ = LOCAL.try_with(|local| {
        in_cells(local);
        if PROCESS_SCOPES.load(Relaxed) > 0 {
            in_shard(local.shard());
        }
    });
}

pub(super) fn allocated(bytes: usize) {
    count(
        |local| {
            add(&local.allocations, 1);
            local.grow(bytes);
        },
        |shard| {
            shard.allocations.fetch_add(1, Relaxed);
            shard.bytes_allocated.fetch_add(bytes as u64, Relaxed);
        },
    );
}

pub(super) fn reallocated(from: usize, to: usize) {
    let (grown, shrunk) = (to.saturating_sub(from), from.saturating_sub(to));
    count(
        |local| {
            add(&local.reallocations, 1);
            add(&local.bytes_freed, shrunk as u64);
            local.grow(grown);
        },
        |shard| {
            shard.reallocations.fetch_add(1, Relaxed);
            shard.bytes_allocated.fetch_add(grown as u64, Relaxed);
            shard.bytes_freed.fetch_add(shrunk as u64, Release);
        },
    );
}

#[cold]
#[inline(never)]
pub(super) fn deallocated(bytes: usize) {
    count(
        |local| {
            add(&local.deallocations, 1);
            add(&local.bytes_freed, bytes as u64);
        },
        |shard| {
            shard.deallocations.fetch_add(1, Release);
            shard.bytes_freed.fetch_add(bytes as u64, Release);
        },
    );
}

// ---- what scopes read -------------------------------------------------------

/// What this thread did so far while somebody counted.
pub(crate) fn of_thread() -> Counts {
    LOCAL
        .try_with(|local| Counts {
            allocations: local.allocations.get(),
            reallocations: local.reallocations.get(),
            deallocations: local.deallocations.get(),
            bytes_allocated: local.bytes_allocated.get(),
            bytes_freed: local.bytes_freed.get(),
        })
        .unwrap_or_default()
}

/// Forgets this thread's peak, which is returned, and begins anew from what is held
/// now, which is returned, too.
pub(super) fn begin_peak() -> (i64, i64) {
    LOCAL
        .try_with(|local| (local.peak.replace(local.live()), local.live()))
        .unwrap_or_default()
}

pub(super) fn peak() -> i64 {
    LOCAL.try_with(|local| local.peak.get()).unwrap_or_default()
}

/// Remembers the forgotten peak, if none since was higher.
pub(super) fn end_peak(outer: i64) {
    let _ = LOCAL.try_with(|local| local.peak.set(local.peak.get().max(outer)));
}

fn sum(counter: impl Fn(&Shard) -> u64) -> u64 {
    SHARDS
        .iter()
        .fold(0, |sum, shard| sum.wrapping_add(counter(shard)))
}

/// What all threads allocated so far while somebody counted the process.
fn acquired(counts: &mut Counts) {
    counts.allocations = sum(|shard| shard.allocations.load(Relaxed));
    counts.reallocations = sum(|shard| shard.reallocations.load(Relaxed));
    counts.bytes_allocated = sum(|shard| shard.bytes_allocated.load(Relaxed));
}

/// What they freed.
fn released(counts: &mut Counts) {
    counts.deallocations = sum(|shard| shard.deallocations.load(Acquire));
    counts.bytes_freed = sum(|shard| shard.bytes_freed.load(Acquire));
}

/// A reading to subtract from later ones. What is freed is read last here and first
/// there: threads that are at work between the two make a difference hold too much,
/// by what they do meanwhile, never too little, so that what was allocated and freed
/// inside it cannot leave less than nothing.
pub(super) fn process_begins() -> Counts {
    let mut counts = Counts::default();
    acquired(&mut counts);
    fence(Acquire);
    released(&mut counts);
    counts
}

/// A reading to subtract earlier ones from.
pub(super) fn process_so_far() -> Counts {
    let mut counts = Counts::default();
    released(&mut counts);
    acquired(&mut counts);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    // The one test here that opens scopes: it sees all of them.
    #[test]
    fn counting_is_on_while_anyone_counts() {
        let process = || PROCESS_SCOPES.load(Relaxed) > 0;
        assert!(is_off() && !process());
        let first = On::new();
        let second = ProcessOn::new();
        assert!(!is_off() && process());
        drop(first);
        assert!(!is_off() && process());
        drop(second);
        assert!(is_off() && !process());
        let unwound = std::panic::catch_unwind(|| {
            let _on = ProcessOn::new();
            assert!(is_off(), "as it should not be");
        });
        assert!(unwound.is_err());
        assert!(is_off() && !process());
    }

    #[test]
    fn counters_wrap_rather_than_panic() {
        LOCAL.with(|local| {
            local.bytes_allocated.set(u64::MAX - 1);
            local.bytes_freed.set(u64::MAX - 1);
        });
        let before = of_thread();
        allocated(10);
        reallocated(10, 4);
        deallocated(4);
        let counts = of_thread().since(before);
        assert_eq!((counts.bytes_allocated, counts.bytes_freed), (10, 10));
        assert_eq!(counts.live_bytes(), 0);
    }

    #[test]
    fn a_thread_keeps_its_shard_and_the_next_takes_the_next() {
        fn shard() -> usize {
            LOCAL.with(|local| std::ptr::from_ref(local.shard()).addr())
        }
        let twice = || {
            let first = shard();
            assert_eq!(shard(), first);
            first
        };
        let mut all: Vec<usize> = (0..SHARDS.len())
            .map(|_| std::thread::spawn(twice).join().unwrap())
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), SHARDS.len());
    }
}
