//! The file that one process writes what it found to.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::SharedError;
use super::line;
use super::worker::Worker;
use crate::atomic::sync_folder;
use crate::error::FileError;

/// Folder of all such files within that of the work.
pub(super) const FOLDER: &str = "found";
/// How their names end.
pub(super) const ENDING: &str = ".jsonl";

/// The file that one process writes what it found to; nobody else ever writes to it.
#[derive(Debug)]
pub struct OwnLog {
    path: PathBuf,
    file: Option<File>,
    len_bytes: u64,
}

impl OwnLog {
    /// The file of `me` in `dir`; it is made with its first line.
    pub fn new(dir: &Path, me: &Worker) -> Self {
        Self {
            path: dir.join(FOLDER).join(format!("{}{ENDING}", me.name)),
            file: None,
            len_bytes: 0,
        }
    }

    /// Writes a line that others see at once. On failure no part of it stays.
    ///
    /// # Errors
    /// When the record has no JSON form, or the line cannot be written.
    pub fn append<T: Serialize + ?Sized>(&mut self, record: &T) -> Result<(), SharedError> {
        let bytes = line::write(record).map_err(|error| SharedError::NoJson {
            path: self.path.clone(),
            problem: error.to_string(),
        })?;
        let length = self.len_bytes;
        let path = self.path.clone();
        let file = self.file()?;
        if let Err(cause) = file.write_all(&bytes) {
            // Best effort: half a line is never read.
            drop(file.set_len(length));
            return Err(FileError::on("append to", &path)(cause).into());
        }
        self.len_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes every line so far survive a power cut.
    ///
    /// # Errors
    /// When the operating system cannot write the file back.
    pub fn sync(&self) -> Result<(), SharedError> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        Ok(synced.map_err(FileError::on("write", &self.path))?)
    }

    fn file(&mut self) -> Result<&mut File, SharedError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => create(&self.path)?,
        };
        Ok(self.file.insert(file))
    }
}

fn create(path: &Path) -> Result<File, FileError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(FileError::on("make", dir))?;
    let mut options = OpenOptions::new();
    let file = options.append(true).create_new(true).open(path);
    let file = file.map_err(FileError::on("write", path))?;
    sync_folder(dir).map_err(FileError::on("write", dir))?;
    Ok(file)
}
