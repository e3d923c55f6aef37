//! The probes that are the same for every pool.

use super::subjects::{MOST, Subject};
use super::{Answer, trying};
use std::cell::RefCell;
use std::sync::mpsc::channel;
use std::thread;

fn lend<S: Subject>(n: usize) -> Vec<S::Loan> {
    (0..n).map(|_| S::lend()).collect()
}

fn lend_marked<S: Subject>(n: usize) -> Vec<S::Loan> {
    let mut loans = lend::<S>(n);
    loans.iter_mut().for_each(S::mark);
    loans
}

fn marked<S: Subject>(loans: &[S::Loan]) -> usize {
    loans.iter().filter(|loan| S::is_marked(loan)).count()
}

pub(super) fn returns<S: Subject>() -> Answer {
    S::lend_and_drop();
    let again = S::is_marked(&S::lend());
    let evidence = if again {
        "lent again"
    } else {
        "never lent again"
    };
    Answer::new(again, evidence)
}

pub(super) fn clears<S: Subject>() -> Answer {
    let mut loan = S::lend();
    S::mark(&mut loan);
    S::soil(&mut loan);
    drop(loan);
    let again = S::lend();
    if !S::is_marked(&again) {
        return Answer::senseless("what came back was not lent again");
    }
    let clean = S::is_clean(&again);
    Answer::new(
        clean,
        if clean {
            "empty"
        } else {
            "the next borrower finds it as it was left"
        },
    )
}

pub(super) fn bounds_count<S: Subject>() -> Answer {
    const MANY: usize = 1000;
    drop(lend_marked::<S>(MANY));
    let kept = marked::<S>(&lend::<S>(MANY));
    let evidence = format!("told to keep {MOST}, if it can be told: keeps {kept} of {MANY}");
    // A pool may have a tier for the thread beside that for all.
    Answer::new(kept <= 2 * MOST, evidence)
}

pub(super) fn bounds_memory<S: Subject>() -> Answer {
    match S::giant_kept() {
        0 => Answer::new(
            true,
            "told to keep nothing large: of a giant nothing is left when it comes back",
        ),
        bytes => Answer::new(
            false,
            format!(
                "told to keep nothing large, if it can be told: keeps all {} MB of a giant",
                bytes / 1_000_000
            ),
        ),
    }
}

/// Guards go to a thread that stays alive; the lender should find the objects again.
pub(super) fn crosses<S: Subject>() -> Answer {
    let (send, inbox) = channel::<Vec<S::Loan>>();
    let (done, dropped) = channel();
    thread::spawn(move || {
        for loans in inbox {
            drop(loans);
            let _ = done.send(());
        }
    });
    let (mut rounds, mut found) = (0, 0);
    for _ in 0..8 {
        send.send(lend_marked::<S>(MOST / 2)).expect("a thread");
        dropped.recv().expect("a thread");
        // As many as were passed: they should all have been found by the next round.
        rounds += 1;
        let again = lend::<S>(MOST / 2);
        found += marked::<S>(&again);
        drop(again);
    }
    let passed = rounds * MOST / 2;
    let evidence = format!("of {passed} dropped on another thread, the lender finds {found}");
    Answer::new(found * 2 >= passed, evidence)
}

/// Guards go to a thread that stays alive, time and again; then both look for what is
/// kept.
pub(super) fn one_way<S: Subject>() -> Answer {
    const ROUNDS: usize = 32;
    const PASSED: usize = ROUNDS * MOST / 2;
    let (send, inbox) = channel::<Vec<S::Loan>>();
    let (done, dropped) = channel();
    let dropper = thread::spawn(move || {
        for loans in inbox {
            drop(loans);
            let _ = done.send(());
        }
        lend::<S>(PASSED)
    });
    for _ in 0..ROUNDS {
        send.send(lend_marked::<S>(MOST / 2)).expect("a thread");
        dropped.recv().expect("a thread");
    }
    drop(send);
    let theirs = dropper.join().expect("no panic");
    let kept = marked::<S>(&theirs) + marked::<S>(&lend::<S>(PASSED));
    let evidence = format!("of {PASSED} dropped on another thread, {kept} are kept");
    // What a pool is told to keep, with a tier for each thread, is far less.
    Answer::new(kept * 4 <= PASSED, evidence)
}

pub(super) fn outlives_thread<S: Subject>() -> Answer {
    const KEPT: usize = 8;
    // The thread that is first to use a pool may be special to it.
    drop(S::lend());
    thread::spawn(|| drop(lend_marked::<S>(KEPT)))
        .join()
        .expect("no panic");
    let found = marked::<S>(&lend::<S>(KEPT));
    let evidence = format!("of {KEPT} that a thread gave back before it ended, {found} are found");
    Answer::new(found * 2 >= KEPT, evidence)
}

type Job = Box<dyn FnOnce()>;

/// Runs what it was given when its thread ends.
#[derive(Default)]
struct AtExit(RefCell<Vec<Job>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for job in self.0.take() {
            job();
        }
    }
}

thread_local! {
    static FIRST: AtExit = AtExit::default();
    static SECOND: AtExit = AtExit::default();
}

/// Destructors run in the reverse order of first use, so whether a pool's own come
/// before or after depends on which was used first: both are tried.
pub(super) fn survives_teardown<S: Subject>() -> Answer {
    trying("to drop a guard in a destructor before the pool's own");
    thread::spawn(|| {
        let loan = S::lend();
        SECOND.with(|at_exit| at_exit.0.borrow_mut().push(Box::new(|| drop(loan))));
    })
    .join()
    .expect("no panic");
    trying("to drop a guard in a destructor after the pool's own");
    thread::spawn(|| {
        FIRST.with(|_| ());
        let loan = S::lend();
        FIRST.with(|at_exit| at_exit.0.borrow_mut().push(Box::new(|| drop(loan))));
    })
    .join()
    .expect("no panic");
    trying("to borrow and drop in a destructor after the pool's own");
    thread::spawn(|| {
        FIRST.with(|_| ());
        drop(S::lend());
        FIRST.with(|at_exit| at_exit.0.borrow_mut().push(Box::new(|| drop(S::lend()))));
    })
    .join()
    .expect("no panic");
    Answer::new(true, "before and after the pool's own destructors")
}
