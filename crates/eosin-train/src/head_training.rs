//! Training the last layer of every fold, all folds side by side, from embeddings.

use eosin_core::config::{ClassWeights, TrainConfig};
use eosin_core::{Seed, Stream};
use eosin_metrics::{Metric, MetricSet};
use rand::RngExt as _;
use rayon::prelude::*;

use crate::error::TrainError;
use crate::full::draw_symmetry;
use crate::head::Head;
use crate::loss::Loss;
use crate::optimiser::{Optimiser, clip, narrow};
use crate::outcome::{EpochRecord, FoldOutcome, FoldRows, Tracker};
use crate::sampling::epoch_order;
use crate::schedule::learning_rate;
use crate::source::EmbeddingSource;

/// Everything that the training of heads depends on.
pub struct HeadTraining<'a> {
    /// Hyper-parameters.
    pub config: &'a TrainConfig,
    /// The run's seed.
    pub seed: Seed,
    /// Number of classes.
    pub classes: usize,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// The metric that picks the best epoch.
    pub select: Metric,
    /// Class of every patch.
    pub targets: &'a [usize],
    /// The folds.
    pub folds: &'a [FoldRows],
    /// Embeddings for each fold: all the same source, unless each fold has its own normalisation.
    pub sources: Vec<&'a dyn EmbeddingSource>,
}

impl HeadTraining<'_> {
    /// Trains all folds, epoch by epoch; `epoch_end` hears of each fold's epoch in order.
    ///
    /// # Errors
    /// When a loss is not finite, or a validation part has no metric.
    pub fn run(
        &self,
        epoch_end: &mut dyn FnMut(&FoldRows, &EpochRecord),
    ) -> Result<Vec<FoldOutcome>, TrainError> {
        let mut states: Vec<FoldState> = (0..self.folds.len())
            .into_par_iter()
            .map(|index| FoldState::new(self, index))
            .collect();
        for epoch in 0..self.config.epochs {
            let mut going: Vec<&mut FoldState> = states
                .iter_mut()
                .filter(|state| !state.tracker.is_stalled(self.config.patience))
                .collect();
            going
                .par_iter_mut()
                .try_for_each(|state| state.epoch(self, epoch))?;
            for state in going {
                epoch_end(state.fold, state.tracker.last());
            }
        }
        Ok(states
            .into_iter()
            .map(|state| state.tracker.finish(state.fold))
            .collect())
    }
}

/// The weights of the classes for the loss.
pub(crate) fn class_weights(
    config: &TrainConfig,
    targets: impl Iterator<Item = usize>,
    classes: usize,
) -> Vec<f32> {
    let mut counts = vec![0_usize; classes];
    targets.for_each(|target| counts[target] += 1);
    let total: usize = counts.iter().sum();
    match config.class_weights {
        ClassWeights::None => vec![1.0; classes],
        ClassWeights::Balanced => counts
            .into_iter()
            .map(|count| {
                if count == 0 {
                    0.0
                } else {
                    total as f32 / (classes * count) as f32
                }
            })
            .collect(),
        ClassWeights::EffectiveNumber => effective_number_weights(&counts),
    }
}

/// Inverse to the effective number `(1 - beta^n) / (1 - beta)` of each class's `n` patches, with
/// beta 0.999, mean one over the patches (Cui et al. 2019, arXiv:1901.05555).
fn effective_number_weights(counts: &[usize]) -> Vec<f32> {
    const BETA: f64 = 0.999;
    let raw = counts.iter().map(|count| match count {
        0 => 0.0,
        count => (1.0 - BETA) / (1.0 - BETA.powf(*count as f64)),
    });
    let raw: Vec<f64> = raw.collect();
    let total: usize = counts.iter().sum();
    let mass: f64 = raw
        .iter()
        .zip(counts)
        .map(|(raw, count)| raw * *count as f64)
        .sum();
    raw.into_iter()
        .map(|raw| narrow(raw * total as f64 / mass))
        .collect()
}

struct FoldState<'a> {
    fold: &'a FoldRows,
    source: &'a dyn EmbeddingSource,
    head: Head,
    optimiser: Optimiser,
    loss: Loss,
    val: Vec<f32>,
    tracker: Tracker<Head>,
}

