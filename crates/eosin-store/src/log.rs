//! A log of JSON Lines that survives being cut off at any byte.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{FileError, RunError};

/// A file of one JSON value a line, such as `events.jsonl`.
#[derive(Debug)]
pub struct AppendLog {
    path: PathBuf,
    file: File,
    len_bytes: u64,
}

impl AppendLog {
    /// Opens the log at `path` to append to it, and makes it when there is none. A last line
    /// without its line end, as a killed process leaves it, is dropped.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let bytes = read_or_empty(&path).map_err(FileError::on("read", &path))?;
        let len_bytes = whole_lines(&bytes).len() as u64;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(FileError::on("open", &path))?;
        file.set_len(len_bytes)
            .map_err(FileError::on("cut", &path))?;
        Ok(Self {
            path,
            file,
            len_bytes,
        })
    }

    /// Appends `value` as one line. On failure no part of the line stays.
    ///
    /// # Errors
    /// When the value has no JSON form, or the line cannot be written.
    pub fn append<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RunError> {
        let mut line = serde_json::to_vec(value).map_err(|error| RunError::NoJson {
            path: self.path.clone(),
            problem: error.to_string(),
        })?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.flush());
        if let Err(cause) = written {
            // Best effort: `open` drops a half-written line as well.
            drop(self.file.set_len(self.len_bytes));
            return Err(FileError::on("append to", &self.path)(cause).into());
        }
        self.len_bytes += line.len() as u64;
        Ok(())
    }

    /// Makes every line so far survive a power cut.
    ///
    /// # Errors
    /// When the operating system cannot write the file back.
    pub fn sync(&self) -> Result<(), FileError> {
        self.file
            .sync_data()
            .map_err(FileError::on("write", &self.path))
    }
}

/// Reads every whole line of the log at `path`; a last line without its line end is left out.
///
/// # Errors
/// When the file cannot be read, or names the line that is no such value.
pub fn read_log<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<Vec<T>, RunError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(FileError::on("read", path))?;
    whole_lines(&bytes)
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|error| RunError::Damaged {
                path: path.to_owned(),
                problem: format!("line {}: {error}", index + 1),
            })
        })
        .collect()
}

fn read_or_empty(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

/// `bytes` up to and with the last line end.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |at| at + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_last_line_is_dropped_when_the_log_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut log = AppendLog::open(&path).unwrap();
        log.append(&(1, "one")).unwrap();
        log.append(&(2, "two")).unwrap();
        log.sync().unwrap();
        drop(log);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let before: Vec<(u8, String)> = read_log(&path).unwrap();
            assert_eq!(before.len(), usize::from(cut >= 10), "cut at {cut}");
            AppendLog::open(&path).unwrap().append(&(3, "tri")).unwrap();
            let after: Vec<(u8, String)> = read_log(&path).unwrap();
            assert_eq!(after.len(), before.len() + 1);
            assert_eq!(after.last().unwrap().1, "tri");
        }
    }

    #[test]
    fn a_line_that_is_no_event_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        fs::write(&path, "1\n2\nthree\n").unwrap();
        let error = read_log::<u8>(&path).unwrap_err().to_string();
        assert!(error.contains("events.jsonl is damaged: line 3"), "{error}");
    }
}
