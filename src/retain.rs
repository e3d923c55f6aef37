//! What happens to the memory of an object that comes back: a pure function of
//! what the object held and what it keeps.
//!
//! A flat cap ruins one of two workloads: requests that are always above it
//! never hit, and where it is high enough for them, one giant pins its memory
//! and makes every small request that gets it pay for clearing it (measured: a
//! map of a million entries takes a 4-insert request from 100 ns to 80,000). So
//! the policy goes by *use*, as Go's `encoding/json/v2` does for its buffers:
//!
//! * Small objects are always kept, without a further look.
//! * A large one that its last use filled to a quarter is kept: the next use may
//!   well want it. One that several uses in a row filled less is shrunk to what
//!   these needed.
//! * Large objects must be *usual*. If only one return in many is large, keeping
//!   it saves that one use its growth and costs many others a detour through a
//!   table a thousand times too big: it is shrunk when it comes back, whatever it
//!   held. This is what keeps a one-percent share of giants out of the small
//!   requests' 99th percentile, where strikes alone would let each giant slow
//!   down several small ones.

/// How much memory an object may keep when it comes back.
///
/// ```
/// use millpond::{Pool, Retention};
///
/// // Nothing above a megabyte is worth keeping, however often it is used.
/// static BODIES: Pool<Vec<u8>> = Pool::new()
///     .with_create(Vec::new)
///     .with_retention(Retention::new().with_max(1 << 20));
/// # drop(BODIES.get());
/// ```
///
/// Sizes are those of [`Recycle::footprint`](crate::Recycle::footprint): heap
/// bytes of one object.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    small: usize,
    max: usize,
    strikes: u32,
    rare_after: usize,
    custom: Option<fn(&Use) -> Verdict>,
}

/// A return, as the policy sees it. Its default is the first return of an object
/// that owns nothing, for tests of a policy of your own to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Heap bytes that the object owns.
    pub footprint: usize,
    /// How many of them its contents needed, when it came back.
    pub occupied: usize,
    /// The most that was occupied in this use and, if it is an under-used one, in
    /// the under-used ones just before it.
    pub recent: usize,
    /// How many uses in a row, this one included, filled less than a quarter of
    /// the object.
    pub strikes: u32,
    /// How many small objects have come back to this thread since the last large
    /// one.
    pub since_large: usize,
    /// The largest footprint among the small objects that came back to this thread
    /// last; 0 if there were none.
    pub usual: usize,
}

/// What the policy gets to see of the thread that an object comes back to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habits {
    pub(crate) since_large: usize,
    pub(crate) usual: usize,
}

/// What a policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Keep the object as it is.
    Keep,
    /// Let it shrink to about so many bytes, and keep it. If it cannot get below
    /// twice as many, it is let go; by the built-in policy only if it is not
    /// [small](Retention::with_small) either.
    Shrink(usize),
    /// Let it go, as [`Discard::Oversized`](crate::Discard::Oversized).
    LetGo,
}

/// Objects up to this size are not worth a look: the default capacity of a thread
/// comes to a megabyte of them. A [`StringMap`](crate::StringMap) that remembers a
/// site's names keeps 15 to 30 KB.
const SMALL: usize = 64 * 1024;

/// What a shrunk object may keep though nothing is known of what is usual.
const LEAST: usize = 1024;

/// Under-used returns in a row before an object is shrunk: enough that a load
/// which alternates between large and small does not shrink and grow in turns.
const STRIKES: u32 = 4;

/// Small returns in between that make a large one unusual. At one large return in
/// seventeen, a pool that kept it would serve six small uses with it for each
/// large one, at four strikes.
const RARE_AFTER: usize = 16;

impl Retention {
    /// The default policy: objects up to 64 KiB are kept; larger ones as long as
    /// they are usual and not under-used four times in a row.
    pub const fn new() -> Self {
        Self {
            small: SMALL,
            max: usize::MAX,
            strikes: STRIKES,
            rare_after: RARE_AFTER,
            custom: None,
        }
    }

