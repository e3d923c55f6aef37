//! The way back: recycle, look at the memory if it is large, keep or let go.

use super::Pool;
use crate::hook::Panics;
use crate::object::Object;
use crate::retain::{History, Verdict};
use crate::{Discard, Recycler};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

impl<T: Send + 'static, R: Recycler<T>> Pool<T, R> {
    /// Recycles an object and keeps it, or lets it go.
    // Not inlined: a guard is dropped in many places, on unwinding paths too, and
    // one call with two registers measured faster than a hundred instructions in
    // each (9.0 against 9.6 ns a cycle, 8.5 against 9.6 with four guards).
    #[inline(never)]
    pub(crate) fn put(&self, mut object: Box<Object<T>>) {
        if object.watched {
            return self.put_watched(object);
        }
        match self.recycle(&mut object) {
            Ok(bytes) if bytes < self.unlooked => {
                let Some(front) = self.home.front() else {
                    return self.put_without_front(object, bytes);
                };
                if let Err(object) = front.push(object, bytes) {
                    self.inner().put_slow(object, bytes);
                }
            }
            Ok(bytes) => self.put_grown(object, bytes),
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }

    // Not inlined, which takes 2 instructions off the hot path.
    #[cold]
    #[inline(never)]
    fn put_without_front(&self, object: Box<Object<T>>, bytes: usize) {
        self.inner().put(object, bytes);
    }

    /// Recycles an object; its size then.
    #[inline]
    fn recycle(&self, object: &mut Object<T>) -> Result<usize, Payload> {
        // Costs nothing where `recycle` cannot panic: the compiler sees it.
        catch_unwind(AssertUnwindSafe(|| {
            self.recycler.recycle_and_measure(&mut object.value)
        }))
    }

    /// Puts back an object that owns a spot, has to be looked at, or is tracked.
    #[cold]
    #[inline(never)]
    fn put_watched(&self, mut object: Box<Object<T>>) {
        if object.spot.is_none() || object.lease.is_held() || self.home.front().is_some() {
            return self.put_with_care(object);
        }
        match self.recycle(&mut object) {
            Ok(bytes) => {
                let left = self.inner().put_in_passing(object, bytes);
                if let Err(object) = left {
                    self.put_elsewhere(object, bytes);
                }
            }
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }

    // Kept out of `put_watched`, so that what passing threads run stays short.
    #[cold]
    #[inline(never)]
    fn put_elsewhere(&self, mut object: Box<Object<T>>, bytes: usize) {
        self.inner().leave(&mut object);
        if bytes < self.unlooked {
            self.inner().put(object, bytes);
        } else {
            self.put_grown(object, bytes);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_with_care(&self, mut object: Box<Object<T>>) {
        self.inner().leave(&mut object);
        if object.lease.is_held() {
            let bytes = self.footprint(&object);
            self.inner().tracker().end(&object.lease, bytes);
        }
        if object.look {
            return self.put_looked(object);
        }
        match self.recycle(&mut object) {
            Ok(bytes) if bytes < self.unlooked => self.put_fitted(object, Ok(Ok(bytes))),
            Ok(bytes) => self.put_grown(object, bytes),
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }

    /// Puts back an object that has become large in this use. Clearing it cost no
    /// more than growing it had, so there was no need to look before.
    #[cold]
    #[inline(never)]
    fn put_grown(&self, mut object: Box<Object<T>>, bytes: usize) {
        let fitted = catch_unwind(AssertUnwindSafe(|| {
            let verdict = self.judge(&mut object, bytes, bytes);
            self.fit(&mut object, verdict)
        }));
        self.put_fitted(object, fitted);
    }

    /// Puts back an object that has to be looked at first: before it is cleared,
    /// which takes a large map as long as it is large, however little it holds.
    fn put_looked(&self, mut object: Box<Object<T>>) {
        let fitted = catch_unwind(AssertUnwindSafe(|| {
            let accepted = match (&self.return_hook_fn, self.return_hook) {
                (Some(accept), _) => accept(&mut object.value),
                (None, Some(accept)) => accept(&mut object.value),
                (None, None) => true,
            };
            if !accepted {
                return Err(Discard::Refused);
            }
            let footprint = self.recycler.footprint(&object.value);
            let occupied = self.recycler.occupied(&object.value).min(footprint);
            let verdict = self.judge(&mut object, footprint, occupied);
            if verdict == Verdict::LetGo {
                return Err(Discard::Oversized);
            }
            self.recycler.recycle(&mut object.value);
            self.fit(&mut object, verdict)
        }));
        self.put_fitted(object, fitted);
    }

    fn judge(&self, object: &mut Object<T>, footprint: usize, occupied: usize) -> Verdict {
        let large = self.retention.is_large(footprint);
        let habits = self.inner().habits(large, self.retention.small());
        self.retention
            .decide(&object.history.enter(footprint, occupied, habits))
    }

    /// Does to a recycled object what was decided; its size then.
    fn fit(&self, object: &mut Object<T>, verdict: Verdict) -> Result<usize, Discard> {
        let to = match verdict {
            Verdict::Keep => return Ok(self.recycler.footprint(&object.value)),
            Verdict::Shrink(to) => to,
            Verdict::LetGo => return Err(Discard::Oversized),
        };
        self.recycler.shrink_to(&mut object.value, to);
        object.history = History::default();
        let bytes = self.recycler.footprint(&object.value);
        if bytes <= self.retention.tolerated(to) {
            Ok(bytes)
        } else {
            Err(Discard::Oversized)
        }
    }

    fn put_fitted(
        &self,
        mut object: Box<Object<T>>,
        fitted: Result<Result<usize, Discard>, Payload>,
    ) {
        match fitted {
            Ok(Ok(bytes)) => {
                // No sum of sizes that an object makes up may overflow.
                let bytes = bytes.min(isize::MAX as usize / 1024);
                object.look = bytes >= self.unlooked;
                object.watched = object.look;
                if object.lease.is_held() {
                    self.inner().tracker().resize(&object.lease, bytes);
                    self.inner().tracker().keep(bytes);
                }
                if bytes < self.limits().small {
                    self.inner().put(object, bytes);
                } else {
                    self.inner().put_slow(object, bytes);
                }
            }
            Ok(Err(why)) => self.inner().discard_now([object], why),
            Err(payload) => self.recycle_panicked(object, payload),
        }
    }

    #[cold]
    #[inline(never)]
    fn recycle_panicked(&self, mut object: Box<Object<T>>, payload: Payload) {
        self.inner().leave(&mut object);
        let mut panics = Panics::caught(payload);
        self.inner()
            .discard([object], Discard::RecyclePanicked, &mut panics);
        panics.resume();
    }
}
