//! The tests of the workspace, counted: what was skipped is not what passed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};

/// Names the file that skipped tests write a line to (`eosin_testing::SKIPPED`).
const SKIPPED: &str = "EOSIN_SKIPPED";

/// What test runners count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// What is tested. Named one by one, since cargo would link all examples otherwise; that they
/// compile is seen by the lints.
const TARGETS: [&[&str]; 2] = [&["--lib", "--bins", "--tests"], &["--doc"]];

/// Runs every test of the workspace with these environment variables set, and ends with one line
/// that counts them, after those that were skipped.
///
/// # Errors
/// When a test fails, or cargo does.
pub fn run(root: &Path, variables: &[(&str, String)]) -> Result<()> {
    let target = root.join("target");
    std::fs::create_dir_all(&target)?;
    let skipped = std::path::absolute(target.join("skipped-tests.txt"))?;
    std::fs::write(&skipped, "").with_context(|| format!("cannot write {}", skipped.display()))?;
    let mut count = Count::default();
    let mut all_passed = true;
    for targets in TARGETS {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["test", "--workspace", "--no-fail-fast"])
            .args(targets)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env(SKIPPED, &skipped)
            .current_dir(root);
        all_passed &= watch(cargo, &mut count)?.success();
    }
    let notes = std::fs::read_to_string(&skipped).context("what was skipped cannot be read")?;
    write!(std::io::stdout(), "\n{}", summary(count, &notes))?;
    if !all_passed {
        bail!("cargo test failed");
    }
    Ok(())
}

/// Runs cargo, repeats what it says, and counts.
fn watch(mut cargo: Command, count: &mut Count) -> Result<ExitStatus> {
    let cargo = cargo.stdout(Stdio::piped()).spawn();
    let mut cargo = cargo.context("cannot start cargo")?;
    let stdout = cargo.stdout.take().context("cargo has an output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line.context("cannot read what cargo says")?;
        writeln!(std::io::stdout(), "{line}")?;
        count.add(&line);
    }
    cargo.wait().context("cargo does not end")
}

impl Count {
    /// Adds what a line counts, if it is the last one of a test runner that cargo started: those
    /// leave nothing out, while a test that starts its own program again names one test of many.
    fn add(&mut self, line: &str) {
        if !line.contains("; 0 filtered out;") {
            return;
        }
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        let counts = counts.split([';', '.']);
        for count in counts {
            let mut words = count.split_whitespace();
            match (words.next().map(str::parse::<usize>), words.next()) {
                (Some(Ok(number)), Some("passed")) => self.passed += number,
                (Some(Ok(number)), Some("failed")) => self.failed += number,
                _ => {}
            }
        }
    }
}

/// The tests that were skipped, and the line that counts all: a skipped test returned early, which
/// its runner counts as passed.
fn summary(count: Count, notes: &str) -> String {
    let mut skipped: Vec<&str> = notes.lines().collect();
    skipped.sort_unstable();
    skipped.dedup();
    let passed = count.passed.saturating_sub(skipped.len());
    let (failed, count) = (count.failed, skipped.len());
    let listed = skipped.iter().map(|note| format!("skipped: {note}"));
    let last = format!("{passed} passed, {failed} failed, {count} skipped\n");
    listed.chain([last]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_runners_are_added() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 61 filtered out; finished in 0.23s",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s",
        ] {
            count.add(line);
        }
        let expected = Count {
            passed: 5,
            failed: 1,
        };
        assert_eq!(count, expected);
    }

    #[test]
    fn what_was_skipped_is_listed_and_not_counted_as_passed() {
        let count = Count {
            passed: 5,
            failed: 0,
        };
        let notes = "b two: no weights\na one: no Python\n";
        assert_eq!(
            summary(count, notes),
            "skipped: a one: no Python\nskipped: b two: no weights\n3 passed, 0 failed, 2 skipped\n"
        );
        assert_eq!(summary(count, ""), "5 passed, 0 failed, 0 skipped\n");
    }
}
