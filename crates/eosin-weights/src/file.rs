//! A weight file of any known format.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use crate::content::{Content, content_of};
use crate::error::WeightsError;
use crate::names::{check_names, strip_wrapper_prefixes};
use crate::options::ReadOptions;
use crate::pytorch::{read_legacy, read_zip};
use crate::safetensors::read_safetensors;
use crate::state::StateDict;

/// The largest file that is read, in bytes: it is held in memory whole.
const MAX_FILE_BYTES: u64 = 16 << 30;

/// How a weight file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightFormat {
    /// <https://github.com/huggingface/safetensors>
    Safetensors,
    /// `torch.save` since PyTorch 1.6: a zip archive around a pickle.
    TorchZip,
    /// `torch.save` before PyTorch 1.6: pickles and raw storages one after the other.
    TorchLegacy,
}

/// Tensors read from a file, with the hash of the whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFile {
    /// File or resource that they came from.
    pub name: String,
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// The tensors, under the file's own names less [`prefix`](Self::prefix).
    pub tensors: StateDict,
    /// The file's own notes; PyTorch's formats have none.
    pub metadata: BTreeMap<String, String>,
    /// How the file is laid out, by its content.
    pub format: WeightFormat,
    /// The keys that lead from the checkpoint to the state dict, such as `["teacher"]`; empty when
    /// the file is a state dict itself.
    pub taken_from: Vec<String>,
    /// Other places of the checkpoint that hold tensors by name, such as `student` or
    /// `model/encoder`; each is a [`ReadOptions::key`].
    pub other_candidates: Vec<String>,
    /// What was taken off the front of every tensor's name, such as `module.`; mostly empty.
    pub prefix: String,
    /// Entries of the state dict that are not in [`tensors`](Self::tensors), by their own names:
    /// [well-known integers](crate::WELL_KNOWN_INTEGERS) and what is no tensor.
    pub left_out: Vec<String>,
}

/// What a format's reader finds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub tensors: StateDict,
    pub metadata: BTreeMap<String, String>,
    pub taken_from: Vec<String>,
    pub other_candidates: Vec<String>,
    pub left_out: Vec<String>,
}

impl WeightFile {
    /// Reads a weight file; nothing in it is executed.
    ///
    /// # Errors
    /// When it cannot be read, is malformed or truncated, is no weight file, asks for anything
    /// that weights do not need, or holds a type or value that no weight has.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Self::read_with(path, &ReadOptions::default())
    }

    /// Reads a weight file as `options` say.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when the key that `options` name is not there.
    pub fn read_with(path: &Path, options: &ReadOptions) -> Result<Self, WeightsError> {
        let bytes = read_bytes(path)?;
        Self::parse_with(&path.display().to_string(), &bytes, options)
    }

    /// Parses the bytes of a weight file called `name` in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::parse_with(name, bytes, &ReadOptions::default())
    }

    /// Parses the bytes of a weight file called `name` in errors, as `options` say.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn parse_with(
        name: &str,
        bytes: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, WeightsError> {
        let (format, found) = find(name, bytes, options)?;
        let mut tensors = found.tensors;
        check_names(name, &tensors)?;
        let prefix = if options.strip_prefixes {
            strip_wrapper_prefixes(&mut tensors)
        } else {
            String::new()
        };
        Ok(Self {
            name: name.to_owned(),
            hash: blake3::hash(bytes).to_hex().to_string(),
            tensors,
            metadata: found.metadata,
            format,
            taken_from: found.taken_from,
            other_candidates: found.other_candidates,
            prefix,
            left_out: found.left_out,
        })
    }
}

/// What the reader of the file's format finds.
fn find(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(WeightFormat, Found), WeightsError> {
    let (format, found) = match content_of(bytes) {
        Content::Safetensors => (
            WeightFormat::Safetensors,
            read_safetensors(name, bytes, options),
        ),
        Content::Zip => (WeightFormat::TorchZip, read_zip(name, bytes, options)),
        Content::Pickle => (WeightFormat::TorchLegacy, read_legacy(name, bytes, options)),
        Content::Foreign(found) => {
            return Err(WeightsError::NotWeights {
                name: name.to_owned(),
                found,
            });
        }
    };
    Ok((format, found?))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let failed = |source| WeightsError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > MAX_FILE_BYTES {
        return Err(WeightsError::TooLarge {
            path: path.to_owned(),
            bytes: length,
            limit: MAX_FILE_BYTES,
        });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // A pipe or a file that grows has no length to trust.
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    match read.map_err(failed)? as u64 {
        read if read > MAX_FILE_BYTES => Err(WeightsError::TooLarge {
            path: path.to_owned(),
            bytes: read,
            limit: MAX_FILE_BYTES,
        }),
        _ => Ok(bytes),
    }
}
