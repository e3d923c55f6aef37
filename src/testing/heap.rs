//! By how much the heap grew, apart from what pools hold.

use super::report::HeapLeak;
use crate::alloc::{On, ProcessScope, installed, thread_counts};
use crate::track::balance;
use std::thread::{self, ThreadId};

/// A reading of the heap, to be compared with a later one.
#[derive(Debug)]
pub(super) struct Heap {
    tolerated: usize,
    before: i64,
    whose: Whose,
}

#[derive(Debug)]
enum Whose {
    /// Counts while the second lives.
    Thread(ThreadId, On),
    Process(ProcessScope),
}

impl Heap {
    /// Counts from here on.
    ///
    /// # Panics
    ///
    /// If there is no allocator that counts.
    #[track_caller]
    pub(super) fn begin(tolerated: usize, all_threads: bool) -> Self {
        if let Err(error) = installed() {
            panic!("{error}");
        }
        let whose = if all_threads {
            Whose::Process(ProcessScope::begin())
        } else {
            Whose::Thread(thread::current().id(), On::new())
        };
        let before = whose.outside();
        Self {
            tolerated,
            before,
            whose,
        }
    }

    pub(super) fn tolerated(&self) -> usize {
        self.tolerated
    }

    /// Bytes that are there more than at the beginning, below 0 if fewer; `None` on
    /// another thread.
    pub(super) fn growth(&self) -> Option<i64> {
        if let Whose::Thread(id, _) = self.whose
            && id != thread::current().id()
        {
            return None;
        }
        Some(self.whose.outside().wrapping_sub(self.before))
    }

    /// What is wrong with a growth, if anything is. `lent` bytes of it are explained:
    /// objects that are out.
    pub(super) fn judge(&self, growth: Option<i64>, lent: u64) -> Option<HeapLeak> {
        let Some(growth) = growth else {
            return Some(HeapLeak::Moved);
        };
        let bytes = growth.saturating_sub_unsigned(lent);
        let bytes = u64::try_from(bytes).unwrap_or(0);
        (bytes > self.tolerated as u64).then_some(HeapLeak::Grew {
            bytes,
            tolerated: self.tolerated,
            all_threads: matches!(self.whose, Whose::Process(_)),
        })
    }
}

impl Whose {
    /// Bytes on the heap that no pool holds, from some number on; wraps.
    fn outside(&self) -> i64 {
        match self {
            Self::Thread(..) => thread_counts()
                .live_bytes()
                .wrapping_sub(balance::of_thread()),
            Self::Process(scope) => scope
                .counts()
                .live_bytes()
                .wrapping_sub(balance::of_process()),
        }
    }
}
