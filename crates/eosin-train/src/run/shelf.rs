//! Finished folds on disk: written as each fold ends, never computed again.

use std::collections::BTreeMap;
use std::io::Write;

use eosin_core::{FoldId, Preprocess};
use eosin_ensemble::Combiner;
use eosin_metrics::MetricSet;
use eosin_store::{FoldFile, RunError, RunFolder, names};
use eosin_weights::{StateDict, StoredAs, WeightFile, write_safetensors};
use serde::{Deserialize, Serialize};

use super::Run;
use super::rows::Rows;
use crate::embed::backbone::PreparedBackbone;
use crate::embed::starting_point::StartingPoint;
use crate::error::TrainError;
use crate::predict::fold_predictions::{FoldPredictions, Judged};
use crate::train::probe::ProbeRecord;
use crate::train::rows::FoldRows;
use crate::train::tracker::{EpochRecord, FoldOutcome};

/// The contents of `outcome.json`: what a fold's training came to, and the checksums of the other
/// files of the fold. It is written last; a fold whose checksums hold is finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldRecord {
    /// Version of this format.
    pub format: u32,
    /// Which fold.
    #[serde(flatten)]
    pub fold: FoldId,
    /// Version of eosin that trained it.
    pub eosin_version: String,
    /// Hash of all that it was trained from: configuration, folds, patches' contents, weights.
    pub made_from: String,
    /// The epoch that its weights are of, from 0.
    pub kept_epoch: usize,
    /// Every epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// How its weights were solved for, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeRecord>,
    /// How the answers of an ensemble's members become one, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combiner: Option<Combiner>,
    /// The members of a soup whose mean its weights are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soup: Vec<String>,
    /// Metrics on the validation part.
    pub metrics: MetricSet,
    /// BLAKE3 of the weights, hex.
    pub weights_blake3: String,
    /// BLAKE3 of the predictions, hex.
    pub predictions_blake3: String,
}

impl FoldRecord {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 2;
}

/// The finished folds of a run.
pub(super) struct Shelf<'a> {
    run: &'a Run<'a>,
    rows: &'a Rows,
    preprocess: &'a [Preprocess],
    made_from: String,
    finished: BTreeMap<FoldId, FoldOutcome<StateDict>>,
}

impl<'a> Shelf<'a> {
    /// Reads the folds that are finished; one whose checksums do not hold counts as none.
    pub(super) fn new(
        run: &'a Run<'a>,
        rows: &'a Rows,
        preprocess: &'a [Preprocess],
    ) -> Result<Self, TrainError> {
        let mut shelf = Self {
            run,
            rows,
            preprocess,
            made_from: made_from(run)?,
            finished: BTreeMap::new(),
        };
        if let Some(folder) = run.folder {
            for fold in folder.finished_folds()? {
                if let Some(outcome) = shelf.read(folder, fold)? {
                    shelf.finished.insert(fold, outcome);
                }
            }
        }
        Ok(shelf)
    }

    /// The fold, if it is finished.
    pub(super) fn get(&self, fold: &FoldRows) -> Option<&FoldOutcome<StateDict>> {
        self.finished.get(&fold.id)
    }

    /// All folds in order, if all are finished.
    pub(super) fn all(&self) -> Option<Vec<FoldOutcome<StateDict>>> {
        let folds = self.rows.folds.iter();
        folds.map(|fold| self.get(fold).cloned()).collect()
    }

    /// Writes a fold that has ended.
    pub(super) fn put(&self, outcome: &FoldOutcome<StateDict>) -> Result<(), TrainError> {
        let Some(folder) = self.run.folder else {
            return Ok(());
        };
        let fold = outcome.rows.id;
        let notes = self.notes(outcome);
        // Written and hashed piece by piece: a whole network may be large.
        let write =
            |out: &mut dyn Write| write_safetensors(out, &outcome.weights, &notes, StoredAs::F32);
        let mut weights_hash = blake3::Hasher::new();
        write(&mut weights_hash).map_err(TrainError::Hash)?;
        let predictions = self.predictions(outcome).to_bytes()?;
        let record = FoldRecord {
            format: FoldRecord::FORMAT,
            fold,
            eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
            made_from: self.made_from.clone(),
            kept_epoch: outcome.kept_epoch,
            epochs: outcome.epochs.clone(),
            probe: outcome.probe.clone(),
            combiner: outcome.combiner.clone(),
            soup: outcome.soup.clone(),
            metrics: outcome.metrics.clone(),
            weights_blake3: weights_hash.finalize().to_hex().to_string(),
            predictions_blake3: hash(&predictions),
        };
        folder.write_with(&FoldFile::Weights.of(fold), write)?;
        folder.write(&FoldFile::Predictions.of(fold), predictions)?;
        folder.write_json(&FoldFile::Outcome.of(fold), &record)?;
        Ok(())
    }

