//! Taking a folder for a run: what may be there, what goes, and one writer at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;

use eosin_core::FoldId;

use crate::atomic::{file_names, sweep_temps};
use crate::checkpoints::Checkpoints;
use crate::error::{FileError, RunError};
use crate::names::{self, FoldFile};

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
    refuse_no_runs(dir)?;
    let dir = dir.to_owned();
    if there.iter().any(|name| name == names::RUN) {
        return Err(RunError::HoldsRun { dir });
    }
    match there.into_iter().next() {
        Some(file) => Err(RunError::HoldsFile { dir, file }),
        None => Ok(()),
    }
}

/// Refuses to take files for a run's that have the names of some, in a folder where no run was begun.
pub(crate) fn refuse_no_runs(dir: &Path) -> Result<(), RunError> {
    let there = run_files(dir)?;
    // Who writes a run locks its folder first, and a packed run has no lock.
    let was_begun = [names::LOCK, names::START, names::RUN].map(|name| dir.join(name).exists());
    match there.first() {
        Some(file) if !was_begun.contains(&true) => Err(RunError::NoRunsFile {
            dir: dir.to_owned(),
            file: file.clone(),
        }),
        _ => Ok(()),
    }
}

/// The files of a run that are in `dir`, sorted.
pub(crate) fn run_files(dir: &Path) -> Result<Vec<String>, FileError> {
    let mut found = file_names(dir)?;
    found.retain(|name| names::ALL.contains(&name.as_str()));
    for fold in fold_folders(dir)? {
        let files = FoldFile::ALL.map(|file| file.of(fold)).into_iter();
        found.extend(files.filter(|file| dir.join(file).is_file()));
    }
    found.sort();
    Ok(found)
}

/// Removes the files of a run; `run.json` first, so that what is left is no run.
pub(crate) fn remove_run(dir: &Path) -> Result<(), FileError> {
    let mut there = run_files(dir)?;
    there.sort_by_key(|name| name != names::RUN);
    for name in there {
        let path = dir.join(&name);
        fs::remove_file(&path).map_err(FileError::on("remove", &path))?;
    }
    for fold in fold_folders(dir)? {
        // What is not empty holds somebody else's files.
        drop(fs::remove_dir(
            dir.join(names::FOLD_FOLDERS).join(fold.stem()),
        ));
    }
    drop(fs::remove_dir(dir.join(names::FOLD_FOLDERS)));
    remove_members(dir)?;
    Checkpoints::remove(&dir.join(names::CHECKPOINTS))
}

/// Removes what an ensemble has of its members: numbered run folders.
fn remove_members(dir: &Path) -> Result<(), FileError> {
    let members = dir.join(names::MEMBERS);
    if !members.is_dir() {
        return Ok(());
    }
    for name in file_names(&members)? {
        if name.parse::<usize>().is_ok() {
            let path = members.join(name);
            fs::remove_dir_all(&path).map_err(FileError::on("remove", &path))?;
        }
    }
    drop(fs::remove_dir(members));
    Ok(())
}

/// The folds that have a folder in the run in `dir`, sorted.
pub(crate) fn fold_folders(dir: &Path) -> Result<Vec<FoldId>, FileError> {
    let folders = dir.join(names::FOLD_FOLDERS);
    if !folders.is_dir() {
        return Ok(Vec::new());
    }
    let parsed = |name: &String| {
        let fold: FoldId = name.parse().ok()?;
        // `01.2` parses too, but is no name that eosin writes.
        (fold.stem() == *name).then_some(fold)
    };
    let mut folds: Vec<FoldId> = file_names(&folders)?.iter().filter_map(parsed).collect();
    folds.sort_unstable();
    Ok(folds)
}

/// Removes unfinished files from the folder of a run and those of its folds.
pub(crate) fn sweep(dir: &Path) -> Result<(), FileError> {
    sweep_temps(dir)?;
    fold_folders(dir)?
        .iter()
        .try_for_each(|fold| sweep_temps(&dir.join(names::FOLD_FOLDERS).join(fold.stem())))
}
