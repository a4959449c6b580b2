//! `metrics.json`: every metric of a run, from its predictions alone.

use std::collections::BTreeMap;

use eosin_core::{FoldId, Seed, Task};
use eosin_metrics::{FoldSummary, Metric, MetricError, MetricSet, summarise};
use serde::{Deserialize, Serialize};

use crate::judge::patch_groups::PatchGroups;
use crate::judge::selection::selection;
use crate::predict::predictions::{Part, Prediction};

/// Metrics of one fold on its validation part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldMetrics {
    /// Which fold.
    #[serde(flatten)]
    pub fold: FoldId,
    /// On the validation part, at the fold's best epoch.
    pub metrics: MetricSet,
}

/// Every metric of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunMetrics {
    /// The metric that picked epochs and the best fold.
    pub select: Metric,
    /// Each fold.
    pub folds: Vec<FoldMetrics>,
    /// Mean and standard deviation over folds.
    pub across_folds: BTreeMap<Metric, FoldSummary>,
    /// All validation predictions pooled, for each cross-validation.
    pub out_of_fold: Vec<MetricSet>,
    /// Place in `folds` of the fold that is best by `select`.
    pub best_fold: usize,
    /// Labelled test patches, by the mean of all folds' logits.
    pub test_average: Option<MetricSet>,
    /// Labelled test patches, by the best fold.
    pub test_best: Option<MetricSet>,
    /// The same of patches as they are, where the rest is of means over several views.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_view: Option<OneViewMetrics>,
}

/// What predictions by patches as they are would score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneViewMetrics {
    /// All validation predictions pooled, for each cross-validation.
    pub out_of_fold: Vec<MetricSet>,
    /// Labelled test patches, by the mean of all folds' logits.
    pub test_average: Option<MetricSet>,
}

/// Computes every metric. `select` is the metric that was asked to pick the best fold; see
/// [`selection`]. `groups` says what is not independent of each other: it is what intervals take groups
/// of, whose resamples follow from `seed`.
///
/// # Errors
/// When there is no labelled prediction, or a probability is not finite.
pub fn evaluate(
    rows: &[Prediction],
    task: &Task,
    select: Metric,
    groups: &PatchGroups,
    seed: Seed,
) -> Result<RunMetrics, MetricError> {
    let score = |rows: &[&Prediction]| {
        let Labelled { targets, probs, .. } = Labelled::of(rows);
        let set = MetricSet::new(&targets, &probs, task.classes.len(), task.positive)?;
        // Of the few groups of one fold, or of what is compared by eye, intervals would tell little.
        Ok(set.without_intervals())
    };
    let judged = |rows: &[&Prediction]| {
        let Labelled {
            keys,
            targets,
            probs,
        } = Labelled::of(rows);
        let sampling = groups.sampling(keys.iter().copied(), seed);
        MetricSet::sampled(
            &targets,
            &probs,
            task.classes.len(),
            task.positive,
            &sampling,
        )
    };
    let of_part = |part: Part| {
        let rows = rows.iter().filter(move |row| row.part == part);
        rows.filter_map(|row| Some((row.fold?, row)))
    };
    let by_repeat = |part: Part| {
        let mut by_repeat: BTreeMap<usize, Vec<&Prediction>> = BTreeMap::new();
        for (fold, row) in of_part(part) {
            by_repeat.entry(fold.repeat).or_default().push(row);
        }
        by_repeat
    };
    let mut by_fold: BTreeMap<FoldId, Vec<&Prediction>> = BTreeMap::new();
    for (fold, row) in of_part(Part::OutOfFold) {
        by_fold.entry(fold).or_default().push(row);
    }
    let one_view = by_repeat(Part::OutOfFoldOneView);
    let fold = |(fold, rows): (&FoldId, &Vec<&Prediction>)| {
        Ok(FoldMetrics {
            fold: *fold,
            metrics: score(rows)?,
        })
    };
    let folds: Vec<FoldMetrics> = by_fold
        .iter()
        .map(fold)
        .collect::<Result<_, MetricError>>()?;
    let val = |rows: &Vec<&Prediction>| rows.iter().filter_map(|row| row.target).collect();
    let targets: Vec<Vec<usize>> = by_fold.values().map(val).collect();
    let parts = targets.iter().map(Vec::as_slice);
    let select = selection(select, task, parts)?;
    let summary = |metric: Metric| {
        (
            metric,
            summarise(folds.iter().map(|f| f.metrics.get(metric))),
        )
    };
    let test = |part: Part, score: Score<'_>| {
        let of_part = |row: &&Prediction| row.part == part && row.target.is_some();
        let rows: Vec<&Prediction> = rows.iter().filter(of_part).collect();
        let any = !rows.is_empty();
        any.then(|| score(&rows)).transpose()
    };
    let pooled = |by_repeat: &BTreeMap<usize, Vec<&Prediction>>, score: Score<'_>| {
        let scores = by_repeat.values().map(|rows| score(rows));
        scores.collect::<Result<Vec<MetricSet>, MetricError>>()
    };
    Ok(RunMetrics {
        select,
        across_folds: Metric::ALL.iter().copied().map(summary).collect(),
        out_of_fold: pooled(&by_repeat(Part::OutOfFold), &judged)?,
        best_fold: best_fold(folds.iter().map(|fold| fold.metrics.get(select)), select),
        test_average: test(Part::TestAverage, &judged)?,
        test_best: test(Part::TestBest, &judged)?,
        one_view: if one_view.is_empty() {
            None
        } else {
            Some(OneViewMetrics {
                out_of_fold: pooled(&one_view, &score)?,
                test_average: test(Part::TestAverageOneView, &score)?,
            })
        },
        folds,
    })
}

/// How rows are measured.
type Score<'a> = &'a dyn Fn(&[&Prediction]) -> Result<MetricSet, MetricError>;

/// The rows whose class is known.
struct Labelled<'a> {
    keys: Vec<&'a str>,
    targets: Vec<usize>,
    /// `[rows, classes]`
    probs: Vec<f32>,
}

impl<'a> Labelled<'a> {
    fn of(rows: &[&'a Prediction]) -> Self {
        let labelled = || rows.iter().filter(|row| row.target.is_some());
        Self {
            keys: labelled().map(|row| row.key.as_str()).collect(),
            targets: labelled().filter_map(|row| row.target).collect(),
            probs: labelled()
                .flat_map(|row| row.probs.iter().copied())
                .collect(),
        }
    }
}

/// The place of the best value; of equals, the first.
pub(crate) fn best_fold(values: impl Iterator<Item = Option<f64>>, select: Metric) -> usize {
    let (mut place, mut best) = (0, None);
    for (index, value) in values.enumerate() {
        if select.is_better(value, best) {
            (place, best) = (index, value);
        }
    }
    place
}
