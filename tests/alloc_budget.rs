//! The formula of the documentation, threads × local + shared, measured on the
//! process: what its allocator has given out, not what the pool says. In a process
//! of its own, and one test, for the allocator counts for all.

#![allow(unsafe_code)]

use millpond::{Pool, Retention};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Barrier;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

/// Bytes given out and not given back.
static LIVE: AtomicIsize = AtomicIsize::new(0);

struct Counting;

// SAFETY: every call goes to `System` unchanged; beside it a number is changed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's obligations are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const THREADS: usize = 6;
const LOCAL: usize = 1 << 20;
const SHARED: usize = 3 << 20;
/// Boxes, queues and what the threads themselves take.
const REST: usize = 256 << 10;

#[test]
fn threads_times_local_plus_shared_is_all_that_is_kept() {
    let pool: Pool<Vec<u8>> = Pool::from_fn(Vec::new)
        .with_local_capacity(100)
        .with_global_capacity(1000)
        .with_local_budget(LOCAL)
        .with_global_budget(SHARED)
        .with_retention(Retention::keep_all());
    let barrier = Barrier::new(THREADS + 1);
    let before = LIVE.load(Relaxed);
    std::thread::scope(|scope| {
        let work = |thread: usize| {
            let (pool, barrier) = (&pool, &barrier);
            scope.spawn(move || {
                for round in 0..10 {
                    let size = [100, 3_000, 50_000, 200_000, 2 << 20][(thread + round) % 5];
                    let held: Vec<_> = (0..30)
                        .map(|_| {
                            let mut buffer = pool.get();
                            buffer.resize(size, 1);
                            buffer
                        })
                        .collect();
                    drop(held);
                }
                barrier.wait(); // All is given back,
                barrier.wait(); // and stays until it was measured.
            })
        };
        let threads: Vec<_> = (0..THREADS).map(work).collect();
        barrier.wait();
        let kept = LIVE.load(Relaxed) - before;
        let idle = pool.stats().idle_bytes as isize;
        let most = (THREADS * LOCAL + SHARED + REST) as isize;
        barrier.wait();
        // The scope alone does not wait for what threads do when they exit.
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert!(kept <= most, "{kept} bytes kept, at most {most}");
        assert!(
            kept >= most / 4,
            "{kept} bytes: the load did not fill the pool"
        );
        assert!(
            (kept - idle).unsigned_abs() <= REST,
            "{kept} kept, {idle} told"
        );
    });
    drop(pool);
    let left = LIVE.load(Relaxed) - before;
    assert!(left <= REST as isize, "{left} bytes outlived the pool");
}
