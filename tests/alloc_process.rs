//! `millpond::alloc`, all threads together. One case after the other on the main
//! thread, without the test harness: whatever else a process does would count, and
//! the harness's main thread allocates while a test begins.

// To call an allocator by hand.
#![allow(unsafe_code)]

use millpond::alloc::{Counting, Counts, ProcessScope, ThreadScope, count, count_process};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

/// Names and runs each of the functions.
macro_rules! cases {
    ($($case:ident,)*) => {
        [$((stringify!($case), $case as fn())),*]
    };
}

fn main() {
    let cases = cases![
        all_threads_together_are_the_sum_of_each,
        threads_that_were_joined_leave_nothing_out,
        totals_may_be_read_while_threads_churn,
        scopes_of_many_threads_overlap,
        a_scope_outlives_the_thread_that_began_it,
        what_threads_do_in_their_destructors_counts,
        every_call_goes_on_as_it_came_and_what_is_refused_does_not_count,
    ];
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| args.iter().any(|arg| arg == option);
    // None is ignored, as a runner that lists them first may ask.
    if has("--ignored") {
        return;
    }
    let mut words = args.iter().filter(|arg| !arg.starts_with('-'));
    let word = words.next().map_or("", String::as_str);
    for (name, case) in cases {
        if has("--list") {
            println!("{name}: test");
        } else if name.contains(word) {
            print!("test {name} ... ");
            case();
            println!("ok");
        }
    }
}

/// xorshift64*, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8) as usize % n
    }
}

/// Blocks that threads pass to each other, so that some free what others allocated.
struct Desk(Vec<Mutex<Vec<u8>>>);

impl Desk {
    fn new() -> Self {
        Self((0..32).map(|_| Mutex::default()).collect())
    }

    /// Allocates, grows, shrinks, frees and passes on.
    fn churn(&self, seed: u64, steps: usize) {
        let mut random = Random(seed);
        for _ in 0..steps {
            let mut block = black_box(vec![0_u8; 1 + random.below(500)]);
            match random.below(4) {
                0 => block.reserve_exact(1_000),
                1 => {
                    block.truncate(1);
                    block.shrink_to_fit();
                }
                _ => {}
            }
            let mut place = self.0[random.below(self.0.len())].lock().unwrap();
            std::mem::swap(&mut *place, &mut block);
        }
    }
}

fn all_threads_together_are_the_sum_of_each() {
    const THREADS: usize = 40;
    let desk = Desk::new();
    let gate = Barrier::new(THREADS + 1);
    let work = |thread: usize| {
        gate.wait(); // All run, and have allocated what a start takes.
        gate.wait(); // The process is counted.
        let ((), counts) = count(|| desk.churn(thread as u64 + 1, 2_000));
        gate.wait(); // All are done,
        gate.wait(); // and have not ended before it was read.
        counts
    };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        gate.wait();
        let process = ProcessScope::begin();
        let here = ThreadScope::begin();
        gate.wait();
        gate.wait();
        let (process, here) = (process.counts(), here.counts());
        gate.wait();
        let sum = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold(here, |sum, counts| sum + counts);
        assert_eq!(process, sum);
        assert!(sum.allocations >= 40 * 2_000 && sum.reallocations > 0);
    });
}

fn threads_that_were_joined_leave_nothing_out() {
    // The first thread makes what all of them share.
    thread::spawn(|| {}).join().unwrap();
    let churn = || {
        let desk = Arc::new(Desk::new());
        let work = |seed| {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.churn(seed, 500))
        };
        let threads: Vec<_> = (1..=64).map(work).collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    };
    let ((), counts) = count_process(churn);
    assert!(counts.allocations > 64 * 500);
    assert_eq!(
        (counts.live_blocks(), counts.live_bytes()),
        (0, 0),
        "{counts}"
    );
}

fn totals_may_be_read_while_threads_churn() {
    const THREADS: usize = 64;
    let scope = ProcessScope::begin();
    let desk = Desk::new();
    let running = AtomicUsize::new(THREADS);
    thread::scope(|threads| {
        for seed in 1..=THREADS as u64 {
            let (desk, running) = (&desk, &running);
            threads.spawn(move || {
                desk.churn(seed, 3_000);
                running.fetch_sub(1, SeqCst);
            });
        }
        let mut last = Counts::default();
        let mut readings = 0;
        while running.load(SeqCst) > 0 {
            let counts = scope.counts();
            // Panics if a counter went back.
            let _ = counts - last;
            assert!(counts.live_blocks() >= 0, "{counts}");
            assert!(counts.live_bytes() >= 0, "{counts}");
            // One that begins in the middle sees blocks freed that were there
            // before, but no more of them than there were.
            let inner = ProcessScope::begin();
            let inside = inner.counts();
            assert!(inside.live_blocks() >= -counts.live_blocks() - 10_000);
            drop(inner);
            last = counts;
            readings += 1;
        }
        assert!(readings > 10);
    });
}

