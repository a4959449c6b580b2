//! How weights are trained.

use serde::{Deserialize, Serialize};

use super::choices::{
    BatchNormPolicy, ClassWeights, DoctorPolicy, HeadKind, Keep, LossKind, OptimiserKind, Sampling,
    ScheduleKind, TrainMode,
};

/// How weights are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Which weights are trained.
    pub mode: TrainMode,
    /// What stands on the embeddings.
    pub head: HeadKind,
    /// Units of the hidden layer; with `mlp`.
    pub hidden: usize,
    /// scikit-learn's `C` of `logistic` (one over the L2 penalty beside the sum of losses over all
    /// views), `alpha` of `ridge`, shrinkage of `lda`, number of neighbours of `knn`; 0: chosen on
    /// inner folds; with `probe`.
    pub strength: f64,
    /// Last stages of the backbone that are trained; with `last-n`.
    pub stages: usize,
    /// Epochs of the last layer alone; with `head-then-full`.
    pub head_epochs: usize,
    /// Epochs after which one more stage is trained, from the last to the first; 0: all at once;
    /// with `head-then-full`.
    pub unfreeze_epochs: usize,
    /// What batch norms do in the part that is trained.
    pub batch_norm: BatchNormPolicy,
    /// Passes over the training part.
    pub epochs: usize,
    /// Patches in one step.
    pub batch_size: usize,
    /// Batches whose gradients are averaged for one step.
    pub accumulate: usize,
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
    /// Epochs without a better `select` before the learning rate falls; with `plateau`.
    pub plateau_patience: usize,
    /// Factor of the learning rate from each stage to the one before it; 1: the same for all.
    pub layer_decay: f64,
    /// Epochs over which the learning rate rises linearly from zero first.
    pub warmup_epochs: f64,
    /// Largest norm of a step's gradient; larger ones are scaled down; 0: no limit.
    pub clip_norm: f64,
    /// Radius of sharpness-aware minimisation; 0: none.
    pub sam_rho: f64,
    /// Steps between the slow steps of Lookahead; 0: none.
    pub lookahead: usize,
    /// Decay of the moving average of weights that is judged and kept; 0: the weights themselves.
    pub ema_decay: f64,
    /// Last epochs whose weights are averaged to what is judged and kept; 0: none.
    pub swa_epochs: usize,
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
    /// The metric that picks the best fold, and the epoch where `keep` picks one.
    pub select: String,
    /// Which epoch of a fold is kept.
    pub keep: Keep,
    /// Epochs without a better `select` after which a fold stops; 0: never; where `keep` picks one.
    pub patience: usize,
    /// What failing checks before training lead to.
    pub doctor: DoctorPolicy,
    /// Seconds of training that a killed process may lose; 0: a checkpoint after every step.
    pub checkpoint_secs: f64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            mode: TrainMode::Probe,
            head: HeadKind::Logistic,
            hidden: 64,
            strength: 0.0,
            stages: 2,
            head_epochs: 5,
            unfreeze_epochs: 0,
            batch_norm: BatchNormPolicy::Auto,
            epochs: 20,
            batch_size: 64,
            accumulate: 1,
            optimiser: OptimiserKind::AdamW,
            learning_rate: 1e-3,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 1e-2,
            schedule: ScheduleKind::Cosine,
            plateau_patience: 3,
            layer_decay: 1.0,
            warmup_epochs: 0.0,
            clip_norm: 0.0,
            sam_rho: 0.0,
            lookahead: 0,
            ema_decay: 0.0,
            swa_epochs: 0,
            loss: LossKind::CrossEntropy,
            label_smoothing: 0.0,
            focal_gamma: 2.0,
            gce_q: 0.7,
            positive_weight: 1.0,
            dropout: 0.0,
            class_weights: ClassWeights::None,
            sampling: Sampling::None,
            select: "auroc".to_owned(),
            keep: Keep::Last,
            patience: 0,
            doctor: DoctorPolicy::Leaks,
            checkpoint_secs: 30.0,
        }
    }
}

impl TrainConfig {
    /// Keys of the table `train` that only modes with epochs have a use for.
    pub const OF_EPOCHS: [&'static str; 25] = [
        "hidden",
        "head_epochs",
        "unfreeze_epochs",
        "batch_norm",
        "epochs",
        "batch_size",
        "accumulate",
        "optimiser",
        "learning_rate",
        "momentum",
        "nesterov",
        "weight_decay",
        "schedule",
        "plateau_patience",
        "layer_decay",
        "warmup_epochs",
        "clip_norm",
        "sam_rho",
        "lookahead",
        "ema_decay",
        "swa_epochs",
        "dropout",
        "keep",
        "patience",
        "stages",
    ];

    /// Whether batch norms of the trained part use the batch's statistics.
    ///
    /// `auto` is `eval` wherever pretrained stages are tuned: running statistics of many images
    /// are steadier than those of a small batch, and a frozen part expects them. `full` trains as
    /// networks are trained from the start.
    pub const fn trains_batch_norm(&self) -> bool {
        match self.batch_norm {
            BatchNormPolicy::Train => true,
            BatchNormPolicy::Eval => false,
            BatchNormPolicy::Auto => matches!(self.mode, TrainMode::Full),
        }
    }
}