impl<'a> FoldState<'a> {
    fn new(training: &HeadTraining<'a>, index: usize) -> Self {
        let (fold, source) = (&training.folds[index], training.sources[index]);
        let head = Head::init(source.width(), training.classes, training.seed, fold.stream);
        let targets = fold.train.iter().map(|row| training.targets[*row]);
        Self {
            fold,
            source,
            optimiser: Optimiser::new(training.config, head.values.len()),
            loss: Loss::new(
                training.config,
                class_weights(training.config, targets, training.classes),
                training.positive,
            ),
            val: source.upright(&fold.val),
            tracker: Tracker::new(training.select),
            head,
        }
    }

    fn epoch(&mut self, training: &HeadTraining<'a>, epoch: usize) -> Result<(), TrainError> {
        let train_loss = self.pass(training, epoch);
        let targets: Vec<usize> = self
            .fold
            .val
            .iter()
            .map(|row| training.targets[*row])
            .collect();
        let logits = self.head.logits(&self.val);
        let val_loss = self
            .loss
            .backward(&logits, &targets, &mut vec![0.0; logits.len()]);
        // The last step of an epoch shows in the validation loss only.
        if !(train_loss.is_finite() && val_loss.is_finite()) {
            return Err(TrainError::Diverged {
                fold: self.fold.name(),
                epoch,
                learning_rate: training.config.learning_rate,
            });
        }
        let probs = self.head.probs(&self.val);
        let metrics = MetricSet::new(&targets, &probs, training.classes, training.positive)?;
        let record = EpochRecord::new(epoch, train_loss, val_loss, &metrics, training.select);
        self.tracker.push(record, &self.head, probs, metrics);
        Ok(())
    }

    /// One pass over the training part; returns the mean loss of its batches.
    fn pass(&mut self, training: &HeadTraining<'a>, epoch: usize) -> f64 {
        let config = training.config;
        let position = [self.fold.stream, epoch as u64];
        let class = |row: usize| training.targets[row];
        let (rows, seed) = (&self.fold.train, training.seed);
        let order = epoch_order(config.sampling, rows, class, seed, position);
        let mut augment = training.seed.stream(Stream::Augment, &position);
        let mut dropout = training.seed.stream(Stream::Dropout, &position);
        let (width, steps) = (self.source.width(), order.len().div_ceil(config.batch_size));
        let mut batch = vec![0.0; config.batch_size * width];
        let mut gradients = vec![0.0; self.head.values.len()];
        let mut total = 0.0;
        for (step, rows) in order.chunks(config.batch_size).enumerate() {
            let batch = &mut batch[..rows.len() * width];
            for (row, out) in rows.iter().zip(batch.chunks_exact_mut(width)) {
                let symmetry = draw_symmetry(config.augment, &mut augment);
                self.source.copy_into(*row, symmetry, out);
            }
            drop_out(batch, config.dropout, &mut dropout);
            let targets: Vec<usize> = rows.iter().map(|row| training.targets[*row]).collect();
            let logits = self.head.logits(batch);
            let mut derivatives = vec![0.0; logits.len()];
            total += self.loss.backward(&logits, &targets, &mut derivatives);
            self.head.gradients(batch, &derivatives, &mut gradients);
            clip(&mut gradients, config.clip_norm);
            let rate = learning_rate(config, epoch * steps + step, steps);
            let biases = self.head.classes * width;
            self.optimiser
                .step(&mut self.head.values, &gradients, |i| i < biases, rate);
        }
        total / steps as f64
    }
}

/// Zeroes a share `rate` of the values and scales the rest up (Srivastava et al. 2014).
fn drop_out(values: &mut [f32], rate: f64, rng: &mut eosin_core::Rng) {
    if rate > 0.0 {
        let scale = narrow(1.0 / (1.0 - rate));
        for value in values {
            *value *= if rng.random::<f64>() < rate {
                0.0
            } else {
                scale
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::effective_number_weights;

    #[test]
    fn effective_numbers_weigh_rare_classes_less_than_their_share_would() {
        // (1 - 0.999) / (1 - 0.999^n) for 5600 and 240 patches: 1.003701e-3 and 4.684574e-3.
        let weights = effective_number_weights(&[5600, 0, 240]);
        let [common, none, rare] = weights[..] else {
            panic!("{weights:?}");
        };
        assert!((rare / common - 4.667_3).abs() < 1e-3, "{weights:?}");
        assert!(none.abs() < 1e-9);
        assert!((5600.0 * common + 240.0 * rare - 5840.0).abs() < 1e-2);
    }
}
