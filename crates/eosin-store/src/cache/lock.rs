//! Advisory locks on files that hold nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::FileError;

/// Held while an entry is opened or evicted.
pub(super) const CACHE: &str = "cache.lock";
/// Shared by all who use an entry.
pub(super) const USE: &str = "use.lock";
/// Exclusive to who appends to the ledger.
pub(super) const LEDGER: &str = "ledger.lock";
/// Exclusive to who appends to an entry.
pub(super) const WRITE: &str = "write.lock";

/// A lock, released when dropped.
#[derive(Debug)]
pub(crate) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file would do, were it not for a process being started at this moment: until
        // it runs its program it has the file open as well. Should unlocking fail, closing helps.
        drop(self.0.unlock());
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(FileError::on("open", path))
}

/// Waits until nobody else holds the lock at `path`.
pub(crate) fn exclusive(path: &Path) -> Result<Held, FileError> {
    let file = open(path)?;
    file.lock().map_err(FileError::on("lock", path))?;
    Ok(Held(file))
}

/// Waits until nobody holds the lock at `path` exclusively.
pub(super) fn shared(path: &Path) -> Result<Held, FileError> {
    let file = open(path)?;
    file.lock_shared().map_err(FileError::on("lock", path))?;
    Ok(Held(file))
}

/// Takes the lock at `path` unless somebody holds it.
pub(super) fn try_exclusive(path: &Path) -> Result<Option<Held>, FileError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Held(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(FileError::on("lock", path)(cause)),
    }
}
