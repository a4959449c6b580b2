//! Training the whole network of every fold, one fold after the other.

use std::ops::ControlFlow;

use eosin_core::config::TrainConfig;
use eosin_core::{BackboneName, Seed};
use eosin_metrics::{Metric, MetricSet};
use eosin_models::{Backbone, cpu, load_state, state_dict};
use eosin_weights::StateDict;

use crate::error::TrainError;
use crate::full::{FullEpoch, FullTraining, predict_full};
use crate::head_training::class_weights;
use crate::loss::Loss;
use crate::outcome::{EpochRecord, FoldOutcome, FoldRows, Tracker};
use crate::patches::{PatchSet, PixelScale};

/// Everything that full training of folds depends on.
pub struct FullFolds<'a> {
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
    /// All patches.
    pub patches: &'a PatchSet,
    /// The architecture.
    pub name: BackboneName,
    /// The network that every fold starts from.
    pub network: &'a Backbone,
}

/// What a caller hears of full training.
pub trait FullWatcher {
    /// `done` of `total` steps of this fold.
    fn step(&mut self, fold: &FoldRows, done: usize, total: usize);
    /// An epoch has ended.
    fn epoch(&mut self, fold: &FoldRows, record: &EpochRecord);
}

impl FullFolds<'_> {
    /// Trains one fold; `scale` is how its pixel values are scaled.
    ///
    /// # Errors
    /// When a loss is not finite, or the validation part has no metric.
    pub fn train(
        &self,
        fold: &FoldRows,
        scale: &PixelScale,
        watcher: &mut dyn FullWatcher,
    ) -> Result<FoldOutcome<StateDict>, TrainError> {
        let targets = fold.train.iter().map(|row| self.patches.targets[*row]);
        let weights = class_weights(self.config, targets, self.classes);
        let loss = Loss::new(self.config, weights, self.positive);
        let training = FullTraining {
            config: self.config,
            seed: self.seed,
            fold: fold.stream,
            patches: self.patches,
            rows: &fold.train,
            scale: scale.clone(),
            loss: loss.clone(),
        };
        let mut tracker = Tracker::new(self.select);
        let own = self.with_weights(&state_dict(self.network));
        let watcher = std::cell::RefCell::new(watcher);
        training.run(
            own,
            &mut |done, total| watcher.borrow_mut().step(fold, done, total),
            &mut |end, network| {
                let (record, probs, metrics) = self.judge(network, fold, scale, &loss, end)?;
                watcher.borrow_mut().epoch(fold, &record);
                tracker.push(record, &state_dict(network), probs, metrics);
                Ok(if tracker.is_stalled(self.config.patience) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            },
        )?;
        Ok(tracker.finish(fold))
    }

    /// The network with other weights. Nothing is shared with `self.network`, whose clones would
    /// share the running statistics of batch norms.
    ///
    /// # Panics
    /// When the tensors are another network's.
    pub fn with_weights(&self, weights: &StateDict) -> Backbone {
        let fresh = Backbone::new(self.name, self.classes, self.patches.size_px, &cpu(true));
        load_state(fresh, weights).expect("the tensors are the network's own")
    }

    fn judge(
        &self,
        network: &Backbone,
        fold: &FoldRows,
        scale: &PixelScale,
        loss: &Loss,
        end: FullEpoch,
    ) -> Result<(EpochRecord, Vec<f32>, MetricSet), TrainError> {
        let FullEpoch { epoch, train_loss } = end;
        let targets: Vec<usize> = fold
            .val
            .iter()
            .map(|row| self.patches.targets[*row])
            .collect();
        let (logits, probs) = predict_full(network, self.patches, &fold.val, scale);
        let val_loss = loss.backward(&logits, &targets, &mut vec![0.0; logits.len()]);
        if !(train_loss.is_finite() && val_loss.is_finite()) {
            let learning_rate = self.config.learning_rate;
            return Err(TrainError::Diverged {
                fold: fold.name(),
                epoch,
                learning_rate,
            });
        }
        let metrics = MetricSet::new(&targets, &probs, self.classes, self.positive)?;
        let record = EpochRecord::new(epoch, train_loss, val_loss, &metrics, self.select);
        Ok((record, probs, metrics))
    }
}
