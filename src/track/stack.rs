//! Stacks: captured as addresses, some microseconds each; given names only when
//! someone looks.

use super::site::Addresses;
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

/// Whether a function is this crate's, or what takes the trace: of no interest to
/// who asks which of *his* lines borrowed.
pub(crate) fn is_own(frame: &Frame) -> bool {
    let Some(function) = &frame.function else {
        return false;
    };
    let function = function.trim_start_matches(['<', '&']);
    function.starts_with("millpond::") || function.starts_with("backtrace::")
}

/// The stack from the line that borrowed outwards.
pub(super) fn resolve(addresses: &[usize]) -> Vec<Frame> {
    let frames = addresses.iter().flat_map(|address| frames_at(*address));
    let mut frames: Vec<_> = frames.collect();
    let own = frames.iter().take_while(|frame| is_own(frame)).count();
    frames.drain(..own);
    frames
}
