//! Two runs on the same folds, compared patch by patch.

use std::collections::BTreeMap;

use eosin_core::choice::choices;
use eosin_core::{Seed, Stream, Task};
use eosin_metrics::{Metric, MetricSet};
use rand::RngExt as _;
use rayon::prelude::*;
use serde::Serialize;

use crate::error::TrainError;
use crate::predict::predictions::{Part, Prediction};

/// Resamples of the bootstrap.
const RESAMPLES: u64 = 1000;
/// Share of resamples left out at either end of a 95 % interval.
const TAIL: f64 = 0.025;

choices! {
    /// What a paired difference says.
    pub enum Verdict {
        /// The whole interval is on the better side of zero.
        Helps => "helps",
        /// The whole interval is on the worse side of zero.
        Hurts => "hurts",
        /// The interval holds zero, or there is none.
        CannotTell => "cannot tell",
    }
}

/// How a variant's out-of-fold predictions differ from a base's on the same patches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairedDifference {
    /// The metric.
    pub metric: Metric,
    /// Of the base, mean over cross-validations.
    pub base: Option<f64>,
    /// Of the variant.
    pub variant: Option<f64>,
    /// `variant - base`.
    pub difference: Option<f64>,
    /// Lower end of the difference's 95 % interval.
    pub ci_low: Option<f64>,
    /// Upper end.
    pub ci_high: Option<f64>,
    /// Groups that were resampled; as many as patches where patches are independent.
    pub groups: usize,
    /// Resamples in which the metric is defined.
    pub resamples: usize,
    /// What the interval says.
    pub verdict: Verdict,
}

/// The rows of both runs, side by side.
struct Pairs<'a> {
    metric: Metric,
    task: &'a Task,
    /// For each cross-validation the target and both probabilities of its patches, by group.
    repeats: Vec<Vec<Vec<Pair<'a>>>>,
}

/// Target, base's and variant's probabilities of one patch.
type Pair<'a> = (usize, &'a [f32], &'a [f32]);

/// Compares the out-of-fold predictions of `variant` with those of `base` by `metric`.
///
/// `group` names what patches belong together (a patient, a slide, or the patch itself): groups
/// are drawn with repetition, both runs the same, and the interval is that of the percentiles of
/// the differences (paired cluster bootstrap; Efron & Tibshirani 1993, Field & Welsh 2007).
///
/// # Errors
/// When the runs do not predict the same patches, or a metric cannot be computed.
pub fn paired_difference(
    base: &[Prediction],
    variant: &[Prediction],
    group: impl Fn(&str) -> String,
    metric: Metric,
    task: &Task,
    seed: Seed,
) -> Result<PairedDifference, TrainError> {
    let pairs = Pairs {
        metric,
        task,
        repeats: side_by_side(base, variant, group)?,
    };
    let groups = pairs.repeats.first().map_or(0, Vec::len);
    let all: Vec<usize> = (0..groups).collect();
    let (of_base, of_variant) = pairs.scores(&all)?;
    let resampled: Result<Vec<Option<f64>>, TrainError> = (0..RESAMPLES)
        .into_par_iter()
        .map(|index| {
            let mut draws = seed.stream(Stream::Bootstrap, &[index]);
            let drawn: Vec<usize> = (0..groups).map(|_| draws.random_range(0..groups)).collect();
            let (base, variant) = pairs.scores(&drawn)?;
            Ok(variant.zip(base).map(|(variant, base)| variant - base))
        })
        .collect();
    let mut differences: Vec<f64> = resampled?.into_iter().flatten().collect();
    differences.sort_by(f64::total_cmp);
    let (ci_low, ci_high) = (
        quantile(&differences, TAIL),
        quantile(&differences, 1.0 - TAIL),
    );
    Ok(PairedDifference {
        metric,
        base: of_base,
        variant: of_variant,
        difference: of_variant
            .zip(of_base)
            .map(|(variant, base)| variant - base),
        ci_low,
        ci_high,
        groups,
        resamples: differences.len(),
        verdict: verdict(metric, ci_low, ci_high),
    })
}

fn verdict(metric: Metric, ci_low: Option<f64>, ci_high: Option<f64>) -> Verdict {
    let (Some(low), Some(high)) = (ci_low, ci_high) else {
        return Verdict::CannotTell;
    };
    let (up, down) = if metric.higher_is_better() {
        (Verdict::Helps, Verdict::Hurts)
    } else {
        (Verdict::Hurts, Verdict::Helps)
    };
    if low > 0.0 {
        up
    } else if high < 0.0 {
        down
    } else {
        Verdict::CannotTell
    }
}

/// The value below which a share `at` of `sorted` lies, between neighbours linearly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let share = place - place.floor();
    Some(sorted[below] * (1.0 - share) + sorted[above] * share)
}

