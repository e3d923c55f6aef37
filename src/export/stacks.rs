//! Call sites as places in functions: the stack where one was captured, without this
//! crate's own functions, or else the line alone.
//!
//! The compiler knows the line that borrowed, always. A stack knows functions, and
//! lines as far as the program has debug information. Put together: the innermost
//! function is the one the stack names, its line is the compiler's.

use crate::track::CallSite;

/// A function and a line in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) function: String,
    /// Empty if it is not known, as 0 in what follows.
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// For a call site whose function has no name.
    fn nameless(site: &CallSite) -> Self {
        if site.is_rest() {
            return Self {
                function: site.file().into(),
                file: String::new(),
                line: 0,
                column: 0,
            };
        }
        Self {
            function: format!("{}:{}", site.file(), site.line()),
            file: site.file().into(),
            line: site.line(),
            column: site.column(),
        }
    }
}

/// Where an object was borrowed. Of inlined functions the innermost comes first.
pub(super) struct Stack<'a> {
    pub(super) leaf: Vec<Place>,
    /// The addresses of those who called.
    pub(super) callers: &'a [usize],
}

impl Stack<'_> {
    /// Of a call site that no function is known of.
    fn nameless(site: &CallSite) -> Self {
        Self {
            leaf: vec![Place::nameless(site)],
            callers: &[],
        }
    }
}

#[cfg(not(feature = "backtrace"))]
pub(super) struct Stacks;

#[cfg(not(feature = "backtrace"))]
impl Stacks {
    pub(super) fn new<'a>(_: impl Iterator<Item = &'a CallSite>) -> Self {
        Self
    }

    pub(super) fn of<'a>(&self, site: &'a CallSite) -> Stack<'a> {
        Stack::nameless(site)
    }

    pub(super) fn at(&self, _: usize) -> Vec<Place> {
        Vec::new()
    }
}

#[cfg(feature = "backtrace")]
pub(super) use captured::Stacks;

#[cfg(feature = "backtrace")]
mod captured {
    use super::{Place, Stack};
    use crate::track::stack::{borrower, frames_at};
    use crate::track::{CallSite, Frame};
    use std::collections::HashMap;
    use std::path::{Path, PathBuf};

    /// The functions at all addresses of a profile, each looked up once.
    pub(in super::super) struct Stacks {
        frames: HashMap<usize, Vec<Frame>>,
        /// Where the compiler ran. Debug information names files from the root of the
        /// file system, call sites from there.
        root: Option<PathBuf>,
    }

    impl Stacks {
        pub(in super::super) fn new<'a>(sites: impl Iterator<Item = &'a CallSite>) -> Self {
            let mut stacks = Self {
                frames: HashMap::new(),
                root: None,
            };
            for site in sites {
                for address in site.addresses() {
                    let frames = stacks.frames.entry(*address);
                    frames.or_insert_with(|| frames_at(*address));
                }
                if stacks.root.is_none() {
                    stacks.root = stacks.root_by(site);
                }
            }
            stacks
        }

        fn frames_at(&self, address: usize) -> &[Frame] {
            self.frames.get(&address).map_or(&[], Vec::as_slice)
        }

        /// At which of its addresses a stack borrows, and in which frame there.
        fn borrower(&self, site: &CallSite) -> Option<(usize, usize)> {
            let addresses = site.addresses().iter();
            let frames = addresses.flat_map(|address| self.frames_at(*address));
            let mut frame = borrower(frames, site)?;
            for (at, address) in site.addresses().iter().enumerate() {
                let here = self.frames_at(*address).len();
                if frame < here {
                    return Some((at, frame));
                }
                frame -= here;
            }
            None
        }

        fn root_by(&self, site: &CallSite) -> Option<PathBuf> {
            let (at, frame) = self.borrower(site)?;
            let frame = &self.frames_at(site.addresses()[at])[frame];
            let file = frame.file.as_deref()?;
            if !file.ends_with(site.file()) {
                return None;
            }
            let depth = Path::new(site.file()).components().count();
            let root = file.ancestors().nth(depth)?;
            (!root.as_os_str().is_empty()).then(|| root.into())
        }

        /// The stack from the line that borrowed outwards.
        pub(in super::super) fn of<'a>(&self, site: &'a CallSite) -> Stack<'a> {
            if site.is_rest() {
                return Stack::nameless(site);
            }
            let Some((at, frame)) = self.borrower(site) else {
                return Stack::nameless(site);
            };
            let (own, callers) = (site.addresses()[at], &site.addresses()[at + 1..]);
            let inlined = &self.frames_at(own)[frame..];
            let mut leaf: Vec<_> = inlined.iter().map(|frame| self.place(frame)).collect();
            leaf[0] = at_line(&inlined[0], site);
            Stack { leaf, callers }
        }

        /// The functions at the address of a caller.
        pub(in super::super) fn at(&self, address: usize) -> Vec<Place> {
            let frames = self.frames_at(address).iter();
            frames.map(|frame| self.place(frame)).collect()
        }

        fn place(&self, frame: &Frame) -> Place {
            let file = frame.file.as_deref().unwrap_or(Path::new(""));
            let root = self.root.as_deref();
            let file = root.map_or(file, |root| file.strip_prefix(root).unwrap_or(file));
            Place {
                function: frame.function.as_deref().unwrap_or("(unknown)").into(),
                file: file.to_string_lossy().into(),
                line: frame.line.unwrap_or(0),
                column: 0,
            }
        }
    }

    /// The function that borrowed, at the line that the compiler knows.
    fn at_line(frame: &Frame, site: &CallSite) -> Place {
        let line = Place::nameless(site);
        match &frame.function {
            Some(function) => Place {
                function: function.clone(),
                ..line
            },
            None => line,
        }
    }
}
