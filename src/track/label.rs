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

struct Names(Vec<Arc<str>>);

impl Names {
    /// The number of a name, from 1.
    fn number(&mut self, name: &str) -> u32 {
        let at = self.find(name).unwrap_or_else(|| {
            if self.0.len() < MOST {
                return self.add(name);
            }
            self.find(OTHER).unwrap_or_else(|| self.add(OTHER))
        });
        at as u32 + 1
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|other| **other == *name)
    }

    fn add(&mut self, name: &str) -> usize {
        self.0.push(name.into());
        self.0.len() - 1
    }
}

static NAMES: Mutex<Names> = Mutex::new(Names(Vec::new()));

fn names() -> MutexGuard<'static, Names> {
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
    names().number(name)
}

/// The name behind a number.
pub(super) fn name(id: Id) -> Arc<str> {
    let names = names();
    let name = names.0.get((id.0 as usize).wrapping_sub(1));
    name.map_or_else(|| OTHER.into(), Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_still_knows_the_names_in_it() {
        let mut names = Names(Vec::new());
        let worker = names.number("worker");
        for request in 1..MOST {
            names.number(&format!("request {request}"));
        }
        let other = names.number("one too many");
        assert_eq!(names.number("another"), other);
        assert_eq!(&*names.0[other as usize - 1], OTHER);
        assert_eq!(names.number("worker"), worker);
        assert_eq!(names.0.len(), MOST + 1);
    }

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
