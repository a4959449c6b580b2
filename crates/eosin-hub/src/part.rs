//! The unfinished file of a fetch: it survives the process, and the next one goes on with it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use eosin_store::{FileError, write_atomic};

use crate::sha256::{Hasher, Sha256, read_into};

/// What the server said of the file that an unfinished file is the beginning of.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// The file on the hub.
    pub(crate) url: String,
    /// The validator of the server that sent the bytes.
    pub(crate) etag: Option<String>,
    /// The hub's own statement of the SHA-256.
    pub(crate) linked_sha256: Option<Sha256>,
    /// The commit that the hub resolved the revision to.
    pub(crate) commit: Option<String>,
    /// The length of the whole file.
    pub(crate) total_bytes: Option<u64>,
}

/// An unfinished file, open for writing at its end. Use it under the lock of its name.
pub(crate) struct Part {
    path: PathBuf,
    source_path: PathBuf,
    file: File,
    hasher: Hasher,
    pub(crate) bytes: u64,
    /// Of what the bytes are the beginning; `None` when there are none.
    pub(crate) source: Option<Source>,
    /// Whether bytes of an earlier attempt are in it.
    pub(crate) resumed: bool,
}

impl Part {
    /// Opens the unfinished file at `path`, keeping its bytes when `source_path` says that they
    /// came from `url`.
    pub(crate) fn open(path: PathBuf, source_path: PathBuf, url: &str) -> Result<Self, FileError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(FileError::on("open", &path))?;
        let mut part = Self {
            source: read_source(&source_path)?.filter(|source| source.url == url),
            path,
            source_path,
            file,
            hasher: Hasher::default(),
            bytes: 0,
            resumed: false,
        };
        if part.source.is_none() {
            part.restart()?;
        } else {
            let read = read_into(&mut part.file, &mut part.hasher);
            part.bytes = read.map_err(FileError::on("read", &part.path))?;
            part.resumed = part.bytes > 0;
        }
        Ok(part)
    }

    /// Forgets the bytes.
    pub(crate) fn restart(&mut self) -> Result<(), FileError> {
        self.forget_source()?;
        let done = self.file.metadata().and_then(|metadata| {
            // Not on an empty file: what cannot be truncated may still be written.
            if metadata.len() > 0 {
                self.file.set_len(0)?;
            }
            self.file.seek(SeekFrom::Start(0))
        });
        done.map_err(FileError::on("empty", &self.path))?;
        self.hasher = Hasher::default();
        self.bytes = 0;
        self.resumed = false;
        Ok(())
    }

    /// Notes what the bytes to come are of. Before the first of them, so that none is a stray.
    pub(crate) fn set_source(&mut self, source: Source) -> Result<(), FileError> {
        if self.source.as_ref() != Some(&source) {
            let text = toml::to_string(&source).unwrap_or_default();
            write_atomic(&self.source_path, text.as_bytes())?;
            self.source = Some(source);
        }
        Ok(())
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(FileError::on("write", &self.path))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn digest(&self) -> Sha256 {
        self.hasher.digest()
    }

    /// Makes the whole, verified file visible at `path`: fsync, rename, fsync of the folder.
    pub(crate) fn finish(self, path: &Path) -> Result<(), FileError> {
        self.file
            .sync_all()
            .map_err(FileError::on("write", &self.path))?;
        fs::rename(&self.path, path).map_err(FileError::on("write", path))?;
        if let (true, Some(folder)) = (cfg!(unix), path.parent()) {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(FileError::on("write", folder))?;
        }
        self.remove_source()
    }

    /// Removes the file and what is noted of it.
    pub(crate) fn discard(self) -> Result<(), FileError> {
        fs::remove_file(&self.path).map_err(FileError::on("remove", &self.path))?;
        self.remove_source()
    }

    fn forget_source(&mut self) -> Result<(), FileError> {
        self.source = None;
        self.remove_source()
    }

    fn remove_source(&self) -> Result<(), FileError> {
        match fs::remove_file(&self.source_path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                Err(FileError::on("remove", &self.source_path)(cause))
            }
            _ => Ok(()),
        }
    }
}

/// What is noted at `path`; a note that cannot be understood is none, and the fetch starts again.
fn read_source(path: &Path) -> Result<Option<Source>, FileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(toml::from_str(&text).ok()),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FileError::on("read", path)(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path, url: &str) -> Part {
        Part::open(dir.join("a.part"), dir.join("a.resume"), url).unwrap()
    }

    #[test]
    fn bytes_are_kept_for_the_same_address_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), "u");
        part.set_source(Source {
            url: "u".into(),
            ..Source::default()
        })
        .unwrap();
        part.append(b"abc").unwrap();
        drop(part);
        let part = open(dir.path(), "u");
        assert_eq!((part.bytes, part.digest()), (3, Sha256::of(b"abc")));
        drop(part);
        assert_eq!(open(dir.path(), "v").bytes, 0);
        assert_eq!(open(dir.path(), "u").bytes, 0);
    }

    #[test]
    fn a_finished_file_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), "u");
        part.set_source(Source {
            url: "u".into(),
            ..Source::default()
        })
        .unwrap();
        part.append(b"abc").unwrap();
        part.finish(&dir.path().join("a.bin")).unwrap();
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
        assert_eq!(fs::read(dir.path().join("a.bin")).unwrap(), b"abc");
    }
}
