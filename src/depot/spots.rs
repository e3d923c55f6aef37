//! Where threads borrow that are passing through.
//!
//! They do little else in their time, and find nothing of this in the cache, so a loan is
//! short and touches little: one swap to borrow and one to give back, without a lock. That is
//! because an object owns the spot in which it lies, also while it is lent: who has the
//! object is the only one who writes what the spot counts, and its room stays claimed. An
//! object that goes elsewhere instead leaves its spot to another.

use super::Kept;
use super::account::Room;
use crate::object::{Batch, Object};
use crossbeam_utils::atomic::AtomicCell;
use std::ops::Add;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use std::sync::{Mutex, PoisonError};

/// More objects than a few tasks hold together.
pub(super) const SPOTS: usize = 32;

/// Returns to a spot between two looks at the clock. Fewer than to an inbox: there are more
/// spots than threads use.
const TICK: usize = 256;

/// The first spot is in the same cache line as what every loan reads: most need no other.
#[repr(C, align(64))]
pub(super) struct Spots<T> {
    /// Whether threads are served that are passing through. Changes under `turn`.
    is_open: AtomicBool,
    spots: [Spot<T>; SPOTS],
    /// Those that no object owns: a bit for each.
    vacant: AtomicU32,
    turn: Mutex<()>,
    /// How often something had come back to each at the last sweep.
    swept: [AtomicUsize; SPOTS],
}

/// Two of them are in a cache line. All but the object is written by who has the object that
/// owns it, or is about to put it here for the first time: plain loads and stores.
#[repr(align(32))]
struct Spot<T> {
    object: AtomicCell<Option<Box<Object<T>>>>,
    lent: AtomicUsize,
    returned: AtomicUsize,
    /// Heap bytes that are claimed for the object.
    bytes: AtomicU32,
    /// Whether to look for the object: spares others a swap.
    is_in: AtomicBool,
}

/// Adds one to a counter that one thread at a time writes.
#[inline]
fn bump(counter: &AtomicUsize) -> usize {
    let now = counter.load(Relaxed).wrapping_add(1);
    counter.store(now, Release);
    now
}

impl<T> Spot<T> {
    fn new() -> Self {
        Self {
            object: AtomicCell::new(None),
            lent: AtomicUsize::new(0),
            returned: AtomicUsize::new(0),
            bytes: AtomicU32::new(0),
            is_in: AtomicBool::new(false),
        }
    }

    #[inline]
    fn take(&self) -> Option<Box<Object<T>>> {
        let object = self.object.take()?;
        self.is_in.store(false, Relaxed);
        Some(object)
    }

    #[inline]
    fn lend(&self) -> Option<Box<Object<T>>> {
        if !self.is_in.load(Relaxed) {
            return None;
        }
        let object = self.take()?;
        bump(&self.lent);
        Some(object)
    }

    /// Keeps its own object. Whether it is time to look at the clock.
    #[inline]
    fn put(&self, object: Box<Object<T>>) -> bool {
        let returned = bump(&self.returned);
        self.is_in.store(true, Relaxed);
        // There was none. `forget` spares the check that would drop it.
        std::mem::forget(self.object.swap(Some(object)));
        returned.is_multiple_of(TICK)
    }
}

