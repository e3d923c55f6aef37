//! The verdict as a person reads it.

use super::verdict::{Evidence, FEWEST, Trend, Verdict, WINDOWS};
use crate::units::{Bytes, Count, Rate};
use std::fmt;
use std::time::Duration;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence {
            points,
            span,
            in_use,
            idle_bytes,
            follows_load,
            rates,
        } = &self.evidence;
        let span = Span(*span);
        let objects = format_args!("{} to {}", Count(in_use.first), Count(in_use.last));
        let bytes = format_args!("{} to {}", Bytes(idle_bytes.first), Bytes(idle_bytes.last));
        match self.trend {
            Trend::TooShort => {
                let least = WINDOWS * FEWEST;
                return write!(f, "too short to tell: {points} points of {least}");
            }
            Trend::Steady => write!(
                f,
                "steady: over {span} the lowest in use went from {objects} and the idle \
                 memory from {bytes}"
            )?,
            Trend::Growing if idle_bytes.keeps_rising => write!(
                f,
                "growing: the idle memory rose from {bytes} over {span} and never fell back, \
                 with the lowest in use from {objects}"
            )?,
            Trend::Growing if !follows_load => write!(
                f,
                "growing: the lowest in use went from {objects} over {span}, which may be \
                 chance or a slow leak, and the idle memory from {bytes}"
            )?,
            Trend::Growing => write!(
                f,
                "growing: with the load, the lowest in use rose from {objects} over {span}, \
                 and the idle memory went from {bytes}"
            )?,
            Trend::Leaking => write!(
                f,
                "leaking: the lowest in use rose from {objects} over {span} and never fell \
                 back, with the idle memory from {bytes}"
            )?,
        }
        write!(
            f,
            " (gets {}, created {}, returned {})",
            Rate(rates.gets),
            Rate(rates.created),
            Rate(rates.returned)
        )
    }
}

/// A time as people say it.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::judged;

    #[test]
    fn says_it_in_a_sentence() {
        let table = [
            (
                judged(0, |_| (0, 0, 0)),
                "too short to tell: 0 points of 60",
            ),
            (
                judged(59, |i| (i, i, i)),
                "too short to tell: 59 points of 60",
            ),
            (
                judged(120, |i| (3 + i % 5, 4096, 1000 * i)),
                "steady: over 59.5 s the lowest in use went from 3 to 3 and the idle memory \
                 from 4.0 KiB to 4.0 KiB (gets 2,000/s, created 200/s, returned 1,800/s)",
            ),
            (
                judged(1_200, |i| (3 + i / 30, 0, 1000 * i)),
                "leaking: the lowest in use rose from 3 to 39 over 9 min 59 s and never fell \
                 back, with the idle memory from 0 B to 0 B (gets 2,000/s, created 200/s, \
                 returned 1,800/s)",
            ),
            (
                judged(9_000, |i| (2, 10_000 * i, 10 * i)),
                "growing: the idle memory rose from 7.1 MiB to 85.8 MiB over 1 h 14 min and \
                 never fell back, with the lowest in use from 2 to 2 (gets 20.0/s, created \
                 2.0/s, returned 18.0/s)",
            ),
            (
                judged(120, |i| (3 + i, 0, i * i)),
                "growing: with the load, the lowest in use rose from 3 to 113 over 59.5 s, and \
                 the idle memory went from 0 B to 0 B (gets 238/s, created 23.8/s, returned \
                 214/s)",
            ),
            (
                judged(60, |i| {
                    ([1, 2, 1, 3, 2, 3, 2, 4, 3, 3, 4, 5][i as usize / 5], 0, i)
                }),
                "growing: the lowest in use went from 1 to 5 over 29.5 s, which may be chance \
                 or a slow leak, and the idle memory from 0 B to 0 B (gets 2.0/s, created \
                 0.2/s, returned 1.8/s)",
            ),
        ];
        for (verdict, text) in table {
            assert_eq!(verdict.to_string(), text);
        }
    }
}
