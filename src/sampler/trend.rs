//! Whether figures rise for good: arithmetic on a few numbers.

/// Mann-Kendall's z of a rise that chance brings about once in a hundred times.
pub(super) const LIKELY: f64 = 2.326;

/// The same for once in a thousand. Together with what else
/// [`keeps_rising`] asks for, none of 6,000 made-up series without a trend was taken
/// for a rise (12 with `LIKELY`; the verdict's tests print it).
pub(super) const CERTAIN: f64 = 3.09;

/// Mann and Kendall's test for a trend: how many standard deviations more pairs
/// rise than fall. Asks nothing of how the figures are distributed, only of their
/// order. Ties are corrected for.
///
/// H. B. Mann, "Nonparametric tests against trend", Econometrica 13 (1945); M. G.
/// Kendall, "Rank Correlation Methods" (1975).
pub(super) fn mann_kendall(figures: &[f64]) -> f64 {
    let mut score = 0.0;
    for (i, a) in figures.iter().enumerate() {
        for b in &figures[i + 1..] {
            score += f64::from(u8::from(b > a)) - f64::from(u8::from(b < a));
        }
    }
    let spread = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties = sorted.chunk_by(|a, b| a == b);
    let ties: f64 = ties.map(|tied| spread(tied.len() as f64)).sum();
    let variance = (spread(figures.len() as f64) - ties) / 18.0;
    if variance <= 0.0 {
        return 0.0;
    }
    // The correction for continuity: towards 0 by one pair.
    let score = if score > 0.0 {
        f64::max(score - 1.0, 0.0)
    } else {
        f64::min(score + 1.0, 0.0)
    };
    score / variance.sqrt()
}

/// Whether figures rise, have not fallen back, and rise still.
pub(super) fn keeps_rising(figures: &[f64]) -> bool {
    let third = figures.len() / 3;
    if third == 0 {
        return false;
    }
    let (first, rest) = figures.split_at(third);
    let (middle, last) = rest.split_at(rest.len() - third);
    let never_fell_back = least(first) < least(middle) && least(middle) < least(last);
    // A rise that is over, as when a pool warms up, is in the first thirds; one that
    // goes on evenly has half of it in the last. Half of that is asked for.
    let goes_on = mean(last) - mean(middle) >= 0.25 * (mean(last) - mean(first));
    never_fell_back && goes_on && steps(figures) >= 3 && mann_kendall(figures) >= LIKELY
}

/// How often the lower envelope rises: the line below which no later figure falls.
fn steps(figures: &[f64]) -> usize {
    let mut lowest = f64::INFINITY;
    let mut steps: usize = 0;
    for figure in figures.iter().rev() {
        if *figure < lowest {
            lowest = *figure;
            steps += 1;
        }
    }
    // The level from which it starts is no step.
    steps.saturating_sub(1)
}

fn least(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::INFINITY, f64::min)
}

fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mann_kendall_agrees_with_figures_by_hand() {
        // All 45 pairs of ten rise: (45 - 1) / sqrt(10 * 9 * 25 / 18).
        let rising: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((mann_kendall(&rising) - 44.0 / 125f64.sqrt()).abs() < 1e-12);
        let falling: Vec<f64> = rising.iter().rev().copied().collect();
        assert_eq!(mann_kendall(&falling), -mann_kendall(&rising));
        // One step: 16 of 28 pairs rise, the rest are tied, in two groups of four.
        let step = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let variance = (8.0 * 7.0 * 21.0 - 2.0 * (4.0 * 3.0 * 13.0)) / 18.0;
        assert!((mann_kendall(&step) - 15.0 / f64::sqrt(variance)).abs() < 1e-12);
        for still in [&[][..], &[1.0], &[3.0; 12]] {
            assert_eq!(mann_kendall(still), 0.0);
        }
    }

    #[test]
    fn rising_is_more_than_having_risen() {
        let table: [(&[u32], bool); 9] = [
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], true),
            (&[3, 1, 2, 4, 5, 4, 6, 8, 7, 9, 9, 12], true),
            (&[0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4], true),
            // Warmed up, one step, two, fell back, only now, none at all.
            (&[0, 4, 8, 10, 10, 10, 10, 10, 10, 10, 10, 10], false),
            (&[5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6], false),
            (&[5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7], false),
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2], false),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3], false),
            (&[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], false),
        ];
        for (figures, rises) in table {
            let floats: Vec<f64> = figures.iter().map(|n| f64::from(*n)).collect();
            assert_eq!(keeps_rising(&floats), rises, "{figures:?}");
        }
        assert!(!keeps_rising(&[]));
        assert!(!keeps_rising(&[1.0, 2.0]));
    }
}
