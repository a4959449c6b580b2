//! Classification metrics and their intervals: slices in, numbers out.
//!
//! Nothing here knows of tensors, files or folds. [`MetricSet`] computes every metric of a set of
//! predictions at once and serialises to JSON; the parts are public for single use:
//!
//! - [`Confusion`] counts targets against preds; [`Counts`] is its one-vs-rest view, from which
//!   [`accuracy`], [`precision`], [`recall`], [`specificity`], [`npv`], [`f1`] and [`khd`] follow.
//! - [`Ranking`] sorts scores once; AUROC, AUPRC, their curves and `DeLong`'s interval follow.
//! - [`log_loss`], [`brier`] and [`ece`] judge probabilities by their values.
//! - [`ScoredRows`] of two classes are what [`Recalibration`], [`BrierParts`], [`reliability_points`],
//!   [`decision_curve`], [`SampleSize`], calibrators ([`fit_platt`] and others) and thresholds
//!   ([`choose_cut`]) are computed from.
//! - [`Groups`] say which rows belong together. [`AurocEstimate`], [`clustered_wilson`] and
//!   [`Resamples`] give intervals that take groups for independent; [`MetricSet::sampled`] has one for
//!   every metric.
//! - [`SlicedRows`] are looked at slice by slice; [`SliceTest`] says whether the worst is chance.
//! - [`PairedModels`] are two models on the same rows: their differences are resampled, exchanged
//!   ([`Permutation`]) and tested ([`mcnemar()`], [`corrected_t()`], [`holm()`]).
//!
//! A metric whose formula is 0/0 is `None` and serialises to `null`. It is never 0 or 0.5, which is
//! where this crate and scikit-learn's defaults differ; each metric's documentation says how.
//!
//! ```
//! use eosin_metrics::{Metric, MetricSet};
//! let targets = [0, 0, 1, 1];
//! let probs = [0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]; // row-major, 4 patches x 2 classes
//! let metrics = MetricSet::new(&targets, &probs, 2, 1)?;
//! assert_eq!(metrics.get(Metric::Auroc), Some(1.0));
//! assert_eq!(metrics.accuracy, Some(0.75));
//! # Ok::<(), eosin_metrics::MetricError>(())
//! ```

mod accuracy;
mod auprc;
mod auroc;
mod average;
mod balanced_accuracy;
mod brier;
mod calibration;
mod cluster_delong;
mod clustered_share;
mod confusion;
mod counts;
mod cut;
mod decision_curve;
mod delong;
mod distribution;
mod ece;
mod error;
mod f1;
mod folds;
mod groups;
mod interval;
mod intervals;
mod khd;
mod log_loss;
mod mcc;
mod metric;
mod metric_set;
mod npv;
mod paired;
mod placements;
mod pr_curve;
mod precision;
mod prevalence;
mod probs;
mod rank_correlation;
mod ranking;
mod recall;
mod resample;
mod roc_curve;
mod sample_size;
mod scored;
mod slices;
mod specificity;
mod threshold;
mod undefined;
mod unit;
mod wilson;

pub use accuracy::accuracy;
pub use auprc::auprc;
pub use auroc::auroc;
pub use average::{Average, averaged, macro_mean, per_class, weighted_mean};
pub use balanced_accuracy::balanced_accuracy;
pub use brier::brier;
pub use calibration::{
    BrierParts, Estimate, RELIABILITY_BINS, Recalibration, ReliabilityPoint, fit_isotonic,
    fit_platt, fit_temperature, reliability_points,
};
pub use cluster_delong::AurocEstimate;
pub use clustered_share::{Trials, clustered_wilson};
pub use confusion::Confusion;
pub use counts::Counts;
pub use cut::{CutFigures, CutIntervals, DecidedRow, counts_at};
pub use decision_curve::{DecisionPoint, decision_curve};
pub use distribution::Reference;
pub use ece::{ReliabilityBin, ece, reliability};
pub use error::MetricError;
pub use f1::f1;
pub use folds::{FoldSummary, summarise};
pub use groups::Groups;
pub use interval::{Interval, Z_95};
pub use intervals::{IntervalBasis, IntervalMethod, Sampling};
pub use khd::{khd, khd_as_published};
pub use log_loss::log_loss;
pub use mcc::mcc;
pub use metric::{Metric, UnknownMetric};
pub use metric_set::{AveragedMetrics, ClassMetrics, MetricSet};
pub use npv::npv;
pub use paired::{
    CorrectedT, McNemar, ModelRows, PairedModels, Permutation, RightRows, corrected_t, holm,
    mcnemar, right_rows,
};
pub use placements::Placements;
pub use pr_curve::PrPoint;
pub use precision::precision;
pub use prevalence::{PredictiveValues, Share, predictive_values};
pub use probs::Probs;
pub use rank_correlation::rank_correlation;
pub use ranking::{Ranking, TieGroup};
pub use recall::recall;
pub use resample::{Bootstrap, CountedRows, MetricValues, Resamples};
pub use roc_curve::RocPoint;
pub use sample_size::{Criterion, DesignEffect, Expected, Need, SampleSize};
pub use scored::ScoredRows;
pub use slices::{
    Measured, SliceComparison, SliceFigures, SliceTest, SlicedBy, SlicedRows, WorstSlice,
};
pub use specificity::specificity;
pub use threshold::{Cut, Cuts, NoCut, choose_cut, rate_of};
pub use undefined::Undefined;
pub use unit::Unit;
pub use wilson::wilson;
