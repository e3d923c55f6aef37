//! What each pool can do, found out by trying.
//!
//! Every probe runs in a process of its own: some end in an abort or never, and none
//! should find what another left in a `static`.

mod probes;
mod reentry;
mod sharing;
mod subjects;

use self::reentry::Reenter;
use self::sharing::Share;
use self::subjects::Subject;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// `None` where the question makes no sense for this pool.
    pub able: Option<bool>,
    /// What was seen.
    pub evidence: String,
}

impl Answer {
    fn new(able: bool, evidence: impl Into<String>) -> Self {
        Self {
            able: Some(able),
            evidence: evidence.into(),
        }
    }

    fn senseless(evidence: impl Into<String>) -> Self {
        Self {
            able: None,
            evidence: evidence.into(),
        }
    }

    /// In one word.
    pub fn word(&self) -> &'static str {
        match self.able {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (word, evidence) = line.strip_prefix("answer: ")?.split_once('\t')?;
        let able = match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        Some(Self {
            able,
            evidence: evidence.to_owned(),
        })
    }
}

/// A question, and how to find the answer for each pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capability {
    /// Its name in results.
    pub name: &'static str,
    /// What is asked.
    pub question: &'static str,
}

macro_rules! capabilities {
    ($($name:literal, $question:literal, $probe:path;)*) => {
        /// All questions.
        pub const CAPABILITIES: &[Capability] = &[
            $(Capability { name: $name, question: $question },)*
        ];

        fn probe<S: Reenter + Share>(capability: &str) -> Option<Answer> {
            match capability {
                $($name => Some($probe()),)*
                _ => None,
            }
        }
    };
}

capabilities! {
    "returns", "an object comes back when its guard is dropped, without another word",
        probes::returns::<S>;
    "clears", "the pool itself clears it before the next borrower sees it",
        probes::clears::<S>;
    "count", "the number of idle objects can be bounded",
        probes::bounds_count::<S>;
    "memory", "the memory of an idle object can be bounded",
        probes::bounds_memory::<S>;
    "crosses", "a guard may be dropped on another thread, and the object finds its way back",
        probes::crosses::<S>;
    "one-way", "what one thread borrows and another drops, again and again, does not pile up",
        probes::one_way::<S>;
    "dead-thread", "what a thread gave back is found by others when the thread has ended",
        probes::outlives_thread::<S>;
    "teardown", "guards may be dropped, and objects borrowed, in the destructors of thread-locals",
        probes::survives_teardown::<S>;
    "re-entry", "what makes an object may use the same pool",
        reentry::probe::<S>;
    "types", "objects of different types are kept apart, in safe code",
        sharing::types::<S>;
    "send", "what must not leave its thread does not, in safe code",
        sharing::send::<S>;
}

macro_rules! subjects {
    ($($subject:ident),*) => {
        /// The names of all pools, this crate's first.
        pub const SUBJECTS: &[&str] = &[$(<subjects::$subject as Subject>::NAME),*];

        /// Answers a question about a pool, in this process, which may not survive it.
        pub fn try_here(subject: &str, capability: &str) -> Option<Answer> {
            match subject {
                $(<subjects::$subject as Subject>::NAME => probe::<subjects::$subject>(capability),)*
                _ => None,
            }
        }
    };
}

subjects!(
    Millpond,
    PoolsharkLocal,
    PoolsharkGlobal,
    Opool,
    ObjectPool,
    Linear,
    Mutex,
    SpinLock,
    Regex,
    Slab,
    Swimmer,
    Zeropool
);

/// No probe takes a second; one that takes this long is stuck.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints an answer for [`ask`] to read.
pub fn tell(answer: &Answer) {
    println!("answer: {}\t{}", answer.word(), answer.evidence);
}

/// Says what is about to be tried: if it ends the process, [`ask`] knows what it was.
fn trying(what: &str) {
    println!("trying: {what}");
}

/// Asks a question about a pool in a process of its own: `program`, called with
/// `--try SUBJECT CAPABILITY`, should [try](try_here) it and [tell].
///
/// # Errors
///
/// If the program cannot be run, or says nothing and yet ends well.
pub fn ask(program: &Path, subject: &str, capability: &str) -> Result<Answer, String> {
    let failed = |error| format!("cannot run {}: {error}", program.display());
    let mut child = Command::new(program)
        .args(["--try", subject, capability])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let begin = Instant::now();
    let ended = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break Some(status),
            None if begin.elapsed() > PATIENCE => {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                break None;
            }
            None => sleep(Duration::from_millis(5)),
        }
    };
    // Less than a pipe holds, so the child never waited for this.
    let mut said = String::new();
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_to_string(&mut said).map_err(failed)?;
    judge(ended, &said).ok_or_else(|| {
        format!(
            "{subject}, {capability}: no answer from {}",
            program.display()
        )
    })
}

/// What to make of how a process ended and what it said.
fn judge(ended: Option<ExitStatus>, said: &str) -> Option<Answer> {
    let mut tried = said
        .lines()
        .filter_map(|line| line.strip_prefix("trying: "));
    let tried = tried.next_back().unwrap_or("it");
    match ended {
        None => Some(Answer::new(false, format!("never ends: {tried}"))),
        // The words were wrong, and nothing was tried.
        Some(status) if status.code() == Some(2) => None,
        Some(status) if status.success() => said.lines().find_map(Answer::parse),
        Some(status) => Some(Answer::new(false, format!("{status}: {tried}"))),
    }
}
