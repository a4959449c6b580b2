//! A file that only grows, of which no line can be lost, changed or left out unseen.
//!
//! Each line is a JSON value behind a checksum of it and of the line before, so that the lines hold
//! each other in their order. Processes append one after the other, each line in one write that is
//! brought to the disk; a last line without its line end is one that a killed process never finished,
//! and is dropped. What a cache may pass over (see [`Ledger`](crate::cache::Ledger)) is here an error:
//! these are facts that nobody can find out anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::sync_folder;
use crate::cache::lock::{Held, exclusive};
use crate::error::FileError;

/// Hexadecimal digits of a checksum.
const DIGITS: usize = 16;

/// Why a checked log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckedLogError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not what was written.
    #[error(
        "{} is damaged: line {line} {problem}; restore the file, or go on without that line and all \
         after it by removing them",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A value has no JSON form.
    #[error("cannot express a line of {} as JSON: {problem}", .path.display())]
    NoJson {
        /// The file.
        path: PathBuf,
        /// What the serialiser said.
        problem: String,
    },
}

/// What a checked log says, without a lock: what others have finished.
///
/// # Errors
/// When the file cannot be read, or a line is not what was written. A file that is not there is empty.
pub fn read_checked_log<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, CheckedLogError> {
    Ok(Lines::read(path)?.values)
}

/// A log that this process may append to, alone.
#[derive(Debug)]
pub struct CheckedLog<T> {
    path: PathBuf,
    file: File,
    lines: Lines<T>,
    _alone: Held,
}

impl<T: Serialize + DeserializeOwned> CheckedLog<T> {
    /// Waits until nobody else has the log at `path`, and makes it when there is none. Its lock is
    /// `path` with the ending `lock`.
    ///
    /// # Errors
    /// As [`read_checked_log`], and when the file cannot be made.
    pub fn hold(path: &Path) -> Result<Self, CheckedLogError> {
        let alone = exclusive(&path.with_extension("lock"))?;
        let lines = Lines::read(path)?;
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().append(true).create(true).open(path)?;
            file.set_len(lines.bytes)?;
            sync_folder(path.parent().unwrap_or(Path::new(".")))?;
            Ok(file)
        };
        Ok(Self {
            file: open().map_err(FileError::on("open", path))?,
            path: path.to_owned(),
            lines,
            _alone: alone,
        })
    }

    /// All values, in their order.
    pub fn values(&self) -> &[T] {
        &self.lines.values
    }

    /// Appends a value, and brings it to the disk. On failure no part of the line stays.
    ///
    /// # Errors
    /// When it has no JSON form, or the line cannot be written.
    pub fn append(&mut self, value: T) -> Result<(), CheckedLogError> {
        let json = serde_json::to_string(&value).map_err(|error| CheckedLogError::NoJson {
            path: self.path.clone(),
            problem: error.to_string(),
        })?;
        let sum = checksum(&self.lines.last, json.as_bytes());
        let line = format!("{sum} {json}\n");
        let written = self.file.write_all(line.as_bytes());
        if let Err(cause) = written.and_then(|()| self.file.sync_data()) {
            // Best effort: a half-written line is dropped by whoever comes next.
            drop(self.file.set_len(self.lines.bytes));
            return Err(FileError::on("append to", &self.path)(cause).into());
        }
        self.lines.bytes += line.len() as u64;
        self.lines.last = sum;
        self.lines.values.push(value);
        Ok(())
    }
}

/// What a file holds.
#[derive(Debug)]
struct Lines<T> {
    values: Vec<T>,
    /// The checksum of the last line.
    last: String,
    /// Length of all whole lines.
    bytes: u64,
}

impl<T: DeserializeOwned> Lines<T> {
    fn read(path: &Path) -> Result<Self, CheckedLogError> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(FileError::on("read", path))?,
        };
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = &bytes[..end.map_or(0, |at| at + 1)];
        let mut lines = Self {
            values: Vec::new(),
            last: String::new(),
            bytes: whole.len() as u64,
        };
        for (at, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let taken = lines.take(line);
            taken.map_err(|problem| CheckedLogError::Damaged {
                path: path.to_owned(),
                line: at + 1,
                problem,
            })?;
        }
        Ok(lines)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let unlike = || "does not have the checksum of what it says after the lines before it";
        let (sum, json) = line.split_at_checked(DIGITS).ok_or_else(unlike)?;
        let json = json.strip_prefix(b" ").ok_or_else(unlike)?;
        let expected = checksum(&self.last, json);
        if expected.as_bytes() != sum {
            return Err(unlike().to_owned());
        }
        let value = serde_json::from_slice(json)
            .map_err(|error| format!("was written by another version of eosin ({error})"))?;
        self.values.push(value);
        self.last = expected;
        Ok(())
    }
}

fn checksum(last: &str, json: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(last.as_bytes());
    hasher.update(json);
    hasher.finalize().to_hex()[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(dir: &Path) -> PathBuf {
        dir.join("facts.jsonl")
    }

    fn write(dir: &Path, values: std::ops::Range<u32>) {
        let mut log = CheckedLog::hold(&log(dir)).unwrap();
        values.for_each(|value| log.append(value).unwrap());
    }

    fn read(dir: &Path) -> Result<Vec<u32>, CheckedLogError> {
        read_checked_log(&log(dir))
    }

    #[test]
    fn what_was_appended_is_read_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        write(dir.path(), 0..3);
        write(dir.path(), 3..5);
        assert_eq!(read(dir.path()).unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_log_cut_anywhere_keeps_its_whole_lines_and_can_be_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 0..3);
        let whole = fs::read(log(dir.path())).unwrap();
        for cut in 0..=whole.len() {
            fs::write(log(dir.path()), &whole[..cut]).unwrap();
            let before = read(dir.path()).unwrap();
            write(dir.path(), 7..8);
            let after = read(dir.path()).unwrap();
            assert_eq!(after, [&before[..], &[7]].concat(), "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_byte_or_a_missing_line_is_an_error_that_names_the_line() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 10..13);
        let whole = fs::read(log(dir.path())).unwrap();
        for at in 0..whole.len() - 1 {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(log(dir.path()), &damaged).unwrap();
            // The line end of a line is a byte of it: two lines become one, which is neither.
            let error = read(dir.path()).unwrap_err().to_string();
            let line = whole[..at].split(|byte| *byte == b'\n').count();
            assert!(
                error.contains(&format!("damaged: line {line} ")),
                "{at}: {error}"
            );
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        fs::write(log(dir.path()), [lines[0], lines[2]].concat()).unwrap();
        assert!(read(dir.path()).unwrap_err().to_string().contains("line 2"));
        assert!(CheckedLog::<u32>::hold(&log(dir.path())).is_err());
    }

    #[test]
    fn threads_that_append_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for part in 0..4 {
                let dir = dir.path();
                scope.spawn(move || {
                    (0..5).for_each(|at| write(dir, part * 5 + at..part * 5 + at + 1));
                });
            }
        });
        let mut all = read(dir.path()).unwrap();
        all.sort_unstable();
        assert_eq!(all, (0..20).collect::<Vec<u32>>());
    }
}
