//! `cargo xtask check`: everything that a change must pass. `cargo xtask sanitize`: the tests of the
//! crate with unsafe code under `AddressSanitizer`.

mod layers;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

fn main() -> Result<()> {
    let task = std::env::args().nth(1);
    match task.as_deref() {
        Some("check") => check(),
        Some("sanitize") => sanitize(),
        _ => bail!("usage: cargo xtask check|sanitize"),
    }
}

/// Formatting, direction of dependencies, lints, tests, documentation tests.
fn check() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    layers::check(&root())?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ])?;
    cargo(&["test", "--workspace"])
}

/// Tests of the kernels under `AddressSanitizer`, which the stable toolchain holds but calls unstable.
fn sanitize() -> Result<()> {
    let target = "x86_64-unknown-linux-gnu";
    let status = Command::new(env!("CARGO"))
        .args(["test", "--package", "eosin-kernels", "--target", target])
        .args(["--target-dir", "target/sanitize"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .current_dir(root())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the sanitizer or a test found a fault");
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs cargo in the workspace; its failure is this task's failure.
fn cargo(args: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo {} failed", args.join(" "));
    }
    Ok(())
}
