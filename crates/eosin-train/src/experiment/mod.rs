//! The main job: a manifest and its folds to trained folds, predictions and metrics.

mod embeddings;
mod event;
mod rows;
mod scaling;
mod training;

use eosin_core::Config;
use eosin_core::config::TrainMode;
use eosin_data::{Folds, Manifest, Normalisation};
use eosin_metrics::Metric;
use eosin_models::{EMBEDDED, embedded_weights_have_seen};
use eosin_store::Cache;
use eosin_weights::StateDict;

pub use self::event::Event;
use self::rows::Rows;
use self::training::Trained;
use crate::embed::EmbedCount;
use crate::error::TrainError;
use crate::evaluate::{RunMetrics, best_fold, evaluate};
use crate::head::Head;
use crate::outcome::{FoldOutcome, FoldRows};
use crate::predictions::{Part, Prediction};
use crate::prepare::PreparedBackbone;

/// The weights that a fold has learned.
#[derive(Clone, Debug)]
pub enum FoldWeights {
    /// The last layer, on a frozen backbone.
    Head(Head),
    /// Every tensor.
    Full(StateDict),
}

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
}

/// What a run comes to.
#[derive(Debug)]
pub struct ExperimentResult {
    /// Scaling of pixel values: one, or one a fold.
    pub normalisations: Vec<Normalisation>,
    /// Each fold.
    pub folds: Vec<FoldOutcome<FoldWeights>>,
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
        let normalisations = self.normalisations(&rows)?;
        let Trained {
            folds,
            test_probs,
            embedded,
        } = match config.train.mode {
            TrainMode::Head => self.train_heads(&rows, &normalisations, on_event)?,
            TrainMode::Full => self.train_full(&rows, &normalisations, on_event)?,
        };
        let metric = |fold: &FoldOutcome<FoldWeights>| fold.metrics.get(self.select);
        let best_fold = best_fold(folds.iter().map(metric), self.select);
        let predictions = self.predictions(&rows, &folds, &test_probs, best_fold);
        let metrics = evaluate(&predictions, classes, self.positive, self.select)?;
        Ok(ExperimentResult {
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
        Ok(self.embeddings(&rows, &normalisations, on_event)?.1)
    }

    fn predictions(
        &self,
        rows: &Rows,
        folds: &[FoldOutcome<FoldWeights>],
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
