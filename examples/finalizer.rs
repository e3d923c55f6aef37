//! Cleans up behind a pool: no finalizer, and nothing escapes.
//!
//! ```text
//! cargo run --release --example finalizer
//! ```
//!
//! A *spool* here owns something that no allocator takes back: a scratch file on
//! disk, open, with two buffers of which one fills while the other is flushed. In
//! Go such objects go into a `sync.Pool`, and since that drops them without a word,
//! at a garbage collection, a finalizer cleans up:
//!
//! ```go
//! var spools = sync.Pool{New: func() any {
//!     f, err := os.CreateTemp("", "spool")
//!     if err != nil { panic(err) }
//!     s := &Spool{file: f}
//!     runtime.SetFinalizer(s, func(s *Spool) { s.file.Close(); os.Remove(s.file.Name()) })
//!     return s
//! }}
//! s := spools.Get().(*Spool)
//! defer spools.Put(s.Reset())   // or an early return loses it, to the finalizer
//! ```
//!
//! which runs some time later, on another goroutine, in no order; not at exit; not
//! if the spool is part of a cycle; and tells nobody why. Here the pool's *drop
//! hook* does it, on the spot, with the reason; the *return hook* keeps a spool
//! whose file is broken from being lent again.
//!
//! (`impl Drop for Spool` would close and remove as reliably, for a type of one's
//! own, detached spools included. The hook is for types of other crates, for what
//! needs more than the object, and for the reason.)
//!
//! The program takes every way out of a pool, a directory for each. Behind each it
//! counts: files opened, files released, guards that the pool says are still out,
//! and the files that are really there. A file that is neither released nor lent
//! has *escaped*.
//!
//! What no pool can catch: `mem::forget` of a guard (or a cycle of `Rc`s around
//! it), which shows in `Stats::in_use` for ever; `process::abort`, and
//! `process::exit` or the end of `main` without [`Pool::close`] before it, as
//! statics are never dropped.
//!
//! Exit status: 0 if nothing escaped, 1 if something did, 2 if the scratch files
//! could not be made or the table not be written.

use millpond::{Discard, Pool, Pooled, Recycle, Retention};
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::{env, mem, process, thread};

const ESCAPED: u8 = 1;
const NOT_RUN: u8 = 2;

/// A buffer is flushed when it holds this much.
const FLUSH_AT: usize = 4096;

// ---- The pooled object ------------------------------------------------------

/// A scratch file with a double buffer.
#[derive(Debug)]
struct Spool {
    path: PathBuf,
    /// `None` once it has been released.
    file: Option<File>,
    filling: Vec<u8>,
    flushing: Vec<u8>,
    /// A write failed: what the file holds is anyone's guess.
    broken: bool,
}

impl Spool {
    fn create(path: PathBuf) -> io::Result<Self> {
        Ok(Self {
            file: Some(File::create_new(&path)?),
            path,
            filling: Vec::with_capacity(FLUSH_AT),
            flushing: Vec::with_capacity(FLUSH_AT),
            broken: false,
        })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or(io::ErrorKind::NotFound.into())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.filling.extend_from_slice(bytes);
        match self.filling.len() {
            0..FLUSH_AT => Ok(()),
            _ => self.flush(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        mem::swap(&mut self.filling, &mut self.flushing);
        let bytes = mem::take(&mut self.flushing);
        let written = self.file().and_then(|file| file.write_all(&bytes));
        self.flushing = bytes;
        self.flushing.clear();
        self.broken |= written.is_err();
        written
    }

    fn rewind(&mut self) -> io::Result<()> {
        let file = self.file()?;
        file.set_len(0)?;
        file.rewind()
    }

    /// Makes the file refuse every change from here on, as a full or failing disk
    /// would.
    fn sabotage(&mut self) {
        self.file = File::open(&self.path).ok();
    }
}

impl Recycle for Spool {
    fn recycle(&mut self) {
        self.filling.clear();
        self.flushing.clear();
        if let Err(e) = self.rewind() {
            // A panic, but for the message, which would spoil the table.
            panic::resume_unwind(Box::new(e));
        }
    }

    fn footprint(&self) -> usize {
        self.filling.capacity() + self.flushing.capacity()
    }
}

// ---- The books --------------------------------------------------------------

/// Who opened what, and where it went.
#[derive(Debug)]
struct Ledger {
    directory: PathBuf,
    opened: AtomicU64,
    released: [AtomicU64; Discard::ALL.len()],
    /// By the owner, of a detached one.
    released_by_owner: AtomicU64,
}

impl Ledger {
    fn new(directory: PathBuf) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&directory)?;
        Ok(Arc::new(Self {
            directory,
            opened: AtomicU64::new(0),
            released: Default::default(),
            released_by_owner: AtomicU64::new(0),
        }))
    }

