//! Keeping the cache under its limit.

use std::fs;
use std::path::Path;

use super::error::CacheError;
use super::folder::Cache;
use super::lock;
use super::survey::EntryInfo;
use crate::error::FileError;

/// How the name of an entry begins that is being removed. One that is found is rubbish.
const EVICTED_PREFIX: &str = ".evicted-";

/// What to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Every entry.
    All,
    /// The least recently used entries, until the rest has at most this many bytes; before them,
    /// entries that cannot be read.
    ToBytes(u64),
}

/// What was removed.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Evicted {
    /// Entries removed, in that order.
    pub removed: Vec<EntryInfo>,
    /// Ids of entries that should have been removed, but are in use.
    pub in_use: Vec<String>,
    /// Bytes of all entries that are left.
    pub bytes_left: u64,
}

impl Cache {
    /// Removes entries. Those in use, by whatever process, stay and are named.
    ///
    /// # Errors
    /// When the folder cannot be read or an entry cannot be removed.
    pub fn prune(&self, what: Prune) -> Result<Evicted, CacheError> {
        let _held = self.lock()?;
        self.sweep_evicted()?;
        let mut entries = self.survey()?;
        // The survey has the most recently used first: reversed, and the unusable before all.
        entries.reverse();
        entries.sort_by_key(|entry| entry.problem.is_none());
        self.evict_while(entries, |entry, bytes_left| match what {
            Prune::All => true,
            Prune::ToBytes(limit) => entry.problem.is_some() || bytes_left > limit,
        })
    }

    /// Brings the cache under its own limit, as far as entries are not in use. Entries
    /// that it cannot read, such as a newer eosin's, have no precedence here.
    pub(super) fn evict_to_limit(&self) -> Result<(), CacheError> {
        let _held = self.lock()?;
        self.sweep_evicted()?;
        let mut entries = self.survey()?;
        entries.reverse();
        self.evict_while(entries, |_, bytes_left| bytes_left > self.max_bytes)
            .map(drop)
    }

    /// Removes those of `entries`, in that order, that are `due` with so many bytes left.
    fn evict_while(
        &self,
        entries: Vec<EntryInfo>,
        due: impl Fn(&EntryInfo, u64) -> bool,
    ) -> Result<Evicted, CacheError> {
        let mut evicted = Evicted {
            bytes_left: entries.iter().map(|entry| entry.bytes).sum(),
            ..Evicted::default()
        };
        for entry in entries {
            if !due(&entry, evicted.bytes_left) {
                continue;
            }
            if self.evict(&entry.id)? {
                evicted.bytes_left -= entry.bytes;
                evicted.removed.push(entry);
            } else {
                evicted.in_use.push(entry.id);
            }
        }
        Ok(evicted)
    }

    /// Removes one entry unless it is in use. Needs the cache's lock.
    fn evict(&self, id: &str) -> Result<bool, FileError> {
        let dir = self.dir.join(id);
        let Some(_unused) = lock::try_exclusive(&dir.join(lock::USE))? else {
            return Ok(false);
        };
        // Under another name at once: killed in the middle, it must not look like an entry.
        let doomed = self.dir.join(format!("{EVICTED_PREFIX}{id}"));
        fs::rename(&dir, &doomed).map_err(FileError::on("remove", &dir))?;
        remove(&doomed)?;
        Ok(true)
    }

    fn sweep_evicted(&self) -> Result<(), FileError> {
        for entry in fs::read_dir(&self.dir).map_err(FileError::on("list", &self.dir))? {
            let entry = entry.map_err(FileError::on("list", &self.dir))?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(EVICTED_PREFIX)
            {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn remove(dir: &Path) -> Result<(), FileError> {
    fs::remove_dir_all(dir).map_err(FileError::on("remove", dir))
}
