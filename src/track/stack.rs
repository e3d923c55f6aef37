//! Stacks: captured as addresses, some microseconds each; given names only when
//! someone looks.

use super::site::{Addresses, CallSite};
use std::fmt;
use std::path::PathBuf;

/// Frames of a stack that are kept: as many as pprof shows without scrolling.
const DEPTH: usize = 64;

/// The return addresses of the calling thread.
#[inline(never)]
pub(super) fn capture() -> Addresses {
    let mut addresses = Addresses::new();
    backtrace::trace(|frame| {
        let ip = frame.ip().addr();
        if ip != 0 {
            addresses.push(ip);
        }
        addresses.len() < DEPTH
    });
    addresses
}

/// A function in a stack. `Display` prints `function at file:line`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Frame {
    /// Demangled.
    pub function: Option<String>,
    /// Source file, as the compiler was given it.
    pub file: Option<PathBuf>,
    /// From 1.
    pub line: Option<u32>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.function.as_deref().unwrap_or("(unknown)");
        write!(f, "{function}")?;
        if let Some(file) = &self.file {
            write!(f, " at {}", file.display())?;
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// The functions at one address, innermost first: more than one where some were
/// inlined.
pub(crate) fn frames_at(address: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    // A return address is behind the call, maybe in the next function.
    let inside = std::ptr::without_provenance_mut(address - 1);
    backtrace::resolve(inside, |symbol| {
        frames.push(Frame {
            function: symbol.name().map(|name| format!("{name:#}")),
            file: symbol.filename().map(PathBuf::from),
            line: symbol.lineno(),
        });
    });
    frames
}

/// Which frame of a stack borrowed: the one at the call site's line, or at least in
/// its file, or, where there is no debug information, the first that is not this
/// crate's. What lies before it passes its caller's line on (`#[track_caller]`), and
/// wants to be looked through.
pub(crate) fn borrower<'a>(
    frames: impl Iterator<Item = &'a Frame> + Clone,
    site: &CallSite,
) -> Option<usize> {
    let is_there = |frame: &Frame| {
        let file = frame.file.as_deref();
        file.is_some_and(|file| file.ends_with(site.file()))
    };
    let is_at = |frame: &Frame| frame.line == Some(site.line()) && is_there(frame);
    // A call that is spread over lines is at the first of them in debug information.
    let at_line = frames.clone().position(is_at);
    let in_file = || frames.clone().position(is_there);
    let foreign = || frames.clone().position(|frame| !is_own(frame));
    at_line.or_else(in_file).or_else(foreign)
}

/// Whether a function is this crate's, or what takes the trace: of no interest to
/// who asks which of *his* lines borrowed.
fn is_own(frame: &Frame) -> bool {
    let Some(function) = &frame.function else {
        return false;
    };
    let function = function.trim_start_matches(['<', '&']);
    function.starts_with("millpond::") || function.starts_with("backtrace::")
}

/// The stack from the line that borrowed outwards.
pub(super) fn resolve(site: &CallSite, addresses: &[usize]) -> Vec<Frame> {
    let frames = addresses.iter().flat_map(|address| frames_at(*address));
    let mut frames: Vec<_> = frames.collect();
    let first = borrower(frames.iter(), site).unwrap_or(frames.len());
    frames.drain(..first);
    frames
}
