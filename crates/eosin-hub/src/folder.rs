//! The user's own folder of weights.

use std::path::{Path, PathBuf};

use crate::error::{HashesDiffer, HubError};
use crate::name::WeightName;
use crate::registry::{EXTENSIONS, WeightEntry};
use crate::sha256::Sha256;
use crate::weight_file::{Origin, WeightFile};

/// The file of that name in `dir`, verified against the registry's hash where there is one.
pub(crate) fn find(
    dir: &Path,
    name: &WeightName,
    entry: Option<&WeightEntry>,
) -> Result<Option<WeightFile>, HubError> {
    let Some(path) = only_file(dir, name)? else {
        return Ok(None);
    };
    let (sha256, bytes) = Sha256::of_file(&path)?;
    if let Some(expected) = entry.and_then(|entry| entry.sha256)
        && expected != sha256
    {
        return Err(HubError::WrongFile {
            name: name.to_string(),
            path,
            hashes: Box::new(HashesDiffer {
                got: sha256,
                expected,
                by: "the registry",
            }),
            fix: "remove it, or give weights of your own a name of their own",
        });
    }
    Ok(Some(WeightFile {
        path,
        sha256,
        bytes,
        origin: Origin::Folder,
        entry: entry.cloned(),
        record: None,
    }))
}

/// The file of that name, whatever its ending. Several would be ambiguous.
fn only_file(dir: &Path, name: &WeightName) -> Result<Option<PathBuf>, HubError> {
    let mut files: Vec<String> = EXTENSIONS
        .iter()
        .map(|extension| name.file(extension))
        .filter(|file| dir.join(file).exists())
        .collect();
    if files.len() > 1 {
        return Err(HubError::Ambiguous {
            name: name.to_string(),
            dir: dir.to_owned(),
            files,
        });
    }
    Ok(files.pop().map(|file| dir.join(file)))
}
