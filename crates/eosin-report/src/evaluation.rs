//! Predictions turned into what the report draws.

use eosin_metrics::{
    MetricError, MetricSet, PrPoint, Probs, Ranking, ReliabilityBin, RocPoint, reliability,
};

/// Bins of the probability histogram.
const HISTOGRAM_BINS: usize = 20;
/// Bins of the reliability diagram.
const RELIABILITY_BINS: usize = 10;

/// One set of pooled predictions: its metrics and the curves behind them.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The column's heading, such as `Out-of-fold`.
    pub name: String,
    /// One sentence on where the predictions come from; may be empty.
    pub note: String,
    /// Every metric.
    pub metrics: MetricSet,
    /// The positive class of two, or every class of more, against the rest.
    pub views: Vec<ClassView>,
}

/// One class against the rest.
#[derive(Clone, Debug)]
pub struct ClassView {
    /// The class.
    pub class: usize,
    /// The ROC curve; `None` when undefined.
    pub roc: Option<Vec<RocPoint>>,
    /// The precision-recall curve; `None` when undefined.
    pub pr: Option<Vec<PrPoint>>,
    /// Patches of the class by its probability, in bins of equal width over 0 to 1.
    pub histogram_of_class: Vec<u64>,
    /// Patches of the other classes, in the same bins.
    pub histogram_of_rest: Vec<u64>,
    /// The reliability diagram of the class's probability.
    pub reliability: Vec<ReliabilityBin>,
}

impl Evaluation {
    /// Measures predictions; the arguments after `note` are those of [`MetricSet::new`].
    ///
    /// # Errors
    /// As [`MetricSet::new`].
    pub fn new<P: Into<f64> + Copy>(
        name: impl Into<String>,
        note: impl Into<String>,
        targets: &[usize],
        probs: &[P],
        class_count: usize,
        positive: usize,
    ) -> Result<Self, MetricError> {
        let metrics = MetricSet::new(targets, probs, class_count, positive)?;
        let probs = Probs::new(targets, probs, class_count)?;
        let classes = if class_count == 2 {
            positive..positive + 1
        } else {
            0..class_count
        };
        let views = classes
            .map(|class| ClassView::new(targets, &probs, class))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name: name.into(),
            note: note.into(),
            metrics,
            views,
        })
    }
}

impl ClassView {
    fn new(targets: &[usize], probs: &Probs, class: usize) -> Result<Self, MetricError> {
        let is_class: Vec<bool> = targets.iter().map(|&target| target == class).collect();
        let scores = probs.column(class);
        let ranking = Ranking::new(&is_class, &scores)?;
        let bins = reliability(&is_class, &scores, HISTOGRAM_BINS)?;
        let histogram_of_class: Vec<u64> = bins.iter().map(hits).collect();
        let rest = bins
            .iter()
            .zip(&histogram_of_class)
            .map(|(bin, of_class)| bin.count - of_class);
        Ok(Self {
            class,
            roc: ranking.roc_curve(),
            pr: ranking.pr_curve(),
            histogram_of_rest: rest.collect(),
            histogram_of_class,
            reliability: reliability(&is_class, &scores, RELIABILITY_BINS)?,
        })
    }
}

/// How many rows of a bin came true.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count, rounded, lies in 0 to the count"
)]
fn hits(bin: &ReliabilityBin) -> u64 {
    bin.observed
        .map_or(0, |observed| (observed * bin.count as f64).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_count_every_row_once_by_its_class() {
        let probs = [0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.0, 1.0];
        let evaluation = Evaluation::new("test", "", &[0, 1, 1, 1], &probs, 2, 1).unwrap();
        let view = &evaluation.views[0];
        assert_eq!(view.histogram_of_class.iter().sum::<u64>(), 3);
        assert_eq!(view.histogram_of_rest.iter().sum::<u64>(), 1);
        assert_eq!(view.histogram_of_class[19], 1);
        assert_eq!(view.histogram_of_rest[1], 1);
    }
}
