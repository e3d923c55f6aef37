//! Averages, for people.

use crate::units::Count;
use std::fmt;

/// A figure that is not below zero, to about three digits. Only what is whole looks
/// whole, and only nothing looks like nothing.
pub(super) struct Figure(pub(super) f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        if n.fract() == 0.0 || n >= 1_000.0 {
            // Saturates, far beyond what can be counted.
            return Count(n.round() as u64).fmt(f);
        }
        match n {
            ..0.01 => f.pad("<0.01"),
            ..10.0 => f.pad(&format!("{n:.2}")),
            _ => f.pad(&format!("{n:.1}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_do_not_look_better_than_they_are() {
        let print = |n: f64| Figure(n).to_string();
        assert_eq!(print(0.0), "0");
        assert_eq!(print(0.000_1), "<0.01");
        assert_eq!(print(0.0146), "0.01");
        assert_eq!(print(2.999), "3.00");
        assert_eq!(print(36.97), "37.0");
        assert_eq!(print(37.0), "37");
        assert_eq!(print(999.97), "1000.0");
        assert_eq!(print(1_203.4), "1,203");
        assert_eq!(print(12_345_678.0), "12,345,678");
        assert_eq!(
            format!("{:>6}|{:<4}|", Figure(1.5), Figure(2.0)),
            "  1.50|2   |"
        );
    }
}
