//! `torch.save` before PyTorch 1.6: five pickles (magic number, version, system, object, keys of
//! the storages), then each storage as its number of elements and its bytes.

use std::collections::BTreeMap;

use super::collect::{Source, collect};
use super::error::TorchError;
use crate::error::WeightsError;
use crate::found::Found;
use crate::options::ReadOptions;
use crate::pickle::{Node, PickleError, StorageRef, Unpickled, Value, unpickle};
use crate::shown::shown;
use crate::stored::Keep;
use crate::strided::Budget;
use crate::tensor_error::TensorError;

/// `0x1950a86a20f9469cfc6c`, little-endian.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// The bytes of each storage, by its key.
type Storages<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Why reading stops.
enum Failure {
    Pickle(PickleError),
    Torch(TorchError),
}

impl From<PickleError> for Failure {
    fn from(reason: PickleError) -> Self {
        Self::Pickle(reason)
    }
}

impl From<TorchError> for Failure {
    fn from(reason: TorchError) -> Self {
        Self::Torch(reason)
    }
}

impl Failure {
    fn of(self, name: &str) -> WeightsError {
        let name = name.to_owned();
        match self {
            Self::Pickle(reason) => WeightsError::Pickle { name, reason },
            Self::Torch(reason) => WeightsError::Torch { name, reason },
        }
    }
}

/// The state dict in a file of the older format.
///
/// # Errors
/// When it is damaged, hostile, or holds no weights.
pub(crate) fn read_legacy<K: Keep>(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
    keep: &K,
) -> Result<Found<K::Kept>, WeightsError> {
    let (pickle, storages) = read_parts(bytes).map_err(|failure| failure.of(name))?;
    let storage = |storage: &StorageRef<'_>| {
        let stored = storages.get(storage.key).copied();
        stored.ok_or_else(|| TensorError::NoStorage {
            key: shown(storage.key),
        })
    };
    let source = Source {
        name,
        pickle: &pickle,
        storage: &storage,
    };
    collect(&source, Budget::of_file(bytes.len()), options, keep)
}

/// The object's pickle and the storages.
fn read_parts(bytes: &[u8]) -> Result<(Unpickled<'_>, Storages<'_>), Failure> {
    let mut rest = bytes;
    let magic = next_pickle(&mut rest)?;
    if !matches!(magic.root, Value::Long(number) if *number == MAGIC) {
        return Err(TorchError::PlainPickle.into());
    }
    let version = next_pickle(&mut rest)?;
    if !matches!(version.root, Value::Int(VERSION)) {
        return Err(TorchError::Version.into());
    }
    let system = next_pickle(&mut rest)?;
    let big_endian = |(key, value): &(Value<'_>, Value<'_>)| {
        matches!(
            (key, value),
            (Value::Text("little_endian"), Value::Bool(false))
        )
    };
    if system
        .entries(system.root)
        .unwrap_or(&[])
        .iter()
        .any(big_endian)
    {
        return Err(TorchError::BigEndian.into());
    }
    let object = next_pickle(&mut rest)?;
    let keys = next_pickle(&mut rest)?;
    let storages = read_storages(&object, &keys, rest)?;
    Ok((object, storages))
}

fn next_pickle<'a>(rest: &mut &'a [u8]) -> Result<Unpickled<'a>, PickleError> {
    let pickle = unpickle(rest)?;
    *rest = &rest[pickle.length..];
    Ok(pickle)
}

fn read_storages<'a>(
    object: &Unpickled<'a>,
    keys: &Unpickled<'a>,
    mut rest: &'a [u8],
) -> Result<Storages<'a>, TorchError> {
    let wrong = |what| TorchError::Storages { what };
    let Some((_, Node::List(keys))) = keys.node(keys.root) else {
        return Err(wrong("is no list"));
    };
    let mut storages = Storages::new();
    for key in keys {
        let Value::Text(key) = *key else {
            return Err(wrong("has a key that is no text"));
        };
        let known = object.storages.get(key);
        let (width, elements) = *known.ok_or(wrong("names one that no tensor has"))?;
        let cut = || TorchError::Truncated { key: shown(key) };
        let (length, behind) = rest.split_first_chunk().ok_or_else(cut)?;
        if u64::from_le_bytes(*length) != elements as u64 {
            return Err(wrong("has one of another length than its tensors say"));
        }
        let bytes = elements.checked_mul(width).ok_or_else(cut)?;
        let (storage, behind) = behind.split_at_checked(bytes).ok_or_else(cut)?;
        if storages.insert(key, storage).is_some() {
            return Err(wrong("names one twice"));
        }
        rest = behind;
    }
    if rest.is_empty() {
        Ok(storages)
    } else {
        Err(TorchError::Trailing { bytes: rest.len() })
    }
}
