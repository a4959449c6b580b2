//! A file of weights that was found.

use std::fmt;
use std::path::PathBuf;

use crate::record::Record;
use crate::registry::WeightEntry;
use crate::sha256::Sha256;

/// Where a file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the user's own folder.
    Folder,
    /// In the cache.
    Cache,
    /// On the hub: it was fetched just now, and is in the cache.
    Hub,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Folder => "weights folder",
            Self::Cache => "cache",
            Self::Hub => "hub",
        })
    }
}

/// A file of weights on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFile {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256, computed in the call that gave this.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
    /// Where it was found.
    pub origin: Origin,
    /// What the registry knows of it; `None` for a file of the user's folder with a name of its
    /// own, which nothing could be verified against.
    pub entry: Option<WeightEntry>,
    /// Where it was fetched from, when it was fetched by this program.
    pub record: Option<Record>,
}
