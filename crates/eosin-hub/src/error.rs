//! Why weights could not be had.

use std::path::PathBuf;

use eosin_store::FileError;

use crate::name::NameError;
use crate::sha256::Sha256;

/// Why a registry file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The text is no registry.
    #[error("{origin} is no registry of weights: {problem}")]
    Wrong {
        /// The file.
        origin: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// An added entry would give a known name other bytes.
    #[error(
        "{} gives '{name}' another sha256 than the known {known}; give those weights a name of \
         their own",
        .path.display()
    )]
    Clash {
        /// The name.
        name: String,
        /// The added file.
        path: PathBuf,
        /// The known hash.
        known: String,
    },
}

/// Two hashes that should be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its sha256 is {got}, {by} says {expected}")]
pub struct HashesDiffer {
    /// The hash of what is there.
    pub got: Sha256,
    /// The hash it should have.
    pub expected: Sha256,
    /// Who says so.
    pub by: &'static str,
}

/// Why weights could not be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name could not be a file's.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// No registry has the name.
    #[error("no weights are named '{name}'{}", meant(.near, .name))]
    Unknown {
        /// The name given.
        name: String,
        /// Known names that were probably meant, the likeliest first.
        near: Vec<String>,
    },
    /// A setting cannot be used.
    #[error("{setting} is '{got}': {problem}")]
    Setting {
        /// The environment variable or field.
        setting: String,
        /// Its value, secrets removed.
        got: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// There is nowhere to keep weights.
    #[error("no folder for fetched weights: neither EOSIN_CACHE nor HOME is set; set EOSIN_CACHE")]
    NoFolder,
    /// The weights folder has the name with more than one ending.
    #[error("{} has more than one file for '{name}': {}; keep one", .dir.display(), .files.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The folder.
        dir: PathBuf,
        /// The files.
        files: Vec<String>,
    },
    /// A file on this machine is not the one that the registry or record names.
    #[error(
        "{} is not the file of '{name}': {hashes}; {fix}",
        .path.display()
    )]
    WrongFile {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Its hash, and the one it should have.
        hashes: Box<HashesDiffer>,
        /// What to do.
        fix: &'static str,
    },
    /// A file in the cache that nothing vouches for.
    #[error(
        "{} cannot be verified: no registry has a sha256 for '{name}', and no record of fetching \
         it lies beside it; remove it, or move it to the folder that EOSIN_WEIGHTS names",
        .path.display()
    )]
    Unvouched {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// The cache has the name from elsewhere.
    #[error(
        "{} says that '{name}' was fetched from {was}, and the registry now says {now}; remove \
         the record and the weights beside it to fetch them again",
        .path.display()
    )]
    Moved {
        /// The name.
        name: String,
        /// The record.
        path: PathBuf,
        /// The source in the record.
        was: String,
        /// The source in the registry.
        now: String,
    },
    /// A record in the cache cannot be read or written.
    #[error("{} is damaged: {problem}; remove it and the weights beside it", .path.display())]
    DamagedRecord {
        /// The record.
        path: PathBuf,
        /// What the parser said.
        problem: String,
    },
    /// Fetching is forbidden.
    #[error("'{name}' is not on this machine, and fetching is off (offline): {would}; {by_hand}")]
    Offline {
        /// The name.
        name: String,
        /// What would have been fetched.
        would: String,
        /// Where to put the file by hand.
        by_hand: String,
    },
    /// Nobody knows the hash, and the caller did not say to trust the first fetch.
    #[error(
        "no sha256 is known for '{name}', so what {url} sends cannot be verified; trust the first \
         fetch (its hash is then pinned), or add the entry with its sha256 to a registry file"
    )]
    NoHash {
        /// The name.
        name: String,
        /// The file on the hub.
        url: String,
    },
    /// The hub has or sent other bytes than expected.
    #[error(
        "what {url} {verb} is not '{name}': {hashes}; nothing was kept: \
         the file was replaced on the hub, or something between it and this machine changes it"
    )]
    WrongContent {
        /// The name.
        name: String,
        /// The file on the hub.
        url: String,
        /// `sends`, or `offers` when the hub's own statement was enough.
        verb: &'static str,
        /// The hash of what arrived or is offered, and the one expected.
        hashes: Box<HashesDiffer>,
    },
    /// The hub offers or sends another length than it may.
    #[error("{url} sends {got}, expected {expected}; nothing was kept")]
    WrongSize {
        /// The file on the hub.
        url: String,
        /// What it sends.
        got: String,
        /// What was expected.
        expected: String,
    },
    /// The server said no in a way that trying again does not help.
    #[error("{url} answered {status}; {fix}")]
    Refused {
        /// The file on the hub, or where the hub sent us.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What to do.
        fix: String,
    },
    /// No attempt succeeded.
    #[error("cannot fetch {url}: {problem}{}", fix(.hint))]
    Fetch {
        /// The file on the hub.
        url: String,
        /// What the last attempt failed with, and how many there were.
        problem: String,
        /// What to do, where known.
        hint: &'static str,
    },
}

fn fix(hint: &str) -> String {
    if hint.is_empty() {
        String::new()
    } else {
        format!("; {hint}")
    }
}

fn meant(near: &[String], name: &str) -> String {
    if near.is_empty() {
        format!(
            "; 'eosin weights ls' lists the names that are known, and a file is given by its path, such \
             as './{name}.safetensors'"
        )
    } else {
        format!("; did you mean {}?", near.join(" or "))
    }
}
