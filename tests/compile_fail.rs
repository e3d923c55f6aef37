//! What must not compile does not, and for the right reason.
//!
//! By trybuild, not by `compile_fail` doc tests: stable rustdoc ignores the error
//! code that is given there, so that a spelling mistake would pass for a proof.
//! The price is that messages are compared, which rustc words anew every few
//! releases; so this runs on the release that they were recorded with and says
//! so on others. The traits that decide most of it are asserted in `traits.rs`,
//! on every release.

use std::process::Command;

/// To record them anew: `TRYBUILD=overwrite cargo test --test compile_fail`,
/// read the difference, and put the release here.
const RECORDED_WITH: &str = "rustc 1.95.";

#[test]
fn what_must_not_compile_does_not() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(RECORDED_WITH) {
        eprintln!("skipped: messages are those of {RECORDED_WITH}x, this is {version}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/right.rs");
    cases.compile_fail("tests/ui/wrong_*.rs");
}
