//! Figures as people read them.

use std::fmt;

/// A count with a comma every three digits.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&grouped(self.0))
    }
}

/// A change of a count: the same with a sign, and plain 0.
pub(crate) struct Change(pub(crate) i64);

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{}{}",
            sign(self.0),
            grouped(self.0.unsigned_abs())
        ))
    }
}

/// A byte count with a binary unit.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return f.pad(&format!("{} B", self.0));
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        // Not 1024.0, which would leave "1024.0 KiB" to be printed.
        while value >= 1023.95 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        f.pad(&format!("{value:.1} {}", UNITS[unit]))
    }
}

/// A change of a byte count.
pub(crate) struct BytesChange(pub(crate) i64);

impl fmt::Display for BytesChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", sign(self.0), Bytes(self.0.unsigned_abs())))
    }
}

/// A part of a whole, in percent; a dash if there is no whole.
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) whole: u64,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole == 0 {
            return f.pad("-");
        }
        let percent = 100.0 * self.part as f64 / self.whole as f64;
        // Rounding makes neither "none" of few nor "all" of most.
        let percent = match self.part {
            0 => 0.0,
            part if part >= self.whole => percent,
            _ => percent.clamp(0.01, 99.99),
        };
        f.pad(&format!("{percent:.2}%"))
    }
}

/// Events per second: whole from a hundred on, where a tenth says nothing.
pub(crate) struct Rate(pub(crate) f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() < 99.95 {
            return f.pad(&format!("{:.1}/s", self.0));
        }
        let sign = if self.0 < 0.0 { "-" } else { "" };
        f.pad(&format!("{sign}{}/s", grouped(self.0.abs().round() as u64)))
    }
}

fn sign(n: i64) -> &'static str {
    match n {
        ..0 => "-",
        0 => "",
        1.. => "+",
    }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        let table = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ];
        for (n, text) in table {
            assert_eq!(Count(n).to_string(), text);
        }
        assert_eq!(Change(-1_000).to_string(), "-1,000");
        assert_eq!(Change(7).to_string(), "+7");
        assert_eq!(Change(0).to_string(), "0");
        assert_eq!(Change(i64::MIN).to_string(), "-9,223,372,036,854,775,808");
        assert_eq!(
            format!("{:>6}|{:<6}|", Count(1_000), Change(7)),
            " 1,000|+7    |"
        );
    }

    #[test]
    fn rounds_rates() {
        let table = [
            (0.0, "0.0/s"),
            (-0.25, "-0.2/s"),
            (99.94, "99.9/s"),
            (99.96, "100/s"),
            (-1_234.5, "-1,235/s"),
            (f64::MAX, "18,446,744,073,709,551,615/s"),
        ];
        for (rate, text) in table {
            assert_eq!(Rate(rate).to_string(), text);
        }
    }

    #[test]
    fn picks_a_unit() {
        let table = [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_048_524, "1023.9 KiB"),
            (1_048_575, "1.0 MiB"),
            (1 << 60, "1.0 EiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (n, text) in table {
            assert_eq!(Bytes(n).to_string(), text);
        }
        assert_eq!(BytesChange(-2_048).to_string(), "-2.0 KiB");
        assert_eq!(BytesChange(1).to_string(), "+1 B");
        assert_eq!(BytesChange(0).to_string(), "0 B");
    }

    #[test]
    fn rounds_no_share_to_none_or_all() {
        let table = [
            (0, 0, "-"),
            (0, 5, "0.00%"),
            (1, u64::MAX, "0.01%"),
            (1, 3, "33.33%"),
            (u64::MAX - 1, u64::MAX, "99.99%"),
            (u64::MAX, u64::MAX, "100.00%"),
        ];
        for (part, whole, text) in table {
            assert_eq!(Share { part, whole }.to_string(), text);
        }
    }
}
