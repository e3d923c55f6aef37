//! What the retention policy decides: a pure function, looked at without a pool.

use millpond::{Retention, Use, Verdict};
use proptest::prelude::*;
use std::collections::VecDeque;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The defaults, as documented.
const SMALL: usize = 64 * KIB;
const STRIKES: u32 = 4;
const USUAL: usize = 16;

fn seen(footprint: usize, recent: usize, strikes: u32, since_large: usize) -> Use {
    let mut it = Use::default();
    it.footprint = footprint;
    it.occupied = recent;
    it.recent = recent;
    it.strikes = strikes;
    it.since_large = since_large;
    it
}

/// The same, where other objects are of so many bytes.
fn among(usual: usize, mut it: Use) -> Use {
    it.usual = usual;
    it
}

#[test]
fn cases() {
    use Verdict::{Keep, LetGo, Shrink};
    let usual = Retention::new();
    let capped = usual.with_max(MIB);
    let strict = usual.with_small(KIB).with_strikes(1).with_rare_after(0);
    let tight = usual.with_max(KIB); // below `small`
    let never = Retention::custom(|_| LetGo);
    let table = [
        // Small ones stay, however they are used.
        (usual, seen(0, 0, 0, 0), Keep),
        (usual, seen(SMALL, 0, 1000, 1000), Keep),
        // Large ones stay until they are under-used for the fourth time, ...
        (usual, seen(SMALL + 1, SMALL, 0, 0), Keep),
        (usual, seen(MIB, 0, STRIKES - 1, 0), Keep),
        (usual, seen(MIB, 100 * KIB, STRIKES, 0), Shrink(200 * KIB)),
        // ... and then shrink to what is usual, a kilobyte if nothing is,
        (usual, seen(MIB, 10, STRIKES, 0), Shrink(KIB)),
        (usual, among(5000, seen(MIB, 10, STRIKES, 0)), Shrink(5000)),
        (
            usual,
            among(5000, seen(MIB, 9000, STRIKES, 0)),
            Shrink(18_000),
        ),
        // ... or are unusual, however full.
        (usual, seen(MIB, MIB, 0, USUAL), Keep),
        (usual, seen(MIB, MIB, 0, USUAL + 1), Shrink(KIB)),
        (
            usual,
            among(5000, seen(MIB, MIB, 0, USUAL + 1)),
            Shrink(5000),
        ),
        // A maximum holds for all.
        (capped, seen(MIB, MIB, 0, 0), Keep),
        (capped, seen(MIB + 1, MIB + 1, 0, 0), Shrink(MIB / 2)),
        (capped, seen(MIB + 1, 1000, 0, 0), Shrink(2000)),
        (tight, seen(KIB, KIB, 0, 0), Keep),
        (tight, seen(KIB + 1, KIB, 0, 0), Shrink(KIB / 2)),
        // Settings.
        (strict, seen(KIB, 0, 9, 9), Keep),
        (strict, seen(KIB + 1, 0, 0, 0), Keep),
        (strict, seen(KIB + 1, 0, 1, 0), Shrink(KIB)),
        (strict, seen(KIB + 1, 0, 0, 1), Shrink(KIB)),
        (
            usual.with_rare_after(usize::MAX),
            seen(MIB, MIB, 0, 9999),
            Keep,
        ),
        (Retention::keep_all(), seen(usize::MAX, 0, 9, 9999), Keep),
        // Sizes at which arithmetic could overflow.
        (
            usual,
            seen(usize::MAX, usize::MAX, 9, 0),
            Shrink(usize::MAX),
        ),
        // A function of one's own decides everything.
        (never, seen(0, 0, 0, 0), LetGo),
    ];
    for (policy, it, verdict) in table {
        assert_eq!(policy.decide(&it), verdict, "{it:?} by {policy:?}");
    }
}

fn policies() -> impl Strategy<Value = Retention> {
    let max = prop_oneof![Just(usize::MAX), 0..8 * MIB];
    (0..256 * KIB, max, 0..10_u32, 0..40_usize).prop_map(|(small, max, strikes, usual)| {
        let policy = Retention::new().with_small(small).with_max(max);
        policy.with_strikes(strikes).with_rare_after(usual)
    })
}

fn uses() -> impl Strategy<Value = Use> {
    let bytes = prop_oneof![0..256 * KIB, 0..16 * MIB];
    (bytes, 0.0..=1.0, 0..12_u32, 0..50_usize).prop_map(|(footprint, full, strikes, since)| {
        let recent = (footprint as f64 * full) as usize;
        seen(footprint, recent, strikes, since)
    })
}

