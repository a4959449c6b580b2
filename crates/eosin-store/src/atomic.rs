//! Replacing a file so that every reader sees the old contents or the new, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::FileError;

/// How the name of an unfinished file ends. One that outlives its process is rubbish.
pub(crate) const TEMP_SUFFIX: &str = ".eosin-tmp";

/// Replaces the file at `path` by `bytes`: a temporary file in the same folder, fsync, rename,
/// fsync of the folder. On failure the old file is untouched and the temporary one is removed.
///
/// # Errors
/// Names `path` when its folder is missing or not writable, or the disk is full.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), FileError> {
    write_atomic_with(path, |out| out.write_all(bytes))
}

/// As [`write_atomic`], with what `write` writes, piece by piece.
///
/// # Errors
/// As [`write_atomic`], and what `write` fails with.
pub fn write_atomic_with(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let path = path.as_ref();
    let temp = temp_path(path);
    let done = write_new(&temp, write)
        .and_then(|()| fs::rename(&temp, path))
        .and_then(|()| sync_folder(folder_of(path)));
    done.map_err(|cause| {
        // Best effort: the first error is the one worth reporting.
        drop(fs::remove_file(&temp));
        FileError::on("write", path)(cause)
    })
}

fn write_new(temp: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(temp)?;
    write(&mut file)?;
    file.sync_all()
}

/// A name that no other thread or process uses now, hidden and in the same folder.
pub(crate) fn temp_path(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let process = std::process::id();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{process}-{count}{TEMP_SUFFIX}"))
}

/// The folder that holds `path`.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename or a new name in `folder` survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened and synchronised.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
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

/// Removes unfinished files that a killed process left in `dir`. Call it under that folder's lock.
pub(crate) fn sweep_temps(dir: &Path) -> Result<(), FileError> {
    for name in file_names(dir)? {
        if name.starts_with('.') && name.ends_with(TEMP_SUFFIX) {
            let path = dir.join(name);
            fs::remove_file(&path).map_err(FileError::on("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.json");
        write_atomic(&path, b"a long first version").unwrap();
        write_atomic(&path, b"short").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert_eq!(names(dir.path()), ["metrics.json"]);
    }

    #[test]
    fn a_failed_write_names_the_path_and_removes_its_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.json");
        fs::create_dir(&path).unwrap();
        let error = write_atomic(&path, b"x").unwrap_err().to_string();
        assert!(error.starts_with("cannot write "), "{error}");
        assert!(error.contains("metrics.json"), "{error}");
        assert_eq!(names(dir.path()), ["metrics.json"]);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomic(dir.path().join("no/metrics.json"), b"x").unwrap_err();
        assert_eq!(error.cause.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_sweep_removes_only_unfinished_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(temp_path(&dir.path().join("run.json")), b"{").unwrap();
        fs::write(dir.path().join("notes.txt"), b"mine").unwrap();
        sweep_temps(dir.path()).unwrap();
        assert_eq!(names(dir.path()), ["notes.txt"]);
    }

    #[test]
    fn concurrent_writes_leave_one_of_the_versions_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folds.json");
        std::thread::scope(|scope| {
            for byte in 0..4_u8 {
                let path = &path;
                scope.spawn(move || write_atomic(path, &[byte; 5000]).unwrap());
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 5000 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(dir.path()), ["folds.json"]);
    }
}