    /// The create function.
    fn open(&self) -> Spool {
        let n = self.opened.fetch_add(1, Relaxed);
        let path = self.directory.join(format!("spool-{n}"));
        Spool::create(path).unwrap_or_else(|e| {
            self.opened.fetch_sub(1, Relaxed);
            panic!(
                "cannot make a scratch file in {}: {e}",
                self.directory.display()
            )
        })
    }

    /// The drop hook: what the finalizer did.
    fn release(&self, spool: &mut Spool, why: Discard) {
        if close(spool) {
            self.released[why as usize].fetch_add(1, Relaxed);
        }
    }

    fn files(&self) -> io::Result<u64> {
        Ok(fs::read_dir(&self.directory)?.count() as u64)
    }

    fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let by_pool = Discard::ALL.iter().zip(&self.released);
        let by_pool = by_pool.map(|(why, n)| (why.as_str(), n));
        by_pool
            .chain([("by its new owner", &self.released_by_owner)])
            .map(|(why, n)| (why, n.load(Relaxed)))
            .filter(|(_, n)| *n > 0)
    }
}

/// Closes and removes a spool's file; whether there was one to remove.
fn close(spool: &mut Spool) -> bool {
    spool.file.take().is_some() && fs::remove_file(&spool.path).is_ok()
}

/// A pool whose spools are entered in `books`.
fn pool(books: &Arc<Ledger>) -> Pool<Spool> {
    let (opening, releasing) = (Arc::clone(books), Arc::clone(books));
    Pool::from_fn(move || opening.open())
        .with_return_hook(|spool| !spool.broken)
        .with_drop_hook_fn(move |spool, why| releasing.release(spool, why))
        .with_retention(Retention::new().with_max(64 << 10))
}

// ---- The ways out -----------------------------------------------------------

/// Returns how many guards the pool says are still out at its end.
type Way = fn(Pool<Spool>, &Ledger) -> u64;

const WAYS: [(&str, Way); 13] = [
    ("early return", early_return),
    ("`?`", question_mark),
    ("panic while held", panic_while_held),
    ("panic in recycle", panic_in_recycle),
    ("write failed", write_failed),
    ("oversized", oversized),
    ("own tier full", own_tier_full),
    ("both tiers full", both_tiers_full),
    ("switched off", switched_off),
    ("trimmed", trimmed),
    ("thread exit", thread_exit),
    ("detached", detached),
    ("mem::forget", forgotten),
];

fn in_use(pool: Pool<Spool>, _: &Ledger) -> u64 {
    pool.stats().in_use
}

fn early_return(pool: Pool<Spool>, books: &Ledger) -> u64 {
    fn lookup(pool: &Pool<Spool>, found: bool) -> Option<usize> {
        let spool = pool.get();
        if !found {
            return None;
        }
        Some(spool.filling.len())
    }
    assert_eq!(lookup(&pool, false), None);
    in_use(pool, books)
}

fn question_mark(pool: Pool<Spool>, books: &Ledger) -> u64 {
    fn parse(pool: &Pool<Spool>, number: &str) -> Result<u32, Box<dyn std::error::Error>> {
        let mut spool = pool.get();
        spool.write(number.as_bytes())?;
        Ok(number.parse()?)
    }
    assert!(parse(&pool, "twelve").is_err());
    in_use(pool, books)
}

fn panic_while_held(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let work = AssertUnwindSafe(|| {
        let mut spool = pool.get();
        spool.filling.extend_from_slice(b"half a rec");
        panic::resume_unwind(Box::new("the handler's fault"));
    });
    assert!(panic::catch_unwind(work).is_err());
    // The next borrower sees nothing of it.
    assert!(pool.get().filling.is_empty());
    in_use(pool, books)
}

fn panic_in_recycle(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let mut spool = pool.get();
    spool.sabotage();
    let returned = panic::catch_unwind(AssertUnwindSafe(|| drop(spool)));
    assert!(returned.is_err());
    in_use(pool, books)
}

fn write_failed(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let mut spool = pool.get();
    spool.sabotage();
    assert!(spool.write(&[b'x'; FLUSH_AT]).is_err());
    drop(spool);
    in_use(pool, books)
}

fn oversized(pool: Pool<Spool>, books: &Ledger) -> u64 {
    pool.get().filling.reserve(1 << 20);
    in_use(pool, books)
}

fn own_tier_full(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let pool = pool.with_local_capacity(2).with_global_capacity(0);
    drop([pool.get(), pool.get(), pool.get(), pool.get()]);
    in_use(pool, books)
}

