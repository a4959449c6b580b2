//! Files that a command writes, looked at before any work is done.

use std::path::Path;

use anyhow::{Result, bail};

use crate::create::Overwrite;

/// Refuses a file that could not be written after all the work, or must not be.
///
/// # Errors
/// When the file is there and is not to be replaced, it is a folder, or its folder is not there.
pub fn check_out_file(path: &Path, overwrite: Overwrite) -> Result<()> {
    if path.is_dir() {
        bail!("{} is a folder; name a file in it", path.display());
    }
    if path.exists() && !path.is_file() {
        bail!(
            "{} is no file that could be replaced (a device, a pipe or the like); name a file",
            path.display()
        );
    }
    if path.exists() && overwrite == Overwrite::Refuse {
        bail!(
            "{} is there already: name another file, or add '--overwrite'",
            path.display()
        );
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => bail!(
            "{} cannot be written: the folder {} does not exist; make it, or name a file elsewhere",
            path.display(),
            folder.display()
        ),
        _ => Ok(()),
    }
}
