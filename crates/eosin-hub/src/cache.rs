//! The folder of fetched weights.
//!
//! Of a name `N` it holds `N.safetensors` (or how the file ends), `N.toml` (its [`Record`]), and
//! while it is fetched `N.part`, `N.resume` and `N.lock`.

use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;

use eosin_store::FileError;

use crate::error::HubError;
use crate::part::Part;
use crate::record::Record;
use crate::registry::WeightEntry;
use crate::sha256::Sha256;
use crate::transfer::Expected;
use crate::weight_file::{Origin, WeightFile};

/// The files of one entry in the cache.
pub(crate) struct Slot<'a> {
    dir: PathBuf,
    entry: &'a WeightEntry,
}

impl<'a> Slot<'a> {
    pub(crate) fn new(dir: impl Into<PathBuf>, entry: &'a WeightEntry) -> Self {
        Self {
            dir: dir.into(),
            entry,
        }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.dir.join(self.entry.name.file(suffix))
    }

    /// Where the file is, or would be.
    pub(crate) fn file(&self) -> PathBuf {
        self.path(self.entry.extension())
    }

    /// Where its record is, or would be.
    pub(crate) fn record(&self) -> PathBuf {
        self.path("toml")
    }

    pub(crate) fn part(&self, url: &str) -> Result<Part, HubError> {
        Ok(Part::open(self.path("part"), self.path("resume"), url)?)
    }

    /// Waits until no other process fetches this name. Ends with the file that is returned.
    ///
    /// The lock file stays: removing it would let two processes hold locks on two files.
    pub(crate) fn lock(&self) -> Result<File, HubError> {
        fs::create_dir_all(&self.dir).map_err(FileError::on("create cache folder", &self.dir))?;
        let path = self.path("lock");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(FileError::on("open", &path))?;
        file.lock().map_err(FileError::on("lock", &path))?;
        Ok(file)
    }

    /// The hash that the file must have: the registry's, else the one pinned on first use.
    pub(crate) fn expected(&self, record: Option<&Record>) -> Result<Option<Expected>, HubError> {
        if let Some(sha256) = self.entry.sha256 {
            let bytes = self.entry.bytes;
            return Ok(Some(Expected {
                sha256,
                bytes,
                by: "the registry",
            }));
        }
        let Some(record) = record else {
            return Ok(None);
        };
        if !record.is_of(self.entry) {
            return Err(self.moved(record));
        }
        Ok(Some(Expected {
            sha256: record.sha256,
            bytes: Some(record.bytes),
            by: "the record of its first fetch",
        }))
    }

    /// The cached file, verified.
    pub(crate) fn find(&self) -> Result<Option<WeightFile>, HubError> {
        let path = self.file();
        if !path.exists() {
            return Ok(None);
        }
        let record = Record::read(&self.record())?;
        let name = self.entry.name.to_string();
        let Some(expected) = self.expected(record.as_ref())? else {
            return Err(HubError::Unvouched { name, path });
        };
        let (got, bytes) = Sha256::of_file(&path)?;
        if got != expected.sha256 {
            return Err(HubError::WrongFile {
                name,
                path,
                hashes: Box::new(expected.differs_from(got)),
                fix: "it was changed or damaged after it was put there: remove it to fetch it \
                      again",
            });
        }
        Ok(Some(WeightFile {
            path,
            sha256: got,
            bytes,
            origin: Origin::Cache,
            entry: Some(self.entry.clone()),
            // A record of other bytes says nothing of these.
            record: record.filter(|record| record.sha256 == got),
        }))
    }

    /// Puts the whole, verified part in place, its record first: a record without a file is a
    /// hash that the next fetch must match, a file without a record could not be verified.
    pub(crate) fn keep(&self, part: Part) -> Result<WeightFile, HubError> {
        let entry = self.entry;
        let record = Record {
            name: entry.name.clone(),
            repository: entry.repository.clone(),
            revision: entry.revision.clone(),
            commit: part
                .source
                .as_ref()
                .and_then(|source| source.commit.clone()),
            file: entry.file.clone(),
            sha256: part.digest(),
            bytes: part.bytes,
        };
        record.write(&self.record())?;
        let path = self.file();
        part.finish(&path)?;
        Ok(WeightFile {
            path,
            sha256: record.sha256,
            bytes: record.bytes,
            origin: Origin::Hub,
            entry: Some(entry.clone()),
            record: Some(record),
        })
    }

    fn moved(&self, record: &Record) -> HubError {
        let source = |repository: &str, file: &str, revision: &str| {
            format!("{repository}/{file} at {revision}")
        };
        let entry = self.entry;
        HubError::Moved {
            name: entry.name.to_string(),
            path: self.record(),
            was: source(&record.repository, &record.file, &record.revision),
            now: source(&entry.repository, &entry.file, &entry.revision),
        }
    }
}