impl<T> Spots<T> {
    pub(super) fn new() -> Self {
        Self {
            is_open: AtomicBool::new(false),
            spots: std::array::from_fn(|_| Spot::new()),
            vacant: AtomicU32::new(u32::MAX),
            turn: Mutex::new(()),
            swept: std::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// Whether threads are served that are passing through.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// Asks, one at a time, whether they are to be.
    pub(super) fn open_if(&self, is_wanted: impl FnOnce() -> bool) {
        // No user code runs under this lock, so a panic cannot have torn anything.
        let turn = self.turn.lock();
        let _turn = turn.unwrap_or_else(PoisonError::into_inner);
        self.is_open.store(is_wanted(), Relaxed);
    }

    /// Lends the first object that there is.
    #[inline]
    pub(super) fn lend(&self) -> Option<Box<Object<T>>> {
        if !self.is_open() {
            return None;
        }
        self.spots[0].lend().or_else(|| self.lend_another())
    }

    #[inline(never)]
    fn lend_another(&self) -> Option<Box<Object<T>>> {
        self.all().iter().find_map(Spot::lend)
    }

    // Not inlined: the compiler would unroll the search.
    #[inline(never)]
    fn all(&self) -> &[Spot<T>] {
        &self.spots
    }

    /// Takes back an object that owns a spot.
    #[inline]
    pub(super) fn take_back(&self, object: Box<Object<T>>) -> Result<Kept, Box<Object<T>>> {
        let Some(spot) = self.spot_of(&object).filter(|_| self.is_open()) else {
            return Err(object);
        };
        let is_tick = spot.put(object);
        // Who closed it and found the spot empty, did so before the swap in `put`, which
        // therefore sees what was done before: one of the two sees that it stayed.
        let is_unsure = !self.is_open();
        Ok(Kept { is_tick, is_unsure })
    }

    #[inline]
    fn spot_of(&self, object: &Object<T>) -> Option<&Spot<T>> {
        self.spots.get(usize::from(object.spot?))
    }

    /// Spots that objects own.
    pub(super) fn owned(&self) -> usize {
        self.vacant.load(Relaxed).count_zeros() as usize
    }

    /// Gives a spot to an object that comes back, with the room claimed for it, unless `most`
    /// are given away already.
    pub(super) fn adopt(
        &self,
        mut object: Box<Object<T>>,
        most: usize,
    ) -> Result<Kept, Box<Object<T>>> {
        let Ok(bytes) = u32::try_from(object.bytes) else {
            return Err(object);
        };
        let first = |vacant: u32| {
            let owned = vacant.count_zeros() as usize;
            // The lowest that is set.
            (owned < most).then_some(vacant & vacant.wrapping_sub(1))
        };
        let vacant = &self.vacant;
        let Ok(before @ 1..) = vacant.fetch_update(Acquire, Relaxed, first) else {
            return Err(object);
        };
        let spot = before.trailing_zeros() as u8;
        object.spot = Some(spot);
        object.watched = true;
        self.spots[usize::from(spot)].bytes.store(bytes, Relaxed);
        match self.take_back(object) {
            Err(mut object) => {
                self.leave(&mut object);
                Err(object)
            }
            kept => kept,
        }
    }

    /// Has an object leave its spot, if it owns one: its room then.
    pub(super) fn leave(&self, object: &mut Object<T>) -> Option<Room> {
        let spot = object.spot.take()?;
        object.watched = object.look;
        self.vacant.fetch_or(1 << spot, AcqRel);
        Some(Room::of(object))
    }

    /// Moves out everything that lies here, and leaves its spot. Its room stays claimed.
    ///
    /// Swaps in each spot, whether or not there seems to be anything; see `take_back`.
    pub(super) fn drain(&self, into: &mut Batch<T>) {
        for spot in &self.spots {
            self.evict(spot, into);
        }
    }

    /// The same of up to `max` objects, if there seem to be any.
    pub(super) fn empty(&self, max: usize, into: &mut Batch<T>) {
        let seem_in = self.spots.iter().filter(|spot| spot.is_in.load(Relaxed));
        for spot in seem_in {
            if into.len() >= max {
                return;
            }
            self.evict(spot, into);
        }
    }

    /// The same of what has lain here since before the last sweep.
    pub(super) fn sweep(&self, into: &mut Batch<T>) {
        for (spot, swept) in self.spots.iter().zip(&self.swept) {
            let returned = spot.returned.load(Relaxed);
            if swept.swap(returned, Relaxed) == returned && spot.is_in.load(Relaxed) {
                self.evict(spot, into);
            }
        }
    }

    fn evict(&self, spot: &Spot<T>, into: &mut Batch<T>) {
        if let Some(mut object) = spot.take() {
            self.leave(&mut object);
            into.push(object);
        }
    }

    /// Room that is claimed for objects that are lent.
    pub(super) fn credit(&self) -> Room {
        let vacant = self.vacant.load(Acquire);
        let owned = self.spots.iter().enumerate();
        let owned = owned.filter(|(at, _)| vacant & (1 << at) == 0);
        let lent = owned.filter(|(_, spot)| !spot.is_in.load(Relaxed));
        let room = |(_, spot): (_, &Spot<T>)| Room::one(spot.bytes.load(Relaxed) as usize);
        lent.map(room).fold(Room::default(), Room::add)
    }

    /// Objects that were lent from here.
    pub(super) fn lent(&self) -> u64 {
        let lent = self.spots.iter().map(|spot| spot.lent.load(Relaxed));
        lent.map(|lent| lent as u64).sum()
    }

    /// Objects that came back.
    pub(super) fn returned(&self) -> u64 {
        let returned = self.spots.iter().map(|spot| spot.returned.load(Acquire));
        returned.map(|returned| returned as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(bytes: usize) -> Box<Object<u8>> {
        let mut object = Object::new(0, false);
        object.bytes = bytes;
        object
    }

    fn open(objects: usize) -> Spots<u8> {
        let spots = Spots::new();
        spots.open_if(|| true);
        (0..objects).for_each(|_| assert!(spots.adopt(object(8), SPOTS).is_ok()));
        spots
    }

    fn swept(spots: &Spots<u8>) -> usize {
        let mut batch = Batch::new();
        spots.sweep(&mut batch);
        batch.len()
    }

    #[test]
    fn an_object_comes_back_to_its_spot() {
        let spots = open(SPOTS);
        let held: Vec<_> = (0..SPOTS).map_while(|_| spots.lend()).collect();
        assert_eq!(held.len(), SPOTS);
        assert!(spots.lend().is_none());
        assert_eq!(spots.credit(), Room::of_all(&held));
        for object in held {
            let spot = object.spot;
            assert!(spots.take_back(object).is_ok());
            let again = spots.lend().expect("it lies there");
            assert_eq!(again.spot, spot);
        }
        assert_eq!((spots.lent(), spots.returned()), (64, 64));
    }

    #[test]
    fn no_more_are_given_away_than_there_may_be() {
        let spots = open(3);
        assert!(spots.adopt(object(8), 3).is_err());
        assert!(spots.adopt(object(usize::MAX), SPOTS).is_err());
        // Who leaves makes room for another.
        let mut gone = spots.lend().expect("one of three");
        assert_eq!(spots.leave(&mut gone), Some(Room::one(8)));
        assert_eq!(spots.leave(&mut gone), None);
        assert!(!gone.watched);
        assert_eq!(spots.credit(), Room::default());
        assert!(spots.take_back(gone).is_err());
        assert!(spots.adopt(object(9), 3).is_ok());
        assert!(spots.adopt(object(9), 3).is_err());
    }

    #[test]
    fn where_it_is_closed_nothing_stays() {
        let spots = open(2);
        let held = spots.lend().expect("one of two");
        spots.open_if(|| false);
        assert!(spots.lend().is_none());
        let held = spots.take_back(held).err().expect("to be kept elsewhere");
        assert!(held.spot.is_some());
        let new = spots.adopt(object(8), SPOTS).err().expect("the same");
        assert!(new.spot.is_none() && !new.watched);
        let mut batch = Batch::new();
        spots.drain(&mut batch);
        assert_eq!(batch.len(), 1);
        assert!(batch[0].spot.is_none() && !batch[0].watched);
    }

    #[test]
    fn what_lay_there_all_the_time_is_swept() {
        let spots = open(3);
        // Not since the last sweep: there was none.
        assert_eq!(swept(&spots), 0);
        let lend_one = || spots.lend().expect("one is left");
        assert!(spots.take_back(lend_one()).is_ok());
        assert_eq!(swept(&spots), 2);
        assert!(spots.take_back(lend_one()).is_ok());
        assert_eq!(swept(&spots), 0);
        let held = lend_one();
        assert_eq!((swept(&spots), swept(&spots)), (0, 0));
        assert!(spots.take_back(held).is_ok());
        assert_eq!((swept(&spots), swept(&spots)), (0, 1));
    }

    #[test]
    fn no_more_are_moved_out_than_asked_for() {
        let spots = open(5);
        let mut batch = Batch::new();
        spots.empty(2, &mut batch);
        assert_eq!(batch.len(), 2);
        spots.empty(9, &mut batch);
        assert_eq!((batch.len(), spots.owned()), (5, 0));
    }

    /// Whoever closes it while another gives back, or that one, finds what lies there.
    #[test]
    fn nothing_is_left_behind() {
        const ROUNDS: usize = 20_000;
        let spots = &Spots::new();
        let (begun, done) = &(AtomicUsize::new(0), AtomicUsize::new(0));
        let wait_for = |count: &AtomicUsize, round| {
            // Spinning, so that both are at it at the same moment.
            let mut turns = 0_u32;
            while count.load(Acquire) < round {
                std::hint::spin_loop();
                turns += 1;
                if turns.is_multiple_of(1_000) {
                    std::thread::yield_now();
                }
            }
        };
        let found = &Mutex::new(Batch::new());
        let pass = |round: usize| {
            wait_for(begun, round);
            let Some(object) = spots.lend() else { return };
            match spots.take_back(object) {
                Ok(kept) if kept.is_unsure => spots.drain(&mut found.lock().unwrap()),
                Ok(_) => {}
                Err(object) => found.lock().unwrap().push(object),
            }
        };
        let mut lost = 0;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for round in 1..=ROUNDS {
                    pass(round);
                    done.store(round, Release);
                }
            });
            let new = || object(8);
            let mut object = new();
            for round in 1..=ROUNDS {
                spots.open_if(|| true);
                assert!(spots.adopt(object, SPOTS).is_ok());
                begun.store(round, Release);
                (0..round % 50).for_each(|_| std::hint::spin_loop());
                spots.open_if(|| false);
                let mut batch = Batch::new();
                spots.drain(&mut batch);
                wait_for(done, round);
                batch.append(&mut found.lock().unwrap());
                lost += usize::from(batch.is_empty());
                object = batch.pop().unwrap_or_else(new);
                spots.leave(&mut object);
            }
        });
        assert_eq!(lost, 0);
    }
}