fn both_tiers_full(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let pool = pool.with_local_capacity(1).with_global_capacity(1);
    drop([pool.get(), pool.get(), pool.get(), pool.get()]);
    in_use(pool, books)
}

fn switched_off(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let spool = pool.get();
    pool.set_enabled(false);
    drop(spool);
    in_use(pool, books)
}

fn trimmed(pool: Pool<Spool>, books: &Ledger) -> u64 {
    drop([pool.get(), pool.get(), pool.get()]);
    assert_eq!(pool.trim(), 3);
    in_use(pool, books)
}

fn thread_exit(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let pool = pool.with_global_capacity(0);
    thread::scope(|scope| {
        // Joined, as the end of a scope does not wait for thread-locals.
        let thread = scope.spawn(|| drop([pool.get(), pool.get()]));
        thread.join().expect("the thread is well");
    });
    in_use(pool, books)
}

fn detached(pool: Pool<Spool>, books: &Ledger) -> u64 {
    let mut spool = Pooled::detach(pool.get());
    // No hook sees it any more: its new owner cleans up.
    if close(&mut spool) {
        books.released_by_owner.fetch_add(1, Relaxed);
    }
    in_use(pool, books)
}

fn forgotten(pool: Pool<Spool>, books: &Ledger) -> u64 {
    mem::forget(pool.get());
    in_use(pool, books)
}

// ---- The end of the process -------------------------------------------------

/// The books of the static pool.
static BOOKS: OnceLock<Arc<Ledger>> = OnceLock::new();

static SPOOLS: Pool<Spool> = Pool::new()
    .with_create(|| BOOKS.get().expect("opened by `shutdown`").open())
    .with_return_hook(|spool| !spool.broken)
    .with_drop_hook(|spool, why| {
        if let Some(books) = BOOKS.get() {
            books.release(spool, why);
        }
    });

/// Leaves a static pool as a program should at its end, with a spool still out.
fn shutdown(directory: PathBuf) -> io::Result<(Arc<Ledger>, u64)> {
    let books = Arc::clone(BOOKS.get_or_init(|| {
        Ledger::new(directory).expect("checked before: the directory can be made")
    }));
    drop([SPOOLS.get(), SPOOLS.get()]);
    let worker = thread::spawn(|| drop([SPOOLS.get(), SPOOLS.get()]));
    assert!(worker.join().is_ok());
    let late = SPOOLS.get();
    assert_eq!(SPOOLS.close(), 1, "all but the one that is out");
    drop(late);
    assert_eq!(SPOOLS.close(), 0, "all of them");
    Ok((books, SPOOLS.stats().in_use))
}

// ---- The table --------------------------------------------------------------

/// What came of one way.
struct Outcome {
    opened: u64,
    released: u64,
    in_use: u64,
    files: u64,
    reasons: String,
}

impl Outcome {
    fn new(books: &Ledger, in_use: u64) -> io::Result<Self> {
        let reasons = books.reasons().map(|(why, n)| format!("{why} {n}"));
        Ok(Self {
            opened: books.opened.load(Relaxed),
            released: books.reasons().map(|(_, n)| n).sum(),
            in_use,
            files: books.files()?,
            reasons: reasons.collect::<Vec<_>>().join(", "),
        })
    }

    /// Files that are neither released nor lent, by the books or on the disk.
    fn escaped(&self) -> u64 {
        let kept = self.released + self.in_use;
        self.opened
            .abs_diff(kept)
            .max(self.files.abs_diff(self.in_use))
    }
}

/// Takes one way, on a pool and in a directory of its own.
fn take(way: Way, directory: PathBuf) -> io::Result<Outcome> {
    let books = Ledger::new(directory)?;
    let in_use = way(pool(&books), &books);
    Outcome::new(&books, in_use)
}

