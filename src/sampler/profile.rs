//! The second track: who holds what, where the feature `track` knows it.

use crate::registry::Observed;
#[cfg(feature = "track")]
use crate::track::Profile;
use std::time::Duration;

/// Who held what of a pool at one moment, which is that of a
/// [`Point`](super::Point), too.
#[cfg(feature = "track")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfilePoint {
    /// When: time since the sampler's first tick.
    pub at: Duration,
    /// The profile, of this pool alone.
    pub profile: Profile,
}

/// There is none.
#[cfg(not(feature = "track"))]
#[derive(Clone, Debug)]
pub(super) enum ProfilePoint {}

/// A profile of the pool, if any of its loans is tracked.
#[cfg(feature = "track")]
pub(super) fn take(at: Duration, pool: &dyn Observed) -> Option<ProfilePoint> {
    let mut profile = Profile::new();
    pool.add_to(&mut profile);
    let is_tracked = profile.period > 0 || !profile.samples.is_empty();
    is_tracked.then_some(ProfilePoint { at, profile })
}

#[cfg(not(feature = "track"))]
pub(super) fn take(_: Duration, _: &dyn Observed) -> Option<ProfilePoint> {
    None
}
