//! Whatever is done to a pool, in any order, on any thread: does it hold what it
//! promises? One thing happens at a time, so every count can be exact.

mod common;

use common::{Ledger, Tracked, Worker};
use millpond::{Discard, OwnedPooled};
use proptest::prelude::*;
use std::sync::Arc;

/// The slots of a thread that others cannot reach, as documented at
/// `set_local_capacity`.
const FRONT: usize = 16;

const THREADS: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Get(usize),
    Fill(usize, usize),
    Drop(usize, usize),
    DropElsewhere(usize),
    Detach(usize),
    Trim(usize),
    SetLocal(usize, usize),
    SetGlobal(usize, usize),
    SetEnabled(usize, bool),
    Exit(usize),
}

fn capacity(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![
        3 => prop::sample::select(vec![0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33]),
        2 => 0..=most,
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let thread = || 0..THREADS;
    prop_oneof![
        30 => thread().prop_map(Op::Get),
        6 => (any::<usize>(), 1..200_usize).prop_map(|(at, n)| Op::Fill(at, n)),
        24 => (thread(), any::<usize>()).prop_map(|(thread, at)| Op::Drop(thread, at)),
        3 => any::<usize>().prop_map(Op::DropElsewhere),
        2 => any::<usize>().prop_map(Op::Detach),
        1 => thread().prop_map(Op::Trim),
        2 => (thread(), capacity(40)).prop_map(|(thread, n)| Op::SetLocal(thread, n)),
        2 => (thread(), capacity(64)).prop_map(|(thread, n)| Op::SetGlobal(thread, n)),
        1 => (thread(), any::<bool>()).prop_map(|(thread, on)| Op::SetEnabled(thread, on)),
        2 => thread().prop_map(Op::Exit),
    ]
}

/// Runs of the same operation, so that capacities are reached and left.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec((op(), 1..24_usize), 1..60).prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(op, n)| {
                let n = match op {
                    Op::Get(_) | Op::Drop(..) => n,
                    _ => 1,
                };
                std::iter::repeat_n(op, n)
            })
            .collect()
    })
}

/// Returns after which a thread that never borrows may have a tier, too, as documented at
/// `Pool`.
const MANY: usize = 64;

/// A thread, and the most objects that its tier may hold by now.
struct Thread {
    worker: Worker,
    returned: usize,
    borrowed: bool,
    most: usize,
}

impl Thread {
    fn new() -> Self {
        Self {
            worker: Worker::new(),
            returned: 0,
            borrowed: false,
            most: 0,
        }
    }
}

