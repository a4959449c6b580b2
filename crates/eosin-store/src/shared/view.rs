//! How a process sees a folder that others write to.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::atomic::{file_names, temp_path};

/// How a process sees a folder that others write to, too. What others wrote may be seen late; whether
/// a file could be made is always told as it is.
pub trait View: Send + Sync + Debug {
    /// What a file holds from a byte on; `None` where there is no such file yet.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_from(&self, path: &Path, offset: u64) -> io::Result<Option<Vec<u8>>>;

    /// Names of all files in a folder; none where there is no such folder yet.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn names(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes a file with these bytes, unless there is one: whether it was made. Others never see a
    /// part of it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        create_whole(path, bytes)
    }
}

/// The folder as the operating system shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct DirectView;

impl View for DirectView {
    fn read_from(&self, path: &Path, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        file_names(dir).map_err(|error| error.cause)
    }
}

/// Writes a temporary file and links it to its name, which fails where the name is taken: on a network
/// file system, too, where opening exclusively may not be.
fn create_whole(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let temp = temp_path(path);
    write_new(&temp, bytes)?;
    let linked = fs::hard_link(&temp, path);
    let made = match linked {
        Ok(()) => Ok(true),
        // A server's answer may be lost, and the question asked again: the link is ours if there are two.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(links(&temp) > 1),
        Err(error) if has_no_links(&error) => create_plainly(path, bytes),
        Err(error) => Err(error),
    };
    fs::remove_file(&temp)?;
    made
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Where files cannot have two names; who is killed between making and writing leaves an empty file.
fn create_plainly(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match write_new(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        other => other.map(|()| true),
    }
}

fn has_no_links(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    matches!(error.kind(), Unsupported | PermissionDenied)
}

#[cfg(unix)]
fn links(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).map_or(0, |found| found.nlink())
}

#[cfg(not(unix))]
fn links(_: &Path) -> u64 {
    0
}
