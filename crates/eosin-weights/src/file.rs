//! A weight file of any known format.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::content::{Content, content_of};
use crate::error::WeightsError;
use crate::lazy::{TensorDict, to_lazy};
use crate::names::check_names;
use crate::options::ReadOptions;
use crate::pytorch::{read_legacy, read_zip};
use crate::safetensors::read_safetensors;
use crate::state::StateDict;
use crate::stored::{Bytes, InFile, InMemory, Keep, Kept, Stamp};

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

/// Tensors from a file, with the hash of the whole file: in memory, or as a [`TensorDict`] read when
/// they are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFile<D = StateDict> {
    /// File or resource that they came from.
    pub name: String,
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// The tensors, under the file's own names.
    pub tensors: D,
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
    /// Entries of the state dict that are not in [`tensors`](Self::tensors), by their own names:
    /// integers, such as counters of batches, and what is no tensor.
    pub left_out: Vec<String>,
}

impl WeightFile {
    /// Parses the bytes of a weight file called `name` in errors; nothing in it is executed.
    ///
    /// # Errors
    /// When it is malformed or truncated, is no weight file, asks for anything that weights do not
    /// need, or holds a type or value that no weight has.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::parse_with(name, bytes, &ReadOptions::default())
    }

    /// Parses the bytes of a weight file called `name` in errors, as `options` say.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when the key that `options` name is not there.
    pub fn parse_with(
        name: &str,
        bytes: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, WeightsError> {
        find(name, bytes, options, &InMemory)
    }

    /// The same with tensors as those are that are read when they are wanted.
    pub fn into_lazy(self) -> WeightFile<TensorDict> {
        self.map(to_lazy)
    }
}

impl WeightFile<TensorDict> {
    /// Opens a weight file: it is read once, hashed and checked as [`parse`](WeightFile::parse)
    /// does; its values stay on the disk.
    ///
    /// # Errors
    /// As [`parse`](WeightFile::parse), and when the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::open_with(path, &ReadOptions::default())
    }

    /// Opens a weight file as `options` say.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the key that `options` name is not there.
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Self, WeightsError> {
        let (file, bytes, stamp) = read_bytes(path)?;
        let name = path.display().to_string();
        let kept = find(&name, &bytes, options, &InFile { whole: &bytes })?;
        Ok(kept.kept_in(bytes_kept(path, file, bytes, stamp)))
    }

    /// Opens the bytes of a weight file called `name` in errors, which stay as they are: half
    /// precision takes half the memory that its values would.
    ///
    /// # Errors
    /// As [`WeightFile::parse_with`].
    pub fn open_bytes(
        name: &str,
        bytes: Vec<u8>,
        options: &ReadOptions,
    ) -> Result<Self, WeightsError> {
        let kept = find(name, &bytes, options, &InFile { whole: &bytes })?;
        Ok(kept.kept_in(Bytes::Held(bytes)))
    }
}

impl WeightFile<BTreeMap<String, Kept>> {
    /// The file as one whose bytes are there from now on.
    fn kept_in(self, bytes: Bytes) -> WeightFile<TensorDict> {
        let bytes = Arc::new(bytes);
        self.map(|tensors| {
            let tensors = tensors.into_iter();
            tensors
                .map(|(name, kept)| (name, kept.tensor(&bytes)))
                .collect()
        })
    }
}

impl<D> WeightFile<D> {
    fn map<E>(self, tensors: impl FnOnce(D) -> E) -> WeightFile<E> {
        WeightFile {
            tensors: tensors(self.tensors),
            name: self.name,
            hash: self.hash,
            metadata: self.metadata,
            format: self.format,
            taken_from: self.taken_from,
            other_candidates: self.other_candidates,
            left_out: self.left_out,
        }
    }
}

/// What the reader of the file's format finds, as `keep` keeps it.
fn find<K: Keep>(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
    keep: &K,
) -> Result<WeightFile<BTreeMap<String, K::Kept>>, WeightsError> {
    let (format, found) = match content_of(bytes) {
        Content::Safetensors => (
            WeightFormat::Safetensors,
            read_safetensors(name, bytes, options, keep),
        ),
        Content::Zip => (WeightFormat::TorchZip, read_zip(name, bytes, options, keep)),
        Content::Pickle => (
            WeightFormat::TorchLegacy,
            read_legacy(name, bytes, options, keep),
        ),
        Content::Foreign(found) => {
            return Err(WeightsError::NotWeights {
                name: name.to_owned(),
                found,
            });
        }
    };
    let found = found?;
    check_names(name, &found.tensors)?;
    Ok(WeightFile {
        name: name.to_owned(),
        hash: blake3::hash(bytes).to_hex().to_string(),
        tensors: found.tensors,
        metadata: found.metadata,
        format,
        taken_from: found.taken_from,
        other_candidates: found.other_candidates,
        left_out: found.left_out,
    })
}

/// Where the bytes of a file that was read are from now on: on the disk, unless it cannot be read
/// twice.
pub(crate) fn bytes_kept(path: &Path, file: File, bytes: Vec<u8>, stamp: Option<Stamp>) -> Bytes {
    match stamp {
        None => Bytes::Held(bytes),
        Some(stamp) => Bytes::File {
            path: path.to_owned(),
            file: Mutex::new(file),
            stamp,
        },
    }
}

/// The file, all its bytes, and, of a regular file, the stamp that it had before they were read.
pub(crate) fn read_bytes(path: &Path) -> Result<(File, Vec<u8>, Option<Stamp>), WeightsError> {
    let failed = |source| WeightsError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(WeightsError::Folder {
            path: path.to_owned(),
        });
    }
    let stamp = Stamp::of(&file).map_err(failed)?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err(WeightsError::TooLarge {
            path: path.to_owned(),
            bytes: metadata.len(),
            limit: MAX_FILE_BYTES,
        });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // A pipe or a file that grows has no length to trust.
    let read = (&file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    match read.map_err(failed)? as u64 {
        read if read > MAX_FILE_BYTES => Err(WeightsError::TooLarge {
            path: path.to_owned(),
            bytes: read,
            limit: MAX_FILE_BYTES,
        }),
        _ => Ok((file, bytes, metadata.is_file().then_some(stamp))),
    }
}
