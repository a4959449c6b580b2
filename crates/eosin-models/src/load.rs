//! Weights from a file into a network.

use std::sync::Arc;

use eosin_core::{BackboneName, Seed};
use eosin_weights::{LazyTensor, StateMismatch, StateTensor, TensorDict, WeightFile, WeightsError};

use crate::adapted::adapted;
use crate::backbone::Backbone;
use crate::find::{Found, Place, Search};
use crate::fresh::fresh_weights;
use crate::naming::Naming;
use crate::position_embedding::resample_positions;
use crate::registry::BackboneSpec;
use crate::state::{Shapes, check_state};
use crate::stored_network::StoredNetwork;

/// Why a file's tensors cannot be a network's weights.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// They belong to another network.
    #[error(
        "{name} does not hold the weights of {backbone}{}: {mismatch}{}{}",
        behind(prefix), not_read(unread), hint(*.fits)
    )]
    Foreign {
        /// File or resource.
        name: String,
        /// The network asked for.
        backbone: BackboneName,
        /// What stands before the names that were compared; mostly empty.
        prefix: String,
        /// The tensors that do not fit.
        mismatch: Box<StateMismatch>,
        /// Those that are missing because the file has them as integers or as no tensors.
        unread: Vec<String>,
        /// The network that they do fit.
        fits: Option<BackboneName>,
    },
    /// The network is in the file more than once.
    #[error(
        "{name} holds the weights of {backbone} more than once, behind the prefixes {}; choose one \
         with '--weights-prefix {}'",
        quoted(prefixes),
        prefixes.first().map_or("", String::as_str)
    )]
    Several {
        /// File or resource.
        name: String,
        /// The network asked for.
        backbone: BackboneName,
        /// What stands before its names.
        prefixes: Vec<String>,
    },
    /// They cannot be read.
    #[error(transparent)]
    Read(#[from] WeightsError),
}

fn quoted(prefixes: &[String]) -> String {
    let quoted: Vec<String> = prefixes.iter().map(|one| format!("'{one}'")).collect();
    quoted.join(", ")
}

fn behind(prefix: &str) -> String {
    match prefix {
        "" => String::new(),
        prefix => format!(" behind the prefix '{prefix}'"),
    }
}

fn not_read(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [first, ..] => format!("; '{first}' is in the file, but not as floating-point numbers"),
    }
}

fn hint(fits: Option<BackboneName>) -> String {
    fits.map_or_else(String::new, |name| {
        format!("; they are those of {name}: use '--backbone {name}'")
    })
}

/// A network with weights from a file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The network.
    pub network: StoredNetwork,
    /// Whose names the file's tensors had.
    pub naming: Naming,
    /// What was taken off the front of their names, such as `module.`; mostly empty.
    pub prefix: String,
    /// Tensors of the file that are none of the network's, by their own names.
    pub left_out: Vec<String>,
    /// Trained classes whose classifier was left out, because the network has another number.
    pub replaced_classifier: Option<usize>,
    /// Patches along a side that the file's position embeddings were made for, when they had to be
    /// resampled.
    pub resampled_from: Option<usize>,
}

/// `network`, which is a `name`, with the weights of `file`: those behind `prefix`, or else behind
/// the one prefix, mostly none, that makes all of the network's tensors there. A classifier that is
/// absent, or made for another number of classes, is taken from `fresh`; position embeddings are
/// resampled to the network's number of patches; every other tensor must be there and fit.
///
/// # Errors
/// When the tensors are those of another network (all that do not fit are listed), or the network
/// is there more than once.
pub fn load_weights(
    network: Backbone,
    fresh: &TensorDict,
    name: BackboneName,
    file: &WeightFile<TensorDict>,
    prefix: Option<&str>,
) -> Result<Loaded, LoadError> {
    let shapes = shapes_of(fresh);
    let search = Search {
        network: name,
        own: &shapes,
        tensors: &file.tensors,
        prefix,
    };
    let found = search.find().map_err(|several| LoadError::Several {
        name: file.name.clone(),
        backbone: name,
        prefixes: several.prefixes,
    })?;
    let given = Given::new(name, fresh, found)?;
    let network = StoredNetwork::new(network, given.tensors).map_err(|mismatch| {
        let is_unread = |key: &&String| {
            let theirs = given.place.naming.name(name, key);
            let theirs = theirs.map(|theirs| format!("{}{theirs}", given.place.prefix));
            theirs.is_some_and(|theirs| file.left_out.contains(&theirs))
        };
        LoadError::Foreign {
            name: file.name.clone(),
            backbone: name,
            prefix: given.place.prefix.clone(),
            unread: mismatch.missing.iter().filter(is_unread).cloned().collect(),
            mismatch: Box::new(mismatch),
            fits: network_of(&file.tensors),
        }
    })?;
    Ok(Loaded {
        network,
        naming: given.place.naming,
        prefix: given.place.prefix,
        left_out: given.left_out,
        replaced_classifier: given.replaced_classifier,
        resampled_from: given.resampled_from,
    })
}

fn shapes_of(tensors: &TensorDict) -> Shapes {
    let shapes = tensors.iter();
    shapes
        .map(|(key, tensor)| (key.clone(), tensor.shape().to_vec()))
        .collect()
}

/// A file's tensors, made to fit.
struct Given {
    place: Place,
    tensors: TensorDict,
    left_out: Vec<String>,
    replaced_classifier: Option<usize>,
    resampled_from: Option<usize>,
}

impl Given {
    /// What was found, made to fit a network that has the tensors `own`.
    fn new(name: BackboneName, own: &TensorDict, found: Found) -> Result<Self, WeightsError> {
        let mut given = Self {
            place: found.place,
            tensors: found.tensors,
            left_out: found.left_out,
            replaced_classifier: None,
            resampled_from: None,
        };
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
        let own = fresh_weights(&network, Seed(0));
        let search = Search {
            network: *name,
            own: &shapes_of(&own),
            tensors,
            prefix: None,
        };
        let given = search.find().ok();
        let given = given.and_then(|found| Given::new(*name, &own, found).ok());
        given.is_some_and(|given| check_state(&network, &given.tensors).is_ok())
    })
}
