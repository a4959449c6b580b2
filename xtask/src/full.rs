//! What some tests need beyond this repository, and how `cargo xtask check --full` comes by it.
//!
//! To add a part: an entry of [`PARTS`], and in the tests that need it
//! `eosin_testing::skip("<name>", "<reason>")` where its variable is not set.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Something that is not in this repository.
struct Part {
    /// What tests and errors call it.
    name: &'static str,
    /// The environment variable that tests find it by; none where they know the place.
    variable: Option<&'static str>,
    /// Makes it, or finds it made, in a folder of its own, and gives its place.
    install: fn(&Path) -> Result<PathBuf>,
}

/// Every part that a test may need.
const PARTS: [Part; 4] = [
    Part {
        name: "python",
        variable: Some("EOSIN_PYTHON"),
        install: python,
    },
    Part {
        name: "shared",
        variable: None,
        install: shared,
    },
    Part {
        name: "chromium",
        variable: Some("EOSIN_BROWSER"),
        install: chromium,
    },
    Part {
        name: "axe",
        variable: Some("EOSIN_AXE"),
        install: axe,
    },
];

/// Python packages of other projects' reference implementations. The registry has PyTorch for Linux
/// with CUDA only, so they take 6 GB.
const PACKAGES: [&str; 10] = [
    "torch==2.15.0",
    "timm==1.0.31",
    "onnxruntime",
    "onnx",
    "tensorboard",
    "scikit-learn",
    "numpy",
    "pillow",
    "tifffile",
    "playwright",
];

/// Installs every part below `target/full` and gives the environment in which no test may be skipped
/// for lack of one.
///
/// # Errors
/// Names the part that cannot be had.
pub fn environment(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let folder = std::path::absolute(root.join("target/full"))?;
    std::fs::create_dir_all(&folder)?;
    let mut variables = Vec::new();
    for part in PARTS {
        let place = (part.install)(&folder);
        let place = place.with_context(|| format!("the part '{}' cannot be had", part.name))?;
        if let Some(variable) = part.variable {
            variables.push((variable, place.display().to_string()));
        }
    }
    let names = PARTS.map(|part| part.name).join(",");
    variables.push(("EOSIN_REQUIRED", names));
    Ok(variables)
}

/// A virtual environment with [`PACKAGES`]; it is made anew when that list changes.
fn python(folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let (mark, wanted) = (folder.join("venv-packages.txt"), PACKAGES.join("\n"));
    if std::fs::read_to_string(&mark).is_ok_and(|made| made == wanted) && python.exists() {
        return Ok(python);
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-input",
        "--progress-bar",
        "off",
    ]);
    run(pip.args(PACKAGES))?;
    std::fs::write(&mark, wanted)?;
    Ok(python)
}

/// The data and weights beside the repository.
fn shared(_: &Path) -> Result<PathBuf> {
    let folder = crate::root().join("../shared");
    for part in ["data", "weights"] {
        let part = folder.join(part);
        if !part.is_dir() {
            bail!("{} is not there", part.display());
        }
    }
    Ok(folder)
}

/// The browser that reports are looked at in: the one that is there, else Debian's.
fn chromium(_: &Path) -> Result<PathBuf> {
    let find = || {
        let path = std::env::var_os("PATH")?;
        let mut files = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
        files.find(|file| file.is_file())
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    run(Command::new("apt-get").args(["install", "-y", "-qq", "chromium"]))?;
    find().context("Debian's chromium is not on the PATH")
}

/// The checker of accessibility, from npm.
fn axe(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        run(Command::new("npm")
            .args(["install", "--silent", "--prefix"])
            .arg(folder)
            .arg("axe-core"))?;
    }
    Ok(file)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
