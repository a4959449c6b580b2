//! The folder of a run: what lies in it, who may write, and reading it back.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use eosin_core::FoldId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::{write_atomic, write_atomic_with};
use crate::error::{FileError, RunError};
use crate::log::{AppendLog, read_log};
use crate::names::{self, FoldFile};
use crate::record::RunRecord;
use crate::replaced::{drop_replaced, make_room, mend, mend_to_read};
use crate::run_claim::{acquire, fold_folders, refuse_existing, refuse_no_runs, sweep};

/// What to do when the folder already holds a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Begin anew. The files of that run (and no others) are removed; where it is complete, they are
    /// kept in the folder [`names::REPLACED`] until [`RunFolder::drop_replaced`].
    Overwrite,
    /// Keep them and go on.
    Resume,
}

/// A run folder, open for writing (and locked) or for reading.
#[derive(Debug)]
pub struct RunFolder {
    dir: PathBuf,
    /// Present when this process may write; released when dropped.
    lock: Option<File>,
}

impl RunFolder {
    /// Makes `dir`, or takes it as `existing` says, and locks it for this process.
    ///
    /// # Errors
    /// When a live process holds it, when it holds a run and `existing` is [`Existing::Refuse`], when it
    /// holds a file that a run would replace and that is no run's, or when it cannot be written.
    pub fn create(dir: impl Into<PathBuf>, existing: Existing) -> Result<Self, RunError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(FileError::on("create", &dir))?;
        // Before the lock, so that a folder that is no run folder gets no lock file.
        match existing {
            Existing::Refuse => refuse_existing(&dir)?,
            Existing::Overwrite => refuse_no_runs(&dir)?,
            Existing::Resume => {}
        }
        let lock = acquire(&dir)?;
        let folder = Self {
            dir,
            lock: Some(lock),
        };
        mend(&folder.dir)?;
        match existing {
            Existing::Refuse => refuse_existing(&folder.dir)?,
            Existing::Overwrite => make_room(&folder.dir)?,
            Existing::Resume => {}
        }
        sweep(&folder.dir)?;
        Ok(folder)
    }

    /// Refuses a folder that holds a run, or a file that a run would replace, as
    /// [`create`](Self::create) would: for whoever has long work to do before.
    ///
    /// # Errors
    /// When it holds one, or cannot be listed.
    pub fn refuse_existing(dir: &Path) -> Result<(), RunError> {
        if dir.exists() {
            refuse_existing(dir)?;
        }
        Ok(())
    }

    /// Opens the run in `dir` for reading.
    ///
    /// # Errors
    /// When there is no such folder, or no run in it.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, RunError> {
        let dir = dir.into();
        if !dir.is_dir() {
            return Err(RunError::Missing { dir });
        }
        if !dir.join(names::RUN).is_file() {
            let replacing = dir.join(names::REPLACED).join(names::RUN).is_file();
            return Err(if replacing {
                RunError::Replacing { dir }
            } else {
                RunError::NoRun { dir }
            });
        }
        mend_to_read(&dir)?;
        Ok(Self { dir, lock: None })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the file `name` is or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether the file `name` is there.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).is_file()
    }

    /// Writes the file `name` atomically.
    ///
    /// # Errors
    /// When the folder was opened for reading, `name` is no plain file name, or writing fails.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), RunError> {
        let path = self.writable(name)?;
        Ok(write_atomic(path, bytes.as_ref())?)
    }

    /// Writes the file `name` atomically, with what `write` writes, piece by piece.
    ///
    /// # Errors
    /// As [`RunFolder::write`], and what `write` fails with.
    pub fn write_with(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunError> {
        Ok(write_atomic_with(self.writable(name)?, write)?)
    }

    /// Writes `value` as indented JSON with a line end.
    ///
    /// # Errors
    /// As [`RunFolder::write`], and when the value has no JSON form.
    pub fn write_json<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), RunError> {
        let path = self.writable(name)?;
        let mut json = serde_json::to_vec_pretty(value).map_err(|error| RunError::NoJson {
            path,
            problem: error.to_string(),
        })?;
        json.push(b'\n');
        self.write(name, json)
    }

    /// Removes the file `name`, when it is there.
    ///
    /// # Errors
    /// When the folder was opened for reading, or the file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), RunError> {
        let path = self.writable(name)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => Ok(other.map_err(FileError::on("remove", &path))?),
        }
    }

    /// The complete run that this one is to take the place of.
    pub fn replaced(&self) -> Option<PathBuf> {
        let aside = self.path(names::REPLACED);
        aside.join(names::RUN).is_file().then_some(aside)
    }

    /// Removes the run that this one has taken the place of, if there is one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_replaced(&self) -> Result<(), RunError> {
        Ok(drop_replaced(&self.dir)?)
    }

    /// Reads the file `name`.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, RunError> {
        let path = self.existing(name)?;
        Ok(fs::read(&path).map_err(FileError::on("read", &path))?)
    }

    /// Where the file `name` is.
    ///
    /// # Errors
    /// When it is not there.
    pub fn existing(&self, name: &str) -> Result<PathBuf, RunError> {
        let path = self.path(plain(name)?);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RunError::NoFile {
                dir: self.dir.clone(),
                file: name.to_owned(),
                hint: "the run did not get that far: resume it, or run again".to_owned(),
            }),
            other => Ok(other
                .map(|_| path.clone())
                .map_err(FileError::on("read", &path))?),
        }
    }

    /// Reads the file `name` as UTF-8 text.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is no UTF-8.
    pub fn read_text(&self, name: &str) -> Result<String, RunError> {
        String::from_utf8(self.read(name)?).map_err(|error| RunError::Damaged {
            path: self.path(name),
            problem: error.to_string(),
        })
    }

    /// Reads the file `name` as JSON.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is truncated or malformed.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, RunError> {
        serde_json::from_slice(&self.read(name)?).map_err(|error| RunError::Damaged {
            path: self.path(name),
            problem: error.to_string(),
        })
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// As [`RunFolder::read_json`], and when another version of eosin wrote it in another format.
    pub fn record(&self) -> Result<RunRecord, RunError> {
        /// What every format has had, or lacked in the first.
        #[derive(serde::Deserialize)]
        struct Format {
            #[serde(default = "first")]
            format: u32,
            #[serde(default)]
            eosin_version: String,
        }
        const fn first() -> u32 {
            1
        }
        let Format {
            format,
            eosin_version,
        } = self.read_json(names::RUN)?;
        if format == RunRecord::FORMAT {
            return self.read_json(names::RUN);
        }
        Err(RunError::Format {
            dir: self.dir.clone(),
            format,
            expected: RunRecord::FORMAT,
            version: eosin_version,
        })
    }

    /// Opens `events.jsonl` to append to it.
    ///
    /// # Errors
    /// When the folder was opened for reading, or the file cannot be written.
    pub fn event_log(&self) -> Result<AppendLog, RunError> {
        Ok(AppendLog::open(self.writable(names::EVENTS)?)?)
    }

    /// Reads every event.
    ///
    /// # Errors
    /// When the file is not there or a line is malformed.
    pub fn events<T: DeserializeOwned>(&self) -> Result<Vec<T>, RunError> {
        read_log(self.path(names::EVENTS))
    }

    /// The finished folds, in order.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn finished_folds(&self) -> Result<Vec<FoldId>, RunError> {
        let mut folds = fold_folders(&self.dir)?;
        folds.retain(|fold| self.has(&FoldFile::Outcome.of(*fold)));
        Ok(folds)
    }

    fn writable(&self, name: &str) -> Result<PathBuf, RunError> {
        if self.lock.is_none() {
            return Err(RunError::ReadOnly {
                dir: self.dir.clone(),
            });
        }
        let path = self.path(plain(name)?);
        if let Some(folder) = path.parent().filter(|folder| *folder != self.dir) {
            fs::create_dir_all(folder).map_err(FileError::on("create", folder))?;
        }
        Ok(path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // An empty lock file says that the run ended in order. The file itself stays: removing it
        // would let two processes lock two files of the same name.
        if let Some(lock) = &self.lock {
            drop(lock.set_len(0));
            // Closing the file is not enough while a process is being started that has it too.
            drop(lock.unlock());
        }
    }
}

/// Refuses names that would lead out of the run folder.
fn plain(name: &str) -> Result<&str, RunError> {
    let plain = |part: &str| {
        let mut parts = Path::new(part).components();
        let is_name = matches!(parts.next(), Some(Component::Normal(name)) if name == part);
        is_name && parts.next().is_none()
    };
    if name.split('/').all(plain) {
        return Ok(name);
    }
    Err(RunError::Name {
        name: name.to_owned(),
    })
}
