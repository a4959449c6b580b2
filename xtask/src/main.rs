//! `cargo xtask check`: everything that a change must pass; with `--full` also what needs more than
//! this repository. `cargo xtask sanitize`: the tests of the crate with unsafe code under
//! `AddressSanitizer`. `cargo xtask fuzz [N]`: N folder trees and tables at random.

mod counted;
mod full;
mod layers;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check(&[]),
        ["check", "--full"] => check(&full::environment(&root())?),
        ["sanitize"] => sanitize(),
        ["fuzz"] => fuzz("10000"),
        ["fuzz", cases] => fuzz(cases),
        _ => bail!("usage: cargo xtask check [--full] | sanitize | fuzz [CASES]"),
    }
}

/// Formatting, direction of dependencies, lints, tests, documentation tests, the latter two with
/// these environment variables.
fn check(variables: &[(&str, String)]) -> Result<()> {
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
    counted::run(&root(), variables)
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

/// A folder in memory: a million cases make more files than a disk takes in good time.
const MEMORY: &str = "/dev/shm";

/// So many random folder trees, tables, and damaged tables, from another seed each day.
fn fuzz(cases: &str) -> Result<()> {
    cases
        .parse::<u64>()
        .context("the number of cases is no number")?;
    let since = std::time::UNIX_EPOCH
        .elapsed()
        .context("the clock is wrong")?;
    let day = since.as_secs() / (24 * 60 * 60);
    let mut command = Command::new(env!("CARGO"));
    if Path::new(MEMORY).is_dir() && std::env::var_os("TMPDIR").is_none() {
        command.env("TMPDIR", MEMORY);
    }
    let status = command
        .args(["test", "--package", "eosin-data", "--test", "all", "fuzz::"])
        .env("EOSIN_FUZZ", cases)
        .env("EOSIN_FUZZ_SEED", day.to_string())
        .current_dir(root())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("a tree or a table was read wrong");
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
