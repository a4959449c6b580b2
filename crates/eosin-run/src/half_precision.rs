//! What storing weights in half precision does to a run's scores.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use eosin_core::{FoldId, Unwatched};
use eosin_data::{Folds, Manifest};
use eosin_metrics::MetricSet;
use eosin_models::StoredNetwork;
use eosin_store::{RunFolder, WeightStore, names};
use eosin_train::{FoldNetwork, Predictor, UseFolds};
use eosin_weights::{ReadOptions, StoredAs, WeightFile, safetensors_bytes, write_safetensors};
use serde::Serialize;

use crate::look::find_patches;
use crate::record::task_of;
use crate::settings::config_of_run;

/// The same patches, predicted with weights of either precision.
#[derive(Clone, Debug, Serialize)]
pub struct HalfEffect {
    /// What the patches are: `test` or `val`.
    part: &'static str,
    patches: usize,
    /// Largest change of a probability.
    largest_change: f32,
    /// Patches whose predicted class changed.
    changed_preds: usize,
    auroc: [Option<f64>; 2],
    khd: [Option<f64>; 2],
}

impl fmt::Display for HalfEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let score = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.6}"));
        let pair = |[full, half]: [Option<f64>; 2]| format!("{} -> {}", score(full), score(half));
        write!(
            f,
            "f32 -> f16 on {} {} patches: AUROC {}, KHD {}; {} predictions changed, no probability \
             by more than {:.1e}",
            self.patches,
            self.part,
            pair(self.auroc),
            pair(self.khd),
            self.changed_preds,
            self.largest_change
        )
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct HalfSubject<'a> {
    /// Which fold.
    pub fold: FoldId,
    /// Its network.
    pub network: &'a FoldNetwork,
}

/// Predicts the run's test patches, or else the fold's validation patches, with the network as it is
/// and with its weights rounded to half precision.
///
/// # Errors
/// When `data` is not what the run was made from, or a patch cannot be read.
pub fn measure_half_precision(
    folder: &RunFolder,
    store: &WeightStore,
    subject: HalfSubject<'_>,
    data: &Path,
) -> Result<HalfEffect> {
    let record = folder.record()?;
    let manifest = patches_of(folder, data)
        .with_context(|| format!("cannot read the patches in {}", data.display()))?;
    let (part, rows) = judged(folder, &manifest, subject.fold)?;
    let mut targets = Vec::with_capacity(rows.len());
    let mut sources = Vec::with_capacity(rows.len());
    for row in rows {
        let patch = &manifest.patches[row];
        let class = patch.class.map(|class| manifest.classes[class].as_str());
        let target = record
            .classes
            .iter()
            .position(|known| Some(known.as_str()) == class);
        targets.push(target.with_context(|| {
            format!(
                "{} has no class of the run ({})",
                patch.key,
                record.classes.join(", ")
            )
        })?);
        sources.push(patch.source.clone());
    }
    let predict = |network: &FoldNetwork| -> Result<Vec<f32>> {
        let which = UseFolds::One(subject.fold);
        let predictor = Predictor::load(folder, store, which)?.with_network(network)?;
        Ok(predictor.predict(&sources)?)
    };
    let network = subject.network;
    let (full, half) = (predict(network)?, predict(&rounded(network)?)?);
    let task = task_of(&record)?;
    let (classes, decision) = (task.classes.len(), task.decision);
    let judged = |probs: &Vec<f32>| MetricSet::new(&targets, probs, classes, task.positive);
    let scores = [&full, &half].map(judged);
    let [full_scores, half_scores] = scores;
    let (full_scores, half_scores) = (full_scores?, half_scores?);
    let changed = full.chunks_exact(classes).zip(half.chunks_exact(classes));
    let changed = changed.filter(|(a, b)| decision.decide(a) != decision.decide(b));
    let changes = full.iter().zip(&half).map(|(a, b)| (a - b).abs());
    Ok(HalfEffect {
        part,
        patches: targets.len(),
        largest_change: changes.fold(0.0, f32::max),
        changed_preds: changed.count(),
        auroc: [full_scores.auroc, half_scores.auroc],
        khd: [full_scores.khd, half_scores.khd],
    })
}

/// The patches in `data` as the run took them: its classes, and none that it went on without.
fn patches_of(folder: &RunFolder, data: &Path) -> Result<Manifest> {
    let manifest = find_patches(data, &config_of_run(folder)?, &Unwatched)?;
    if !folder.has(names::SKIPPED) {
        return Ok(manifest);
    }
    let skipped = folder.read_text(names::SKIPPED)?;
    let skipped: BTreeSet<String> = skipped.lines().map(str::to_owned).collect();
    Ok(manifest.without(&skipped))
}

/// Patches that the fold was not trained on.
fn judged(
    folder: &RunFolder,
    manifest: &Manifest,
    fold: FoldId,
) -> Result<(&'static str, Vec<usize>)> {
    let test = manifest.test_part();
    if !test.is_empty() {
        return Ok(("test", test));
    }
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let of_fold = folds.folds.iter().find(|candidate| candidate.id == fold);
    let keys = &of_fold.context("folds.json lacks the run's fold")?.val;
    let rows: Option<Vec<usize>> = keys.iter().map(|key| manifest.position(key)).collect();
    match rows {
        Some(rows) => Ok(("val", rows)),
        None => bail!(
            "the patches of the run's folds are not all in {}",
            manifest.root.display()
        ),
    }
}

fn rounded(fold: &FoldNetwork) -> Result<FoldNetwork> {
    let (tensors, notes) = (fold.network.weights(), &fold.notes);
    let mut stored = Vec::with_capacity(safetensors_bytes(tensors, notes, StoredAs::F16));
    write_safetensors(&mut stored, tensors, notes, StoredAs::F16)?;
    let rounded = WeightFile::open_bytes("half precision", stored, &ReadOptions::default())?;
    Ok(FoldNetwork {
        network: StoredNetwork::new(fold.network.architecture().clone(), rounded.tensors)?,
        ..fold.clone()
    })
}
