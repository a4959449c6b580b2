//! What is known of images from their bytes alone, remembered across runs.
//!
//! `ledger-<version>.jsonl` in the cache's folder has a line an image: a checksum, the image's hash,
//! and a JSON value. Several processes may append at once, each line in one write under a lock; a
//! line that was cut off or damaged is passed over, and what it said is found out anew.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::folder::Cache;
use super::lock;
use super::recipe::{ImageHash, hex};
use crate::error::FileError;

/// Lines that are gathered before they are written.
const TOGETHER: usize = 1024;
const CHECKSUM_DIGITS: usize = 16;
const HASH_DIGITS: usize = 64;

/// Values by the hash of an image's bytes.
#[derive(Debug)]
pub struct Ledger<T> {
    path: PathBuf,
    lock: PathBuf,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    known: HashMap<ImageHash, T>,
    /// Lines that are not in the file yet.
    pending: Vec<String>,
    /// Why the file could not be written; told once, when the ledger is closed.
    failure: Option<FileError>,
}

impl<T: Clone + Serialize + DeserializeOwned> Ledger<T> {
    /// The ledger in the folder of `cache`, of values whose meaning has this `version`.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(cache: &Cache, version: u32) -> Result<Self, FileError> {
        let path = cache.dir().join(format!("ledger-{version}.jsonl"));
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(FileError::on("read", &path))?,
        };
        let known = text
            .split(|byte| *byte == b'\n')
            .filter_map(parse)
            .collect();
        Ok(Self {
            lock: cache.dir().join(lock::LEDGER),
            path,
            state: Mutex::new(State {
                known,
                pending: Vec::new(),
                failure: None,
            }),
        })
    }

    /// What is known of an image.
    pub fn get(&self, image: &ImageHash) -> Option<T> {
        self.state().known.get(image).cloned()
    }

    /// Takes note of an image. A ledger only spares work, so that a disk that is full stops nobody:
    /// [`close`](Self::close) tells.
    pub fn put(&self, image: &ImageHash, value: &T) {
        let mut state = self.state();
        if state.known.insert(*image, value.clone()).is_none() {
            state.pending.push(line(image, value));
        }
        if state.pending.len() >= TOGETHER {
            self.write(&mut state);
        }
    }

    /// Writes what is left to write.
    ///
    /// # Errors
    /// When the file could not be written, now or before.
    pub fn close(self) -> Result<(), FileError> {
        let mut state = self.state();
        self.write(&mut state);
        state.failure.take().map_or(Ok(()), Err)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self, state: &mut State<T>) {
        let lines = std::mem::take(&mut state.pending).concat();
        if lines.is_empty() || state.failure.is_some() {
            return;
        }
        if let Err(failure) = self.append(lines.as_bytes()) {
            state.failure = Some(failure);
        }
    }

    fn append(&self, lines: &[u8]) -> Result<(), FileError> {
        let _writing = lock::exclusive(&self.lock)?;
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(&self.path)?;
            // What a killed process began must not spoil the first line.
            if ends_within_a_line(&mut file)? {
                file.write_all(b"\n")?;
            }
            file.write_all(lines)
        };
        write().map_err(FileError::on("write", &self.path))
    }
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn checksum(text: &[u8]) -> String {
    hex(&blake3::hash(text).as_bytes()[..CHECKSUM_DIGITS / 2])
}

fn line<T: Serialize>(image: &ImageHash, value: &T) -> String {
    let json = serde_json::to_string(value).expect("a value of a ledger has a JSON form");
    let body = format!("{} {json}", hex(image));
    format!("{} {body}\n", checksum(body.as_bytes()))
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<(ImageHash, T)> {
    let (sum, body) = line.split_at_checked(CHECKSUM_DIGITS)?;
    let body = body.strip_prefix(b" ")?;
    if checksum(body).as_bytes() != sum {
        return None;
    }
    let (digits, json) = body.split_at_checked(HASH_DIGITS)?;
    let image = blake3::Hash::from_hex(digits).ok()?;
    let value = serde_json::from_slice(json.strip_prefix(b" ")?).ok()?;
    Some((*image.as_bytes(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &std::path::Path) -> Ledger<String> {
        let cache = Cache::open(dir, u64::MAX).unwrap();
        Ledger::open(&cache, 1).unwrap()
    }

    fn note(dir: &std::path::Path, images: std::ops::Range<u8>) {
        let ledger = open(dir);
        for image in images {
            ledger.put(&[image; 32], &format!("image {image}"));
        }
        ledger.close().unwrap();
    }

    #[test]
    fn what_was_noted_is_known_to_the_next_run() {
        let dir = tempfile::tempdir().unwrap();
        note(dir.path(), 0..3);
        note(dir.path(), 2..5);
        let ledger = open(dir.path());
        assert_eq!(ledger.get(&[4; 32]).as_deref(), Some("image 4"));
        assert_eq!(ledger.get(&[5; 32]), None);
        let text = fs::read_to_string(dir.path().join("ledger-1.jsonl")).unwrap();
        assert_eq!(text.lines().count(), 5);
    }

    #[test]
    fn a_flipped_bit_or_a_cut_loses_one_line_and_never_tells_a_lie() {
        let dir = tempfile::tempdir().unwrap();
        note(dir.path(), 0..2);
        let path = dir.path().join("ledger-1.jsonl");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            for text in [&damaged[..], &whole[..at]] {
                fs::write(&path, text).unwrap();
                let ledger = open(dir.path());
                for image in 0..2 {
                    let value = ledger.get(&[image; 32]);
                    assert!(value.is_none_or(|value| value == format!("image {image}")));
                }
            }
            fs::write(&path, &whole[..at]).unwrap();
            note(dir.path(), 0..2);
            let ledger = open(dir.path());
            assert!(
                (0..2).all(|image| ledger.get(&[image; 32]).is_some()),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn threads_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for part in 0..4 {
                let dir = dir.path();
                scope.spawn(move || note(dir, part * 50..part * 50 + 50));
            }
        });
        let ledger = open(dir.path());
        assert!((0..200).all(|image| ledger.get(&[image; 32]).is_some()));
    }
}
