//! From a configuration to a network with weights.

use std::path::Path;

use eosin_core::config::BackboneConfig;
use eosin_core::{BackboneName, Seed};
use eosin_models::{
    Backbone, BackboneSpec, WeightFile, cpu, embedded_weights, init_state, state_dict,
    to_safetensors,
};

use crate::error::TrainError;

/// A network, ready to be run or trained further.
#[derive(Clone, Debug)]
pub struct PreparedBackbone {
    /// What is known of the architecture.
    pub spec: BackboneSpec,
    /// The network, its classifier fresh unless the weights had one of this size.
    pub network: Backbone,
    /// BLAKE3 of the weight file, or of the fresh weights as a file.
    pub weights_hash: String,
    /// Where the weights came from.
    pub weights_source: String,
}

impl PreparedBackbone {
    /// Builds the network that `config` asks for, with `classes` outputs, for patches of `size_px`.
    ///
    /// # Errors
    /// When the weights cannot be read or are another network's, or the patches are too small.
    pub fn new(
        config: &BackboneConfig,
        classes: usize,
        size_px: usize,
        seed: Seed,
    ) -> Result<Self, TrainError> {
        let spec = BackboneSpec::of(config.name);
        if size_px < spec.min_size_px {
            return Err(TrainError::TooSmall {
                backbone: config.name,
                min_px: spec.min_size_px,
                size_px,
            });
        }
        let fresh = Backbone::new(config.name, classes, size_px, &cpu(true));
        let fresh = init_state(fresh, seed);
        let file = match config.weights.as_str() {
            "random" => None,
            "" => Some(embedded_weights(config.name).ok_or(TrainError::NoWeights(config.name))?),
            path => Some(WeightFile::read(Path::new(path))?),
        };
        Self::with_weights(spec, fresh, file, config.name)
    }

    fn with_weights(
        spec: BackboneSpec,
        fresh: Backbone,
        file: Option<WeightFile>,
        name: BackboneName,
    ) -> Result<Self, TrainError> {
        let Some(file) = file else {
            let bytes = to_safetensors(
                &state_dict(&fresh),
                &std::collections::BTreeMap::new(),
                eosin_models::StoredAs::F32,
            );
            let weights_hash = blake3::hash(&bytes).to_hex().to_string();
            let weights_source = "random".to_owned();
            return Ok(Self {
                spec,
                network: fresh,
                weights_hash,
                weights_source,
            });
        };
        let network = file.load_into(fresh, name)?;
        Ok(Self {
            spec,
            network,
            weights_hash: file.hash,
            weights_source: file.name,
        })
    }
}
