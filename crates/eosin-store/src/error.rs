//! Why a file of a run could not be read or written.

use std::io;
use std::path::{Path, PathBuf};

/// An operating-system error, with what was being done to which file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {cause}{}", .path.display(), fix(.cause))]
pub struct FileError {
    /// What was being done, such as `write`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What the operating system said.
    pub cause: io::Error,
}

impl FileError {
    /// For `map_err`: describes what was being done to `path`.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self {
            action,
            path,
            cause,
        }
    }
}

/// What to do about the errors that a user can do something about.
pub(crate) fn fix(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space there",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write to"
        }
        _ => "",
    }
}

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A live process works in the folder.
    #[error(
        "run folder {} is in use by process {holder}; wait for it or choose another --out",
        .dir.display()
    )]
    InUse {
        /// The run folder.
        dir: PathBuf,
        /// The process id, or `unknown`.
        holder: String,
    },
    /// The folder holds a run, and nobody said what to do with it.
    #[error(
        "{} already holds a run; choose another --out, or replace the run with '--overwrite'",
        .dir.display()
    )]
    HoldsRun {
        /// The run folder.
        dir: PathBuf,
    },
    /// The run in the folder is not complete, and the one that it is to replace is.
    #[error(
        "the run in {} is not complete: go on with it by 'eosin run --resume {0}'; the one that it is to \
         replace is whole in {0}/replaced",
        dir.display()
    )]
    Replacing {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder holds no run, yet a file that a run would replace.
    #[error(
        "{0} holds '{file}' and no finished run; go on with it by 'eosin run --resume {0}', or \
         replace it with '--overwrite'",
        .dir.display()
    )]
    HoldsFile {
        /// The folder.
        dir: PathBuf,
        /// The first file that would be replaced.
        file: String,
    },
    /// The folder is somebody else's: it holds a file that a run would replace, and nothing of a run.
    #[error(
        "{} holds '{file}', which is no run's, and a run would replace it; name another folder",
        .dir.display()
    )]
    NoRunsFile {
        /// The folder.
        dir: PathBuf,
        /// The file.
        file: String,
    },
    /// The folder is not there.
    #[error("run folder {} does not exist; give the folder that 'eosin run' wrote", .dir.display())]
    Missing {
        /// The folder asked for.
        dir: PathBuf,
    },
    /// The folder is there, but no run is in it.
    #[error(
        "{} is no run folder: it has no run.json; give the folder of a finished run",
        .dir.display()
    )]
    NoRun {
        /// The folder asked for.
        dir: PathBuf,
    },
    /// A file that the run should have is not there.
    #[error("run folder {} has no '{file}'; {hint}", .dir.display())]
    NoFile {
        /// The run folder.
        dir: PathBuf,
        /// The file.
        file: String,
        /// What the folder has instead, or what makes the file.
        hint: String,
    },
    /// The run was written in another format.
    #[error(
        "the run in {} has format {format} (eosin {version}); this eosin reads {expected}: run it again",
        .dir.display()
    )]
    Format {
        /// The run folder.
        dir: PathBuf,
        /// Its format.
        format: u32,
        /// The one that can be read.
        expected: u32,
        /// The version that wrote it.
        version: String,
    },
    /// A file's contents cannot be understood.
    #[error(
        "{} is damaged: {problem}; run again with '--out' elsewhere",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        problem: String,
    },
    /// A value has no JSON form.
    #[error("cannot express {} as JSON: {problem}", .path.display())]
    NoJson {
        /// The file that was to be written.
        path: PathBuf,
        /// What the serialiser said.
        problem: String,
    },
    /// A name that would leave the run folder.
    #[error("'{name}' is not a plain file name; files of a run lie in its folder")]
    Name {
        /// The name given.
        name: String,
    },
    /// The folder was opened for reading.
    #[error(
        "run folder {} was opened for reading; resume it with RunFolder::create to write to it",
        .dir.display()
    )]
    ReadOnly {
        /// The run folder.
        dir: PathBuf,
    },
}
