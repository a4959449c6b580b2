//! What the cache's tests share.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows functions marked as tests only"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

use eosin_core::config::CacheDtype;
use eosin_core::{BackboneName, Normalisation, Preprocess};
use eosin_store::cache::{Cache, Entry, Recipe, ViewKey, image_hash};

/// Values of one embedding in these tests: a record has padding.
pub const WIDTH: usize = 40;
pub const NO_LIMIT: u64 = u64::MAX;

/// A recipe that differs by its weights.
pub fn recipe(weights: &str, dtype: CacheDtype) -> Recipe {
    Recipe {
        decode_version: 1,
        preprocess: Preprocess {
            size_px: 96,
            resize: None,
            stain: None,
            mpp: None,
            scale: Normalisation::UNIT,
        },
        backbone: BackboneName::EosinMini,
        weights_hash: weights.to_owned(),
        cut: "features".to_owned(),
        dtype,
        views: None,
        kernels: "test".to_owned(),
    }
}

pub fn open(cache: &Cache) -> Entry {
    cache.entry(&recipe("w", CacheDtype::F32), WIDTH).unwrap()
}

/// Two views an image: the key says which.
pub fn image(index: usize) -> ViewKey {
    ViewKey {
        image: image_hash(&(index / 2).to_le_bytes()),
        view: u32::try_from(index % 2).unwrap(),
    }
}

/// What the embedding of view `index` is; any f32, none of them round in f16.
pub fn values(index: usize, width: usize) -> Vec<f32> {
    (0..width)
        .map(|at| (index * 1000 + at) as f32 * 0.001 + 0.1)
        .collect()
}

pub fn batch(indices: impl IntoIterator<Item = usize>) -> Vec<(ViewKey, Vec<f32>)> {
    indices
        .into_iter()
        .map(|index| (image(index), values(index, WIDTH)))
        .collect()
}

/// Asserts that view `index` reads back bit for bit, and gives whether it is there at all.
pub fn reads_back(entry: &Entry, index: usize) -> bool {
    let reader = entry.reader().unwrap();
    let Some(slot) = reader.slot(&image(index)) else {
        return false;
    };
    let expected = values(index, reader.width());
    assert_eq!(reader.row_f32(slot).unwrap(), expected, "view {index}");
    true
}

pub fn records_path(entry: &Entry) -> PathBuf {
    entry.dir().join("records.bin")
}

/// Runs the test `name` of this binary again in a child process, under `shell` first, with the
/// variable `EOSIN_TEST_DIR` set: how a test becomes two processes.
pub fn child(name: &str, shell: &str, dir: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    let exec = format!(
        "{shell} exec \"$0\" --exact {name} --include-ignored --nocapture --test-threads=1"
    );
    command
        .arg("-c")
        .arg(exec)
        .arg(std::env::current_exe().unwrap())
        .env("EOSIN_TEST_DIR", dir);
    command
}

/// The folder given by the parent, when this process is such a child.
pub fn child_dir() -> Option<PathBuf> {
    std::env::var_os("EOSIN_TEST_DIR").map(PathBuf::from)
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
