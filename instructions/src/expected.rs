//! The committed counts.

use crate::Result;
use crate::environment::Environment;
use serde::{Deserialize, Serialize};

pub(crate) const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/expected.toml");

const HEADER: &str = "\
# Instructions of one operation, by callgrind. Written by `.ci/instructions --accept`,
# compared by `.ci/instructions`. Why the margin is what it is: README.md here.

";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// A count further than this above what is expected fails.
    pub(crate) margin_percent: f64,
    pub(crate) environment: Environment,
    /// By the name of the path.
    pub(crate) counts: toml::Table,
}

impl Expected {
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
        toml::from_str(&text).map_err(|error| format!("{FILE}: {error}").into())
    }

    /// Takes these counts for what is expected from now on. The margin stays.
    pub(crate) fn accept(environment: &Environment, counts: &[(&str, f64)]) -> Result<()> {
        let margin_percent = Self::read()?.margin_percent;
        let counts = counts.iter().map(|(name, count)| {
            // As many digits as say something.
            let count = (count * 10.0).round() / 10.0;
            (name.to_string(), count.into())
        });
        let expected = Self {
            margin_percent,
            environment: environment.clone(),
            counts: counts.collect(),
        };
        std::fs::write(FILE, format!("{HEADER}{}", toml::to_string(&expected)?))
            .map_err(|error| format!("{FILE}: {error}").into())
    }
}
