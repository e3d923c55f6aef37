//! Who is told of a guard that is lost, or held for too long.

use super::Tracking;
use super::outstanding::{Age, Count, HeldSite};
use crate::hook::Panics;
use crate::units::Bytes;
use std::fmt;
use std::sync::Arc;

/// Why a [`Leak`] is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LeakKind {
    /// A guard has been out for longer than the [threshold](crate::Pool::with_held_after).
    Held,
    /// The pool is gone and its guard cannot come back: it was forgotten.
    Lost,
}

/// Guards that one line of code borrowed and that are lost, or have been out for
/// too long: what a [leak listener](crate::Pool::with_leak_listener) is told, once
/// for each line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Leak {
    /// Lost, or held.
    pub kind: LeakKind,
    /// The pool's name.
    pub pool: Option<String>,
    /// Who holds what, since when.
    pub held: HeldSite,
    /// What is tracked now.
    pub tracking: Tracking,
}

impl Leak {
    pub(super) fn new(
        kind: LeakKind,
        pool: Option<&str>,
        held: HeldSite,
        tracking: Tracking,
    ) -> Self {
        let pool = pool.map(String::from);
        Self {
            kind,
            pool,
            held,
            tracking,
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            pool,
            held,
            tracking,
        } = self;
        match pool {
            Some(name) => write!(f, "pool {name:?}: ")?,
            None => write!(f, "pool: ")?,
        }
        let count = Count(held.objects, held.is_estimate());
        match kind {
            LeakKind::Held => write!(f, "{count} held for up to {}", Age(held.oldest()))?,
            LeakKind::Lost => write!(f, "{count} lost with forgotten guards")?,
        }
        write!(f, ", {}, borrowed at {}", Bytes(held.bytes), held.site)?;
        #[cfg(feature = "backtrace")]
        for frame in held.site.stack() {
            write!(f, "\n    {frame}")?;
        }
        if *tracking != Tracking::All {
            write!(
                f,
                " (tracking is {tracking}; `set_tracking(Tracking::All)` sees every loan)"
            )?;
        }
        Ok(())
    }
}

/// A listener that captures.
pub(crate) type SharedListener = Arc<dyn Fn(&Leak) + Send + Sync>;

/// Who is told.
pub(super) enum Listener {
    None,
    Plain(fn(&Leak)),
    Shared(SharedListener),
}

impl Listener {
    /// User code: call it under no lock or borrow.
    pub(super) fn tell(&self, leak: &Leak, panics: &mut Panics) {
        // On its own: a subscriber that panics keeps nothing from the listener.
        #[cfg(feature = "tracing")]
        panics.catch(|| warn(leak));
        panics.catch(|| match self {
            Self::None => {}
            Self::Plain(listener) => listener(leak),
            Self::Shared(listener) => listener(leak),
        });
    }
}

#[cfg(feature = "tracing")]
fn warn(leak: &Leak) {
    tracing::warn!(
        target: "millpond",
        pool = leak.pool.as_deref(),
        site = %leak.held.site,
        objects = leak.held.objects,
        bytes = leak.held.bytes,
        oldest_ms = u64::try_from(leak.held.oldest().as_millis()).unwrap_or(u64::MAX),
        "{leak}"
    );
}
