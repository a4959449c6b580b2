//! Training the last layer of every fold, all folds side by side, from embeddings.

use eosin_core::config::{ClassWeights, TrainConfig};
use eosin_core::{Seed, Stream};
use eosin_metrics::{Metric, MetricSet};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

use crate::error::TrainError;
use crate::full::draw_symmetry;
use crate::head::Head;
use crate::loss::CrossEntropy;
use crate::optimiser::{Optimiser, narrow};
use crate::outcome::{EpochRecord, FoldOutcome, FoldRows, Tracker};
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
            states
                .par_iter_mut()
                .try_for_each(|state| state.epoch(self, epoch))?;
            for (state, fold) in states.iter().zip(self.folds) {
                epoch_end(fold, state.tracker.last());
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
    }
}

struct FoldState<'a> {
    fold: &'a FoldRows,
    source: &'a dyn EmbeddingSource,
    head: Head,
    optimiser: Optimiser,
    loss: CrossEntropy,
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
            loss: CrossEntropy {
                label_smoothing: narrow(training.config.label_smoothing),
                class_weights: class_weights(training.config, targets, training.classes),
            },
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
        let mut order = self.fold.train.clone();
        order.shuffle(&mut training.seed.stream(Stream::Shuffle, &position));
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
