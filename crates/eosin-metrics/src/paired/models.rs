//! Two models' predictions, side by side.

use crate::groups::Groups;
use crate::metric::Metric;
use crate::paired::permutation::SwappableRows;
use crate::probs::Probs;
use crate::resample::{Bootstrap, CountedRows, MetricValues, Resamples};

/// What a model says of the rows of one cross-validation.
#[derive(Clone, Copy, Debug)]
pub struct ModelRows<'a> {
    /// The class of each row.
    pub targets: &'a [usize],
    /// The probabilities.
    pub probs: &'a Probs,
    /// The groups, numbered alike for all models and cross-validations.
    pub groups: &'a Groups,
}

/// Two models that judge the same rows, in one cross-validation or several; the metrics of a model are
/// their mean over these.
#[derive(Clone, Debug)]
pub struct PairedModels {
    groups: usize,
    base: Vec<CountedRows>,
    other: Vec<CountedRows>,
    /// Where both judge the same rows in as many cross-validations.
    swappable: Vec<SwappableRows>,
}

impl PairedModels {
    /// Lays out both, a list entry a cross-validation; `positive` is the positive class of two. Where
    /// both judge the same rows, these are to be in the same order.
    ///
    /// # Panics
    /// As [`CountedRows::new`], or when groups are numbered differently.
    pub fn new(base: &[ModelRows<'_>], other: &[ModelRows<'_>], positive: usize) -> Self {
        let groups = base.first().map_or(0, |rows| rows.groups.count());
        let alike = |rows: &ModelRows<'_>| rows.groups.count() == groups;
        assert!(
            base.iter().chain(other).all(alike),
            "the groups of one numbering"
        );
        let counted = |all: &[ModelRows<'_>]| {
            let count = |rows: &ModelRows<'_>| {
                CountedRows::new(rows.targets, rows.probs, positive, rows.groups)
            };
            all.iter().map(count).collect()
        };
        let same_rows = |(one, other): (&ModelRows<'_>, &ModelRows<'_>)| {
            one.targets == other.targets && one.groups == other.groups
        };
        let side_by_side = || base.iter().zip(other);
        let swappable = if base.len() == other.len() && side_by_side().all(same_rows) {
            side_by_side()
                .map(|(base, other)| SwappableRows::new(base, other, positive))
                .collect()
        } else {
            Vec::new()
        };
        Self {
            groups,
            base: counted(base),
            other: counted(other),
            swappable,
        }
    }

    /// How many groups there are.
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// The base's metrics.
    pub fn base(&self) -> MetricValues {
        mean(&self.base, &vec![1; self.groups])
    }

    /// The other's.
    pub fn other(&self) -> MetricValues {
        mean(&self.other, &vec![1; self.groups])
    }

    /// `other - base` of resamples that both are judged on: the paired cluster bootstrap.
    pub fn resample(&self, bootstrap: Bootstrap) -> Resamples {
        Resamples::new(self.groups, bootstrap, |times| {
            mean(&self.other, times).minus(&mean(&self.base, times))
        })
    }

    /// See [`CountedRows::groups_of`].
    pub fn groups_of(&self, metric: Metric) -> usize {
        self.base.first().map_or(0, |rows| rows.groups_of(metric))
    }

    pub(super) fn swappable(&self) -> &[SwappableRows] {
        &self.swappable
    }
}

/// The mean over cross-validations.
fn mean(model: &[CountedRows], times: &[u32]) -> MetricValues {
    let each: Vec<MetricValues> = model.iter().map(|rows| rows.values(times)).collect();
    MetricValues::mean(&each)
}