/// A directory that goes when this does, with all that is left in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Relaxed);
        let path = env::temp_dir().join(format!("millpond-spools-{}-{n}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn main() -> ExitCode {
    match run(&mut io::stdout().lock()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(ESCAPED),
        Err(e) => {
            eprintln!("finalizer: {e}");
            ExitCode::from(NOT_RUN)
        }
    }
}

/// Takes all ways; how many files escaped.
fn run(out: &mut dyn Write) -> io::Result<u64> {
    let scratch = Scratch::new()?;
    let mut outcomes = Vec::new();
    for (n, (name, way)) in WAYS.into_iter().enumerate() {
        outcomes.push((name, take(way, scratch.join(n.to_string()))?));
    }
    let (books, in_use) = shutdown(scratch.join("static"))?;
    outcomes.push(("end of process", Outcome::new(&books, in_use)?));
    report(out, &outcomes)
}

fn report(out: &mut dyn Write, outcomes: &[(&str, Outcome)]) -> io::Result<u64> {
    let mut escaped = 0;
    let (path, reason) = ("way out", "released because");
    writeln!(
        out,
        "{path:<18}{:>7}{:>10}{:>8}{:>7}  {reason}",
        "opened", "released", "in use", "files"
    )?;
    for (name, it) in outcomes {
        let line = format!(
            "{name:<18}{:>7}{:>10}{:>8}{:>7}  {}",
            it.opened, it.released, it.in_use, it.files, it.reasons
        );
        writeln!(out, "{}", line.trim_end())?;
        escaped += it.escaped();
    }
    let leaked: u64 = outcomes.iter().map(|(_, it)| it.in_use).sum();
    writeln!(
        out,
        "\n{leaked} leaked by mem::forget, and `in_use` says so"
    )?;
    for (name, it) in outcomes.iter().filter(|(_, it)| it.escaped() > 0) {
        writeln!(out, "{name}: {} escaped", it.escaped())?;
    }
    writeln!(out, "{escaped} escaped")?;
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(way: Way) -> Outcome {
        let scratch = Scratch::new().unwrap();
        take(way, scratch.join("one")).unwrap()
    }

    #[test]
    fn every_way_has_its_reason_and_nothing_escapes() {
        let table: [(Way, u64, &str); 13] = [
            (early_return, 1, "pool dropped 1"),
            (question_mark, 1, "pool dropped 1"),
            (panic_while_held, 1, "pool dropped 1"),
            (panic_in_recycle, 1, "recycle panicked 1"),
            (write_failed, 1, "refused 1"),
            (oversized, 1, "oversized 1"),
            (own_tier_full, 4, "local tier full 2, pool dropped 2"),
            (both_tiers_full, 4, "shared tier full 2, pool dropped 2"),
            (switched_off, 1, "pool disabled 1"),
            (trimmed, 3, "trimmed 3"),
            (thread_exit, 2, "thread exit 2"),
            (detached, 1, "by its new owner 1"),
            (forgotten, 1, ""),
        ];
        for ((way, opened, reasons), (name, listed)) in table.into_iter().zip(WAYS) {
            assert_eq!(way as usize, listed as usize, "{name} is in its place");
            let it = outcome(way);
            assert_eq!((it.opened, &*it.reasons), (opened, reasons), "{name}");
            assert_eq!(it.escaped(), 0, "{name}");
        }
    }

    #[test]
    fn the_program_finds_nothing_and_leaves_nothing() {
        let mut out = Vec::new();
        assert_eq!(run(&mut out).unwrap(), 0);
        let out = String::from_utf8(out).unwrap();
        assert!(out.ends_with("\n0 escaped\n"), "{out}");
        assert!(out.contains("pool disabled 1, pool dropped"), "{out}");
        assert!(out.lines().all(|l| l.chars().count() <= 90), "{out}");
    }

    #[test]
    fn an_escaped_file_is_counted_and_named() {
        let silent: Way = |pool, books| {
            // As if the pool let go of it without a word.
            mem::forget(Pooled::detach(pool.get()));
            in_use(pool, books)
        };
        let stray: Way = |pool, books| {
            File::create(books.directory.join("stray")).unwrap();
            in_use(pool, books)
        };
        let outcomes = [("silent", outcome(silent)), ("stray", outcome(stray))];
        assert_eq!(outcomes.each_ref().map(|(_, it)| it.escaped()), [1, 1]);
        let mut out = Vec::new();
        assert_eq!(report(&mut out, &outcomes).unwrap(), 2);
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.contains("silent: 1 escaped\nstray: 1 escaped\n2 escaped\n"),
            "{out}"
        );
    }

    #[test]
    fn a_spool_writes_everything_and_comes_back_empty() {
        let scratch = Scratch::new().unwrap();
        let books = Ledger::new(scratch.join("one")).unwrap();
        let pool = pool(&books);
        let mut spool = pool.get();
        let path = spool.path.clone();
        let mut expected = Vec::new();
        for n in 0..3_000_u32 {
            let line = format!("{n}\n");
            spool.write(line.as_bytes()).unwrap();
            expected.extend_from_slice(line.as_bytes());
        }
        spool.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), expected);
        drop(spool);
        assert_eq!(fs::read(&path).unwrap(), b"");
        pool.get().write(&[b'x'; FLUSH_AT]).unwrap();
        assert_eq!(books.opened.load(Relaxed), 1);
        drop(pool);
        assert!(!path.exists());
    }
}
