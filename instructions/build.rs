//! Hands on which compiler this is built by, and for what: counts hold for these.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").expect("cargo sets RUSTC");
    let version = Command::new(rustc).arg("--version").output();
    let version = version.expect("the compiler tells its version").stdout;
    println!(
        "cargo::rustc-env=BUILT_BY={}",
        String::from_utf8_lossy(&version).trim()
    );
    let target = std::env::var("TARGET").expect("cargo sets TARGET");
    println!("cargo::rustc-env=BUILT_FOR={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
