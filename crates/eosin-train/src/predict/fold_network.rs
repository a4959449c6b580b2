//! One fold's whole network, from a run folder and the weights that it started from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eosin_core::config::{HeadKind, Weights};
use eosin_core::{Cut, FoldId, Preprocess, Seed};
use eosin_models::{
    Backbone, StoredNetwork, embedded_bytes, embedded_weights, fresh_weights, load_weights,
};
use eosin_store::{FoldFile, RunFolder, RunRecord, WeightStore, names};
use eosin_weights::{
    LazyTensor as _, StateDict, StateTensor, TensorDict, WeightFile, WeightsError, to_lazy,
};

use crate::embed::backbone::open_weights;
use crate::error::TrainError;
use crate::model::classifier::Classifier;
use crate::predict::predictions::mean_of;

/// The network of one fold, with what it needs to be run.
#[derive(Clone, Debug)]
pub struct FoldNetwork {
    /// The network.
    pub network: StoredNetwork,
    /// What stands on its embeddings where that is no layer: its last layer means nothing then.
    pub neighbours: Option<Classifier>,
    /// What happens to a patch before it.
    pub preprocess: Preprocess,
    /// What its weight file says of itself.
    pub notes: BTreeMap<String, String>,
}

impl FoldNetwork {
    /// Loads a fold of the run in `folder`, whose frozen weights may lie in `store`.
    ///
    /// # Errors
    /// When a file is missing or damaged, the run has no such fold, or the weights that it started
    /// from are gone.
    pub fn load(
        folder: &RunFolder,
        record: &RunRecord,
        store: &WeightStore,
        fold: FoldId,
    ) -> Result<Self, TrainError> {
        let frozen = frozen_tensors(folder, record, store)?;
        Self::of(folder, record, &frozen, fold)
    }

    /// Loads the one network whose logits are the mean of those of all folds.
    ///
    /// # Errors
    /// As [`load`](Self::load); and when folds have more than a last layer of their own, so that
    /// there is no such network.
    pub fn load_mean(
        folder: &RunFolder,
        record: &RunRecord,
        store: &WeightStore,
    ) -> Result<Self, TrainError> {
        if !has_mean(record) {
            return Err(TrainError::NoMeanNetwork);
        }
        let frozen = frozen_tensors(folder, record, store)?;
        let folds = record
            .fold_ids()
            .map(|fold| Self::of(folder, record, &frozen, fold));
        let folds = folds.collect::<Result<Vec<_>, TrainError>>()?;
        let mut mean = folds[0].clone();
        let mut tensors = mean.network.weights().clone();
        for leaf in ["weight", "bias"] {
            let name = format!("{}{leaf}", record.classifier);
            let shape = tensors[&name].shape().to_vec();
            let values = folds
                .iter()
                .map(|fold| fold.network.weights()[&name].read_all());
            let values = values.map(|values| Ok(values?.into_owned()));
            let values = mean_of(&values.collect::<Result<Vec<_>, WeightsError>>()?);
            let own = StateDict::from([(name, StateTensor { shape, values })]);
            tensors.extend(to_lazy(own));
        }
        mean.network = StoredNetwork::new(fresh_network(record), tensors)?;
        mean.notes.insert("fold".to_owned(), "mean".to_owned());
        Ok(mean)
    }

    /// As [`load`](Self::load), with the tensors that all folds share read before.
    pub(crate) fn of(
        folder: &RunFolder,
        record: &RunRecord,
        frozen: &TensorDict,
        fold: FoldId,
    ) -> Result<Self, TrainError> {
        let Some(preprocess) = record.preprocess_of(fold) else {
            return Err(TrainError::NoFold {
                fold: record.fold_name(fold),
                first: record.fold_name(FoldId::default()),
                last: record.fold_name(FoldId::new(record.repeats - 1, record.folds - 1)),
            });
        };
        let file = read_weights(folder, &FoldFile::Weights.of(fold))?;
        let own = file.tensors;
        let mut tensors = frozen.clone();
        let neighbours = if record.head == HeadKind::Knn {
            Some(Classifier::neighbours(&own, &record.classifier)?)
        } else {
            tensors.extend(own);
            None
        };
        Ok(Self {
            network: StoredNetwork::new(fresh_network(record), tensors)?,
            neighbours,
            preprocess: preprocess.clone(),
            notes: file.metadata,
        })
    }
}