fn run(ops: Vec<Op>, local: usize, global: usize) {
    let ledger = Ledger::default();
    let pool = ledger.pool(local, global);
    let mut threads: Vec<Thread> = (0..THREADS).map(|_| Thread::new()).collect();
    let mut lent: Vec<OwnedPooled<Tracked>> = Vec::new();
    let mut detached: Vec<Tracked> = Vec::new();
    let (mut local, mut global, mut enabled) = (local, global, true);
    for op in ops {
        let before = pool.stats();
        let kept = |enabled| if enabled { local } else { 0 };
        match op {
            Op::Get(thread) => {
                let thread = &mut threads[thread];
                let pool = Arc::clone(&pool);
                let object = thread.worker.run(move || pool.get_owned());
                ledger.lend(&object);
                lent.push(object);
                thread.borrowed = true;
                thread.most = kept(enabled);
            }
            Op::Fill(at, n) if !lent.is_empty() => {
                let at = at % lent.len();
                lent[at].contents.extend((0..n).map(|i| i as u32));
            }
            Op::Drop(thread, at) if !lent.is_empty() => {
                let object = lent.swap_remove(at % lent.len());
                ledger.give_back(&object);
                let thread = &mut threads[thread];
                thread.worker.run(move || drop(object));
                thread.returned += 1;
                thread.borrowed |= thread.returned > MANY;
                // What is left in a thread of a disabled pool waits for a `get`.
                if thread.borrowed && enabled {
                    thread.most = local;
                }
            }
            Op::DropElsewhere(at) if !lent.is_empty() => {
                let object = lent.swap_remove(at % lent.len());
                ledger.give_back(&object);
                Worker::new().run(move || drop(object));
            }
            Op::Detach(at) if !lent.is_empty() => {
                let object = lent.swap_remove(at % lent.len());
                detached.push(OwnedPooled::detach(object));
            }
            Op::Trim(thread) => {
                let pool = Arc::clone(&pool);
                let trimmed = threads[thread].worker.run(move || pool.trim()) as u64;
                let after = self::idle(&ledger, lent.len() + detached.len());
                assert_eq!(before.idle_local + before.idle_global - trimmed, after);
                assert!(after <= ((THREADS - 1) * FRONT) as u64);
            }
            Op::SetLocal(by, n) => {
                local = n;
                let pool = Arc::clone(&pool);
                threads[by].worker.run(move || pool.set_local_capacity(n));
            }
            Op::SetGlobal(by, n) => {
                global = n;
                let pool = Arc::clone(&pool);
                threads[by].worker.run(move || pool.set_global_capacity(n));
            }
            Op::SetEnabled(by, on) => {
                enabled = on;
                let pool = Arc::clone(&pool);
                threads[by].worker.run(move || pool.set_enabled(on));
            }
            Op::Exit(thread) => {
                std::mem::replace(&mut threads[thread], Thread::new())
                    .worker
                    .exit();
            }
            Op::Fill(..) | Op::Drop(..) | Op::DropElsewhere(_) | Op::Detach(_) => {}
        }
        if let Op::SetLocal(by, _) | Op::SetEnabled(by, _) = op {
            let kept = if enabled { local } else { 0 };
            for (i, thread) in threads.iter_mut().enumerate().filter(|(_, t)| t.borrowed) {
                let out_of_reach = if i == by { 0 } else { thread.most.min(FRONT) };
                thread.most = kept.max(out_of_reach);
            }
        }

        let stats = pool.stats();
        ledger.check(&stats, detached.len());
        assert_eq!(stats.in_use, lent.len() as u64);
        assert_eq!(stats.detached, detached.len() as u64);
        let most: usize = threads.iter().map(|thread| thread.most).sum();
        assert!(stats.idle_local <= most as u64, "{op:?}: {most} {stats:?}");
        assert!(stats.idle_global <= global as u64, "{op:?}: {stats:?}");
        assert_eq!(pool.local_capacity(), local);
        assert_eq!(pool.global_capacity(), global);
        assert_eq!(pool.is_enabled(), enabled);
        if matches!(op, Op::Get(_)) && enabled && before.idle_global > 0 {
            assert_eq!(stats.created, before.created, "made one, and had one");
        }
        let refused = |why| stats.discarded[why] - before.discarded[why];
        if refused(Discard::GlobalFull) > 0 {
            assert!(global > 0 && before.idle_global == global as u64);
        }
        if refused(Discard::LocalFull) > 0 {
            assert_eq!(global, 0);
        }
        if idle(&ledger, lent.len() + detached.len()) == 0 {
            assert_eq!(stats.idle_bytes, 0);
        }
    }
    // The end, with what is lent dropped on a thread that never borrowed.
    lent.iter().for_each(|object| ledger.give_back(object));
    let last = Worker::new();
    last.run(move || drop(lent));
    last.exit();
    drop(threads);
    let stats = pool.stats();
    ledger.check(&stats, detached.len());
    assert_eq!(stats.idle_local, 0);
    drop(Arc::into_inner(pool).expect("the last one"));
    assert_eq!(
        ledger.hooked(Discard::PoolDropped) as u64,
        stats.idle_global
    );
    assert_eq!(ledger.alive(), detached.len());
}

fn idle(ledger: &Ledger, out: usize) -> u64 {
    (ledger.alive() - out) as u64
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_holds_what_it_promises(
        ops in ops(),
        local in capacity(40),
        global in capacity(64),
    ) {
        run(ops, local, global);
    }
}
