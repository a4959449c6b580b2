//! Tensors that stay in their file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::dtype::Dtype;
use crate::error::WeightsError;
use crate::finite::check_finite;
use crate::lazy::LazyTensor;
use crate::state::StateTensor;

/// Bytes that are read and turned into values at a time; a whole number of any type's elements.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// Where the bytes of a file are.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// In memory, of what cannot be read twice.
    Held(Vec<u8>),
    /// On the disk.
    File {
        path: PathBuf,
        file: Mutex<File>,
        stamp: Stamp,
    },
}

/// What changes when a file is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(crate) fn of(file: &File) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

impl Bytes {
    /// Fills `piece` with what lies from byte `begin` on.
    fn read(&self, begin: usize, piece: &mut [u8]) -> Result<(), WeightsError> {
        let (path, file, stamp) = match self {
            Self::Held(bytes) => {
                piece.copy_from_slice(&bytes[begin..begin + piece.len()]);
                return Ok(());
            }
            Self::File { path, file, stamp } => (path, file, stamp),
        };
        let failed = |source| WeightsError::Read {
            path: path.clone(),
            source,
        };
        // A reader that panicked leaves the file somewhere, and its place is set here anyway.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(begin as u64)).map_err(failed)?;
        file.read_exact(piece).map_err(failed)?;
        if Stamp::of(&file).map_err(failed)? != *stamp {
            return Err(WeightsError::Changed { path: path.clone() });
        }
        Ok(())
    }
}

/// A tensor whose values lie in a file one behind the other.
#[derive(Debug)]
pub(crate) struct Stored {
    bytes: Arc<Bytes>,
    begin: usize,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl LazyTensor for Stored {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let each = self.row_values();
        self.read_values(rows.start * each..rows.end * each)
    }

    fn read_values(&self, wanted: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        assert!(
            wanted.end <= self.values(),
            "{wanted:?} of {:?}",
            self.shape
        );
        let mut values = Vec::with_capacity(wanted.len());
        let [mut at, end] = [wanted.start, wanted.end].map(|value| value * self.dtype.bytes());
        let mut piece = vec![0; PIECE_BYTES.min(end - at)];
        while at < end {
            let piece = &mut piece[..PIECE_BYTES.min(end - at)];
            self.bytes.read(self.begin + at, piece)?;
            let read = self.dtype.decode(piece);
            values.extend(read.expect("the values were sound, and the file has not changed"));
            at += piece.len();
        }
        Ok(Cow::Owned(values))
    }
}

/// A tensor whose values lie one behind the other.
pub(crate) struct InOrder<'a> {
    /// What the file and the tensor are called.
    pub names: (&'a str, &'a str),
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: &'a [u8],
}

/// What becomes of a tensor that a reader has found.
pub(crate) trait Keep {
    /// What is kept of a tensor.
    type Kept;

    /// Keeps a tensor whose values lie one behind the other.
    ///
    /// # Errors
    /// When a value is none that weights have.
    fn in_order(&self, found: InOrder<'_>) -> Result<Self::Kept, WeightsError>;

    /// Keeps a tensor whose values have been read.
    fn held(&self, tensor: StateTensor) -> Self::Kept;
}

/// Keeps all values in memory.
pub(crate) struct InMemory;

impl Keep for InMemory {
    type Kept = StateTensor;

    fn in_order(&self, found: InOrder<'_>) -> Result<StateTensor, WeightsError> {
        let (file, name) = found.names;
        let values = found.dtype.decode(found.bytes);
        let tensor = StateTensor {
            shape: found.shape,
            values: values.map_err(|reason| reason.of(file, name))?,
        };
        check_finite(file, name, &tensor)?;
        Ok(tensor)
    }

    fn held(&self, tensor: StateTensor) -> StateTensor {
        tensor
    }
}

/// Keeps where values lie in `whole`, the bytes of a file.
pub(crate) struct InFile<'a> {
    pub whole: &'a [u8],
}

/// What [`InFile`] keeps.
pub(crate) enum Kept {
    Place {
        begin: usize,
        dtype: Dtype,
        shape: Vec<usize>,
    },
    Values(StateTensor),
}

impl Kept {
    /// The tensor, given where the bytes of its file are from now on.
    pub(crate) fn tensor(self, bytes: &Arc<Bytes>) -> Arc<dyn LazyTensor> {
        match self {
            Self::Values(tensor) => Arc::new(tensor),
            Self::Place {
                begin,
                dtype,
                shape,
            } => Arc::new(Stored {
                bytes: Arc::clone(bytes),
                begin,
                dtype,
                shape,
            }),
        }
    }
}

impl Keep for InFile<'_> {
    type Kept = Kept;

    fn in_order(&self, found: InOrder<'_>) -> Result<Kept, WeightsError> {
        let is_sound = |piece: &[u8]| {
            let values = found.dtype.decode(piece);
            values.is_ok_and(|values| values.iter().all(|value| value.is_finite()))
        };
        if !found.bytes.chunks(PIECE_BYTES).all(is_sound) {
            // Says which value it is.
            return InMemory.in_order(found).map(Kept::Values);
        }
        Ok(Kept::Place {
            // The readers cut the bytes out of the whole.
            begin: found.bytes.as_ptr().addr() - self.whole.as_ptr().addr(),
            dtype: found.dtype,
            shape: found.shape,
        })
    }

    fn held(&self, tensor: StateTensor) -> Kept {
        Kept::Values(tensor)
    }
}
