//! `torch.save` since PyTorch 1.6: `<folder>/data.pkl` and `<folder>/data/<key>` in a zip archive.

use super::collect::{Source, collect};
use super::error::TorchError;
use super::zip::{Entries, read_entries};
use crate::error::{TensorError, WeightsError};
use crate::file::Found;
use crate::names::shown;
use crate::options::ReadOptions;
use crate::pickle::{StorageRef, unpickle};
use crate::strided::Budget;

/// The state dict in an archive.
///
/// # Errors
/// When it is damaged, hostile, or holds no weights.
pub(crate) fn read_zip(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<Found, WeightsError> {
    let entries = read_entries(bytes).map_err(|reason| WeightsError::Zip {
        name: name.to_owned(),
        reason,
    })?;
    let (folder, pickle) = find_pickle(&entries).map_err(|reason| WeightsError::Torch {
        name: name.to_owned(),
        reason,
    })?;
    let pickle = unpickle(pickle).map_err(|reason| WeightsError::Pickle {
        name: name.to_owned(),
        reason,
    })?;
    let storage = |storage: &StorageRef<'_>| stored(&entries, folder, storage);
    let source = Source {
        name,
        pickle: &pickle,
        storage: &storage,
    };
    collect(&source, Budget::of_file(bytes.len()), options)
}

/// The folder that everything is in, and the pickle.
fn find_pickle<'a>(entries: &Entries<'a>) -> Result<(&'a str, &'a [u8]), TorchError> {
    let pickles = entries.iter().filter_map(|(name, content)| {
        let (folder, file) = name.split_once('/')?;
        (file == "data.pkl").then_some((folder, *content))
    });
    let [(folder, pickle)] = *pickles.take(2).collect::<Vec<_>>() else {
        return Err(TorchError::NoPickle);
    };
    let inside = |path: &str| entries.get(format!("{folder}/{path}").as_str());
    let code = format!("{folder}/code/");
    let has_code = || entries.range(code.as_str()..).next();
    if inside("constants.pkl").is_some()
        || has_code().is_some_and(|(name, _)| name.starts_with(&code))
    {
        return Err(TorchError::TorchScript);
    }
    match inside("byteorder").copied() {
        Some(b"big") => Err(TorchError::BigEndian),
        _ => Ok((folder, pickle)),
    }
}

fn stored<'a>(
    entries: &Entries<'a>,
    folder: &str,
    storage: &StorageRef<'_>,
) -> Result<&'a [u8], TensorError> {
    let key = || shown(storage.key);
    let content = entries.get(format!("{folder}/data/{}", storage.key).as_str());
    let content = content.ok_or_else(|| TensorError::NoStorage { key: key() })?;
    let expected = storage.elements.saturating_mul(storage.width);
    if content.len() != expected {
        return Err(TensorError::StorageLength {
            key: key(),
            expected,
            got: content.len(),
        });
    }
    Ok(content)
}
