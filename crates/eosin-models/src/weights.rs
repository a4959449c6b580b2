//! Weight files: safetensors under timm's or torchvision's names.

use std::path::{Path, PathBuf};

use burn::module::Module;
use eosin_core::BackboneName;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::backbone::Backbone;
use crate::registry::BackboneSpec;
use crate::state::{StateDict, StateMismatch, StateTensor, load_state, state_dict};
use crate::torchvision::to_timm_names;

/// Why a weight file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read weights {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The bytes are no safetensors file.
    #[error("{name} is not a safetensors file: {reason}")]
    Format {
        /// File or resource.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor has a type that weights do not come in.
    #[error("tensor '{tensor}' of {name} is {dtype}; weights must be F32, F16 or BF16")]
    Dtype {
        /// File or resource.
        name: String,
        /// Tensor name.
        tensor: String,
        /// Its type.
        dtype: String,
    },
    /// A weight is NaN or infinite.
    #[error(
        "tensor '{tensor}' of {name} holds {value} at index {index}; the file is damaged or its training diverged"
    )]
    NotFinite {
        /// File or resource.
        name: String,
        /// Tensor name.
        tensor: String,
        /// The value.
        value: f32,
        /// Flat index of the value.
        index: usize,
    },
    /// The tensors belong to another network.
    #[error("{name} does not hold the weights of {backbone}: {mismatch}")]
    Mismatch {
        /// File or resource.
        name: String,
        /// The network asked for.
        backbone: BackboneName,
        /// The tensors that do not fit.
        mismatch: StateMismatch,
    },
}

/// Tensors read from a file, with the hash of the whole file.
#[derive(Clone, Debug)]
pub struct WeightFile {
    /// File or resource that they came from.
    pub name: String,
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub hash: String,
    /// The tensors, under the file's own names.
    pub tensors: StateDict,
    /// The file's own notes.
    pub metadata: std::collections::BTreeMap<String, String>,
}

impl WeightFile {
    /// Reads a `.safetensors` file; nothing in it is executed.
    ///
    /// # Errors
    /// When it cannot be read, is malformed, or holds a type or value that no weight has.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let bytes = std::fs::read(path).map_err(|source| WeightsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// Parses the bytes of a safetensors file called `name` in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        let format = |error: safetensors::SafeTensorError| WeightsError::Format {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut tensors = StateDict::new();
        for (key, view) in file.iter() {
            if key.ends_with("num_batches_tracked") {
                continue;
            }
            tensors.insert(key.to_owned(), read_tensor(name, key, &view)?);
        }
        let metadata = header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect();
        let hash = blake3::hash(bytes).to_hex().to_string();
        Ok(Self {
            name: name.to_owned(),
            hash,
            tensors,
            metadata,
        })
    }

    /// `backbone` with these weights. A classifier that is absent here, or made for another number
    /// of classes, is left as it is; every other tensor must be there and fit.
    ///
    /// # Errors
    /// When the tensors are those of another network.
    pub fn load_into(
        &self,
        backbone: Backbone,
        which: BackboneName,
    ) -> Result<Backbone, WeightsError> {
        let own = state_dict(&backbone);
        let mut given = to_timm_names(which, self.tensors.clone());
        let classifier = BackboneSpec::of(which).classifier;
        given.retain(|key, tensor| {
            !key.starts_with(classifier) || own.get(key).is_some_and(|t| t.shape == tensor.shape)
        });
        for (key, tensor) in own
            .into_iter()
            .filter(|(key, _)| key.starts_with(classifier))
        {
            given.entry(key).or_insert(tensor);
        }
        load_state(backbone, &given).map_err(|mismatch| WeightsError::Mismatch {
            name: self.name.clone(),
            backbone: which,
            mismatch,
        })
    }
}

fn read_tensor(name: &str, key: &str, view: &TensorView<'_>) -> Result<StateTensor, WeightsError> {
    let bytes = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::F16 => bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::BF16 => bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        other => {
            return Err(WeightsError::Dtype {
                name: name.to_owned(),
                tensor: key.to_owned(),
                dtype: format!("{other:?}"),
            });
        }
    };
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(WeightsError::NotFinite {
            name: name.to_owned(),
            tensor: key.to_owned(),
            value: values[index],
            index,
        });
    }
    Ok(StateTensor {
        shape: view.shape().to_vec(),
        values,
    })
}

/// What the embedded weights are called.
pub const EMBEDDED: &str = "embedded";

/// The weights that are part of the program, for the architecture that has some.
///
/// # Panics
/// Never: a test parses them.
pub fn embedded_weights(name: BackboneName) -> Option<WeightFile> {
    let bytes = include_bytes!("../weights/eosin_mini.safetensors");
    (name == BackboneName::EosinMini)
        .then(|| WeightFile::parse(EMBEDDED, bytes).expect("a test parses the embedded weights"))
}

/// Whether the file with this BLAKE3 hash is one of the patches that the embedded weights have
/// seen: their training patches, and those that the training was watched on. Scores on such
/// patches are too good.
pub fn embedded_weights_have_seen(content_hash: &[u8; 32]) -> bool {
    // Sorted first eight bytes of the hashes.
    let seen = include_bytes!("../weights/eosin_mini.seen")
        .as_chunks::<8>()
        .0;
    let [prefix, ..] = content_hash.as_chunks::<8>().0 else {
        return false;
    };
    seen.binary_search(prefix).is_ok()
}

/// Number of trainable values in `network` (running statistics not counted).
pub fn parameter_count<M: Module>(network: &M) -> usize {
    state_dict(network)
        .iter()
        .filter(|(key, _)| !key.ends_with("running_mean") && !key.ends_with("running_var"))
        .map(|(_, tensor)| tensor.values.len())
        .sum()
}
