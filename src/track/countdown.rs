//! Which loans are sampled.
//!
//! Each with probability 1/n, on its own, so that nothing that happens at a fixed
//! beat, four guards a request say, is seen more or less often than it happens. The
//! gaps between sampled loans are then geometrically distributed: a thread draws one,
//! and the hot path counts down.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A thread's way to the next loan that it samples, from one pool.
#[derive(Default)]
pub(crate) struct Countdown {
    left: Cell<usize>,
    random: Cell<u64>,
}

impl Countdown {
    /// Counts a loan. Whether it is to be sampled.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        let left = self.left.get().wrapping_sub(1);
        self.left.set(left);
        left == 0
    }

    /// Whether the last loan was the one to be sampled.
    pub(super) fn was_due(&self) -> bool {
        self.left.get() == 0
    }

    /// Draws the number of loans to the next one that is sampled.
    pub(super) fn restart(&self, rate: Rate) {
        let gap = match rate.one_in {
            // Never, by any count.
            0 => usize::MAX,
            1 => 1,
            // The inverse of the geometric distribution.
            _ => (self.uniform().ln() * rate.scale).ceil().clamp(1.0, 1e12) as usize,
        };
        self.left.set(gap);
    }

    /// Above 0, at most 1.
    fn uniform(&self) -> f64 {
        let mut seed = self.random.get();
        if seed == 0 {
            seed = entropy();
        }
        let random = mix(seed);
        self.random.set(random);
        ((random >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// Another number each time. Neither a constant nor an address does: in a program that
/// makes a pool for each request, all of those would sample the same loans, or none.
pub(super) fn entropy() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
pub(super) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One loan in so many is sampled.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    pub(super) one_in: u32,
    /// 1 / ln(1 - 1/n), which turns a random number into a gap.
    pub(super) scale: f64,
}

impl Rate {
    pub(super) fn of(one_in: u32) -> Self {
        let scale = (-1.0 / f64::from(one_in)).ln_1p().recip();
        Self { one_in, scale }
    }
}
