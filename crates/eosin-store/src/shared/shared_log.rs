//! What all processes found.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::error::SharedError;
use super::line;
use super::own_log::{ENDING, FOLDER};
use super::view::View;
use crate::error::FileError;

/// Reads the files of all processes, each time what is new in them.
#[derive(Debug)]
pub struct SharedLog<T> {
    dir: PathBuf,
    view: Box<dyn View>,
    files: BTreeMap<String, Read>,
    records: PhantomData<fn() -> T>,
}

/// How far a file has been read.
#[derive(Clone, Copy, Debug, Default)]
struct Read {
    bytes: u64,
    lines: usize,
}

impl<T: DeserializeOwned> SharedLog<T> {
    /// Reads what lies in `dir`.
    pub fn new(dir: &Path, view: impl View + 'static) -> Self {
        Self {
            dir: dir.join(FOLDER),
            view: Box::new(view),
            files: BTreeMap::new(),
            records: PhantomData,
        }
    }

    /// Every line that has come since the last time, file after file. A last line without its end is
    /// left for the next time: it is being written, or its writer is dead and it counts for nothing.
    ///
    /// # Errors
    /// When a file cannot be read, or names the line that is not what was written.
    pub fn refresh(&mut self) -> Result<Vec<T>, SharedError> {
        let names = self.view.names(&self.dir);
        let mut names = names.map_err(FileError::on("list", &self.dir))?;
        names.retain(|name| name.ends_with(ENDING) && !name.starts_with('.'));
        names.sort();
        let mut records = Vec::new();
        for name in names {
            let read = self.files.get(&name).copied().unwrap_or_default();
            let read = self.read(&name, read, &mut records)?;
            self.files.insert(name, read);
        }
        Ok(records)
    }

    fn read(&self, name: &str, from: Read, records: &mut Vec<T>) -> Result<Read, SharedError> {
        let path = self.dir.join(name);
        let bytes = self.view.read_from(&path, from.bytes);
        let bytes = bytes
            .map_err(FileError::on("read", &path))?
            .unwrap_or_default();
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        let mut read = from;
        for text in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            read.lines += 1;
            read.bytes += text.len() as u64;
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            records.push(line::read(text).map_err(|problem| SharedError::Line {
                path: path.clone(),
                line: read.lines,
                problem,
            })?);
        }
        Ok(read)
    }
}
