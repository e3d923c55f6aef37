//! What the tests of the pool share: objects that are accounted for, threads
//! that do what they are told, and processes that may die.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code, unreachable_pub)]

use millpond::{Discard, Pool, Recycle, Recycler, Stats};
use std::collections::HashMap;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What became of every object that a pool ever made.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<HashMap<u64, Entry>>>);

#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Somebody holds a guard, or has detached it.
    pub lent: bool,
    /// What the drop hook was told about it.
    pub hooked: Vec<Discard>,
    pub dead: bool,
}

impl Ledger {
    pub fn all(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, id: u64, f: impl FnOnce(&mut Entry) -> R) -> R {
        f(self.all().get_mut(&id).expect("an object of this ledger"))
    }

    /// Makes an object.
    pub fn object(&self) -> Tracked {
        let mut all = self.all();
        let id = all.len() as u64;
        all.insert(id, Entry::default());
        Tracked {
            id,
            contents: Vec::new(),
            ledger: self.clone(),
        }
    }

    /// Notes that an object was lent: clean, alive, and to nobody else.
    pub fn lend(&self, object: &Tracked) {
        assert!(object.contents.is_empty(), "a dirty object was lent");
        self.with(object.id, |entry| {
            assert!(!entry.dead, "a dead object was lent");
            assert!(entry.hooked.is_empty(), "a discarded object was lent");
            assert!(!entry.lent, "an object was lent twice at once");
            entry.lent = true;
        });
    }

    /// Notes that an object is about to be given back.
    pub fn give_back(&self, object: &Tracked) {
        self.with(object.id, |entry| assert!(std::mem::take(&mut entry.lent)));
    }

    /// For the pool's drop hook.
    pub fn hook(&self, object: &Tracked, why: Discard) {
        self.with(object.id, |entry| {
            assert!(!entry.lent, "the hook saw an object in use");
            assert!(!entry.dead);
            entry.hooked.push(why);
            assert_eq!(entry.hooked.len(), 1, "the hook saw an object twice");
        });
    }

    pub fn alive(&self) -> usize {
        self.all().values().filter(|entry| !entry.dead).count()
    }

    pub fn hooked(&self, why: Discard) -> usize {
        let all = self.all();
        all.values()
            .filter(|entry| entry.hooked.contains(&why))
            .count()
    }

    /// A pool whose objects and discards this ledger follows.
    pub fn pool(&self, local: usize, global: usize) -> Arc<Pool<Tracked>> {
        let (create, hook) = (self.clone(), self.clone());
        Arc::new(
            Pool::from_fn(move || create.object())
                .with_local_capacity(local)
                .with_global_capacity(global)
                .with_drop_hook_fn(move |object, why| hook.hook(object, why)),
        )
    }

    /// Compares with what the pool says of itself, while nothing is going on.
    /// `detached` objects are out of the pool for good, and alive.
    pub fn check(&self, stats: &Stats, detached: usize) {
        identities(stats);
        assert_eq!(self.all().len() as u64, stats.created);
        let idle = stats.idle_local + stats.idle_global;
        assert_eq!(
            self.alive() as u64,
            idle + stats.in_use + detached as u64,
            "objects were lost: {stats:?}"
        );
        for (why, n) in stats.discarded.iter() {
            assert_eq!(self.hooked(why) as u64, n, "{why}");
        }
        for (id, entry) in self.all().iter() {
            let hooked = !entry.hooked.is_empty();
            assert!(!hooked || entry.dead, "{id} was discarded and lives");
        }
    }
}

/// What holds for any pool at rest.
pub fn identities(s: &Stats) {
    assert_eq!(s.gets, s.local_hits + s.global_hits + s.created, "{s:?}");
    assert_eq!(
        s.gets,
        s.returned + s.discarded.on_return() + s.detached + s.in_use,
        "{s:?}"
    );
}

/// What holds for a pool at rest of which nobody holds an object and nobody
/// detached one: all that was made lies idle, or has been let go.
pub fn nothing_lost(s: &Stats) {
    identities(s);
    assert_eq!(s.in_use, 0, "{s:?}");
    assert_eq!(
        s.created,
        s.idle_local + s.idle_global + s.discarded.total(),
        "{s:?}"
    );
}

/// An object that a [`Ledger`] follows.
pub struct Tracked {
    pub id: u64,
    pub contents: Vec<u32>,
    ledger: Ledger,
}

impl Recycle for Tracked {
    fn recycle(&mut self) {
        self.contents.clear();
    }

    fn footprint(&self) -> usize {
        self.contents.capacity() * size_of::<u32>()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.ledger.with(self.id, |entry| {
            assert!(!entry.dead, "an object was destroyed twice");
            entry.dead = true;
        });
    }
}

/// Makes a pool hold `n` idle objects, as far as it keeps them.
pub fn warm<T: Send, R: Recycler<T>>(pool: &Pool<T, R>, n: usize) {
    drop((0..n).map(|_| pool.get()).collect::<Vec<_>>());
}

/// A thread that runs one job after another, while the caller waits for each.
pub struct Worker {
    jobs: Option<Sender<Job>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Worker {
    pub fn new() -> Self {
        let (jobs, inbox) = channel::<Job>();
        let (finished, done) = channel();
        let thread = std::thread::spawn(move || {
            for job in inbox {
                job();
                finished.send(()).unwrap();
            }
        });
        Self {
            jobs: Some(jobs),
            done,
            thread: Some(thread),
        }
    }

    pub fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let (send, receive) = channel();
        let job = Box::new(move || send.send(job()).unwrap());
        self.jobs.as_ref().unwrap().send(job).unwrap();
        self.done.recv().expect("a job that does not panic");
        receive.recv().unwrap()
    }

    /// Ends the thread, and waits until it has run its destructors.
    pub fn exit(mut self) {
        self.end().unwrap();
    }

    fn end(&mut self) -> std::thread::Result<()> {
        self.jobs = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let ended = self.end();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// Runs `f` on a thread of its own, to the end of its destructors.
pub fn on_a_thread<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    match std::thread::spawn(f).join() {
        Ok(result) => result,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

/// Runs `f` on a thread of its own, and fails the whole process if it takes so
/// long that it must be a deadlock.
pub fn without_deadlock<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (send, receive) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let waited = receive.recv_timeout(Duration::from_secs(60));
        if waited == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("deadlock");
            std::process::abort();
        }
    });
    let result = on_a_thread(f);
    drop(send);
    watchdog.join().unwrap();
    result
}

const CASE: &str = "MILLPOND_TEST_CASE";

/// The case that this process was started for, if it is a child.
pub fn case() -> Option<String> {
    std::env::var(CASE).ok()
}

/// Runs the `case` of the test called `test` in a process of its own, because a
/// failure would be an abort. What it prints with [`say`].
pub fn child(test: &str, case: &str) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CASE, case)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{test}, case {case}: {}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let said: Vec<String> = stdout
        .lines()
        .filter_map(|line| Some(line.split_once("said: ")?.1.to_owned()))
        .collect();
    assert!(
        !said.is_empty(),
        "{test}, case {case} did not run:\n{stdout}"
    );
    said
}

/// Tells the parent process something.
pub fn say(what: impl std::fmt::Display) {
    println!("said: {what}");
}