/// Whether the mean of all folds' logits is one network's: only last layers differ, on one embedding.
pub fn has_mean(record: &RunRecord) -> bool {
    let network = fresh_network(record);
    let cut = Cut::parse(&record.cut, network.stages());
    cut == Some(Cut::Embedding) && record.preprocess.len() == 1 && record.head.is_linear()
}

fn fresh_network(record: &RunRecord) -> Backbone {
    let network = Backbone::new(record.backbone, record.classes.len(), record.size_px());
    match record.hidden {
        0 => network,
        hidden => network.with_hidden(hidden),
    }
}

/// Where the run's network was cut.
///
/// # Errors
/// When the record names a stage that the network has not.
pub(crate) fn cut_of(record: &RunRecord, stages: &[&str]) -> Result<Cut, TrainError> {
    Cut::parse(&record.cut, stages).ok_or_else(|| TrainError::NoStage {
        cut: record.cut.clone(),
        stages: stages.join(", "),
    })
}

/// The tensors that all folds of a run share: those that it started from. None where folds have
/// trained all of them.
pub(crate) fn frozen_tensors(
    folder: &RunFolder,
    record: &RunRecord,
    store: &WeightStore,
) -> Result<TensorDict, TrainError> {
    let network = fresh_network(record);
    if cut_of(record, network.stages())? == Cut::Pixels {
        return Ok(TensorDict::new());
    }
    let fresh = fresh_weights(&network, Seed(record.seed));
    if record.weights == Weights::Random {
        return Ok(fresh);
    }
    let StartingFile { file, .. } = starting_file(folder, record, store)?;
    let prefix = record.tensors.prefix.as_deref();
    let loaded = load_weights(network, &fresh, record.backbone, &file, prefix)?;
    Ok(loaded.network.weights().clone())
}

/// The weight file that a run started from.
pub struct StartingFile {
    /// The file.
    pub file: WeightFile<TensorDict>,
    /// Where it is.
    pub place: WeightsPlace,
}

/// Where a weight file is.
#[derive(Clone, Debug)]
pub enum WeightsPlace {
    /// In the program.
    Program(&'static [u8]),
    /// On disk.
    Disk(PathBuf),
}

/// The weight file that a run started from, found by its hash: in the run's own folder, in the
/// program, in the store, or where it was.
///
/// # Errors
/// When it is nowhere, in words that say how to bring it back; or cannot be read.
pub fn starting_file(
    folder: &RunFolder,
    record: &RunRecord,
    store: &WeightStore,
) -> Result<StartingFile, TrainError> {
    let is_it = |file: &WeightFile<TensorDict>| file.hash == record.weights_hash;
    if record.weights == Weights::Embedded
        && let Some(file) = embedded_weights(record.backbone).filter(is_it)
        && let Some(bytes) = embedded_bytes(record.backbone)
    {
        let place = WeightsPlace::Program(bytes);
        return Ok(StartingFile { file, place });
    }
    for path in places(folder, record, store) {
        if path.is_file() {
            let file = open_weights(&path, &record.tensors)?;
            if is_it(&file) {
                let place = WeightsPlace::Disk(path);
                return Ok(StartingFile { file, place });
            }
        }
    }
    Err(TrainError::WeightsGone {
        weights: match &record.weights {
            Weights::Embedded => format!("embedded in eosin {}", record.eosin_version),
            weights => weights.to_string(),
        },
        hash: record.weights_hash.clone(),
        own: folder.path(names::WEIGHTS),
        store: store.path(&record.weights_hash),
    })
}

/// Where a run's weights may lie, the nearest first.
fn places(folder: &RunFolder, record: &RunRecord, store: &WeightStore) -> Vec<PathBuf> {
    let mut places = vec![
        folder.path(names::WEIGHTS),
        store.path(&record.weights_hash),
    ];
    if let Weights::File(path) = &record.weights {
        places.push(path.clone());
    }
    places
}

fn read_weights(folder: &RunFolder, name: &str) -> Result<WeightFile<TensorDict>, TrainError> {
    let path = folder.existing(name)?;
    Ok(WeightFile::open(&path)?)
}
