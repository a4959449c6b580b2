//! What tests need beyond this repository, and how one that lacks it says so.
//!
//! A test that cannot run returns early; the test runner then counts it as passed. So it says here
//! that it was skipped, in a file that `cargo xtask check` reads and counts. `cargo xtask check
//! --full` provides the parts, and there a test that lacks one fails.
//!
//! ```no_run
//! let Some(python) = eosin_testing::python() else {
//!     return;
//! };
//! ```

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Names a file that gets a line for each skipped test.
pub const SKIPPED: &str = "EOSIN_SKIPPED";
/// Lists the parts, with commas between them, that must be there.
pub const REQUIRED: &str = "EOSIN_REQUIRED";

/// The Python of `EOSIN_PYTHON`, which has timm, torch, onnxruntime, onnx, tensorboard, scikit-learn
/// and numpy; `None`, with the test noted as skipped, when there is none.
///
/// # Panics
/// When `cargo xtask check --full` has promised it.
pub fn python() -> Option<PathBuf> {
    let found = std::env::var_os("EOSIN_PYTHON").map(PathBuf::from);
    if found.is_none() {
        skip("python", "EOSIN_PYTHON names no Python");
    }
    found
}

/// A file or folder of the shared material, which lies beside the repository; `None`, with the test
/// noted as skipped, when it is not there.
///
/// # Panics
/// When `cargo xtask check --full` has promised it.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    skip("shared", &format!("../shared/{name} is not there"));
    None
}

/// Notes that the running test is skipped, since `part` is lacking.
///
/// # Panics
/// When `cargo xtask check --full` has promised the part, or the note cannot be written.
pub fn skip(part: &str, reason: &str) {
    let promised = std::env::var(REQUIRED).unwrap_or_default();
    assert!(
        !is_promised(&promised, part),
        "this test must not be skipped, the part '{part}' was promised: {reason}"
    );
    let Some(file) = std::env::var_os(SKIPPED) else {
        return;
    };
    let line = line(reason);
    // One write of one line: tests of several processes append to the file at once.
    let written = OpenOptions::new().create(true).append(true).open(&file);
    let written = written.and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        panic!("{SKIPPED} is {}: {error}", file.display());
    }
}

/// Whether `part` is in a list with commas.
fn is_promised(list: &str, part: &str) -> bool {
    list.split(',').any(|promised| promised == part)
}

/// `<crate> <test>: <reason>`
fn line(reason: &str) -> String {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    format!("{package} {test}: {reason}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_test_is_named_with_its_reason() {
        assert_eq!(
            line("nothing to see"),
            "eosin-testing tests::a_skipped_test_is_named_with_its_reason: nothing to see\n"
        );
    }

    #[test]
    fn a_part_is_promised_by_its_whole_name() {
        assert!(is_promised("python,shared", "shared"));
        assert!(!is_promised("python,shared", "share"));
        assert!(!is_promised("", "python"));
    }
}
