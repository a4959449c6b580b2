//! A file of embeddings: which tensor of it they are, and whose.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use eosin_store::EmbeddingsRecord;
use eosin_weights::{LazyTensor, NpyFile, SafetensorsHead, WeightFile, WeightsError};

use crate::embed::embedding_error::EmbeddingsError;
use crate::embed::embedding_keys::{EmbeddingKeys, hold_to_noted_views};

/// The tensor of a safetensors file that holds embeddings.
const TENSOR: &str = "embeddings";

/// Embeddings that were made elsewhere, `[rows, views, width]`, read when they are wanted.
#[derive(Clone, Debug)]
pub struct EmbeddingFile {
    /// What a run says of the file.
    pub record: EmbeddingsRecord,
    /// Whose embeddings they are, row by row.
    pub keys: Vec<String>,
    /// What the column of the keys is called, or `key` where they are in the file itself.
    pub key_column: String,
    /// What the file, or the table of its keys, says each is; empty where they say nothing.
    pub labels: Vec<Option<String>>,
    /// Columns beside the keys that say what the data are asked for, and not this table.
    pub unused: Vec<String>,
    values: Arc<dyn LazyTensor>,
}

/// What a file's header says.
struct Head {
    /// Name of the tensor; none in a file that holds one array.
    tensor: String,
    views: usize,
    width: usize,
    rows: usize,
    notes: BTreeMap<String, String>,
}

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Npy,
    Safetensors,
}

impl EmbeddingFile {
    /// How many views of each patch the file has, by its header alone.
    ///
    /// # Errors
    /// When it cannot be read, or is no file of embeddings.
    pub fn peek_views(path: &Path) -> Result<usize, EmbeddingsError> {
        Ok(Head::of(path, form(path)?)?.views)
    }

    /// Opens a file of embeddings with its keys, and looks at every value.
    ///
    /// # Errors
    /// When it cannot be read or is none, a value is not finite, or keys are missing, stand twice or
    /// are not as many as rows.
    pub fn open(path: &Path) -> Result<Self, EmbeddingsError> {
        let form = form(path)?;
        let head = Head::of(path, form)?;
        let EmbeddingKeys {
            keys,
            column,
            table,
            labels,
            unused,
        } = EmbeddingKeys::read(path, &head.notes, head.rows)?;
        hold_to_noted_views(path, &head.notes, head.views)?;
        let of_file = |error| match error {
            WeightsError::NotFinite { index, value, .. } => EmbeddingsError::NotFinite {
                path: path.to_owned(),
                key: keys
                    .get(index / (head.views * head.width))
                    .cloned()
                    .unwrap_or_default(),
                value,
            },
            other => of_weights(other),
        };
        let (values, blake3) = match form {
            Form::Npy => {
                let file = NpyFile::open(path).map_err(of_file)?;
                (file.array, file.hash)
            }
            Form::Safetensors => {
                let mut file = WeightFile::open(path).map_err(of_file)?;
                let values = file.tensors.remove(&head.tensor);
                let missing = || no_tensor(path, &[]);
                (values.ok_or_else(missing)?, file.hash)
            }
        };
        Ok(Self {
            record: EmbeddingsRecord {
                file: path.to_owned(),
                blake3,
                keys: table,
                views: head.views,
                width: head.width,
            },
            keys,
            key_column: column,
            labels,
            unused,
            values,
        })
    }

    /// Writes the values of some views of a row into `out`, one after another.
    ///
    /// # Errors
    /// When the file has changed meanwhile, or cannot be read.
    ///
    /// # Panics
    /// When there is no such row or view, or `out` has not the length.
    pub(crate) fn copy_views(
        &self,
        row: usize,
        wanted: Range<usize>,
        out: &mut [f32],
    ) -> Result<(), EmbeddingsError> {
        let EmbeddingsRecord { views, width, .. } = self.record;
        assert!(wanted.end <= views, "views {wanted:?} of {views}");
        let first = row * views * width;
        let places = first + wanted.start * width..first + wanted.end * width;
        let values = self.values.read_values(places);
        out.copy_from_slice(&values.map_err(of_weights)?);
        Ok(())
    }
}

impl Head {
    fn of(path: &Path, form: Form) -> Result<Self, EmbeddingsError> {
        let (tensor, shape, notes) = match form {
            Form::Npy => {
                let shape = NpyFile::shape(path).map_err(of_weights)?;
                (String::new(), shape, BTreeMap::new())
            }
            Form::Safetensors => {
                let head = SafetensorsHead::open(path).map_err(of_weights)?;
                let (tensor, shape) = choose(path, head.shapes)?;
                (tensor, shape, head.metadata)
            }
        };
        let (rows, views, width) = match shape[..] {
            [rows, width] => (rows, 1, width),
            [rows, views, width] => (rows, views, width),
            _ => (0, 0, 0),
        };
        if rows * views * width == 0 {
            return Err(EmbeddingsError::Shape {
                path: path.to_owned(),
                shape,
            });
        }
        Ok(Self {
            tensor,
            views,
            width,
            rows,
            notes,
        })
    }
}

fn form(path: &Path) -> Result<Form, EmbeddingsError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => Ok(Form::Npy),
        Some("safetensors") => Ok(Form::Safetensors),
        _ => Err(EmbeddingsError::Ending {
            path: path.to_owned(),
        }),
    }
}

/// The tensor called [`TENSOR`], else the only one that may be embeddings.
fn choose(
    path: &Path,
    mut shapes: BTreeMap<String, Vec<usize>>,
) -> Result<(String, Vec<usize>), EmbeddingsError> {
    if let Some(shape) = shapes.remove(TENSOR) {
        return Ok((TENSOR.to_owned(), shape));
    }
    shapes.retain(|_, shape| matches!(shape.len(), 2 | 3));
    if shapes.len() == 1
        && let Some(only) = shapes.pop_first()
    {
        return Ok(only);
    }
    let names: Vec<&str> = shapes.keys().map(String::as_str).collect();
    Err(no_tensor(path, &names))
}

fn no_tensor(path: &Path, names: &[&str]) -> EmbeddingsError {
    EmbeddingsError::NoTensor {
        path: path.to_owned(),
        found: if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        },
    }
}

fn of_weights(error: WeightsError) -> EmbeddingsError {
    match error {
        WeightsError::Read { path, source } => EmbeddingsError::Read { path, source },
        other => EmbeddingsError::File(other),
    }
}