    /// Keeps every object at whatever size it has. Budgets still hold.
    pub const fn keep_all() -> Self {
        Self {
            small: usize::MAX,
            ..Self::new()
        }
    }

    /// Decides by a function of your own, for every return, and by that alone: sizes
    /// set beside it do not count.
    ///
    /// ```
    /// use millpond::{Retention, Use, Verdict};
    ///
    /// const HALF_FULL: Retention = Retention::custom(|u: &Use| {
    ///     if u.occupied * 2 >= u.footprint { Verdict::Keep } else { Verdict::Shrink(u.occupied) }
    /// });
    /// ```
    pub const fn custom(decide: fn(&Use) -> Verdict) -> Self {
        Self {
            custom: Some(decide),
            ..Self::new()
        }
    }

    /// Sets the size up to which objects are kept without a further look. Default
    /// 64 KiB.
    pub const fn with_small(mut self, bytes: usize) -> Self {
        self.small = bytes;
        self
    }

    /// Sets a size that no object may keep, however well used. Default: none.
    pub const fn with_max(mut self, bytes: usize) -> Self {
        self.max = bytes;
        self
    }

    /// Sets how many under-used returns in a row an object survives. Default 4.
    pub const fn with_strikes(mut self, returns: u32) -> Self {
        self.strikes = returns;
        self
    }

    /// Sets how many small objects in a row may come back to a thread before a
    /// large one counts as unusual. Default 16; `usize::MAX` for never.
    pub const fn with_rare_after(mut self, returns: usize) -> Self {
        self.rare_after = returns;
        self
    }

    /// Objects below this size need no look: 0 if all do.
    pub(crate) const fn unlooked(&self) -> usize {
        match self.custom {
            Some(_) => 0,
            None => self.small().saturating_add(1),
        }
    }

    /// The size up to which objects are kept without a further look.
    pub(crate) const fn small(&self) -> usize {
        if self.small < self.max {
            self.small
        } else {
            self.max
        }
    }

    /// How large an object may be that was to shrink to so many bytes.
    pub(crate) fn tolerated(&self, to: usize) -> usize {
        let twice = to.saturating_mul(2);
        match self.custom {
            Some(_) => twice,
            None => twice.max(self.small()).min(self.max),
        }
    }

    /// Whether this size is large.
    pub(crate) fn is_large(&self, footprint: usize) -> bool {
        footprint > self.small()
    }

    /// What to do with an object that comes back.
    pub fn decide(&self, it: &Use) -> Verdict {
        if let Some(decide) = self.custom {
            return decide(it);
        }
        if it.footprint > self.max {
            return Verdict::Shrink(it.recent.saturating_mul(2).min(self.max / 2));
        }
        if it.footprint <= self.small {
            return Verdict::Keep;
        }
        // Not to the largest small size: a map of 2,000 places is cleared as slowly
        // as that, and a 4-insert request took 130 ns with it instead of 80.
        let usual = it.usual.max(LEAST).min(self.small);
        if it.since_large > self.rare_after {
            return Verdict::Shrink(usual);
        }
        if it.strikes >= self.strikes {
            // Twice what recent uses needed, so that the next is not too much.
            return Verdict::Shrink(it.recent.saturating_mul(2).max(usual));
        }
        Verdict::Keep
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::new()
    }
}

/// What an object has been through, kept beside it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct History {
    recent: usize,
    strikes: u32,
}

impl History {
    /// Enters a use, and says what the policy gets to see of it.
    pub(crate) fn enter(&mut self, footprint: usize, occupied: usize, habits: Habits) -> Use {
        if occupied >= footprint / 4 {
            self.strikes = 0;
            self.recent = occupied;
        } else {
            // What a well-filled use needed does not count once it is followed by
            // others that do not.
            self.recent = if self.strikes == 0 {
                occupied
            } else {
                self.recent.max(occupied)
            };
            self.strikes = self.strikes.saturating_add(1);
        }
        Use {
            footprint,
            occupied,
            recent: self.recent,
            strikes: self.strikes,
            since_large: habits.since_large,
            usual: habits.usual,
        }
    }
}
