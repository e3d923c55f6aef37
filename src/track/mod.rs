//! Who holds what: the call site, age and size of the objects that are out.
//!
//! Needs the feature `track`. What is tracked is chosen for each pool, while it
//! runs: nothing, one loan in *n*, or all.
//!
//! ```
//! use millpond::track::Tracking;
//! use millpond::{Pool, StringMap};
//!
//! static PARAMS: Pool<StringMap> = Pool::new()
//!     .with_create(StringMap::new)
//!     .with_name("params")
//!     .with_tracking(Tracking::OneIn(128));
//!
//! PARAMS.set_tracking(Tracking::All); // while looking for a leak
//! let held = PARAMS.get();
//! let outstanding = PARAMS.outstanding();
//! assert_eq!(outstanding.sites[0].objects, 1);
//! assert_eq!(outstanding.sites[0].site.file(), file!());
//! println!("{outstanding}");
//! # drop(held);
//! ```
//!
//! # Cost
//!
//! Without the feature, nothing: no field, no instruction. With it and tracking off
//! or sampled, a `get` counts down and looks at the object once. A loan that is
//! sampled takes two locks that threads seldom share, and a look at the clock;
//! [backtraces](crate::Pool::set_backtraces) take some microseconds more.
//! `docs/tracking.md` says how many instructions, and the command that counts them.
//!
//! # Sizes
//!
//! A pool cannot look into an object that is lent. It notes its size when it is
//! lent, whenever its guard is dereferenced, and when it comes back.

#[cfg(feature = "testing")]
pub(crate) mod balance;
mod countdown;
mod label;
mod leak;
mod outstanding;
mod profile;
mod rate;
mod record;
mod scope;
mod setup;
mod site;
#[cfg(feature = "backtrace")]
pub(crate) mod stack;
mod tracker;
#[cfg(feature = "testing")]
mod watch;
mod wish;

pub use leak::{Leak, LeakKind};
pub use outstanding::{Held, HeldSite, Outstanding};
pub use profile::{Profile, Sample};
pub use rate::{ParseTrackingError, Tracking};
pub use scope::{Scope, ScopeGuard};
pub use site::CallSite;
#[cfg(feature = "backtrace")]
pub use stack::Frame;

/// The objects of all [named](crate::Pool::with_name) pools that are out, as far as
/// they are tracked.
pub fn outstanding() -> Vec<Outstanding> {
    let pools = crate::registry::held();
    pools.iter().map(|held| held.pool().outstanding()).collect()
}

/// Where the memory of the objects of all [named](crate::Pool::with_name) pools
/// comes from and who has it, as far as loans were tracked.
pub fn profile() -> Profile {
    let mut profile = Profile::new();
    for held in crate::registry::held() {
        held.pool().add_to(&mut profile);
    }
    profile
}

#[cfg(feature = "testing")]
pub(crate) use balance::apart;
pub(crate) use countdown::Countdown;
pub(crate) use record::Lease;
pub(crate) use setup::Setup;
pub(crate) use site::Site;
pub(crate) use tracker::{Loan, Tracker};
#[cfg(feature = "testing")]
pub(crate) use watch::Watch;

/// Nobody asks what a pool takes for itself.
#[cfg(not(feature = "testing"))]
#[inline]
pub(crate) fn apart<R>(work: impl FnOnce() -> R) -> R {
    work()
}
