//! What is kept beside a fetched file: where it came from, and its hash.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use eosin_store::{FileError, write_atomic};

use crate::error::HubError;
use crate::name::WeightName;
use crate::registry::WeightEntry;
use crate::sha256::Sha256;

/// Where a cached file came from and what it holds: `NAME.toml` in the cache. Without a time, so
/// that two machines that fetched the same file have the same record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The name of the weights.
    pub name: WeightName,
    /// The hub's repository.
    pub repository: String,
    /// The revision that was asked for.
    pub revision: String,
    /// The commit that the hub resolved it to.
    pub commit: Option<String>,
    /// The file in the repository.
    pub file: String,
    /// The hash of what arrived, computed here.
    pub sha256: Sha256,
    /// The length of what arrived.
    pub bytes: u64,
}

impl Record {
    /// The lines to put into the entry of a registry file, so that other machines fetch the same
    /// bytes: `revision` (the commit, where known), `sha256` and `bytes`.
    pub fn to_toml(&self) -> String {
        let revision = self.commit.as_deref().unwrap_or(&self.revision);
        format!(
            "revision = \"{revision}\"\nsha256 = \"{}\"\nbytes = {}\n",
            self.sha256, self.bytes
        )
    }

    /// Whether the record speaks of the file that `entry` names.
    pub(crate) fn is_of(&self, entry: &WeightEntry) -> bool {
        let same_revision =
            self.revision == entry.revision || self.commit.as_ref() == Some(&entry.revision);
        self.name == entry.name
            && self.repository == entry.repository
            && self.file == entry.file
            && same_revision
    }

    pub(crate) fn read(path: &Path) -> Result<Option<Self>, HubError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FileError::on("read", path)(cause).into()),
        };
        let record = toml::from_str(&text).map_err(|cause| HubError::DamagedRecord {
            path: path.to_owned(),
            problem: cause.message().to_owned(),
        })?;
        Ok(Some(record))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), HubError> {
        let text = toml::to_string(self).map_err(|cause| HubError::DamagedRecord {
            path: path.to_owned(),
            problem: cause.to_string(),
        })?;
        Ok(write_atomic(path, text.as_bytes())?)
    }
}
