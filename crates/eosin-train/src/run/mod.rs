//! The main job: a manifest and its folds to trained folds, predictions and metrics.

mod event;
mod fill;
mod normalise;
mod rows;
pub(crate) mod save;
mod training;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eosin_core::Config;
use eosin_data::{Folds, Manifest, Normalisation};
use eosin_metrics::Metric;
use eosin_models::{EMBEDDED, embedded_weights_have_seen};
use eosin_store::{Cache, Checkpoints};
use eosin_weights::StateDict;

pub use self::event::Event;
use self::rows::Rows;
use self::training::Trained;
use crate::checkpoint::keeper::Keeper;
use crate::embed::backbone::PreparedBackbone;
use crate::embed::embedder::EmbedCount;
use crate::error::TrainError;
use crate::judge::evaluate::{RunMetrics, best_fold, evaluate};
use crate::predict::predictions::{Part, Prediction};
use crate::train::tracker::{FoldOutcome, FoldRows};

/// A run's ingredients.
pub struct Experiment<'a> {
    /// The resolved configuration.
    pub config: &'a Config,
    /// The patches, all of them usable.
    pub manifest: &'a Manifest,
    /// Their folds.
    pub folds: &'a Folds,
    /// The network that the folds start from.
    pub backbone: &'a PreparedBackbone,
    /// The embedding cache.
    pub cache: &'a Cache,
    /// Side that the network is run at.
    pub size_px: usize,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// The metric that picks epochs and the best fold.
    pub select: Metric,
    /// Where the state of training is kept; `None`: nowhere.
    pub checkpoints: Option<&'a Checkpoints>,
    /// Set from outside to end the work at the next step.
    pub interrupt: &'a AtomicBool,
}

/// What a run comes to.
#[derive(Debug)]
pub struct ExperimentResult {
    /// Scaling of pixel values: one, or one a fold.
    pub normalisations: Vec<Normalisation>,
    /// Where the trained part begins, as in [`RunRecord`](eosin_store::RunRecord).
    pub cut: String,
    /// Each fold, with the tensors that it trained.
    pub folds: Vec<FoldOutcome<StateDict>>,
    /// Place in `folds` of the best.
    pub best_fold: usize,
    /// Out-of-fold and test predictions.
    pub predictions: Vec<Prediction>,
    /// Their metrics.
    pub metrics: RunMetrics,
    /// How much the cache saved.
    pub embedded: EmbedCount,
    /// Training-pool and test patches that the embedded weights were made with.
    pub seen_by_weights: [usize; 2],
}

impl Experiment<'_> {
    /// Embeds (or decodes), trains every fold, predicts and evaluates.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used, or training diverges.
    pub fn run(&self, on_event: &mut dyn FnMut(&Event)) -> Result<ExperimentResult, TrainError> {
        let classes = self.manifest.classes.len();
        let config = self.config;
        let rows = self.rows()?;
        self.refuse_leaks(&rows, on_event)?;
        let normalisations = self.normalisations(&rows)?;
        let every = Duration::from_secs_f64(config.train.checkpoint_secs);
        let fingerprint = self.fingerprint(&rows);
        let mut keeper = Keeper::new(self.checkpoints, self.interrupt, fingerprint, every);
        let Trained {
            folds,
            test_probs,
            embedded,
        } = self.train(&rows, &normalisations, &mut keeper, on_event)?;
        let metric = |fold: &FoldOutcome<StateDict>| fold.metrics.get(self.select);
        let best_fold = best_fold(folds.iter().map(metric), self.select);
        let predictions = self.predictions(&rows, &folds, &test_probs, best_fold);
        let metrics = evaluate(&predictions, classes, self.positive, self.select)?;
        Ok(ExperimentResult {
            cut: self.cut_name(self.cut()?),
            seen_by_weights: seen_by_weights(self.backbone, &rows),
            normalisations,
            folds,
            best_fold,
            predictions,
            metrics,
            embedded,
        })
    }

    /// Sees to it that the cache holds every embedding that training will ask for.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used.
    pub fn embed(&self, on_event: &mut dyn FnMut(&Event)) -> Result<EmbedCount, TrainError> {
        let rows = self.rows()?;
        let normalisations = self.normalisations(&rows)?;
        let cut = match self.cut()? {
            Some(0) => return Err(TrainError::NothingFrozen),
            cut => cut,
        };
        Ok(self.inputs(cut, &rows, &normalisations, on_event)?.1)
    }

    /// Hash of everything that the training's state depends on.
    fn fingerprint(&self, rows: &Rows) -> [u8; 32] {
        let mut config = self.config.clone();
        // Where and how often things are kept does not change them.
        config.cache = eosin_core::config::CacheConfig {
            dtype: config.cache.dtype,
            ..eosin_core::config::CacheConfig::default()
        };
        config.train.checkpoint_secs = 0.0;
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(config.to_toml().as_bytes());
        hasher.update(self.backbone.weights_hash.as_bytes());
        for hash in &rows.hashes {
            hasher.update(hash);
        }
        let folds = rows.folds.iter().flat_map(|fold| [&fold.train, &fold.val]);
        for row in folds.flatten().chain(&rows.targets) {
            hasher.update(&row.to_le_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    fn refuse_interruption(&self) -> Result<(), TrainError> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(TrainError::Interrupted);
        }
        Ok(())
    }

    fn predictions(
        &self,
        rows: &Rows,
        folds: &[FoldOutcome<StateDict>],
        test: &[Vec<f32>],
        best: usize,
    ) -> Vec<Prediction> {
        let classes = self.manifest.classes.len();
        let row = |row: usize, part, fold: Option<&FoldRows>, probs: &[f32]| {
            let patch = &self.manifest.patches[rows.places[row]];
            Prediction {
                key: patch.key.clone(),
                part,
                repeat: fold.map(|fold| fold.repeat),
                fold: fold.map(|fold| fold.fold),
                target: patch.class,
                probs: probs.to_vec(),
            }
        };
        let mut all = Vec::new();
        for outcome in folds {
            let fold = &outcome.rows;
            for (at, probs) in fold.val.iter().zip(outcome.val_probs.chunks_exact(classes)) {
                all.push(row(*at, Part::OutOfFold, Some(fold), probs));
            }
        }
        let average = mean_of(test);
        for (at, probs) in rows.test.iter().zip(average.chunks_exact(classes)) {
            all.push(row(*at, Part::TestAverage, None, probs));
        }
        for (at, probs) in rows.test.iter().zip(test[best].chunks_exact(classes)) {
            all.push(row(*at, Part::TestBest, Some(&folds[best].rows), probs));
        }
        all
    }
}

/// How many training-pool and test patches the backbone's weights have seen, as far as is known.
fn seen_by_weights(backbone: &PreparedBackbone, rows: &Rows) -> [usize; 2] {
    if backbone.weights_source != EMBEDDED {
        return [0, 0];
    }
    let (pool, test) = rows.hashes.split_at(rows.pool());
    [pool, test].map(|hashes| {
        hashes
            .iter()
            .filter(|h| embedded_weights_have_seen(h))
            .count()
    })
}

/// The mean of the folds' probabilities, value by value.
pub(crate) fn mean_of(folds: &[Vec<f32>]) -> Vec<f32> {
    let count = folds.len() as f32;
    let len = folds.first().map_or(0, Vec::len);
    (0..len)
        .map(|at| folds.iter().map(|probs| probs[at]).sum::<f32>() / count)
        .collect()
}
