//! `torch.save` since PyTorch 1.6: `<folder>/data.pkl` and `<folder>/data/<key>` in a zip archive.

use super::collect::{Source, collect};
use super::error::TorchError;
use super::zip::{Archive, Entries};
use crate::error::WeightsError;
use crate::found::Found;
use crate::options::ReadOptions;
use crate::pickle::{StorageRef, unpickle};
use crate::shown::shown;
use crate::stored::Keep;
use crate::strided::Budget;
use crate::tensor_error::TensorError;

/// The state dict in an archive.
///
/// # Errors
/// When it is damaged, hostile, or holds no weights.
pub(crate) fn read_zip<K: Keep>(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
    keep: &K,
) -> Result<Found<K::Kept>, WeightsError> {
    let invalid = |reason| WeightsError::Zip {
        name: name.to_owned(),
        reason,
    };
    let unfit = |reason| WeightsError::Torch {
        name: name.to_owned(),
        reason,
    };
    let archive = Archive::open(bytes).map_err(invalid)?;
    // Before the entries, of which a program's are compressed.
    if archive.names().any(is_of_program) {
        return Err(unfit(TorchError::TorchScript));
    }
    let entries = archive.entries().map_err(invalid)?;
    let (folder, pickle) = find_pickle(&entries).map_err(unfit)?;
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
    collect(&source, Budget::of_file(bytes.len()), options, keep)
}

/// Whether the entry is one that `torch.jit.save` writes and `torch.save` does not.
fn is_of_program(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(_, path)| path == "constants.pkl" || path.starts_with("code/"))
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
    let order = entries.get(format!("{folder}/byteorder").as_str());
    match order.copied() {
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
