//! A finished run, written to its folder.

use std::collections::BTreeMap;

use eosin_store::{RunError, RunFolder, RunRecord, names};
use eosin_weights::{LazyTensor, StoredAs, write_safetensors};

use crate::embed::backbone::PreparedBackbone;
use crate::error::TrainError;
use crate::predict::predictions::predictions_to_csv;
use crate::run::ExperimentResult;

/// Name of the file that holds the best fold's whole network.
pub const MODEL: &str = names::MODEL;

/// Writes weights, predictions and metrics of a run, and `run.json` last: a folder that has it is
/// complete.
///
/// # Errors
/// When a file cannot be written.
pub fn save_run(
    folder: &RunFolder,
    record: &RunRecord,
    backbone: &PreparedBackbone,
    result: &ExperimentResult,
) -> Result<(), TrainError> {
    for (index, fold) in result.folds.iter().enumerate() {
        let name = names::fold_weights(fold.rows.repeat, fold.rows.fold);
        let notes = checkpoint_notes(record, result, index);
        write_tensors(folder, &name, &lend(&fold.weights), &notes)?;
    }
    let best = lend(&result.folds[result.best_fold].weights);
    let mut frozen = lend(backbone.network.weights());
    let mut whole = frozen.clone();
    whole.extend(best.clone());
    let notes = checkpoint_notes(record, result, result.best_fold);
    write_tensors(folder, MODEL, &whole, &notes)?;
    frozen.retain(|key, _| !best.contains_key(key));
    if !frozen.is_empty() {
        let notes = BTreeMap::from([("architecture".to_owned(), record.backbone.to_string())]);
        write_tensors(folder, names::BACKBONE, &frozen, &notes)?;
    }
    let predictions = predictions_to_csv(&result.predictions, &record.classes)
        .map_err(|error| TrainError::Csv(error.to_string()))?;
    folder.write(names::PREDICTIONS, predictions)?;
    folder.write_json(names::METRICS, &result.metrics)?;
    folder.write_json(names::RUN, record)?;
    Ok(())
}

/// Tensors that belong to somebody else.
type Lent<'a> = BTreeMap<String, &'a dyn LazyTensor>;

fn lend<T: LazyTensor>(tensors: &BTreeMap<String, T>) -> Lent<'_> {
    let tensors = tensors.iter();
    tensors
        .map(|(name, tensor)| (name.clone(), tensor as &dyn LazyTensor))
        .collect()
}

fn write_tensors(
    folder: &RunFolder,
    name: &str,
    tensors: &Lent<'_>,
    notes: &BTreeMap<String, String>,
) -> Result<(), RunError> {
    folder.write_with(name, |out| {
        write_safetensors(out, tensors, notes, StoredAs::F32)
    })
}

/// What a weight file says of itself.
fn checkpoint_notes(
    record: &RunRecord,
    result: &ExperimentResult,
    index: usize,
) -> BTreeMap<String, String> {
    let fold = &result.folds[index];
    let scale = &result.normalisations[index % result.normalisations.len()];
    let channels = |values: [f32; 3]| values.map(|v| v.to_string()).join(",");
    let note = |key: &str, value: String| (key.to_owned(), value);
    BTreeMap::from([
        note("format", "pt".to_owned()),
        note("architecture", record.backbone.to_string()),
        note("classes", record.classes.join(",")),
        note("mean", channels(scale.mean)),
        note("std", channels(scale.std)),
        note("size_px", record.size_px.to_string()),
        note("backbone_weights_blake3", record.weights_hash.clone()),
        note("eosin_version", record.eosin_version.clone()),
        note("fold", fold.rows.name()),
        note("epoch", fold.best_epoch.to_string()),
    ])
}
