//! The thread that ticks, if asked to.

use super::{Sampler, Series};
use crate::hook::Panics;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;

/// A thread that takes snapshots until this handle is dropped. Made by
/// [`Sampler::start`].
#[must_use = "the thread ends when the handle is dropped; `forget` lets it go on"]
pub struct Sampling {
    sampler: Arc<Sampler>,
    /// Nothing is ever sent: the thread ends when this end is gone.
    alive: Sender<()>,
}

impl Sampling {
    pub(super) fn start(sampler: Arc<Sampler>) -> io::Result<Self> {
        let (alive, ended) = channel();
        let ticking = Arc::clone(&sampler);
        thread::Builder::new()
            .name("millpond-sample".into())
            .spawn(move || {
                loop {
                    let mut panics = Panics::default();
                    panics.catch(|| _ = ticking.tick((ticking.time)()));
                    // Nobody could catch it here.
                    panics.swallow();
                    if ended.recv_timeout(ticking.every) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            })?;
        Ok(Self { sampler, alive })
    }

    /// What was seen so far; see [`Sampler::series`].
    pub fn series(&self) -> Vec<Series> {
        self.sampler.series()
    }

    /// Lets the thread go on for as long as the process lives.
    pub fn forget(self) {
        std::mem::forget(self.alive);
    }
}

impl fmt::Debug for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sampler.fmt(f)
    }
}
