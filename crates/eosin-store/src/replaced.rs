//! The complete run that another takes the place of: kept beside it until that one is complete too.
//!
//! `run.json` is moved last, and a folder that is to be removed has another name before anything in it
//! is: so a folder [`REPLACED`] without `run.json`, beside one, is a move that was cut short, and is
//! undone by whoever opens the run next.

use std::fs;
use std::path::Path;

use crate::error::{FileError, RunError};
use crate::names::{self, REPLACED};
use crate::run_claim::{acquire, fold_folders, remove_run, run_files};

/// What [`REPLACED`] is called while it is removed.
const GONE: &str = "replaced.gone";

/// Makes room in `dir`, which is whole, for a run: a complete one is moved to the folder [`REPLACED`],
/// anything less is removed.
pub(crate) fn make_room(dir: &Path) -> Result<(), FileError> {
    if !dir.join(names::RUN).is_file() {
        return remove_run(dir);
    }
    // Where it is there, the one in `dir` had been completed.
    drop_replaced(dir)?;
    move_run(dir, &dir.join(REPLACED))?;
    // Empty folders, and what a run does not need once it is complete.
    remove_run(dir)
}

/// Removes the run that was set aside, if one was.
pub(crate) fn drop_replaced(dir: &Path) -> Result<(), FileError> {
    let (aside, gone) = (dir.join(REPLACED), dir.join(GONE));
    if gone.is_dir() {
        remove_aside(&gone)?;
    }
    if !aside.is_dir() {
        return Ok(());
    }
    let Ok(lock) = acquire(&aside) else {
        // Whoever works in it may go on; the next run to be replaced removes it.
        return Ok(());
    };
    fs::rename(&aside, &gone).map_err(FileError::on("rename", &aside))?;
    remove_aside(&gone)?;
    drop(lock);
    Ok(())
}

fn remove_aside(gone: &Path) -> Result<(), FileError> {
    remove_run(gone)?;
    drop(fs::remove_file(gone.join(names::LOCK)));
    // What is not empty holds somebody else's files.
    drop(fs::remove_dir(gone));
    Ok(())
}

/// Whether a run in `dir` was being moved aside when its process was killed.
pub(crate) fn is_torn(dir: &Path) -> bool {
    let aside = dir.join(REPLACED);
    aside.is_dir() && dir.join(names::RUN).is_file() && !aside.join(names::RUN).is_file()
}

/// Puts a run together again whose move was cut short; the folder is locked.
pub(crate) fn mend(dir: &Path) -> Result<(), FileError> {
    if !is_torn(dir) {
        return Ok(());
    }
    let aside = dir.join(REPLACED);
    move_run(&aside, dir)?;
    remove_aside(&aside)
}

/// The same for whoever only reads.
pub(crate) fn mend_to_read(dir: &Path) -> Result<(), RunError> {
    if is_torn(dir) {
        let lock = acquire(dir)?;
        mend(dir)?;
        drop(lock);
    }
    Ok(())
}

/// Moves a run's files from one folder to another, `run.json` last.
fn move_run(from: &Path, to: &Path) -> Result<(), FileError> {
    for fold in fold_folders(from)? {
        let folder = to.join(names::FOLD_FOLDERS).join(fold.stem());
        fs::create_dir_all(&folder).map_err(FileError::on("create", &folder))?;
    }
    fs::create_dir_all(to).map_err(FileError::on("create", to))?;
    let mut there = run_files(from)?;
    there.sort_by_key(|name| name == names::RUN);
    let members = from.join(names::MEMBERS).is_dir();
    let members = members.then(|| names::MEMBERS.to_owned());
    for name in members.iter().chain(&there) {
        let path = from.join(name);
        fs::rename(&path, to.join(name)).map_err(FileError::on("move", &path))?;
    }
    Ok(())
}
