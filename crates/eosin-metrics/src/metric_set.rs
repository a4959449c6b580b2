//! Every metric of one set of predictions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::average::{Average, averaged, macro_mean, weighted_mean};
use crate::confusion::Confusion;
use crate::counts::Counts;
use crate::ece::ECE_BINS;
use crate::error::{MetricError, check_classes, check_length};
use crate::groups::Groups;
use crate::interval::Interval;
use crate::intervals::{GroupedRows, IntervalBasis, Intervals, Sampling};
use crate::metric::Metric;
use crate::probs::Probs;
use crate::ranking::Ranking;
use crate::unit::Unit;
use crate::{
    accuracy, balanced_accuracy, brier, ece, f1, khd, log_loss, mcc, npv, precision, recall,
    specificity,
};

/// Every metric of one set of predictions; an undefined one is `None`, in JSON `null`.
///
/// With two classes, precision, recall, specificity, NPV, F1, AUROC, AUPRC and `khd` are those of
/// the positive class. With more they are macro averages of the one-vs-rest values, and `micro` and
/// `weighted` hold the other averages. The remaining metrics have one form for any class count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSet {
    /// Rows measured.
    pub count: u64,
    /// The number of classes.
    pub class_count: usize,
    /// The positive class; `None` with more than two classes.
    pub positive: Option<usize>,
    /// Targets (rows) against preds (columns).
    pub confusion: Confusion,
    /// See [`khd`].
    pub khd: Option<f64>,
    /// See [`Ranking::auroc`].
    pub auroc: Option<f64>,
    /// See [`Ranking::auprc`].
    pub auprc: Option<f64>,
    /// See [`accuracy`].
    pub accuracy: Option<f64>,
    /// See [`balanced_accuracy`].
    pub balanced_accuracy: Option<f64>,
    /// See [`precision`].
    pub precision: Option<f64>,
    /// See [`recall`].
    pub recall: Option<f64>,
    /// See [`specificity`].
    pub specificity: Option<f64>,
    /// See [`npv`].
    pub npv: Option<f64>,
    /// See [`f1`].
    pub f1: Option<f64>,
    /// See [`mcc`].
    pub mcc: Option<f64>,
    /// See [`log_loss`].
    pub log_loss: Option<f64>,
    /// See [`brier`].
    pub brier: Option<f64>,
    /// See [`ece`]; 15 bins.
    pub ece: Option<f64>,
    /// 95 % intervals, where there is one.
    pub intervals: BTreeMap<Metric, Interval>,
    /// What they take for independent, and how each was made; `None` where there are none, and of
    /// metrics that an older version wrote, whose intervals take patches for independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals_by: Option<IntervalBasis>,
    /// The one-vs-rest values of each class.
    pub per_class: Vec<ClassMetrics>,
    /// Micro averages; `None` with two classes.
    pub micro: Option<AveragedMetrics>,
    /// Averages weighted by targets; `None` with two classes.
    pub weighted: Option<AveragedMetrics>,
}

/// The metrics of one class against all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The class.
    pub class: usize,
    /// Its targets.
    pub targets: u64,
    /// See [`precision`].
    pub precision: Option<f64>,
    /// See [`recall`].
    pub recall: Option<f64>,
    /// See [`specificity`].
    pub specificity: Option<f64>,
    /// See [`npv`].
    pub npv: Option<f64>,
    /// See [`f1`].
    pub f1: Option<f64>,
    /// See [`Ranking::auroc`].
    pub auroc: Option<f64>,
    /// See [`Ranking::auprc`].
    pub auprc: Option<f64>,
    /// 95 % intervals of those that have a formula, where there are more than two classes: with two those of
    /// the table are of the positive class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<Metric, Interval>,
}

impl ClassMetrics {
    /// The interval of a metric that has one.
    pub fn interval(&self, metric: Metric) -> Option<Interval> {
        self.intervals.get(&metric).copied()
    }
}