proptest! {
    #[test]
    fn what_is_kept_is_kept_when_smaller_better_used_and_more_usual(
        policy in policies(),
        it in uses(),
        less in 0.0..=1.0,
    ) {
        if policy.decide(&it) == Verdict::Keep {
            let part = |n: usize| (n as f64 * less) as usize;
            let mut better = it;
            better.footprint = part(it.footprint);
            prop_assert_eq!(policy.decide(&better), Verdict::Keep);
            better.strikes = part(it.strikes as usize) as u32;
            prop_assert_eq!(policy.decide(&better), Verdict::Keep);
            better.since_large = part(it.since_large);
            prop_assert_eq!(policy.decide(&better), Verdict::Keep);
        }
    }

    #[test]
    fn what_is_kept_is_within_the_maximum_and_nothing_is_thrown_away(
        small in 0..256 * KIB,
        max in 0..8 * MIB,
        it in uses(),
    ) {
        let policy = Retention::new().with_small(small).with_max(max);
        match policy.decide(&it) {
            Verdict::Keep => prop_assert!(it.footprint <= max),
            // What may be twice as big as asked for is still within.
            Verdict::Shrink(to) if it.footprint > max => prop_assert!(to <= max / 2),
            Verdict::Shrink(to) => {
                prop_assert!(to >= small.min(KIB) && it.footprint > small);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn shrinking_makes_smaller_and_leaves_room_for_recent_uses(
        policy in policies(),
        it in uses(),
    ) {
        // As strikes are counted: in under-used returns.
        prop_assume!(it.recent < it.footprint / 4);
        if let Verdict::Shrink(to) = policy.decide(&it) {
            prop_assert!(to < it.footprint);
        }
        let usual = policy.with_rare_after(usize::MAX).with_max(usize::MAX);
        if let Verdict::Shrink(to) = usual.decide(&it) {
            prop_assert!(to >= 2 * it.recent);
        }
    }
}

/// One object that goes in and out, grows by doubling, shrinks as told, and has
/// its uses counted as the fields of [`Use`] say.
struct Model {
    policy: Retention,
    footprint: usize,
    recent: usize,
    strikes: u32,
    since_large: usize,
    grown: usize,
    shrunk: usize,
}

impl Model {
    fn new() -> Self {
        Self {
            policy: Retention::new(),
            footprint: 0,
            recent: 0,
            strikes: 0,
            since_large: 0,
            grown: 0,
            shrunk: 0,
        }
    }

    /// A use that needs so many bytes, and the return. What it was lent with.
    fn lend(&mut self, need: usize) -> usize {
        let lent = self.footprint;
        if need > lent {
            self.footprint = need.next_power_of_two();
            self.grown += 1;
        }
        if need >= self.footprint / 4 {
            (self.strikes, self.recent) = (0, need);
        } else {
            let before = if self.strikes == 0 { 0 } else { self.recent };
            (self.strikes, self.recent) = (self.strikes + 1, before.max(need));
        }
        let mut it = seen(self.footprint, self.recent, self.strikes, self.since_large);
        it.occupied = need;
        let large = self.footprint > SMALL;
        self.since_large = if large { 0 } else { self.since_large + 1 };
        match self.policy.decide(&it) {
            Verdict::Keep => {}
            Verdict::Shrink(to) => {
                self.footprint = self.footprint.min(to);
                (self.strikes, self.recent) = (0, 0);
                self.shrunk += 1;
            }
            other => panic!("{other:?}"),
        }
        lent
    }
}

#[test]
fn always_large_grows_once() {
    let mut object = Model::new();
    (0..1000).for_each(|_| _ = object.lend(MIB));
    assert_eq!((object.grown, object.shrunk), (1, 0));
}

#[test]
fn one_giant_among_small_ones_is_shrunk_as_it_comes_back() {
    let mut object = Model::new();
    (0..100).for_each(|_| _ = object.lend(KIB));
    object.lend(100 * MIB);
    assert!(object.footprint <= SMALL);
}

#[test]
fn one_giant_at_the_start_is_shrunk_by_the_strikes() {
    let mut object = Model::new();
    object.lend(100 * MIB);
    let small = (1..100).find(|_| {
        object.lend(KIB);
        object.footprint <= SMALL
    });
    assert_eq!(small, Some(STRIKES as usize));
}

#[test]
fn alternating_sizes_neither_grow_nor_shrink_in_turns() {
    for small_in_a_row in 1..STRIKES as usize {
        let mut object = Model::new();
        for n in 0..1000 {
            let large = n % (small_in_a_row + 1) == 0;
            object.lend(if large { MIB } else { KIB });
        }
        assert_eq!((object.grown, object.shrunk), (1, 0), "{small_in_a_row}");
    }
}

#[test]
fn one_percent_giants_are_never_lent_to_a_small_use() {
    let mut object = Model::new();
    for n in 0..10_000 {
        if n % 100 == 99 {
            object.lend(10 * MIB);
        } else {
            let lent = object.lend(KIB);
            assert!(lent <= SMALL, "{lent} bytes in use {n}");
        }
    }
}

#[test]
fn giants_at_any_rarity_slow_down_a_bounded_number_of_small_uses() {
    for every in 2..200 {
        let (mut object, mut slow) = (Model::new(), 0);
        const GIANTS: usize = 100;
        for n in 0..every * GIANTS {
            if n % every == every - 1 {
                object.lend(10 * MIB);
            } else {
                slow += usize::from(object.lend(KIB) > SMALL);
            }
        }
        let each = slow as f64 / GIANTS as f64;
        assert!(each <= f64::from(STRIKES), "{each} with one in {every}");
    }
}

proptest! {
    /// Whatever the sizes: what is kept was filled to a quarter not long ago.
    #[test]
    fn random_sizes_keep_no_more_than_recent_uses_explain(
        needs in prop::collection::vec(prop_oneof![0..8 * KIB, 0..4 * MIB], 1..300),
    ) {
        let mut object = Model::new();
        // A shrunk object has what the last four needed, for four more.
        let mut window = VecDeque::new();
        for need in needs {
            object.lend(need);
            window.push_back(need);
            if window.len() > 2 * STRIKES as usize {
                window.pop_front();
            }
            let most = window.iter().copied().max().unwrap_or(0);
            prop_assert!(
                object.footprint <= SMALL || object.footprint / 4 <= most,
                "{} bytes kept after {window:?}", object.footprint
            );
        }
    }
}
