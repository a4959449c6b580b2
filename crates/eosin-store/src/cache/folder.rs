//! The folder of the cache.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::CacheError;
use super::lock::{self, Held};
use crate::error::FileError;

/// The recipe of an entry, as JSON.
pub(super) const RECIPE: &str = "recipe.json";
/// The embeddings of an entry.
pub(super) const RECORDS: &str = "records.bin";
/// Its modification time is when the entry was last opened.
pub(super) const LAST_USED: &str = "last-used";

/// A folder of embeddings, shared between runs and processes.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
}

/// Where the cache is unless the configuration says otherwise: `EOSIN_CACHE`, else
/// `XDG_CACHE_HOME/eosin`, else `~/.cache/eosin`.
///
/// # Errors
/// When none of these variables is set.
pub fn default_cache_dir() -> Result<PathBuf, CacheError> {
    cache_dir_from(|name| env::var_os(name))
}

fn cache_dir_from(var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, CacheError> {
    let folder = |name: &str| {
        let value = var(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value))
    };
    // The XDG specification wants relative paths ignored.
    let xdg = || folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    folder("EOSIN_CACHE")
        .or_else(|| xdg().map(|path| path.join("eosin")))
        .or_else(|| folder("HOME").map(|path| path.join(".cache/eosin")))
        .ok_or(CacheError::NoFolder)
}

impl Cache {
    /// Opens the cache in `dir`, and makes the folder when there is none. Above `max_bytes` the
    /// least recently used entries are evicted.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: impl Into<PathBuf>, max_bytes: u64) -> Result<Self, CacheError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(FileError::on("create cache folder", &dir))?;
        Ok(Self { dir, max_bytes })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes that the disk of the cache has free for this user.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> Result<u64, CacheError> {
        let free = fs4::available_space(&self.dir);
        Ok(free.map_err(FileError::on("ask for the free space of", &self.dir))?)
    }

    /// Waits for the right to open or evict entries.
    pub(super) fn lock(&self) -> Result<Held, FileError> {
        lock::exclusive(&self.dir.join(lock::CACHE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_folder_follows_the_first_variable_that_is_set() {
        let with = |set: &[(&str, &str)]| {
            let set: Vec<(String, OsString)> = set
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect();
            cache_dir_from(move |name| Some(set.iter().find(|(n, _)| n == name)?.1.clone()))
        };
        let home = ("HOME", "/home/u");
        let xdg = ("XDG_CACHE_HOME", "/x");
        let own = ("EOSIN_CACHE", "/own");
        assert_eq!(with(&[home, xdg, own]).unwrap(), Path::new("/own"));
        assert_eq!(with(&[home, xdg]).unwrap(), Path::new("/x/eosin"));
        let plain = Path::new("/home/u/.cache/eosin");
        assert_eq!(with(&[home]).unwrap(), plain);
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "x")]).unwrap(), plain);
        assert_eq!(with(&[home, ("EOSIN_CACHE", "")]).unwrap(), plain);
        assert!(matches!(with(&[]), Err(CacheError::NoFolder)));
    }
}
