//! Waiting for what is on its way back.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Unless told otherwise. Only a check that is about to fail waits.
pub(super) const SETTLE: Duration = Duration::from_millis(100);

/// The first wait; each is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(1);

/// As goleak has it: whoever is ready after a second is not kept for another.
const LONGEST: Duration = Duration::from_millis(100);

/// Looks, and looks again, until nothing is found or the time is up. What was found
/// last, and for how long it waited.
pub(super) fn settle<R>(
    time: Duration,
    mut look: impl FnMut() -> Option<R>,
) -> Result<(), (R, Duration)> {
    let start = Instant::now();
    let mut wait = FIRST;
    loop {
        let Some(found) = look() else { return Ok(()) };
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() {
            let waited = if time.is_zero() {
                time
            } else {
                start.elapsed()
            };
            return Err((found, waited));
        }
        sleep(wait.min(left));
        wait = (wait * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_until_nothing_is_found() {
        let mut looks = 0;
        let result = settle(Duration::MAX, || {
            looks += 1;
            (looks < 4).then_some(())
        });
        assert_eq!((result, looks), (Ok(()), 4));
    }

    #[test]
    fn looks_once_without_time_and_at_the_end_of_it() {
        let mut looks = 0;
        let mut look = || {
            looks += 1;
            Some(looks)
        };
        assert_eq!(settle(Duration::ZERO, &mut look), Err((1, Duration::ZERO)));
        let time = Duration::from_millis(2);
        let (last, waited) = settle(time, &mut look).unwrap_err();
        assert!(last >= 3, "looked {last} times");
        assert!(waited >= time);
    }
}