/// One kind of average over the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AveragedMetrics {
    /// See [`precision`].
    pub precision: Option<f64>,
    /// See [`recall`].
    pub recall: Option<f64>,
    /// See [`specificity`].
    pub specificity: Option<f64>,
    /// See [`npv`].
    pub npv: Option<f64>,
    /// See [`f1`].
    pub f1: Option<f64>,
    /// See [`Ranking::auroc`]; the micro form is not offered, since it ranks scores of different
    /// classes against each other.
    pub auroc: Option<f64>,
    /// See [`Ranking::auprc`]; the micro form is not offered either.
    pub auprc: Option<f64>,
}

impl MetricSet {
    /// Computes every metric, and those intervals that have a formula, as if rows were independent.
    ///
    /// `targets` are class indices, `probs` is row-major `n x class_count` (`f32` or `f64`), and
    /// `positive` is the positive class of two (ignored, but checked, with more). A row's pred is
    /// its likeliest class, the lowest index of equals: with two classes, class 1 when its
    /// probability exceeds 0.5.
    ///
    /// # Errors
    /// When there are no rows, a length or class index is wrong, or a row of `probs` holds no
    /// probabilities; see [`Probs::new`].
    pub fn new<P: Into<f64> + Copy>(
        targets: &[usize],
        probs: &[P],
        class_count: usize,
        positive: usize,
    ) -> Result<Self, MetricError> {
        check_classes("positive class", &[positive], class_count)?;
        let probs = Probs::new(targets, probs, class_count)?;
        let confusion = Confusion::new(targets, &probs.preds(), class_count)?;
        let rankings = (0..class_count)
            .map(|class| rank(targets, &probs, class))
            .collect::<Result<Vec<_>, _>>()?;
        let per_class: Vec<ClassMetrics> = (0..class_count)
            .map(|class| class_metrics(&confusion, &rankings, class))
            .collect();
        let groups = Groups::apart(targets.len());
        let rows = GroupedRows {
            targets,
            probs: &probs,
            positive,
            groups: &groups,
        };
        let found = Intervals::by_formula(rows)?;
        let positive = (class_count == 2).then_some(positive);
        let over = |average| AveragedMetrics::over(&confusion, &per_class, average);
        let multi_class = |average| positive.is_none().then(|| over(average));
        let main = match positive {
            Some(positive) => AveragedMetrics::of_class(&per_class[positive]),
            None => over(Average::Macro),
        };
        let this = Self {
            count: confusion.total(),
            class_count,
            positive,
            khd: khd_of(&confusion, positive),
            auroc: main.auroc,
            auprc: main.auprc,
            accuracy: accuracy(&confusion),
            balanced_accuracy: balanced_accuracy(&confusion),
            precision: main.precision,
            recall: main.recall,
            specificity: main.specificity,
            npv: main.npv,
            f1: main.f1,
            mcc: mcc(&confusion),
            log_loss: Some(log_loss(targets, &probs)),
            brier: Some(brier(targets, &probs)),
            ece: Some(ece(targets, &probs, ECE_BINS)),
            intervals: BTreeMap::new(),
            intervals_by: None,
            micro: multi_class(Average::Micro),
            weighted: multi_class(Average::Weighted),
            per_class,
            confusion,
        };
        Ok(this.with_intervals(&found, Unit::Patch, &groups, 0))
    }

    /// Computes every metric, and an interval of each that takes groups of rows, not rows, for
    /// independent; the arguments before `sampling` are those of [`new`](Self::new).
    ///
    /// # Errors
    /// As [`new`](Self::new), or when `sampling` has not a group for each row.
    pub fn sampled<P: Into<f64> + Copy>(
        targets: &[usize],
        probs: &[P],
        class_count: usize,
        positive: usize,
        sampling: &Sampling,
    ) -> Result<Self, MetricError> {
        let this = Self::new(targets, probs, class_count, positive)?;
        let groups = &sampling.groups;
        check_length("groups", groups.of_rows().len(), targets.len())?;
        let rows = GroupedRows {
            targets,
            probs: &Probs::new(targets, probs, class_count)?,
            positive,
            groups,
        };
        let found = Intervals::resampled(rows, sampling.bootstrap)?;
        let resamples = sampling.bootstrap.resamples;
        Ok(this.with_intervals(&found, sampling.unit, groups, resamples))
    }

