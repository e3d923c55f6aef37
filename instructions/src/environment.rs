//! What a count depends on, apart from the program.

use crate::{Result, callgrind};
use serde::{Deserialize, Serialize};
use std::process::Command;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    pub(crate) rustc: String,
    pub(crate) target: String,
    /// Brings `malloc` and `memcpy`.
    pub(crate) c_library: String,
    /// The features by which `memcpy` and others choose, as valgrind shows them.
    pub(crate) processor: String,
}

impl Environment {
    pub(crate) fn here() -> Result<Self> {
        let (processor, _) = callgrind::run(&["--tool=none", "-q"], &["processor"])?;
        Ok(Self {
            rustc: env!("BUILT_BY").into(),
            target: env!("BUILT_FOR").into(),
            c_library: c_library(),
            processor: processor.trim().into(),
        })
    }

    /// What is different here, in words.
    pub(crate) fn differences(&self, here: &Self) -> Vec<String> {
        let all = [
            ("compiler", &self.rustc, &here.rustc),
            ("target", &self.target, &here.target),
            ("C library", &self.c_library, &here.c_library),
            ("processor", &self.processor, &here.processor),
        ];
        all.into_iter()
            .filter(|(_, expected, found)| expected != found)
            .map(|(what, expected, found)| {
                format!("the {what} is {found:?}, the counts are of {expected:?}")
            })
            .collect()
    }
}

/// Such as "glibc 2.36".
fn c_library() -> String {
    let version = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    match version {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().into()
        }
        _ => "unknown".into(),
    }
}

/// The features of the processor that libraries choose their routines by.
pub(crate) fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    let features = [
        ("sse4.2", std::is_x86_feature_detected!("sse4.2")),
        ("avx", std::is_x86_feature_detected!("avx")),
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("bmi2", std::is_x86_feature_detected!("bmi2")),
        ("ermsb", std::is_x86_feature_detected!("ermsb")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    let mut words = vec![std::env::consts::ARCH];
    words.extend(
        features
            .iter()
            .filter(|(_, has)| *has)
            .map(|(name, _)| name),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_differs_and_only_that() {
        let counted = Environment {
            rustc: "rustc 1".into(),
            ..Environment::default()
        };
        let here = Environment {
            rustc: "rustc 2".into(),
            ..Environment::default()
        };
        assert_eq!(
            counted.differences(&here),
            [r#"the compiler is "rustc 2", the counts are of "rustc 1""#]
        );
        assert!(counted.differences(&counted).is_empty());
    }
}
