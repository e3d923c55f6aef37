//! `millpond::alloc`, thread by thread: exact in every kind of call, in nested and
//! overlapping scopes, in panics, and at both ends of a thread's life. A process of
//! its own, for its allocator is for all; what counts all threads is in
//! `alloc_process`.

// To do something before `main`.
#![allow(unsafe_code)]

use millpond::alloc::{Counting, Counts, ProcessScope, ThreadScope, count, installed, peak};
use std::cell::RefCell;
use std::hint::black_box;
use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;

#[global_allocator]
static ALLOCATOR: Counting = Counting::system();

/// Allocations, reallocations, deallocations, bytes allocated, bytes freed.
fn all(counts: Counts) -> [u64; 5] {
    [
        counts.allocations,
        counts.reallocations,
        counts.deallocations,
        counts.bytes_allocated,
        counts.bytes_freed,
    ]
}

fn counted<R>(work: impl FnOnce() -> R) -> [u64; 5] {
    all(count(|| drop(black_box(work()))).1)
}

/// A scope of one thread stays there: elsewhere it would subtract what it saw here
/// from another thread's counts. The method is ambiguous where it may leave.
const _: fn() = || {
    trait Ambiguous<A> {
        fn it() {}
    }
    impl<T: ?Sized> Ambiguous<()> for T {}
    impl<T: ?Sized + Send> Ambiguous<u8> for T {}
    <ThreadScope as Ambiguous<_>>::it();

    fn shared<T: Send + Sync>() {}
    shared::<ProcessScope>();
    shared::<Counting>();
};

#[test]
fn every_kind_of_call_is_exact() {
    assert_eq!(installed(), Ok(()));
    assert_eq!(counted(|| {}), [0; 5]);
    assert_eq!(counted(|| Box::new(1_u64)), [1, 0, 1, 8, 8]);
    // Zeroed.
    assert_eq!(counted(|| vec![0_u8; 100]), [1, 0, 1, 100, 100]);
    let grow = || {
        let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
        bytes.reserve_exact(30);
        bytes
    };
    assert_eq!(counted(grow), [1, 1, 1, 30, 30]);
    let shrink = || {
        let mut bytes: Vec<u8> = black_box(Vec::with_capacity(1 << 20));
        bytes.push(1);
        bytes.shrink_to_fit();
        bytes
    };
    assert_eq!(counted(shrink), [1, 1, 1, 1 << 20, 1 << 20]);
    let shrink_to_nothing = || {
        let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
        bytes.shrink_to_fit();
        bytes
    };
    assert_eq!(counted(shrink_to_nothing), [1, 0, 1, 10, 10]);
    // What has no size is nobody's business.
    assert_eq!(counted(|| Box::new(())), [0; 5]);
    assert_eq!(counted(|| vec![(); 1000]), [0; 5]);
    assert_eq!(counted(Vec::<u8>::new), [0; 5]);
    // More than aligned.
    #[repr(align(4096))]
    struct Page(u8);
    let page = || Box::new(Page(1));
    assert_eq!(counted(|| black_box(page()).0), [1, 0, 1, 4096, 4096]);
}

#[test]
fn what_stays_and_what_was_there_before() {
    let (list, counts) = count(|| vec![1_u8; 100]);
    assert_eq!((counts.live_blocks(), counts.live_bytes()), (1, 100));
    let ((), counts) = count(|| drop(list));
    assert_eq!(all(counts), [0, 0, 1, 0, 100]);
    assert_eq!((counts.live_blocks(), counts.live_bytes()), (-1, -100));
}

#[test]
fn an_inner_scope_is_part_of_the_outer_one() {
    let (inner, outer) = count(|| {
        black_box(Box::new(1_u8));
        let ((), inner) = count(|| drop(black_box(Box::new(2_u16))));
        black_box(Box::new(3_u32));
        inner
    });
    assert_eq!(all(inner), [1, 0, 1, 2, 2]);
    assert_eq!(all(outer), [3, 0, 3, 7, 7]);
}

#[test]
fn scopes_end_in_any_order() {
    let first = ThreadScope::begin();
    black_box(Box::new(1_u8));
    let second = ThreadScope::begin();
    black_box(Box::new(1_u16));
    let so_far = first.counts();
    drop(first);
    black_box(Box::new(1_u32));
    assert_eq!(all(so_far), [2, 0, 2, 3, 3]);
    assert_eq!(all(second.counts()), [2, 0, 2, 6, 6]);
    assert_eq!(all(second.counts() - so_far), [0, 0, 0, 3, 3]);
}

#[test]
fn reading_allocates_nothing() {
    let outer = ThreadScope::begin();
    for _ in 0..10 {
        let inner = ThreadScope::begin();
        black_box(inner.counts());
    }
    assert_eq!(outer.counts(), Counts::default());
}

#[test]
fn a_panic_ends_its_scope_and_no_other() {
    let outer = ThreadScope::begin();
    for _ in 0..3 {
        let panics = || count(|| std::panic::resume_unwind(black_box(Box::new(1_u64))));
        assert!(catch_unwind(panics).is_err());
    }
    // Beside the payload, what unwinding takes.
    let counts = outer.counts();
    assert!(counts.allocations >= 3);
    assert_eq!(counts.live_bytes(), 0);
    assert_eq!(counted(|| Box::new(1_u64)), [1, 0, 1, 8, 8]);
}

#[test]
fn other_threads_do_not_count() {
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            start.wait();
            let counts = counted(|| (0..1000_u64).for_each(|i| drop(black_box(Box::new(i)))));
            end.wait();
            counts
        });
        // Its whole life lies between the two barriers, except for its start and end.
        let ((), here) = count(|| {
            start.wait();
            end.wait();
        });
        assert_eq!(here, Counts::default());
        assert_eq!(other.join().unwrap(), [1000, 0, 1000, 8000, 8000]);
    });
}

