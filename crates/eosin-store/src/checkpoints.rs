//! The states of a training that a killed process leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::atomic::{file_names, sweep_temps, write_atomic};
use crate::error::FileError;

/// First bytes of a checkpoint: what it is, and its version.
const MAGIC: &[u8; 12] = b"EOSINCKPT\x02\0\0";
const HASH_BYTES: usize = 32;
/// Checkpoints of one name that are kept: the newest, and one more in case that it is damaged.
const KEPT: usize = 2;
const SUFFIX: &str = ".checkpoint";

/// A folder of checkpoints. Each is `MAGIC`, the BLAKE3 hash of its payload, and the payload; it is
/// written whole or not at all, and read only when its hash is right.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    dir: PathBuf,
}

/// A checkpoint that could be read.
#[derive(Debug, PartialEq, Eq)]
pub struct LoadedCheckpoint {
    /// What was saved.
    pub payload: Vec<u8>,
    /// Newer ones of the same name that are damaged.
    pub damaged: Vec<PathBuf>,
}

impl Checkpoints {
    /// The checkpoints in `dir`, which is made when there is none.
    ///
    /// # Errors
    /// When the folder cannot be made or listed.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, FileError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(FileError::on("create", &dir))?;
        sweep_temps(&dir)?;
        Ok(Self { dir })
    }

    /// Saves `payload` under `name`, then removes all but the last two of that name.
    ///
    /// # Errors
    /// When it cannot be written, in which case the earlier ones are untouched.
    pub fn save(&self, name: &str, payload: &[u8]) -> Result<(), FileError> {
        let there = self.serials(name)?;
        let serial = there.last().map_or(0, |last| last + 1);
        let mut bytes = Vec::with_capacity(MAGIC.len() + HASH_BYTES + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(blake3::hash(payload).as_bytes());
        bytes.extend_from_slice(payload);
        write_atomic(self.path(name, serial), &bytes)?;
        for old in there.iter().rev().skip(KEPT - 1) {
            let path = self.path(name, *old);
            fs::remove_file(&path).map_err(FileError::on("remove", &path))?;
        }
        Ok(())
    }

    /// The newest checkpoint of `name` that is whole; `None` when there is none.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn load(&self, name: &str) -> Result<Option<LoadedCheckpoint>, FileError> {
        let mut damaged = Vec::new();
        for serial in self.serials(name)?.into_iter().rev() {
            let path = self.path(name, serial);
            let bytes = fs::read(&path).map_err(FileError::on("read", &path))?;
            if let Some(payload) = payload_of(&bytes) {
                let payload = payload.to_vec();
                return Ok(Some(LoadedCheckpoint { payload, damaged }));
            }
            damaged.push(path);
        }
        Ok(None)
    }

    /// Removes the folder with everything in it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(dir: &Path) -> Result<(), FileError> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(FileError::on("remove", dir)),
        }
    }

    fn path(&self, name: &str, serial: u64) -> PathBuf {
        self.dir.join(format!("{name}.{serial:08}{SUFFIX}"))
    }

    /// Numbers of the checkpoints of `name`, in order.
    fn serials(&self, name: &str) -> Result<Vec<u64>, FileError> {
        let serial = |file: &String| {
            let rest = file.strip_prefix(name)?.strip_prefix('.')?;
            rest.strip_suffix(SUFFIX)?.parse().ok()
        };
        let mut serials: Vec<u64> = file_names(&self.dir)?.iter().filter_map(serial).collect();
        serials.sort_unstable();
        Ok(serials)
    }
}

fn payload_of(bytes: &[u8]) -> Option<&[u8]> {
    let (hash, payload) = bytes.strip_prefix(MAGIC)?.split_at_checked(HASH_BYTES)?;
    (blake3::hash(payload).as_bytes() == hash).then_some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(checkpoints: &Checkpoints, name: &str) -> Vec<u8> {
        let loaded = checkpoints.load(name).unwrap().unwrap();
        assert!(loaded.damaged.is_empty());
        loaded.payload
    }

    #[test]
    fn the_last_two_are_kept_and_the_newest_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(dir.path().join("c")).unwrap();
        assert_eq!(checkpoints.load("fold-0-1").unwrap(), None);
        for step in 0..5_u8 {
            checkpoints.save("fold-0-1", &[step]).unwrap();
        }
        checkpoints.save("fold-0-10", b"other").unwrap();
        assert_eq!(payload(&checkpoints, "fold-0-1"), [4]);
        assert_eq!(payload(&checkpoints, "fold-0-10"), b"other");
        assert_eq!(file_names(&dir.path().join("c")).unwrap().len(), 3);
    }

    #[test]
    fn a_damaged_one_is_passed_over_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(dir.path()).unwrap();
        checkpoints.save("heads", b"first").unwrap();
        checkpoints.save("heads", b"second").unwrap();
        let newest = checkpoints.path("heads", 1);
        let bytes = fs::read(&newest).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&newest, &damaged).unwrap();
            let loaded = checkpoints.load("heads").unwrap().unwrap();
            assert_eq!(loaded.payload, b"first", "byte {at}");
            assert_eq!(loaded.damaged, std::slice::from_ref(&newest));
            fs::write(&newest, &bytes[..at]).unwrap();
            let loaded = checkpoints.load("heads").unwrap().unwrap();
            assert_eq!(loaded.payload, b"first", "cut at {at}");
        }
    }
}
