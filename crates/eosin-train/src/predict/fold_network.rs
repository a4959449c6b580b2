//! One fold's whole network, from a run folder alone.

use std::collections::BTreeMap;

use eosin_data::Normalisation;
use eosin_models::{Backbone, StoredNetwork};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_weights::{ReadOptions, TensorDict, WeightFile};

use crate::error::TrainError;

/// The network of one fold, with what it needs to be run.
#[derive(Clone, Debug)]
pub struct FoldNetwork {
    /// The network.
    pub network: StoredNetwork,
    /// Its scaling of pixel values.
    pub scale: Normalisation,
    /// What its weight file says of itself.
    pub notes: BTreeMap<String, String>,
}

impl FoldNetwork {
    /// Loads fold `fold` of cross-validation `repeat` of the run in `folder`.
    ///
    /// # Errors
    /// When a file is missing or damaged, or the run has no such fold.
    pub fn load(
        folder: &RunFolder,
        record: &RunRecord,
        (repeat, fold): (usize, usize),
    ) -> Result<Self, TrainError> {
        let frozen = frozen_tensors(folder)?;
        Self::of(folder, record, frozen.as_ref(), (repeat, fold))
    }

    /// As [`load`](Self::load), with the tensors that all folds share read before.
    pub(crate) fn of(
        folder: &RunFolder,
        record: &RunRecord,
        frozen: Option<&TensorDict>,
        (repeat, fold): (usize, usize),
    ) -> Result<Self, TrainError> {
        if repeat >= record.repeats || fold >= record.folds {
            return Err(TrainError::NoFold {
                fold,
                folds: record.folds,
            });
        }
        let file = read_weights(folder, &names::fold_weights(repeat, fold))?;
        let mut tensors = frozen.cloned().unwrap_or_default();
        tensors.extend(file.tensors);
        let classes = record.classes.len();
        let fresh = Backbone::new(record.backbone, classes, record.size_px);
        let index = repeat * record.folds + fold;
        let scale = record.fold_normalisation.get(index);
        let scale = scale.unwrap_or(&record.normalisation);
        Ok(Self {
            network: StoredNetwork::new(fresh, tensors)?,
            scale: Normalisation {
                mean: scale.mean,
                std: scale.std,
            },
            notes: file.metadata,
        })
    }
}

/// The tensors that all folds of a run share; `None` when each has its own.
pub(crate) fn frozen_tensors(folder: &RunFolder) -> Result<Option<TensorDict>, TrainError> {
    if !folder.has(names::BACKBONE) {
        return Ok(None);
    }
    Ok(Some(read_weights(folder, names::BACKBONE)?.tensors))
}

fn read_weights(folder: &RunFolder, name: &str) -> Result<WeightFile<TensorDict>, TrainError> {
    let path = folder.existing(name)?;
    let options = ReadOptions {
        strip_prefixes: false,
        ..ReadOptions::default()
    };
    Ok(WeightFile::open_with(&path, &options)?)
}
