//! The one thread that this crate starts, and only if asked.

use crate::hook::Panics;
use crate::inner::Inner;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// A thread that trims a pool at intervals, until this handle or the pool is
/// dropped. Made by [`Pool::trim_every`](crate::Pool::trim_every).
#[must_use = "the thread ends when the handle is dropped; `forget` lets it go on"]
pub struct Trimmer {
    /// Nothing is ever sent: the thread ends when this end is gone.
    alive: Sender<()>,
}

impl Trimmer {
    pub(crate) fn start<T: Send + 'static>(
        inner: &Arc<Inner<T>>,
        interval: Duration,
    ) -> io::Result<Self> {
        let (alive, ended) = channel();
        let inner = Arc::downgrade(inner);
        thread::Builder::new()
            .name("millpond-trim".into())
            .spawn(move || {
                while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                    let Some(inner) = inner.upgrade() else { return };
                    let mut panics = Panics::default();
                    inner.sweep_now(&mut panics);
                    // The pool may have been dropped meanwhile.
                    inner.close(&mut panics);
                    // Nobody could catch it here.
                    panics.swallow();
                }
            })?;
        Ok(Self { alive })
    }

    /// Lets the thread go on for as long as the pool lives.
    pub fn forget(self) {
        std::mem::forget(self.alive);
    }
}

impl fmt::Debug for Trimmer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trimmer").finish_non_exhaustive()
    }
}
