//! The formula of the documentation, threads × local + shared, measured on the
//! process: what its allocator has given out, not what the pool says. In a process
//! of its own, and one test, for the allocator counts for all.

use millpond::alloc::{Counting, ProcessScope};
use millpond::{Pool, Retention};
use std::sync::Barrier;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

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
    let process = ProcessScope::begin();
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
        let kept = process.counts().live_bytes();
        let idle = pool.stats().idle_bytes as i64;
        let most = (THREADS * LOCAL + SHARED + REST) as i64;
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
            (kept - idle).abs() <= REST as i64,
            "{kept} kept, {idle} told"
        );
    });
    drop(pool);
    let left = process.counts().live_bytes();
    assert!(left <= REST as i64, "{left} bytes outlived the pool");
}
