//! The complete run that another takes the place of: kept beside it until that one is complete too.

use std::fs;
use std::path::Path;

use crate::error::FileError;
use crate::names::{self, REPLACED};
use crate::run_claim::{acquire, fold_folders, remove_run, run_files};

/// Makes room in `dir` for a run: a complete one is moved to the folder [`REPLACED`], anything less
/// is removed. Where the last move was cut short, it goes on.
pub(crate) fn make_room(dir: &Path) -> Result<(), FileError> {
    if !dir.join(names::RUN).is_file() {
        return remove_run(dir);
    }
    let aside = dir.join(REPLACED);
    if aside.join(names::RUN).is_file() {
        // The one in `dir` had been completed.
        drop_replaced(dir)?;
    }
    for fold in fold_folders(dir)? {
        let folder = aside.join(names::FOLD_FOLDERS).join(fold.stem());
        fs::create_dir_all(&folder).map_err(FileError::on("create", &folder))?;
    }
    fs::create_dir_all(&aside).map_err(FileError::on("create", &aside))?;
    let mut there = run_files(dir)?;
    // What has it is complete, here as there.
    there.sort_by_key(|name| name == names::RUN);
    let members = dir.join(names::MEMBERS).is_dir();
    for name in members
        .then(|| names::MEMBERS.to_owned())
        .iter()
        .chain(&there)
    {
        let from = dir.join(name);
        fs::rename(&from, aside.join(name)).map_err(FileError::on("move", &from))?;
    }
    // Empty folders, and what a run does not need once it is complete.
    remove_run(dir)
}

/// Removes the run that was set aside, if one was.
pub(crate) fn drop_replaced(dir: &Path) -> Result<(), FileError> {
    let aside = dir.join(REPLACED);
    if !aside.is_dir() {
        return Ok(());
    }
    let Ok(lock) = acquire(&aside) else {
        // Whoever works in it may go on; the next run to be replaced removes it.
        return Ok(());
    };
    remove_run(&aside)?;
    drop(fs::remove_file(aside.join(names::LOCK)));
    drop(lock);
    // What is not empty holds somebody else's files.
    drop(fs::remove_dir(aside));
    Ok(())
}
