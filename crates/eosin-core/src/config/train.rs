//! How weights are trained.

use serde::{Deserialize, Serialize};

use super::choices::{
    Augment, ClassWeights, LossKind, OptimiserKind, Sampling, ScheduleKind, TrainMode,
};

/// How weights are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Which weights are trained.
    pub mode: TrainMode,
    /// Passes over the training part.
    pub epochs: usize,
    /// Patches in one step.
    pub batch_size: usize,
    /// The rule that turns gradients into steps.
    pub optimiser: OptimiserKind,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Momentum of `sgd` and `rmsprop`.
    pub momentum: f64,
    /// Whether `sgd` looks ahead along its momentum (Nesterov 1983).
    pub nesterov: bool,
    /// Decay of weights (never of biases or batch-norm scales).
    pub weight_decay: f64,
    /// How the learning rate changes.
    pub schedule: ScheduleKind,
    /// Epochs over which the learning rate rises linearly from zero first.
    pub warmup_epochs: f64,
    /// Largest norm of a step's gradient; larger ones are scaled down; 0: no limit.
    pub clip_norm: f64,
    /// What is minimised.
    pub loss: LossKind,
    /// Share of the target probability spread over all classes; with `cross-entropy`.
    pub label_smoothing: f64,
    /// How much less sure patches weigh more; with `focal`.
    pub focal_gamma: f64,
    /// From cross-entropy (towards 0) to mean absolute error (1); with
    /// `generalised-cross-entropy`.
    pub gce_q: f64,
    /// Weight of the positive class; with `binary`.
    pub positive_weight: f64,
    /// Share of embedding values zeroed in training.
    pub dropout: f64,
    /// Weights of the classes in the loss.
    pub class_weights: ClassWeights,
    /// Which patches make an epoch.
    pub sampling: Sampling,
    /// Random changes to training patches.
    pub augment: Augment,
    /// The metric that picks the best epoch and the best fold.
    pub select: String,
    /// Epochs without a better `select` after which a fold stops; 0: never.
    pub patience: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            mode: TrainMode::Head,
            epochs: 20,
            batch_size: 64,
            optimiser: OptimiserKind::AdamW,
            learning_rate: 1e-3,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 1e-2,
            schedule: ScheduleKind::Cosine,
            warmup_epochs: 0.0,
            clip_norm: 0.0,
            loss: LossKind::CrossEntropy,
            label_smoothing: 0.1,
            focal_gamma: 2.0,
            gce_q: 0.7,
            positive_weight: 1.0,
            dropout: 0.0,
            class_weights: ClassWeights::None,
            sampling: Sampling::None,
            augment: Augment::D4,
            select: "auroc".to_owned(),
            patience: 0,
        }
    }
}
