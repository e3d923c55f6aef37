//! How many loans are tracked.

use std::fmt;
use std::str::FromStr;

/// Which loans of a pool are tracked.
///
/// From and to text, and with the feature `serde`, as `off`, `1/128`, `all`, for a command line or an environment
/// variable:
///
/// ```
/// use millpond::track::Tracking;
///
/// assert_eq!("1/128".parse(), Ok(Tracking::OneIn(128)));
/// assert_eq!(Tracking::All.to_string(), "all");
/// assert!("often".parse::<Tracking>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub enum Tracking {
    /// None.
    #[default]
    Off,
    /// Each with a probability of one in so many, on its own. 128 shows whatever
    /// holds or allocates much, at a cost that does not show. 0 is `Off`, 1 is `All`.
    OneIn(u32),
    /// All.
    All,
}

impl Tracking {
    /// One in so many; 0 is none.
    pub(super) const fn rate(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::OneIn(n) => n,
            Self::All => 1,
        }
    }

    pub(super) const fn from_rate(rate: u32) -> Self {
        match rate {
            0 => Self::Off,
            1 => Self::All,
            n => Self::OneIn(n),
        }
    }
}

impl PartialEq for Tracking {
    fn eq(&self, other: &Self) -> bool {
        self.rate() == other.rate()
    }
}

impl Eq for Tracking {}

impl fmt::Display for Tracking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rate() {
            0 => f.pad("off"),
            1 => f.pad("all"),
            n => f.pad(&format!("1/{n}")),
        }
    }
}

/// The text is none of `off`, `all`, and `1/n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTrackingError(String);

impl fmt::Display for ParseTrackingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no tracking rate: say off, all, or 1/n such as 1/128",
            self.0
        )
    }
}

impl std::error::Error for ParseTrackingError {}

impl FromStr for Tracking {
    type Err = ParseTrackingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseTrackingError(text.into());
        let rate = match text.trim().to_ascii_lowercase().as_str() {
            "off" => 0,
            "all" => 1,
            other => {
                let n = other.strip_prefix("1/").ok_or_else(error)?;
                n.trim().parse().map_err(|_| error())?
            }
        };
        Ok(Self::from_rate(rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_from_text_and_to_text() {
        for (text, tracking) in [
            ("off", Tracking::Off),
            (" ALL ", Tracking::All),
            ("1/1", Tracking::All),
            ("1/0", Tracking::Off),
            ("1/ 4294967295", Tracking::OneIn(u32::MAX)),
        ] {
            assert_eq!(text.parse(), Ok(tracking));
            assert_eq!(tracking.to_string().parse(), Ok(tracking));
        }
        for text in ["", "1/", "/8", "2/8", "1/-1", "1/4294967296", "1", "äll"] {
            let error = text.parse::<Tracking>().unwrap_err();
            assert!(error.to_string().contains("1/128"), "{error}");
        }
    }
}