fn side_by_side<'a>(
    base: &'a [Prediction],
    variant: &'a [Prediction],
    group: impl Fn(&str) -> String,
) -> Result<Vec<Vec<Vec<Pair<'a>>>>, TrainError> {
    let judged = |rows: &'a [Prediction]| {
        let rows = rows.iter().filter(|row| row.part == Part::OutOfFold);
        let keyed = rows.map(|row| ((row.fold.map(|fold| fold.repeat), row.key.as_str()), row));
        keyed.collect::<BTreeMap<_, &'a Prediction>>()
    };
    let (base, variant) = (judged(base), judged(variant));
    if !base.keys().eq(variant.keys()) {
        return Err(TrainError::NotPaired);
    }
    let mut repeats: BTreeMap<Option<usize>, BTreeMap<String, Vec<Pair<'a>>>> = BTreeMap::new();
    for (((repeat, key), base), variant) in base.into_iter().zip(variant.values()) {
        let Some(target) = base.target else { continue };
        let groups = repeats.entry(repeat).or_default();
        let pair = (target, &base.probs[..], &variant.probs[..]);
        groups.entry(group(key)).or_default().push(pair);
    }
    let by_group = |groups: BTreeMap<String, Vec<Pair<'a>>>| groups.into_values().collect();
    Ok(repeats.into_values().map(by_group).collect())
}

impl Pairs<'_> {
    /// The metric of both runs on these groups, mean over cross-validations.
    fn scores(&self, drawn: &[usize]) -> Result<(Option<f64>, Option<f64>), TrainError> {
        let (mut base, mut variant) = (Some(0.0), Some(0.0));
        for groups in &self.repeats {
            let rows: Vec<&Pair<'_>> = drawn.iter().flat_map(|at| &groups[*at]).collect();
            let targets: Vec<usize> = rows.iter().map(|row| row.0).collect();
            let of_base: Vec<f32> = rows.iter().flat_map(|row| row.1.iter().copied()).collect();
            let of_variant: Vec<f32> = rows.iter().flat_map(|row| row.2.iter().copied()).collect();
            let score = |probs: &[f32]| -> Result<Option<f64>, TrainError> {
                let metrics =
                    MetricSet::new(&targets, probs, self.task.classes.len(), self.task.positive)?;
                Ok(metrics.get(self.metric))
            };
            let count = self.repeats.len() as f64;
            let plus =
                |sum: Option<f64>, more: Option<f64>| sum.zip(more).map(|(a, b)| a + b / count);
            base = plus(base, score(&of_base)?);
            variant = plus(variant, score(&of_variant)?);
        }
        Ok((base, variant))
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::FoldId;

    use super::*;

    fn two() -> Task {
        Task::new(["benign", "malignant"].map(str::to_owned).into(), 1)
    }

    /// Forty patches of ten groups; the variant is `shift` nearer to the truth.
    fn rows(shift: f32) -> Vec<Prediction> {
        (0..40_usize)
            .map(|at| {
                let target = at / 4 % 2;
                let noise = ((at * 29) % 17) as f32 / 17.0;
                let toward = if target == 1 { shift } else { -shift };
                let prob = (0.2 + 0.6 * noise + toward).clamp(0.0, 1.0);
                Prediction {
                    key: format!("{at:02}"),
                    part: Part::OutOfFold,
                    fold: Some(FoldId::new(0, at % 5)),
                    target: Some(target),
                    probs: vec![1.0 - prob, prob],
                }
            })
            .collect()
    }

    fn compare(shift: f32) -> PairedDifference {
        let group = |key: &str| key.parse::<usize>().map_or(0, |at| at / 4).to_string();
        let (base, variant) = (rows(0.0), rows(shift));
        paired_difference(&base, &variant, group, Metric::Auroc, &two(), Seed(1)).unwrap()
    }

    #[test]
    fn a_better_variant_helps_a_worse_one_hurts_and_the_same_tells_nothing() {
        let same = compare(0.0);
        assert_eq!(
            (same.difference, same.verdict),
            (Some(0.0), Verdict::CannotTell)
        );
        assert_eq!(same.groups, 10);
        assert_eq!(compare(0.2).verdict, Verdict::Helps);
        assert_eq!(compare(-0.2).verdict, Verdict::Hurts);
        assert_eq!(compare(0.2), compare(0.2));
    }

    #[test]
    fn the_interval_holds_the_difference() {
        let found = compare(0.05);
        let [low, middle, high] =
            [found.ci_low, found.difference, found.ci_high].map(Option::unwrap);
        assert!(low <= middle && middle <= high, "{found:?}");
        // A resample of ten groups may hold one class only.
        assert!(found.resamples > 900 && found.resamples <= 1000);
    }

    #[test]
    fn runs_on_other_patches_are_not_compared() {
        let base = rows(0.0);
        let result = paired_difference(
            &base,
            &base[1..],
            str::to_owned,
            Metric::Auroc,
            &two(),
            Seed(1),
        );
        assert!(matches!(result, Err(TrainError::NotPaired)));
    }
}
