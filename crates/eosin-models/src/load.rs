//! Weights from a file into a network.

use std::sync::Arc;

use eosin_core::{BackboneName, Seed};
use eosin_weights::{LazyTensor, StateMismatch, StateTensor, TensorDict, WeightFile, WeightsError};

use crate::adapted::adapted;
use crate::backbone::Backbone;
use crate::fresh::fresh_weights;
use crate::position_embedding::resample_positions;
use crate::registry::BackboneSpec;
use crate::state::check_state;
use crate::stored_network::StoredNetwork;
use crate::torchvision::from_torchvision;

/// Why a file's tensors cannot be a network's weights.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// They belong to another network.
    #[error("{name} does not hold the weights of {backbone}: {mismatch}{}", hint(*.fits))]
    Foreign {
        /// File or resource.
        name: String,
        /// The network asked for.
        backbone: BackboneName,
        /// The tensors that do not fit.
        mismatch: StateMismatch,
        /// The network that they do fit.
        fits: Option<BackboneName>,
    },
    /// They cannot be read.
    #[error(transparent)]
    Read(#[from] WeightsError),
}

fn hint(fits: Option<BackboneName>) -> String {
    fits.map_or_else(String::new, |name| {
        format!("; they are those of {name}: use '--backbone {name}'")
    })
}

/// Whose names a file's tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// timm's, which are also this program's.
    Timm,
    /// torchvision's.
    Torchvision,
}

/// A network with weights from a file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The network.
    pub network: StoredNetwork,
    /// Whose names the file's tensors had.
    pub naming: Naming,
    /// Trained classes whose classifier was left out, because the network has another number.
    pub replaced_classifier: Option<usize>,
    /// Patches along a side that the file's position embeddings were made for, when they had to be
    /// resampled.
    pub resampled_from: Option<usize>,
}

/// `network`, which is a `name`, with the weights of `file`. A classifier that is absent there, or
/// made for another number of classes, is taken from `fresh`; position embeddings are resampled to
/// the network's number of patches; every other tensor must be there and fit.
///
/// # Errors
/// When the tensors are those of another network; all that do not fit are listed.
pub fn load_weights(
    network: Backbone,
    fresh: &TensorDict,
    name: BackboneName,
    file: &WeightFile<TensorDict>,
) -> Result<Loaded, LoadError> {
    let given = Given::new(name, fresh, &file.tensors)?;
    let network =
        StoredNetwork::new(network, given.tensors).map_err(|mismatch| LoadError::Foreign {
            name: file.name.clone(),
            backbone: name,
            mismatch,
            fits: network_of(&file.tensors),
        })?;
    Ok(Loaded {
        network,
        naming: given.naming,
        replaced_classifier: given.replaced_classifier,
        resampled_from: given.resampled_from,
    })
}

/// A file's tensors, made to fit.
struct Given {
    tensors: TensorDict,
    naming: Naming,
    replaced_classifier: Option<usize>,
    resampled_from: Option<usize>,
}

impl Given {
    /// `tensors` made to fit a network that has the tensors `own`.
    fn new(
        name: BackboneName,
        own: &TensorDict,
        tensors: &TensorDict,
    ) -> Result<Self, WeightsError> {
        let shapes = own.iter();
        let shapes = shapes.map(|(key, own)| (key.clone(), own.shape().to_vec()));
        let renamed = from_torchvision(name, &shapes.collect(), tensors);
        let naming = match renamed {
            Some(_) => Naming::Torchvision,
            None => Naming::Timm,
        };
        let mut given = Self {
            tensors: renamed.unwrap_or_else(|| tensors.clone()),
            naming,
            replaced_classifier: None,
            resampled_from: None,
        };
        // DINOv2's own files hold what only its training masks patches with.
        given.tensors.remove("mask_token");
        given.fit_classifier(BackboneSpec::of(name).classifier, own);
        given.fit_positions(own)?;
        Ok(given)
    }

    /// Keeps a classifier of the network's size, and else the network's own.
    fn fit_classifier(&mut self, classifier: &str, own: &TensorDict) {
        let own = own.iter().filter(|(key, _)| key.starts_with(classifier));
        let own: Vec<(&String, &Arc<dyn LazyTensor>)> = own.collect();
        for (key, own) in &own {
            // torchvision's SqueezeNet classifies by a 1x1 convolution.
            if let Some(tensor) = self.tensors.get_mut(*key) {
                let mut shape = tensor.shape();
                while shape.len() > own.shape().len() && shape.last() == Some(&1) {
                    shape = &shape[..shape.len() - 1];
                }
                if shape != tensor.shape() {
                    *tensor = adapted(tensor, shape, 0.0);
                }
            }
        }
        let fits = |(key, own): &(&String, &Arc<dyn LazyTensor>)| {
            let given = self.tensors.get(*key);
            given.is_some_and(|given| given.shape() == own.shape())
        };
        if own.iter().all(fits) {
            return;
        }
        let weight = self.tensors.get(&format!("{classifier}weight"));
        self.replaced_classifier = weight.and_then(|weight| weight.shape().first().copied());
        self.tensors.retain(|key, _| !key.starts_with(classifier));
        for (key, tensor) in own {
            self.tensors.insert(key.clone(), Arc::clone(tensor));
        }
    }

    fn fit_positions(&mut self, own: &TensorDict) -> Result<(), WeightsError> {
        let key = "pos_embed";
        let (Some(own), Some(given)) = (own.get(key), self.tensors.get(key)) else {
            return Ok(());
        };
        if own.shape() == given.shape() || own.shape().last() != given.shape().last() {
            return Ok(());
        }
        let given = StateTensor {
            shape: given.shape().to_vec(),
            values: given.read_all()?.into_owned(),
        };
        if let Some(resampled) = resample_positions(&given, own.shape()[1]) {
            self.resampled_from = Some((given.shape[1] - 1).isqrt());
            self.tensors.insert(key.to_owned(), Arc::new(resampled));
        }
        Ok(())
    }
}

/// More values than the classifier of any published network here has.
const MOST_CLASSIFIER_VALUES: usize = 6_000_000;

/// The network whose tensors these are, whatever the number of classes.
pub fn network_of(tensors: &TensorDict) -> Option<BackboneName> {
    let values: usize = tensors.values().map(LazyTensor::values).sum();
    BackboneName::ALL.iter().copied().find(|name| {
        let spec = BackboneSpec::of(*name);
        // Only networks of about this size are worth building: classifiers have up to so many.
        let most = spec.parameters + spec.parameters / 10 + MOST_CLASSIFIER_VALUES;
        if values < spec.parameters / 10 * 9 || values > most {
            return false;
        }
        let network = Backbone::new(*name, 2, spec.min_size_px);
        let given = Given::new(*name, &fresh_weights(&network, Seed(0)), tensors);
        given.is_ok_and(|given| check_state(&network, &given.tensors).is_ok())
    })
}