    fn read(
        &self,
        folder: &RunFolder,
        fold: FoldId,
    ) -> Result<Option<FoldOutcome<StateDict>>, TrainError> {
        let rows = self.rows.folds.iter().find(|rows| rows.id == fold);
        let Some(rows) = rows else {
            return Err(TrainError::OtherFold(fold));
        };
        let record: FoldRecord = match folder.read_json(&FoldFile::Outcome.of(fold)) {
            Err(RunError::Damaged { .. }) => return Ok(None),
            other => other?,
        };
        if record.made_from != self.made_from || record.fold != fold {
            return Err(TrainError::OtherFold(fold));
        }
        let files = [FoldFile::Weights, FoldFile::Predictions].map(|file| file.of(fold));
        if files.iter().any(|file| !folder.has(file)) {
            return Ok(None);
        }
        let [weights, predictions] = [folder.read(&files[0])?, folder.read(&files[1])?];
        if hash(&weights) != record.weights_blake3
            || hash(&predictions) != record.predictions_blake3
        {
            return Ok(None);
        }
        let (path, classes) = (folder.path(&files[1]), &self.run.patches.manifest().classes);
        let predictions = FoldPredictions::from_bytes(&path, &predictions, classes)?;
        Ok(Some(FoldOutcome {
            rows: rows.clone(),
            epochs: record.epochs,
            kept_epoch: record.kept_epoch,
            weights: WeightFile::parse(&files[0], &weights)?.tensors,
            probe: record.probe,
            combiner: record.combiner,
            soup: record.soup,
            logits: predictions.logits(),
            one_view: predictions.one_view(),
            metrics: record.metrics,
        }))
    }

    fn predictions(&self, outcome: &FoldOutcome<StateDict>) -> FoldPredictions {
        let places = |rows: &[usize]| rows.iter().map(|row| self.rows.places[*row]).collect();
        let judged = Judged {
            val: places(&outcome.rows.val),
            test: places(&self.rows.test),
            logits: &outcome.logits,
            one_view: outcome.one_view.as_ref(),
        };
        FoldPredictions::new(self.run.patches.manifest(), &judged)
    }

    /// What a weight file says of itself.
    fn notes(&self, outcome: &FoldOutcome<StateDict>) -> BTreeMap<String, String> {
        let place = self
            .rows
            .folds
            .iter()
            .position(|rows| rows.id == outcome.rows.id);
        let note = |key: &str, value: String| (key.to_owned(), value);
        let mut notes = match self.run.start {
            StartingPoint::Network(backbone) => self.notes_of_fold(place, backbone),
            StartingPoint::Soup(soup) => {
                let mut notes = self.notes_of_fold(place, &soup.backbone);
                notes.extend([
                    note("ensemble", soup.members.hash()),
                    note("soup", outcome.soup.join(",")),
                ]);
                notes
            }
            StartingPoint::Embeddings(own) => {
                BTreeMap::from([note("embeddings_blake3", own.record().hash())])
            }
            StartingPoint::Members(members) => BTreeMap::from([note("ensemble", members.hash())]),
        };
        notes.extend([
            note("format", "pt".to_owned()),
            note("classes", self.run.patches.manifest().classes.join(",")),
            note("eosin_version", env!("CARGO_PKG_VERSION").to_owned()),
            note("fold", outcome.rows.id.to_string()),
        ]);
        notes.extend(match (&outcome.probe, &outcome.combiner) {
            (Some(probe), _) => Some(note("strength", probe.strength.to_string())),
            (None, None) if outcome.soup.is_empty() => {
                Some(note("epoch", outcome.kept_epoch.to_string()))
            }
            (None, _) => None,
        });
        notes
    }

    fn notes_of_fold(
        &self,
        place: Option<usize>,
        backbone: &PreparedBackbone,
    ) -> BTreeMap<String, String> {
        let place = place.unwrap_or(0) % self.preprocess.len();
        notes_of_network(backbone, &self.preprocess[place])
    }
}

/// What a weight file says of the network that it belongs to.
fn notes_of_network(
    backbone: &PreparedBackbone,
    preprocess: &Preprocess,
) -> BTreeMap<String, String> {
    let channels = |values: [f32; 3]| values.map(|v| v.to_string()).join(",");
    let note = |key: &str, value: String| (key.to_owned(), value);
    let stain = preprocess.stain.clone();
    let stain = stain.map(|stain| note("stain", stain));
    let notes = [
        note("architecture", backbone.spec.name.to_string()),
        note("mean", channels(preprocess.scale.mean)),
        note("std", channels(preprocess.scale.std)),
        note("size_px", preprocess.size_px.to_string()),
        note("backbone_weights_blake3", backbone.weights_hash.clone()),
    ];
    notes.into_iter().chain(stain).collect()
}

/// Hash of all that a fold of the run depends on, whatever version trains it.
fn made_from(run: &Run<'_>) -> Result<String, TrainError> {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    // As they lie in the folder: a later version may write the same settings in other words.
    if let Some(folder) = run.folder {
        part(&folder.read(names::CONFIG)?);
        part(&folder.read(names::FOLDS)?);
    }
    part(run.patches.content_hash().as_bytes());
    part(run.start.hash().as_bytes());
    Ok(hasher.finalize().to_hex().to_string())
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
