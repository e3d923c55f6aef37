//! Figures for people. Shared with the `tune` example.

pub(crate) fn best(nanos: &[f64]) -> f64 {
    nanos.iter().copied().fold(f64::INFINITY, f64::min)
}

pub(crate) fn median(nanos: &[f64]) -> f64 {
    let mut nanos = nanos.to_vec();
    nanos.sort_unstable_by(f64::total_cmp);
    let middle = nanos.len() / 2;
    match nanos.len() % 2 {
        0 => (nanos[middle - 1] + nanos[middle]) / 2.0,
        _ => nanos[middle],
    }
}

pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn plural(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
        assert_eq!(plural(1, "line"), "1 line");
        assert_eq!(plural(2, "line"), "2 lines");
    }

    #[test]
    fn best_and_median() {
        assert_eq!(
            (best(&[3.0, 9.0, 1.0]), median(&[3.0, 9.0, 1.0])),
            (1.0, 3.0)
        );
        assert_eq!((best(&[4.0, 2.0]), median(&[4.0, 2.0])), (2.0, 3.0));
    }
}
