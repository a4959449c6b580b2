//! One fold's whole network, from a run folder and the weights that it started from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eosin_core::config::{HeadKind, Weights};
use eosin_core::{Cut, FoldId, Preprocess, Seed};
use eosin_models::{
    Backbone, StoredNetwork, embedded_bytes, embedded_weights, fresh_weights, load_weights,
};
use eosin_store::{FoldFile, NetworkRecord, RunFolder, RunRecord, StartRecord, WeightStore, names};
use eosin_weights::{
    LazyTensor as _, StateDict, StateTensor, TensorDict, WeightFile, WeightsError, to_lazy,
};

use crate::embed::backbone::open_weights;
use crate::embed::starting_point::no_network_of_members;
use crate::error::TrainError;
use crate::model::classifier::Classifier;
use crate::predict::fold_files::hold_to_checksum;
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
        network_of(record)?;
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
            let name = format!("{}{leaf}", network_of(record)?.classifier);
            let shape = tensors[&name].shape().to_vec();
            let values = folds
                .iter()
                .map(|fold| fold.network.weights()[&name].read_all());
            let values = values.map(|values| Ok(values?.into_owned()));
            let values = mean_of(&values.collect::<Result<Vec<_>, WeightsError>>()?);
            let own = StateDict::from([(name, StateTensor { shape, values })]);
            tensors.extend(to_lazy(own));
        }
        mean.network = StoredNetwork::new(fresh_network(record)?, tensors)?;
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
            return Err(no_fold(record, fold));
        };
        let file = read_weights(folder, fold)?;
        let own = file.tensors;
        let mut tensors = frozen.clone();
        let neighbours = if record.head == HeadKind::Knn {
            Some(Classifier::neighbours(
                &own,
                &network_of(record)?.classifier,
            )?)
        } else {
            tensors.extend(own);
            None
        };
        Ok(Self {
            network: StoredNetwork::new(fresh_network(record)?, tensors)?,
            neighbours,
            preprocess: preprocess.clone(),
            notes: file.metadata,
        })
    }
}

/// What is said of a fold that the run has not.
pub(crate) fn no_fold(record: &RunRecord, fold: FoldId) -> TrainError {
    TrainError::NoFold {
        fold: record.fold_name(fold),
        first: record.fold_name(FoldId::default()),
        last: record.fold_name(FoldId::new(record.repeats - 1, record.folds - 1)),
    }
}

/// Whether the mean of all folds' logits is one network's: only last layers differ, on one embedding.
pub fn has_mean(record: &RunRecord) -> bool {
    let Ok(network) = fresh_network(record) else {
        return false;
    };
    let cut = Cut::parse(&record.cut, network.stages());
    cut == Some(Cut::Embedding) && record.preprocess.len() == 1 && record.head.is_linear()
}

fn fresh_network(record: &RunRecord) -> Result<Backbone, TrainError> {
    let (network, classes) = (network_of(record)?, record.classes.len());
    let network = Backbone::new(network.backbone, classes, record.size_px());
    Ok(match record.hidden {
        0 => network,
        hidden => network.with_hidden(hidden),
    })
}

/// The network that a run started from.
///
/// # Errors
/// When it started from embeddings.
pub(crate) fn network_of(record: &RunRecord) -> Result<&NetworkRecord, TrainError> {
    match &record.start {
        StartRecord::Network(network) => Ok(network),
        StartRecord::Embeddings { embeddings } => {
            Err(TrainError::NoNetwork(embeddings.file.clone()))
        }
        StartRecord::Ensemble { .. } => Err(no_network_of_members()),
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
    let (network, of_run) = (fresh_network(record)?, network_of(record)?);
    if cut_of(record, network.stages())? == Cut::Pixels {
        return Ok(TensorDict::new());
    }
    let fresh = fresh_weights(&network, Seed(record.seed));
    if of_run.weights == Weights::Random {
        return Ok(fresh);
    }
    let StartingFile { file, .. } = starting_file(folder, record, store)?;
    let prefix = of_run.tensors.prefix.as_deref();
    let loaded = load_weights(network, &fresh, of_run.backbone, &file, prefix)?;
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
    let network = network_of(record)?;
    let is_it = |file: &WeightFile<TensorDict>| file.hash == network.weights_hash;
    if network.weights == Weights::Embedded
        && let Some(file) = embedded_weights(network.backbone).filter(is_it)
        && let Some(bytes) = embedded_bytes(network.backbone)
    {
        let place = WeightsPlace::Program(bytes);
        return Ok(StartingFile { file, place });
    }
    for path in places(folder, network, store) {
        if path.is_file() {
            let file = open_weights(&path, &network.tensors)?;
            if is_it(&file) {
                let place = WeightsPlace::Disk(path);
                return Ok(StartingFile { file, place });
            }
        }
    }
    Err(TrainError::WeightsGone {
        weights: match &network.weights {
            Weights::Embedded => format!("embedded in eosin {}", record.eosin_version),
            weights => weights.to_string(),
        },
        hash: network.weights_hash.clone(),
        own: folder.path(names::WEIGHTS),
        store: store.path(&network.weights_hash),
    })
}

/// Where a run's weights may lie, the nearest first.
fn places(folder: &RunFolder, network: &NetworkRecord, store: &WeightStore) -> Vec<PathBuf> {
    let mut places = vec![
        folder.path(names::WEIGHTS),
        store.path(&network.weights_hash),
    ];
    if let Weights::File(path) = &network.weights {
        places.push(path.clone());
    }
    places
}

/// The weights that a fold has trained, as it wrote them.
///
/// # Errors
/// When a file is missing, or the weights are not those that the fold wrote.
pub(crate) fn read_weights(
    folder: &RunFolder,
    fold: FoldId,
) -> Result<WeightFile<TensorDict>, TrainError> {
    let path = folder.existing(&FoldFile::Weights.of(fold))?;
    let opened = WeightFile::open(&path);
    let found = match &opened {
        Ok(file) => file.hash.clone(),
        // What cannot be read at all is another file first of all, whatever else is wrong with it.
        Err(_) => blake3::hash(&folder.read(&FoldFile::Weights.of(fold))?)
            .to_hex()
            .to_string(),
    };
    hold_to_checksum(folder, fold, FoldFile::Weights, &found)?;
    Ok(opened?)
}
