//! Weight files by the hash of their bytes: each lies here once, whatever runs were made from it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::atomic::write_atomic_with;
use crate::error::FileError;

/// A folder of weight files, named after the BLAKE3 of their bytes.
#[derive(Clone, Debug)]
pub struct WeightStore {
    dir: PathBuf,
}

impl WeightStore {
    /// The store beside the embeddings in `cache_dir`; made when something is kept.
    pub fn beside(cache_dir: &Path) -> Self {
        Self {
            dir: cache_dir.join("weights"),
        }
    }

    /// Where the file with this hash (hexadecimal) is or would be.
    pub fn path(&self, hash: &str) -> PathBuf {
        self.dir.join(format!("{hash}.bin"))
    }

    /// Keeps the file at `path`, whose bytes have this hash: as a second name for it where the disk
    /// can do that, else as a copy. A file that is there already is left alone.
    ///
    /// # Errors
    /// When the file cannot be read or the store not written.
    pub fn keep(&self, hash: &str, path: &Path) -> Result<(), FileError> {
        let kept = self.path(hash);
        if kept.exists() {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).map_err(FileError::on("create", &self.dir))?;
        let source = fs::canonicalize(path).map_err(FileError::on("read", path))?;
        if fs::hard_link(&source, &kept).is_ok() {
            return Ok(());
        }
        copy(&source, &kept)
    }
}

/// Copies a file so that there is never a part of it under the new name.
///
/// # Errors
/// When one cannot be read or the other not written.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let mut file = fs::File::open(from).map_err(FileError::on("read", from))?;
    write_atomic_with(to, |out| io::copy(&mut file, out).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_outlives_the_one_that_it_came_from() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("w.safetensors");
        fs::write(&file, b"weights").unwrap();
        let store = WeightStore::beside(&dir.path().join("cache"));
        store.keep("00ff", &file).unwrap();
        store.keep("00ff", &file).unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!(fs::read(store.path("00ff")).unwrap(), b"weights");
        let error = store.keep("11", &file).unwrap_err().to_string();
        assert!(error.contains("w.safetensors"), "{error}");
    }
}
