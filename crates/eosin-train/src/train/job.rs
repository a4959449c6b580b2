//! What all folds of a training share.

use eosin_core::config::{AugmentConfig, HeadKind, TrainConfig};
use eosin_core::{Seed, Stream, Task};
use eosin_metrics::{Metric, MetricError, MetricSet};

use crate::input::draw::Draw;
use crate::input::view::View;
use crate::optimise::class_weights::class_weights;
use crate::optimise::loss::softmax;
use crate::train::sampling::epoch_order;

/// What all folds of a training share.
#[derive(Clone, Copy)]
pub struct TrainJob<'a> {
    /// Hyper-parameters.
    pub config: &'a TrainConfig,
    /// Random changes to training patches.
    pub augment: &'a AugmentConfig,
    /// The run's seed.
    pub seed: Seed,
    /// What is told apart.
    pub task: &'a Task,
    /// The metric that picks the best epoch.
    pub select: Metric,
    /// Class of every patch.
    pub targets: &'a [usize],
    /// The views that patches are judged under when a fold has ended; epochs are judged by patches
    /// as they are.
    pub views: &'a [View],
}

impl TrainJob<'_> {
    /// Number of classes.
    pub const fn classes(&self) -> usize {
        self.task.classes.len()
    }

    /// Whether training patches are seen in views that are drawn by number, not under symmetries
    /// alone.
    pub(crate) fn draws_views(&self) -> bool {
        let numbered = |view: &View| matches!(view, View::Numbered(_));
        let sizes = !self.augment.sizes_px.is_empty();
        self.augment.changes_pixels() || sizes || self.views.iter().any(numbered)
    }

    /// The strength of heads, where `train.strength` gives it.
    pub(crate) fn given_strength(&self) -> Option<f64> {
        Some(self.config.strength).filter(|strength| *strength > 0.0)
    }

    /// Widths of a head on embeddings of `width` values; see
    /// [`Head::widths`](crate::model::head::Head::widths).
    pub(crate) fn head_widths(&self, width: usize) -> Vec<usize> {
        match self.config.head {
            HeadKind::Mlp => vec![width, self.config.hidden, self.classes()],
            _ => vec![width, self.classes()],
        }
    }

    /// The draws of an epoch of the fold with this stream, over the rows that are trained on.
    pub(crate) fn draws(&self, stream: u64, trained: &[usize], epoch: usize) -> Vec<Draw> {
        let position = [stream, epoch as u64];
        let class = |row: usize| self.targets[row];
        let order = epoch_order(self.config.sampling, trained, class, self.seed, position);
        let mut rng = self.seed.stream(Stream::Augment, &position);
        let members = self.augment.symmetry.members();
        Draw::epoch(&order, members, self.draws_views(), &mut rng)
    }

    /// Classes of some rows.
    pub(crate) fn targets_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|row| self.targets[*row]).collect()
    }

    /// The weights of the classes for a loss over `rows`.
    pub(crate) fn class_weights(&self, rows: &[usize]) -> Vec<f32> {
        let targets = rows.iter().map(|row| self.targets[*row]);
        class_weights(self.config, targets, self.classes(), self.task.positive)
    }

    /// Metrics of rows with these classes and logits.
    pub(crate) fn metrics(
        &self,
        targets: &[usize],
        logits: &[f32],
    ) -> Result<MetricSet, MetricError> {
        let mut probs = logits.to_vec();
        softmax(&mut probs, self.classes());
        MetricSet::new(targets, &probs, self.classes(), self.task.positive)
    }
}
