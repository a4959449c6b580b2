//! From a configuration to a network with weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eosin_core::config::{BackboneConfig, TensorChoice, TrainConfig, TrainMode, Weights};
use eosin_core::{Cut, Seed};
use eosin_models::{
    Backbone, BackboneSpec, IMAGENET_MEAN, IMAGENET_STD, Loaded, Naming, StoredNetwork,
    embedded_weights, fresh_weights, load_weights,
};
use eosin_weights::{
    ReadOptions, StoredAs, TensorDict, WeightFile, WeightsError, write_safetensors,
};

use crate::embed::frozen::WeightsOrigin;
use crate::error::TrainError;

/// A weight file that was asked for by a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWeights {
    /// The name.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Channel means (of 0..1 values) that the weights expect; `None`: the architecture's own.
    pub mean: Option<[f32; 3]>,
    /// Channel standard deviations that the weights expect.
    pub std: Option<[f32; 3]>,
}

/// A network, ready to be run or trained further.
#[derive(Clone, Debug)]
pub struct PreparedBackbone {
    /// What is known of the architecture. Its mean and standard deviation are those that the
    /// weights expect.
    pub spec: BackboneSpec,
    /// The network, its classifier fresh unless the weights had one of this size.
    pub network: StoredNetwork,
    /// BLAKE3 of the weight file, or of the fresh weights as a file.
    pub weights_hash: String,
    /// The same, with what of the file was asked for: what embeddings depend on.
    tensors_hash: String,
    /// Where the weights came from.
    pub weights_source: String,
    /// The file that they came in, where they came in one.
    pub weights_path: Option<PathBuf>,
    /// What was done to make the weights fit, in sentences.
    pub notes: Vec<String>,
}

impl PreparedBackbone {
    /// Builds the network that `config` asks for, with `classes` outputs, for patches of `size_px`.
    /// `named` is the file of `config.weights`, when that is a name.
    ///
    /// # Errors
    /// When the weights cannot be read or are another network's, or the patches have a size that
    /// the network does not take.
    pub fn new(
        config: &BackboneConfig,
        named: Option<&NamedWeights>,
        (classes, size_px): (usize, usize),
        seed: Seed,
    ) -> Result<Self, TrainError> {
        let spec = BackboneSpec::of(config.name);
        check_size(&spec, size_px)?;
        let network = Backbone::new(config.name, classes, size_px);
        let fresh = fresh_weights(&network, seed);
        let choice = config.tensor_choice();
        let open = |path: &Path| open_weights(path, &choice);
        let file = match (&config.weights, named) {
            (_, Some(named)) => open(&named.path)?,
            (Weights::Random | Weights::Embedded, None) if choice != TensorChoice::default() => {
                return Err(TrainError::NoChoice);
            }
            (Weights::Random, None) => return Self::with_fresh(spec, network, fresh),
            (Weights::Embedded, None) => {
                embedded_weights(config.name).ok_or(TrainError::NoWeights(config.name))?
            }
            (Weights::File(path), None) => open(path)?,
            (Weights::Named(name), None) => return Err(TrainError::Unresolved(name.clone())),
        };
        let prefix = choice.prefix.as_deref();
        let loaded = load_weights(network, &fresh, config.name, &file, prefix)?;
        let mut this = Self::with_loaded(spec, loaded, file, &choice);
        this.weights_path = match (&config.weights, named) {
            (_, Some(named)) => Some(named.path.clone()),
            (Weights::File(path), None) => Some(path.clone()),
            _ => None,
        };
        if let Some(named) = named {
            this.weights_source.clone_from(&named.name);
            this.spec.mean = named.mean.unwrap_or(this.spec.mean);
            this.spec.std = named.std.unwrap_or(this.spec.std);
        }
        Ok(this)
    }

    /// Refuses to run a network that was made for `size_px` at another size, where that is too small for
    /// it or its weights are those of one size.
    ///
    /// # Errors
    /// Then, and when it is no other size.
    pub fn refuse_other_size(&self, size_px: usize, other_px: usize) -> Result<(), TrainError> {
        check_size(&self.spec, other_px)?;
        let name = self.spec.name;
        if other_px == size_px {
            return Err(TrainError::SameSize { size_px });
        }
        let [one, other] = [size_px, other_px].map(|size_px| Backbone::new(name, 1, size_px));
        if one.parameters() == other.parameters() {
            return Ok(());
        }
        Err(TrainError::OneSize {
            backbone: name,
            other_px,
        })
    }

    /// Where the network is cut, so that what `config` asks for is trained.
    ///
    /// # Errors
    /// When more stages are to be trained than there are.
    pub fn cut(&self, config: &TrainConfig) -> Result<Cut, TrainError> {
        let stages = self.network.architecture().stages();
        let trained = match config.mode {
            TrainMode::Probe | TrainMode::Head => return Ok(Cut::Embedding),
            TrainMode::Full | TrainMode::HeadThenFull => return Ok(Cut::Pixels),
            TrainMode::LastBlock => 1,
            TrainMode::LastN => config.stages,
        };
        if trained < stages.len() {
            return Ok(Cut::before(stages.len() - trained));
        }
        Err(TrainError::TooManyStages {
            backbone: self.spec.name,
            asked: trained,
            stages: stages.join(", "),
        })
    }

