//! What a comparison comes to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eosin_core::choice::choices;
use eosin_metrics::{
    AurocEstimate, CorrectedT, Interval, McNemar, Metric, PredictiveValues, RightRows, Unit,
};
use eosin_train::{Part, Verdict};
use serde::Serialize;

choices! {
    /// How a difference was tested.
    pub enum TestKind {
        /// `DeLong`'s paired test, of groups with Obuchowski's variance: see
        /// [`AurocEstimate`](eosin_metrics::AurocEstimate).
        DeLong => "delong",
        /// Exchange of what two runs say, group by group: see [`Permutation`](eosin_metrics::Permutation).
        Permutation => "permutation",
    }
}

/// Several runs against the first of them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The name of the first run, which the others are held to.
    pub base: String,
    /// The metric that chose the base's best fold.
    pub select: Metric,
    /// The classes.
    pub classes: Vec<String>,
    /// The positive one.
    pub positive: String,
    /// Names and folders of all runs.
    pub runs: BTreeMap<String, PathBuf>,
    /// Out of fold, and on test patches where there are labelled ones.
    pub parts: Vec<PartComparison>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The runs on one part of the patches.
#[derive(Clone, Debug, Serialize)]
pub struct PartComparison {
    /// Which.
    pub part: Part,
    /// Labelled patches.
    pub patches: usize,
    /// What intervals and tests take for independent.
    pub by: Unit,
    /// How many of them there are.
    pub groups: usize,
    /// Each run, the base first.
    pub runs: Vec<RunEstimates>,
    /// Each other run less the base.
    pub differences: Vec<RunDifference>,
}

/// The metrics of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunEstimates {
    /// Its name.
    pub run: String,
    /// Each metric.
    pub metrics: BTreeMap<Metric, Estimate>,
    /// Predictive values at the prevalence that was asked for.
    pub at_prevalence: Option<PredictiveValues>,
}

/// A value, mean over cross-validations, with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: Option<f64>,
    /// Lower end.
    pub ci_low: Option<f64>,
    /// Upper end.
    pub ci_high: Option<f64>,
}

impl Estimate {
    pub(super) fn new(value: Option<f64>, interval: Option<Interval>) -> Self {
        Self {
            value,
            ci_low: interval.map(|interval| interval.ci_low),
            ci_high: interval.map(|interval| interval.ci_high),
        }
    }

    /// The interval.
    pub fn interval(&self) -> Option<Interval> {
        Some(Interval {
            ci_low: self.ci_low?,
            ci_high: self.ci_high?,
        })
    }
}

/// How a run differs from the base.
#[derive(Clone, Debug, Serialize)]
pub struct RunDifference {
    /// Its name.
    pub run: String,
    /// `run - base` of each metric.
    pub metrics: BTreeMap<Metric, MetricDifference>,
    /// Patches that are rightly told, more or fewer, and how many it takes to tell; of one
    /// cross-validation.
    pub right: Option<RightRows>,
    /// Takes patches for independent; of one cross-validation.
    pub mcnemar: Option<McNemar>,
    /// `DeLong`'s paired test that takes patches for independent, as other programs have it; two classes.
    pub delong_by_patch: Option<DeLongTest>,
    /// Over folds, where both runs have the same.
    pub folds: BTreeMap<Metric, CorrectedT>,
}

/// A difference of one metric.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MetricDifference {
    /// `run - base` with its 95 % interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// How it was tested, where it could be.
    pub test: Option<TestKind>,
    /// The chance of a difference this large where there is none.
    pub p: Option<f64>,
    /// The same where all runs that are held to the base count as tests (Holm).
    pub p_holm: Option<f64>,
    /// What the adjusted chance says at 0.05: `helps` for better than the base.
    pub verdict: Verdict,
}

/// `DeLong`'s test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeLongTest {
    /// `run - base`.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// `difference / standard_error`.
    pub statistic: f64,
    /// Degrees of freedom; `None` where it is held to the normal.
    pub df: Option<f64>,
    /// The chance of a statistic this far from 0.
    pub p: f64,
}

impl From<AurocEstimate> for DeLongTest {
    fn from(of: AurocEstimate) -> Self {
        Self {
            difference: of.value,
            standard_error: of.variance.sqrt(),
            statistic: of.statistic(),
            df: of.reference.df(),
            p: of.p(),
        }
    }
}
