//! Taking a folder for a run: what may be there, what goes, and one writer at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;

use crate::checkpoints::Checkpoints;
use crate::error::{FileError, RunError};
use crate::names;

/// Locks the folder for this process, and writes the process id where others can read it.
pub(crate) fn acquire(dir: &Path) -> Result<File, RunError> {
    let path = dir.join(names::LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(FileError::on("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let pid = text.trim();
            let holder = if pid.is_empty() { "unknown" } else { pid }.to_owned();
            let dir = dir.to_owned();
            return Err(RunError::InUse { dir, holder });
        }
        Err(TryLockError::Error(cause)) => return Err(FileError::on("lock", &path)(cause).into()),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(FileError::on("write", &path))?;
    Ok(file)
}

/// Refuses a folder that holds a run, or a file that a run would replace.
pub(crate) fn refuse_existing(dir: &Path) -> Result<(), RunError> {
    let there = run_files(dir)?;
    let dir = dir.to_owned();
    if there.iter().any(|name| name == names::RUN) {
        return Err(RunError::HoldsRun { dir });
    }
    match there.into_iter().next() {
        Some(file) => Err(RunError::HoldsFile { dir, file }),
        None => Ok(()),
    }
}

/// The files of a run that are in `dir`, sorted.
fn run_files(dir: &Path) -> Result<Vec<String>, FileError> {
    let mut found = file_names(dir)?;
    found.retain(|name| {
        names::ALL.contains(&name.as_str()) || names::parse_fold_weights(name).is_some()
    });
    found.sort();
    Ok(found)
}

/// Names of all that lies in `dir`.
pub(crate) fn file_names(dir: &Path) -> Result<Vec<String>, FileError> {
    fs::read_dir(dir)
        .map_err(FileError::on("list", dir))?
        .map(|entry| {
            let entry = entry.map_err(FileError::on("list", dir))?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

/// Removes the files of a run; `run.json` first, so that what is left is no run.
pub(crate) fn remove_run(dir: &Path) -> Result<(), FileError> {
    let mut there = run_files(dir)?;
    there.sort_by_key(|name| name != names::RUN);
    for name in there {
        let path = dir.join(&name);
        fs::remove_file(&path).map_err(FileError::on("remove", &path))?;
    }
    Checkpoints::remove(&dir.join(names::CHECKPOINTS))
}
