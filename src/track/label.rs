//! Names of threads, as small numbers: a sampled loan stores one without asking
//! for memory.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of a thread name. Threads of one name share it, so that a program that
/// starts a thread for each request does not grow a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(super) u32);

/// Names beyond so many are all called `(other)`: a name may hold a request's id.
const MOST: usize = 1_000;
const UNNAMED: &str = "(unnamed)";
const OTHER: &str = "(other)";

thread_local! {
    /// 0 before the thread was asked for its name.
    static OWN: Cell<u32> = const { Cell::new(0) };
}

static NAMES: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());

fn names() -> MutexGuard<'static, Vec<Arc<str>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's.
pub(super) fn current() -> Id {
    let mut own = OWN.get();
    if own == 0 {
        own = intern();
        OWN.set(own);
    }
    Id(own)
}

#[cold]
fn intern() -> u32 {
    // A thread that is being torn down may have lost its handle.
    let thread = catch_unwind(std::thread::current).ok();
    let name = thread.as_ref().and_then(|thread| thread.name());
    let name = name.unwrap_or(UNNAMED);
    let mut names = names();
    let name = if names.len() < MOST { name } else { OTHER };
    let found = names.iter().position(|other| **other == *name);
    let at = found.unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    });
    at as u32 + 1
}

/// The name behind a number.
pub(super) fn name(id: Id) -> Arc<str> {
    let names = names();
    let name = names.get((id.0 as usize).wrapping_sub(1));
    name.map_or_else(|| OTHER.into(), Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_one_name_share_a_number() {
        let ask = |name: &str| {
            let thread = std::thread::Builder::new().name(name.into());
            thread.spawn(current).unwrap().join().unwrap()
        };
        let first = ask("wörker 1");
        assert_eq!(first, ask("wörker 1"));
        assert_ne!(first, ask("wörker 2"));
        assert_eq!(&*name(first), "wörker 1");
        let unnamed = std::thread::spawn(current).join().unwrap();
        assert_eq!(&*name(unnamed), UNNAMED);
    }
}
