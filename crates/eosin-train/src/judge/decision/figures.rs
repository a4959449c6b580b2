//! How well calibrated predictions are.

use eosin_metrics::{
    BrierParts, MetricError, MetricSet, Recalibration, ReliabilityPoint, ScoredRows,
    reliability_points,
};
use serde::{Deserialize, Serialize};

/// How well calibrated predictions are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFigures {
    /// Patches judged.
    pub patches: u64,
    /// See [`log_loss`](eosin_metrics::log_loss()).
    pub log_loss: Option<f64>,
    /// See [`brier`](eosin_metrics::brier()).
    pub brier: Option<f64>,
    /// See [`ece`](eosin_metrics::ece()).
    pub ece: Option<f64>,
    /// What there is of two classes only, about the positive one.
    #[serde(flatten)]
    pub two_classes: Option<TwoClassFigures>,
}

/// How well calibrated probabilities of the positive class are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoClassFigures {
    /// Slope, intercept and the like.
    pub recalibration: Recalibration,
    /// What the Brier score is made of.
    pub brier_parts: BrierParts,
    /// The reliability diagram; empty of single folds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reliability: Vec<ReliabilityPoint>,
}

/// Whether a reliability diagram is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Diagram {
    With,
    Without,
}

impl CalibrationFigures {
    /// Of rows of two classes.
    pub(super) fn of(rows: &ScoredRows, diagram: Diagram) -> Result<Self, MetricError> {
        let targets: Vec<usize> = rows.positive().iter().copied().map(usize::from).collect();
        let both = |prob: f64| [1.0 - prob, prob];
        let probs: Vec<f64> = rows.probs().into_iter().flat_map(both).collect();
        Ok(Self {
            two_classes: Some(TwoClassFigures {
                recalibration: Recalibration::of(rows),
                brier_parts: BrierParts::of(rows),
                reliability: match diagram {
                    Diagram::With => reliability_points(rows)?,
                    Diagram::Without => Vec::new(),
                },
            }),
            ..Self::of_probs(&targets, &probs, 2)?
        })
    }

    /// Of probabilities, `[patches, classes]`.
    pub(super) fn of_probs(
        targets: &[usize],
        probs: &[f64],
        classes: usize,
    ) -> Result<Self, MetricError> {
        let metrics = MetricSet::new(targets, probs, classes, classes - 1)?;
        Ok(Self {
            patches: metrics.count,
            log_loss: metrics.log_loss,
            brier: metrics.brier,
            ece: metrics.ece,
            two_classes: None,
        })
    }
}
