//! How full the shared tier is, and how full it may be.

use crate::object::Object;
use std::ops::{Add, AddAssign, SubAssign};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Room for so many objects, with so many heap bytes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) objects: usize,
    pub(super) bytes: usize,
}

impl Room {
    /// For one object of so many heap bytes.
    pub(super) fn one(bytes: usize) -> Self {
        Self { objects: 1, bytes }
    }

    /// What an object takes.
    pub(super) fn of<T>(object: &Object<T>) -> Self {
        Self::one(object.bytes)
    }

    /// What several take.
    pub(super) fn of_all<T>(objects: &[Box<Object<T>>]) -> Self {
        Self {
            objects: objects.len(),
            bytes: objects.iter().map(|object| object.bytes).sum(),
        }
    }

    pub(super) fn covers(self, need: Self) -> bool {
        need.objects <= self.objects && need.bytes <= self.bytes
    }

    /// As much of both as either has.
    pub(super) fn min(self, other: Self) -> Self {
        Self {
            objects: self.objects.min(other.objects),
            bytes: self.bytes.min(other.bytes),
        }
    }

    /// What of it exceeds `other`.
    pub(super) fn beyond(self, other: Self) -> Self {
        Self {
            objects: self.objects.saturating_sub(other.objects),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

impl Add for Room {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Room {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Room {
    fn sub_assign(&mut self, other: Self) {
        self.objects -= other.objects;
        self.bytes -= other.bytes;
    }
}

/// Changed once by each exchange.
#[derive(Default)]
pub(super) struct Account {
    /// Objects in the depot, and room promised to objects on their way there.
    objects: AtomicUsize,
    /// The same of their heap bytes.
    bytes: AtomicUsize,
    /// How often of late somebody else was in the way, up to `MOST_PRESSURE`.
    pressure: AtomicUsize,
}

/// See [`Account::pressure`].
pub(super) const MOST_PRESSURE: usize = 16;

/// Adds to a total what there is room for below the limit, up to `most`. Says how much,
/// and whether another thread changed the total meanwhile.
fn grant(total: &AtomicUsize, limit: usize, most: usize) -> (usize, bool) {
    let mut now = total.load(Relaxed);
    let mut disturbed = false;
    loop {
        let granted = limit.saturating_sub(now).min(most);
        if granted == 0 {
            return (0, disturbed);
        }
        match total.compare_exchange(now, now + granted, Relaxed, Relaxed) {
            Ok(_) => return (granted, disturbed),
            Err(other) => (now, disturbed) = (other, true),
        }
    }
}

impl Account {
    /// Claims up to `want` of the room below `limit`; how much.
    pub(super) fn claim(&self, want: Room, limit: Room) -> Room {
        let (objects, disturbed) = grant(&self.objects, limit.objects, want.objects);
        let pressure = self.pressure();
        if disturbed {
            self.pressure
                .store((pressure + 4).min(MOST_PRESSURE), Relaxed);
        } else if pressure > 0 && want.objects > 0 {
            self.pressure.store(pressure - 1, Relaxed);
        }
        let (bytes, _) = grant(&self.bytes, limit.bytes, want.bytes);
        Room { objects, bytes }
    }

    pub(super) fn unclaim(&self, room: Room) {
        if room.objects > 0 {
            self.objects.fetch_sub(room.objects, Relaxed);
        }
        if room.bytes > 0 {
            self.bytes.fetch_sub(room.bytes, Relaxed);
        }
    }

    /// What is claimed now.
    pub(super) fn claimed(&self) -> Room {
        Room {
            objects: self.objects.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }

    /// How much exchanges get into each other's way: 0 to `MOST_PRESSURE`. One that
    /// does counts for four that do not.
    pub(super) fn pressure(&self) -> usize {
        self.pressure.load(Relaxed)
    }
}
