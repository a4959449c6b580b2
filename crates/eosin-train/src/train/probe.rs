//! Heads that are solved instead of trained: how a fold's came about, and what it is solved on.

use eosin_core::choice::choices;
use eosin_core::config::{HeadKind, LossKind};
use eosin_heads::{Targets, TrainingPart, Tried};
use serde::{Deserialize, Serialize};

use crate::train::job::TrainJob;
use crate::train::sampling::epoch_order;

/// A head of whose logits less than this is kept, or whose logits differ by less, says nothing.
const SILENT: f64 = 0.01;
/// A head that is further above its optimum than this share of its objective is said to be.
pub const UNSOLVED: f64 = 1e-6;

choices! {
    /// Who says what the strength of a fold is.
    pub enum ChosenBy {
        /// The inner folds of its training part.
        InnerFolds => "inner-folds",
        /// `train.strength`.
        Setting => "setting",
        /// Nobody: its training part is too small to be divided. It makes for a simple model.
        Nothing => "nothing",
    }
}

/// How the head of a fold was solved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Which head.
    pub head: HeadKind,
    /// Its strength, as `train.strength` has it.
    pub strength: f64,
    /// Who says so.
    pub by: ChosenBy,
    /// The share of the logits that is kept beside those of the shares of the classes, as the inner
    /// folds ask: 1 is the head as it was solved. A factor of the logits where these have no scale of
    /// their own: the inner folds choose it whoever says the strength.
    pub kept: f64,
    /// What was tried on the inner folds, the simplest model first; empty where they did
    /// not choose.
    pub tried: Vec<TriedStrength>,
    /// About how far the objective is above its optimum, as a share of itself; 0 in closed form.
    pub relative_gap: f64,
    /// Passes over the training part; 0 in closed form.
    pub passes: usize,
    /// How far apart the patches that the fold validates on are in its logits: the standard deviation
    /// of a class's against the mean of all, of the class where it is largest. `None`: an older
    /// version wrote the fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
}

/// The number that tells heads of one kind apart, and what it is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShownStrength {
    /// Such as `C`.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// A strength and what came of it on the inner folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriedStrength {
    /// As in [`ProbeRecord::strength`].
    pub strength: f64,
    /// Log loss of the mean logits over the views of patches that a model had not seen, with the
    /// share kept that is best there.
    pub log_loss: f64,
}

impl ProbeRecord {
    /// Its strength; of a kind that has none, the factor that is kept of its logits.
    pub fn shown(&self) -> ShownStrength {
        match self.head.strength() {
            Some(name) => ShownStrength {
                name,
                value: self.strength,
            },
            None => ShownStrength {
                name: "factor",
                value: self.kept,
            },
        }
    }

    /// Whether the inner folds leave anything of it beside the shares of the classes.
    pub fn tells(&self) -> bool {
        self.kept >= SILENT
    }

    /// Whether its logits move at all from patch to patch.
    pub fn moves(&self) -> bool {
        self.spread.is_none_or(|spread| spread >= SILENT)
    }

    /// Whether the optimum was found.
    pub fn is_solved(&self) -> bool {
        self.relative_gap <= UNSOLVED
    }
}

/// See [`ProbeRecord::spread`]; `logits` of `classes`, patch by patch.
pub(crate) fn spread_of(logits: &[f32], classes: usize) -> f64 {
    let patches = logits.chunks_exact(classes);
    let count = patches.len().max(1) as f64;
    let deviation = |class: usize| {
        let values = patches.clone().map(|patch| {
            let mean: f64 =
                patch.iter().map(|value| f64::from(*value)).sum::<f64>() / classes as f64;
            f64::from(patch[class]) - mean
        });
        let mean = values.clone().sum::<f64>() / count;
        (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
    };
    (0..classes).map(deviation).fold(0.0, f64::max)
}

impl From<&Tried> for TriedStrength {
    fn from(tried: &Tried) -> Self {
        Self {
            strength: tried.strength,
            log_loss: tried.log_loss,
        }
    }
}

impl<'a> TrainJob<'a> {
    /// What the first `pool` patches are told apart by.
    pub(crate) fn head_targets(&self, pool: usize) -> Targets<'a> {
        Targets {
            classes_of: &self.targets[..pool],
            classes: self.classes(),
            label_smoothing: match self.config.loss {
                LossKind::Binary => 0.0,
                _ => self.config.label_smoothing,
            },
        }
    }

    /// What a head is solved on: `rows` as often as sampling draws them, their classes weighted, of
    /// `pool` patches. `position` is the place in random streams.
    pub(crate) fn head_part(
        &self,
        rows: &[usize],
        pool: usize,
        position: [u64; 2],
    ) -> TrainingPart {
        let class = |row: usize| self.targets[row];
        let drawn = epoch_order(self.config.sampling, rows, class, self.seed, position);
        let mut weights = vec![0.0; pool];
        for row in drawn {
            weights[row] += 1.0;
        }
        TrainingPart {
            weights,
            class_weights: self.class_weights(rows),
        }
    }
}