fn scopes_of_many_threads_overlap() {
    let all = ProcessScope::begin();
    let here = ThreadScope::begin();
    let before = all.counts() - here.counts();
    assert_eq!(before, Counts::default());
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let one = ProcessScope::begin();
                    drop(black_box(Box::new(1_u64)));
                    let counts = one.counts();
                    // At least its own, whoever else began or ended one.
                    assert!(counts.allocations >= 1 && counts.deallocations >= 1);
                }
            });
        }
    });
    assert!(all.counts().allocations >= 16 * 500);
}

fn a_scope_outlives_the_thread_that_began_it() {
    let scope = thread::spawn(ProcessScope::begin).join().unwrap();
    let before = scope.counts();
    let kept = black_box(vec![1_u8; 10_000]);
    let ended = thread::spawn(move || scope.counts()).join().unwrap();
    assert!((ended - before).bytes_allocated >= 10_000);
    drop(kept);
    // It has ended: this is not counted, for a scope that begins later.
    let ((), counts) = count_process(|| drop(black_box(Box::new(1_u64))));
    assert_eq!((counts.allocations, counts.bytes_freed), (1, 8));
}

fn what_threads_do_in_their_destructors_counts() {
    struct Last(Vec<u8>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.reserve_exact(1_000);
            drop(black_box(vec![0_u8; 10_000]));
        }
    }
    thread_local! {
        static LAST: RefCell<Last> = const { RefCell::new(Last(Vec::new())) };
    }
    let one = || {
        let touch = || LAST.with_borrow(|last| assert!(last.0.is_empty()));
        thread::spawn(touch).join().unwrap();
    };
    let idle = || thread::spawn(|| {}).join().unwrap();
    one();
    let (((), with), ((), without)) = (count_process(one), count_process(idle));
    let more = with.bytes_allocated - without.bytes_allocated;
    assert!((11_000..12_000).contains(&more), "{with}\n{without}");
    assert_eq!(with.live_bytes(), 0);
}

// ---- the allocator by hand --------------------------------------------------

/// What was asked, of what size and alignment, and the new size if there was one.
type Note = (&'static str, usize, usize, usize);

/// Notes what it is asked for, and refuses what is too large.
struct Noting<'a>(&'a RefCell<Vec<Note>>);

impl Noting<'_> {
    fn admits(&self, call: &'static str, layout: Layout, size: usize) -> bool {
        let mut notes = self.0.borrow_mut();
        assert!(notes.len() < notes.capacity(), "noting must not allocate");
        notes.push((call, layout.size(), layout.align(), size));
        layout.size() < TOO_LARGE && size < TOO_LARGE
    }
}

const TOO_LARGE: usize = 1 << 30;

// SAFETY: `System` does the work, or the answer is null, which is allowed.
unsafe impl GlobalAlloc for Noting<'_> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.admits("alloc", layout, 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !self.admits("alloc_zeroed", layout, 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.admits("dealloc", layout, 0);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.admits("realloc", layout, size) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Everything that an allocator can be asked for, with what it refuses.
fn ask(allocator: &impl GlobalAlloc) {
    let layout = Layout::from_size_align(24, 32).unwrap();
    let larger = Layout::from_size_align(48, 32).unwrap();
    let too_large = Layout::from_size_align(TOO_LARGE, 32).unwrap();
    // SAFETY: sizes are not 0, and blocks are used with the layout that they have, and
    // not after they were freed. A reallocation that is refused leaves its block alone.
    unsafe {
        assert!(allocator.alloc(too_large).is_null());
        assert!(allocator.alloc_zeroed(too_large).is_null());
        let block = allocator.alloc(layout);
        assert!(allocator.realloc(block, layout, TOO_LARGE).is_null());
        block.write(7);
        let block = allocator.realloc(block, layout, 48);
        assert_eq!(block.read(), 7);
        allocator.dealloc(block, larger);
        let zeroed = allocator.alloc_zeroed(layout);
        assert_eq!(zeroed.cast::<[u8; 24]>().read(), [0; 24]);
        allocator.dealloc(zeroed, layout);
    }
}

fn every_call_goes_on_as_it_came_and_what_is_refused_does_not_count() {
    let notes = [(); 3].map(|()| RefCell::new(Vec::with_capacity(8)));
    let [plain, off, on] = &notes;
    ask(&Noting(plain));
    ask(&Counting::new(Noting(off)));
    let ((), counts) = count_process(|| ask(&Counting::new(Noting(on))));
    assert_eq!(plain.borrow().len(), 8);
    assert_eq!(plain, off);
    assert_eq!(plain, on);
    assert_eq!((counts.allocations, counts.bytes_allocated), (2, 72));
    assert_eq!((counts.deallocations, counts.bytes_freed), (2, 72));
    assert_eq!(counts.reallocations, 1);
}