    fn with_intervals(
        mut self,
        found: &Intervals,
        by: Unit,
        groups: &Groups,
        resamples: u64,
    ) -> Self {
        for of in &mut self.per_class {
            of.intervals = found.of_class(of.class);
        }
        Self {
            intervals: found.intervals(),
            intervals_by: Some(IntervalBasis {
                by,
                groups: groups.count() as u64,
                resamples,
                methods: found.methods(),
            }),
            ..self
        }
    }

    /// The same without intervals: of rows too few groups of which are there to tell.
    #[must_use]
    pub fn without_intervals(mut self) -> Self {
        for of in &mut self.per_class {
            of.intervals.clear();
        }
        Self {
            intervals: BTreeMap::new(),
            intervals_by: None,
            ..self
        }
    }

    /// The value of a metric.
    pub const fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Khd => self.khd,
            Metric::Auroc => self.auroc,
            Metric::Auprc => self.auprc,
            Metric::Accuracy => self.accuracy,
            Metric::BalancedAccuracy => self.balanced_accuracy,
            Metric::Precision => self.precision,
            Metric::Recall => self.recall,
            Metric::Specificity => self.specificity,
            Metric::Npv => self.npv,
            Metric::F1 => self.f1,
            Metric::Mcc => self.mcc,
            Metric::LogLoss => self.log_loss,
            Metric::Brier => self.brier,
            Metric::Ece => self.ece,
        }
    }

    /// The interval of a metric that has one.
    pub fn interval(&self, metric: Metric) -> Option<Interval> {
        self.intervals.get(&metric).copied()
    }

    /// Every metric's name and value, in the order of tables.
    pub fn names_values(&self) -> Vec<(&'static str, Option<f64>)> {
        Metric::ALL
            .iter()
            .map(|&metric| (metric.as_str(), self.get(metric)))
            .collect()
    }
}

impl AveragedMetrics {
    fn of_class(class: &ClassMetrics) -> Self {
        Self {
            precision: class.precision,
            recall: class.recall,
            specificity: class.specificity,
            npv: class.npv,
            f1: class.f1,
            auroc: class.auroc,
            auprc: class.auprc,
        }
    }

    fn over(confusion: &Confusion, classes: &[ClassMetrics], average: Average) -> Self {
        let by_counts = |metric: fn(&Counts) -> Option<f64>| averaged(confusion, average, metric);
        let by_rank = |value: fn(&ClassMetrics) -> Option<f64>| {
            let values: Vec<_> = classes.iter().map(value).collect();
            let weights: Vec<_> = classes.iter().map(|class| class.targets).collect();
            match average {
                Average::Macro => macro_mean(&values),
                Average::Weighted => weighted_mean(&values, &weights),
                Average::Micro => None,
            }
        };
        Self {
            precision: by_counts(precision),
            recall: by_counts(recall),
            specificity: by_counts(specificity),
            npv: by_counts(npv),
            f1: by_counts(f1),
            auroc: by_rank(|class| class.auroc),
            auprc: by_rank(|class| class.auprc),
        }
    }
}

fn khd_of(confusion: &Confusion, positive: Option<usize>) -> Option<f64> {
    match positive {
        Some(positive) => Some(khd(&confusion.one_vs_rest(positive))),
        None => averaged(confusion, Average::Macro, |counts| Some(khd(counts))),
    }
}

fn rank(targets: &[usize], probs: &Probs, class: usize) -> Result<Ranking, MetricError> {
    let positive: Vec<bool> = targets.iter().map(|&target| target == class).collect();
    Ranking::new(&positive, &probs.column(class))
}

fn class_metrics(confusion: &Confusion, rankings: &[Ranking], class: usize) -> ClassMetrics {
    let counts = confusion.one_vs_rest(class);
    ClassMetrics {
        class,
        targets: counts.positives(),
        precision: precision(&counts),
        recall: recall(&counts),
        specificity: specificity(&counts),
        npv: npv(&counts),
        f1: f1(&counts),
        auroc: rankings[class].auroc(),
        auprc: rankings[class].auprc(),
        intervals: BTreeMap::new(),
    }
}