    /// What a cut is called in recipes and records.
    pub fn cut_name(&self, cut: Cut) -> &'static str {
        cut.name(self.network.architecture().stages())
    }

    /// Whose weights these are.
    pub(crate) fn origin(&self) -> WeightsOrigin<'_> {
        WeightsOrigin {
            backbone: self.spec.name,
            weights_hash: &self.tensors_hash,
        }
    }

    fn with_fresh(
        spec: BackboneSpec,
        network: Backbone,
        fresh: TensorDict,
    ) -> Result<Self, TrainError> {
        let mut hasher = blake3::Hasher::new();
        write_safetensors(&mut hasher, &fresh, &BTreeMap::new(), StoredAs::F32)
            .map_err(TrainError::Hash)?;
        let weights_hash = hasher.finalize().to_hex().to_string();
        Ok(Self {
            spec,
            network: StoredNetwork::new(network, fresh)?,
            tensors_hash: weights_hash.clone(),
            weights_hash,
            weights_source: "random".to_owned(),
            weights_path: None,
            notes: Vec::new(),
        })
    }

    fn with_loaded(
        mut spec: BackboneSpec,
        loaded: Loaded,
        file: WeightFile<TensorDict>,
        choice: &TensorChoice,
    ) -> Self {
        if loaded.naming.is_torchvision() {
            (spec.mean, spec.std) = (IMAGENET_MEAN, IMAGENET_STD);
        }
        Self {
            spec,
            notes: notes(&file, &loaded),
            network: loaded.network,
            tensors_hash: tensors_hash(&file.hash, choice),
            weights_hash: file.hash,
            weights_source: file.name,
            weights_path: None,
        }
    }
}

/// Opens a weight file at the key that `choice` names.
///
/// # Errors
/// When it cannot be read, or has no such key.
pub(crate) fn open_weights(
    path: &Path,
    choice: &TensorChoice,
) -> Result<WeightFile<TensorDict>, WeightsError> {
    let key = choice.key.clone();
    WeightFile::open_with(path, &ReadOptions { key })
}

/// The hash of a weight file with what of it is asked for: another key or prefix gives other
/// embeddings.
pub(crate) fn tensors_hash(file_hash: &str, choice: &TensorChoice) -> String {
    if *choice == TensorChoice::default() {
        return file_hash.to_owned();
    }
    let parts = [
        Some(file_hash),
        choice.key.as_deref(),
        choice.prefix.as_deref(),
    ];
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&[u8::from(part.is_some())]);
        let part = part.unwrap_or_default();
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn check_size(spec: &BackboneSpec, size_px: usize) -> Result<(), TrainError> {
    if size_px < spec.min_size_px {
        return Err(TrainError::TooSmall {
            backbone: spec.name,
            min_px: spec.min_size_px,
            size_px,
        });
    }
    if !size_px.is_multiple_of(spec.size_step_px) {
        return Err(TrainError::SizeStep {
            backbone: spec.name,
            step_px: spec.size_step_px,
            size_px,
            nearest_px: (size_px + spec.size_step_px / 2) / spec.size_step_px * spec.size_step_px,
        });
    }
    Ok(())
}

/// What a reader of the run should know about how the weights came to fit.
fn notes(file: &WeightFile<TensorDict>, loaded: &Loaded) -> Vec<String> {
    let mut notes = Vec::new();
    if !file.taken_from.is_empty() {
        let others = if file.other_candidates.is_empty() {
            String::new()
        } else {
            format!(" (also there: {})", file.other_candidates.join(", "))
        };
        notes.push(format!(
            "tensors taken from '{}'{others}",
            file.taken_from.join("/")
        ));
    }
    if !loaded.prefix.is_empty() {
        notes.push(format!("'{}' taken off the tensors' names", loaded.prefix));
    }
    if let [first, rest @ ..] = loaded.left_out.as_slice() {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!("left out, not of the backbone: {first}{more}"));
    }
    if loaded.naming == Naming::Numbered {
        notes.push(
            "the tensors have numbers for names, as fastai and nn.Sequential give".to_owned(),
        );
    }
    if loaded.naming.is_torchvision() {
        notes.push(
            "torchvision's names; pixels are scaled with ImageNet's mean and standard deviation, \
             as torchvision does"
                .to_owned(),
        );
    }
    if let Some(classes) = loaded.replaced_classifier {
        notes.push(format!(
            "the classifier of {classes} classes is replaced by a fresh one"
        ));
    }
    if let Some(side) = loaded.resampled_from {
        notes.push(format!(
            "position embeddings resampled from {side}x{side} patches"
        ));
    }
    notes
}
