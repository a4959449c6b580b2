//! Two runs on the same folds, compared patch by patch.

use eosin_core::choice::choices;
use eosin_core::{Seed, Task};
use eosin_metrics::{Bootstrap, Groups, Interval, Metric, PairedModels, Unit};
use serde::Serialize;

use crate::error::TrainError;
use crate::judge::judged_rows::{JudgedRows, SharedGroups};
use crate::judge::patch_groups::PatchGroups;
use crate::predict::predictions::{Part, Prediction};

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
    /// What was taken for independent.
    pub by: Unit,
    /// How many of them were resampled.
    pub groups: usize,
    /// Resamples in which the metric is defined.
    pub resamples: usize,
    /// What the interval says.
    pub verdict: Verdict,
}

/// Compares the out-of-fold predictions of `variant` with those of `base` by `metric`.
///
/// What is not independent by `groups` is drawn together, both runs the same (paired cluster bootstrap);
/// the interval is [`Resamples::bca`](eosin_metrics::Resamples::bca) of the differences.
///
/// # Errors
/// When the runs do not predict the same patches, or a metric cannot be computed.
pub fn paired_difference(
    base: &[Prediction],
    variant: &[Prediction],
    groups: &PatchGroups,
    metric: Metric,
    task: &Task,
    seed: Seed,
) -> Result<PairedDifference, TrainError> {
    let base = JudgedRows::of(base, Part::OutOfFold, task)?;
    let variant = JudgedRows::of(variant, Part::OutOfFold, task)?;
    let mut pairs = base.iter().zip(&variant);
    if base.len() != variant.len() || !pairs.all(|(one, other)| one.are_of_the_same(other)) {
        return Err(TrainError::NotPaired);
    }
    let shared = SharedGroups::new(&base, groups);
    let of_rows: Vec<Groups> = base.iter().map(|rows| shared.of(rows)).collect();
    let model = |rows| SharedGroups::model(rows, &of_rows);
    let models = PairedModels::new(&model(&base), &model(&variant), task.positive);
    let resamples = models.resample(Bootstrap::new(seed));
    let interval = resamples.bca(metric, models.groups_of(metric));
    Ok(PairedDifference {
        metric,
        base: models.base().get(metric),
        variant: models.other().get(metric),
        difference: resamples.point().get(metric),
        ci_low: interval.map(|interval| interval.ci_low),
        ci_high: interval.map(|interval| interval.ci_high),
        by: shared.unit,
        groups: shared.count(),
        resamples: resamples.defined(metric),
        verdict: verdict(metric, interval),
    })
}

fn verdict(metric: Metric, interval: Option<Interval>) -> Verdict {
    let (up, down) = if metric.higher_is_better() {
        (Verdict::Helps, Verdict::Hurts)
    } else {
        (Verdict::Hurts, Verdict::Helps)
    };
    match interval {
        Some(interval) if interval.ci_low > 0.0 => up,
        Some(interval) if interval.ci_high < 0.0 => down,
        _ => Verdict::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::FoldId;
    use eosin_core::config::GroupBy;

    use super::*;
    use crate::judge::patch_groups::GroupNames;

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

    /// Patches in fours.
    fn groups() -> PatchGroups {
        let name = |at: usize| {
            let names = GroupNames {
                patient: Some((at / 4).to_string()),
                ..GroupNames::default()
            };
            (format!("{at:02}"), names)
        };
        PatchGroups::new(GroupBy::Patient, (0..40).map(name).collect())
    }

    fn compare(shift: f32) -> PairedDifference {
        let (base, variant) = (rows(0.0), rows(shift));
        paired_difference(&base, &variant, &groups(), Metric::Auroc, &two(), Seed(1)).unwrap()
    }

    #[test]
    fn a_better_variant_helps_a_worse_one_hurts_and_the_same_tells_nothing() {
        let same = compare(0.0);
        assert_eq!(
            (same.difference, same.verdict),
            (Some(0.0), Verdict::CannotTell)
        );
        assert_eq!((same.by, same.groups), (Unit::Patient, 10));
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
        assert!(found.resamples > 1900 && found.resamples <= 2000);
    }

    #[test]
    fn runs_on_other_patches_are_not_compared() {
        let base = rows(0.0);
        let result =
            paired_difference(&base, &base[1..], &groups(), Metric::Auroc, &two(), Seed(1));
        assert!(matches!(result, Err(TrainError::NotPaired)));
    }
}
