//! One run against the base on a part.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_core::Seed;
use eosin_metrics::{
    AurocEstimate, Bootstrap, CorrectedT, Groups, Metric, PairedModels, Permutation, Placements,
    corrected_t, holm, mcnemar, right_rows,
};
use eosin_train::{JudgedRows, Part, SharedGroups, Verdict};

use super::contestant::Contestant;
use super::estimates::Asked;
use super::record::{Estimate, MetricDifference, RunDifference, TestKind};

/// At which a test tells.
const LEVEL: f64 = 0.05;
/// What predictions, which are 32-bit numbers, may differ by without meaning.
const ROUNDING: f64 = 1e-6;

/// The base and another run on the same part.
pub(super) struct Pair<'a> {
    pub base: &'a Contestant,
    pub other: &'a Contestant,
    pub part: Part,
    pub shared: &'a SharedGroups,
}

impl Pair<'_> {
    /// Every difference, its verdict without regard to further runs.
    pub fn difference(&self, asked: Asked) -> Result<RunDifference> {
        let (base, other) = (self.base.rows(self.part), self.other.rows(self.part));
        let groups = |rows: &[JudgedRows]| -> Vec<Groups> {
            rows.iter().map(|rows| self.shared.of(rows)).collect()
        };
        let (base_groups, other_groups) = (groups(base), groups(other));
        let models = PairedModels::new(
            &SharedGroups::model(base, &base_groups),
            &SharedGroups::model(other, &other_groups),
            asked.positive,
        );
        let delong = self.delong(asked.positive, &base_groups)?;
        let seed = asked.bootstrap.seed;
        let metrics = differences(&models, asked.bootstrap, seed, delong);
        let one = match (base, other) {
            ([base], [other]) => Some((base.right(), other.right())),
            _ => None,
        };
        let right = one.as_ref().zip(base_groups.first());
        Ok(RunDifference {
            run: self.other.name.clone(),
            metrics,
            right: right.map(|((base, other), groups)| right_rows(base, other, groups)),
            mcnemar: one.as_ref().map(|(base, other)| mcnemar(base, other)),
            delong_by_patch: self.delong(asked.positive, &apart(base))?.map(Into::into),
            folds: self.folds(),
        })
    }

    /// `DeLong`'s test of the mean AUROC over cross-validations, of two classes, where all of them judge
    /// the same patches.
    fn delong(&self, positive: usize, groups: &[Groups]) -> Result<Option<AurocEstimate>> {
        let (base, other) = (self.base.rows(self.part), self.other.rows(self.part));
        let (Some(first), Some(groups)) = (base.first(), groups.first()) else {
            return Ok(None);
        };
        let same = |rows: &JudgedRows| rows.are_of_the_same(first);
        if self.base.task.classes.len() != 2 || !base.iter().chain(other).all(same) {
            return Ok(None);
        }
        let is_positive: Vec<bool> = first.targets.iter().map(|of| *of == positive).collect();
        let placements = |rows: &[JudgedRows]| -> Result<Option<Placements>> {
            let each = rows.iter();
            let each = each.map(|rows| Placements::new(&is_positive, &rows.probs.column(positive)));
            let each: Option<Vec<Placements>> =
                each.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
            Ok(each.and_then(|each| Placements::mean(&each)))
        };
        let (Some(base), Some(other)) = (placements(base)?, placements(other)?) else {
            return Ok(None);
        };
        Ok(AurocEstimate::of_difference(
            &is_positive,
            &base,
            &other,
            groups,
        ))
    }

    /// Of each metric that both have in every fold; nothing on test patches, with other folds, or where
    /// not every patch is judged.
    fn folds(&self) -> BTreeMap<Metric, CorrectedT> {
        let same_folds = self.base.has_folds_of(self.other);
        if self.part != Part::OutOfFold || !same_folds || !self.base.is_complete() {
            return BTreeMap::new();
        }
        let folds = self.base.metrics.folds.len();
        let per_repeat = folds / self.base.out_of_fold.len().max(1);
        if per_repeat < 2 {
            return BTreeMap::new();
        }
        let test_over_train = 1.0 / (per_repeat - 1) as f64;
        let of_metric = |metric: &Metric| {
            let pairs = self
                .base
                .of_folds(*metric)
                .zip(self.other.of_folds(*metric));
            let differences: Option<Vec<f64>> =
                pairs.map(|(base, other)| Some(other? - base?)).collect();
            Some((*metric, corrected_t(&differences?, test_over_train)?))
        };
        Metric::ALL.iter().filter_map(of_metric).collect()
    }
}

fn apart(rows: &[JudgedRows]) -> Vec<Groups> {
    rows.iter()
        .map(|rows| Groups::apart(rows.keys.len()))
        .collect()
}

fn differences(
    models: &PairedModels,
    bootstrap: Bootstrap,
    seed: Seed,
    delong: Option<AurocEstimate>,
) -> BTreeMap<Metric, MetricDifference> {
    let resamples = models.resample(bootstrap);
    let exchanged = Permutation::new(seed).p_values(models);
    let of_metric = |metric: &Metric| {
        let value = resamples.point().get(*metric);
        let by_delong = delong.filter(|_| *metric == Metric::Auroc);
        let (interval, test, p) = if let Some(of) = by_delong {
            (Some(of.interval()), Some(TestKind::DeLong), Some(of.p()))
        } else {
            let interval = resamples.bca(*metric, models.groups_of(*metric));
            let p = exchanged.and_then(|all| all.get(*metric));
            (interval, p.map(|_| TestKind::Permutation), p)
        };
        let difference = MetricDifference {
            estimate: Estimate::new(value, interval),
            test,
            p,
            p_holm: None,
            verdict: Verdict::CannotTell,
        };
        (*metric, difference)
    };
    Metric::ALL.iter().map(of_metric).collect()
}

/// Counts every run that is held to the base as a test, metric by metric, and says what the adjusted
/// chances tell.
pub(super) fn adjust(differences: &mut [RunDifference]) {
    for metric in Metric::ALL {
        let p = |of: &RunDifference| of.metrics.get(metric).and_then(|of| of.p);
        let adjusted = holm(&differences.iter().map(p).collect::<Vec<_>>());
        for (of, p_holm) in differences.iter_mut().zip(adjusted) {
            if let Some(of) = of.metrics.get_mut(metric) {
                of.p_holm = p_holm;
                of.verdict = verdict(*metric, of.estimate.value, p_holm);
            }
        }
    }
}

fn verdict(metric: Metric, difference: Option<f64>, p: Option<f64>) -> Verdict {
    match (difference, p) {
        (Some(difference), Some(p)) if p < LEVEL && difference.abs() > ROUNDING => {
            if (difference > 0.0) == metric.higher_is_better() {
                Verdict::Helps
            } else {
                Verdict::Hurts
            }
        }
        _ => Verdict::CannotTell,
    }
}
