//! What was measured of a row, and how it compares with another.

use millpond::alloc::Counts;
use serde::{Deserialize, Deserializer, Serialize};

/// What was measured of one row.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Nanoseconds an operation, round by round; not a number where the row was
    /// disturbed. Empty if nothing was measured.
    #[serde(deserialize_with = "times")]
    pub(crate) times: Vec<f64>,
    pub(crate) counts: Counts,
    /// During which the counts were taken.
    pub(crate) operations: u64,
}

impl Figures {
    pub(crate) fn best(&self) -> f64 {
        self.times.iter().copied().fold(f64::NAN, f64::min)
    }

    pub(crate) fn median(&self) -> f64 {
        median(self.times.clone())
    }

    /// The ratio of the best rounds, and the median of the ratios.
    pub(crate) fn ratios(&self, to: &Self) -> (f64, f64) {
        let pairs = self.times.iter().zip(&to.times);
        let ratios = pairs.map(|(own, other)| own / other).collect();
        (self.best() / to.best(), median(ratios))
    }

    /// Adds what another process measured of the same row.
    pub(crate) fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.counts += other.counts;
        self.operations += other.operations;
    }

    /// Rounds that were not disturbed.
    pub(crate) fn rounds(&self) -> usize {
        self.times.iter().filter(|time| !time.is_nan()).count()
    }

    /// Of what was counted, so much for one operation.
    pub(crate) fn each(&self, count: impl Fn(&Counts) -> u64) -> f64 {
        count(&self.counts) as f64 / self.operations as f64
    }
}

/// JSON has null for what is not a number.
fn times<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let times = Vec::<Option<f64>>::deserialize(from)?;
    Ok(times
        .into_iter()
        .map(|time| time.unwrap_or(f64::NAN))
        .collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(times: &[f64]) -> Figures {
        Figures {
            times: times.to_vec(),
            counts: Counts::default(),
            operations: 1,
        }
    }

    #[test]
    fn the_median_of_the_ratios_is_of_rounds_that_neither_was_disturbed_in() {
        let own = figures(&[1.0, 30.0, f64::NAN, 4.0, 5.0]);
        let other = figures(&[2.0, 10.0, 1.0, f64::NAN, 5.0]);
        // 0.5, 3, 1 are left.
        assert_eq!(own.ratios(&other), (1.0, 1.0));
        assert_eq!((own.best(), own.median(), own.rounds()), (1.0, 5.0, 4));
    }

    #[test]
    fn what_processes_tell_is_put_together() {
        let mut all = figures(&[1.0, f64::NAN]);
        let told = serde_json::to_string(&figures(&[f64::NAN, 3.0])).unwrap();
        let mut told: Figures = serde_json::from_str(&told).unwrap();
        told.counts.allocations = 3;
        all.add(told);
        assert_eq!(all.each(|counts| counts.allocations), 1.5);
        assert_eq!(all.times[0], 1.0);
        assert!(all.times[1].is_nan() && all.times[2].is_nan());
        assert_eq!(all.times[3], 3.0);
        assert_eq!((all.rounds(), all.operations), (2, 2));
    }

    #[test]
    fn nothing_measured_is_no_number() {
        let none = figures(&[]);
        assert!(none.best().is_nan() && none.median().is_nan());
        assert!(none.ratios(&none).1.is_nan());
    }
}