#[test]
fn threads_that_count_at_once_each_count_their_own() {
    let work = |thread: u64| {
        for round in 0..2000 {
            let n = thread * 7 + round % 5;
            let boxes = || (0..n).for_each(|i| drop(black_box(Box::new(i))));
            assert_eq!(counted(boxes), [n, 0, n, n * 8, n * 8]);
        }
    };
    thread::scope(|scope| {
        for thread in 0..16 {
            scope.spawn(move || work(thread));
        }
    });
}

#[test]
fn what_another_thread_allocated_is_freed_here() {
    let (boxes, there) = thread::spawn(|| count(|| vec![Box::new(1_u64); 10]))
        .join()
        .unwrap();
    assert_eq!(there.live_blocks(), 11);
    let ((), here) = count(|| drop(boxes));
    assert_eq!(here.live_blocks(), -11);
    assert_eq!(here.live_bytes(), -there.live_bytes());
}

#[test]
fn a_peak_is_what_was_held_at_once() {
    let hold = |n: usize| drop(black_box(vec![1_u8; n]));
    let most = |work: &dyn Fn()| peak(work).1;
    assert_eq!(most(&|| {}), 0);
    assert_eq!(
        most(&|| [10, 3_000, 1_000].into_iter().for_each(hold)),
        3_000
    );
    let both = || {
        let one = black_box(vec![1_u8; 100]);
        hold(50);
        drop(one);
        hold(120);
    };
    assert_eq!(most(&both), 150);
    let resized = || {
        let mut bytes = black_box(vec![1_u8; 100]);
        bytes.reserve_exact(900);
        bytes.truncate(10);
        bytes.shrink_to_fit();
        hold(500);
    };
    assert_eq!(most(&resized), 1_000);
    // Frees what was there before: never above where it began.
    let before = black_box(vec![1_u8; 1_000]);
    assert_eq!(peak(|| (drop(before), hold(400)).1).1, 0);
}

#[test]
fn an_inner_peak_counts_for_the_outer_one() {
    let hold = |n: usize| drop(black_box(vec![1_u8; n]));
    let ((low, high), outer) = peak(|| {
        hold(200);
        let low = peak(|| hold(100)).1;
        let _held = black_box(vec![1_u8; 50]);
        (low, peak(|| hold(300)).1)
    });
    assert_eq!((low, high, outer), (100, 300, 350));
    let ((), outer) = peak(|| {
        let panics = || {
            peak(|| {
                hold(700);
                std::panic::resume_unwind(Box::new(()))
            })
        };
        assert!(catch_unwind(panics).is_err());
        hold(1);
    });
    // The exception is allocated, too.
    assert!((700..1_400).contains(&outer), "{outer}");
}

// ---- both ends of a thread --------------------------------------------------

thread_local! {
    static LAST: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    static EARLIER: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

type Last = Box<dyn FnOnce()>;

/// Does something in the destructor of a thread-local.
struct AtExit(Option<Last>);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.0.take().unwrap()();
    }
}

/// Runs both jobs in destructors of a thread, one before the other.
fn at_exit(first: impl FnOnce() + Send + 'static, second: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(|| {
        LAST.set(Some(AtExit(Some(Box::new(first)))));
        EARLIER.set(Some(AtExit(Some(Box::new(second)))));
    });
    thread.join().unwrap();
}

#[test]
fn counts_are_exact_in_a_threads_destructors() {
    let (send, receive) = std::sync::mpsc::channel();
    let other = send.clone();
    let work = || counted(|| (0..100_u64).map(Box::new).collect::<Vec<_>>());
    at_exit(
        move || send.send(work()).unwrap(),
        move || other.send(work()).unwrap(),
    );
    let all: Vec<_> = receive.iter().collect();
    assert_eq!(all, [[101, 0, 101, 1600, 1600]; 2]);
}

#[test]
fn a_scope_may_end_in_the_last_destructor() {
    let (send, receive) = std::sync::mpsc::channel();
    let thread = thread::spawn(|| {
        let scope = ThreadScope::begin();
        let job = move || {
            black_box(Box::new(1_u64));
            send.send(scope.counts()).unwrap();
            drop(scope);
        };
        LAST.set(Some(AtExit(Some(Box::new(job)))));
        drop(black_box(vec![1_u8; 1000]));
    });
    thread.join().unwrap();
    assert!(receive.recv().unwrap().bytes_allocated >= 1008);
    assert_eq!(counted(|| Box::new(1_u64)), [1, 0, 1, 8, 8]);
}

#[test]
fn a_leaked_scope_makes_nothing_wrong() {
    let leak = || std::mem::forget(ThreadScope::begin());
    thread::spawn(leak).join().unwrap();
    leak();
    assert_eq!(counted(|| Box::new(1_u64)), [1, 0, 1, 8, 8]);
}

/// Where Rust's own start-up has not run yet, and a thread is not known to be one.
#[cfg(target_os = "linux")]
mod before_main {
    use super::*;
    use std::sync::Mutex;

    static COUNTED: Mutex<Vec<[u64; 5]>> = Mutex::new(Vec::new());

    extern "C" fn early() {
        let counts = counted(|| Box::new(1_u64));
        COUNTED.lock().unwrap().push(counts);
    }

    #[used]
    #[unsafe(link_section = ".init_array")]
    static EARLY: extern "C" fn() = early;

    #[test]
    fn counts_are_exact_before_main() {
        assert_eq!(*COUNTED.lock().unwrap(), [[1, 0, 1, 8, 8]]);
    }
}
