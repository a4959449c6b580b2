//! The intervals of a set of predictions, and what they take for independent.

use std::collections::BTreeMap;

use eosin_core::choice::choices;
use serde::{Deserialize, Serialize};

use crate::cluster_delong::AurocEstimate;
use crate::clustered_share::{Trials, clustered_wilson};
use crate::error::MetricError;
use crate::groups::Groups;
use crate::interval::Interval;
use crate::metric::Metric;
use crate::placements::Placements;
use crate::probs::Probs;
use crate::resample::{Bootstrap, CountedRows, Resamples};
use crate::unit::Unit;
use crate::wilson::wilson;

choices! {
    /// How an interval was made.
    pub enum IntervalMethod {
        /// [`wilson`](crate::wilson), or of groups [`clustered_wilson`](crate::clustered_wilson).
        Wilson => "wilson",
        /// `DeLong`'s variance, of groups Obuchowski's, on the logit: see
        /// [`AurocEstimate`](crate::AurocEstimate).
        DeLong => "delong",
        /// `BCa` of resampled groups: see [`Resamples::bca`](crate::Resamples::bca).
        Bootstrap => "bootstrap",
    }
}

/// How the rows came about: what was sampled, and how it is resampled.
#[derive(Clone, Debug)]
pub struct Sampling {
    /// What the groups are.
    pub unit: Unit,
    /// The group of each row.
    pub groups: Groups,
    /// How they are drawn again.
    pub bootstrap: Bootstrap,
}

/// What the intervals of a table take for independent, and how each was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalBasis {
    /// What is taken for independent.
    pub by: Unit,
    /// How many of them there are.
    pub groups: u64,
    /// Resamples behind those that were resampled; 0 where none was.
    pub resamples: u64,
    /// How each was made.
    pub methods: BTreeMap<Metric, IntervalMethod>,
}

impl IntervalBasis {
    /// `95 % intervals by patient (58 patients)`.
    pub fn heading(&self) -> String {
        let counted = self.by.counted(self.groups);
        format!("95 % intervals by {} ({counted})", self.by)
    }

    /// What a reader must know of them, a sentence or two.
    pub fn note(&self) -> String {
        let warning = match (self.by, self.groups) {
            (Unit::Patch, _) => {
                "no patient, slide or group is known, so patches count as independent: where patients have \
                 several, the truth is wider"
            }
            (_, 0 | 1) => "of one alone nothing can be said, so there are none",
            _ => "patches of one are not independent of each other",
        };
        format!("{}: {warning}", self.heading())
    }
}

/// Intervals with how they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intervals {
    made: BTreeMap<Metric, Made>,
    /// Of more than two classes, of each against the rest.
    of_classes: Vec<BTreeMap<Metric, Interval>>,
}

#[derive(Clone, Copy, Debug)]
struct Made {
    interval: Interval,
    method: IntervalMethod,
}

/// Labelled predictions and the groups that they are in.
#[derive(Clone, Copy)]
pub(crate) struct GroupedRows<'a> {
    pub targets: &'a [usize],
    pub probs: &'a Probs,
    pub positive: usize,
    pub groups: &'a Groups,
}

impl Intervals {
    /// Those that have a formula: of shares, and with two classes of the AUROC.
    pub fn by_formula(rows: GroupedRows<'_>) -> Result<Self, MetricError> {
        let preds = rows.probs.preds();
        let right = |row: usize| preds[row] == rows.targets[row];
        let mut this = Self::default();
        let accuracy = share(rows.groups, &|_| true, right);
        this.add(Metric::Accuracy, IntervalMethod::Wilson, accuracy);
        let classes = rows.probs.class_count();
        if classes > 2 {
            let of_classes = (0..classes).map(|class| of_class(rows, &preds, class));
            this.of_classes = of_classes.collect::<Result<_, MetricError>>()?;
            return Ok(this);
        }
        for (metric, interval) in of_class(rows, &preds, rows.positive)? {
            let method = match metric {
                Metric::Auroc => IntervalMethod::DeLong,
                _ => IntervalMethod::Wilson,
            };
            this.add(metric, method, Some(interval));
        }
        Ok(this)
    }

    /// Those, and the others from resamples.
    pub fn resampled(rows: GroupedRows<'_>, bootstrap: Bootstrap) -> Result<Self, MetricError> {
        let mut this = Self::by_formula(rows)?;
        let counted = CountedRows::new(rows.targets, rows.probs, rows.positive, rows.groups);
        let resamples = Resamples::new(counted.groups(), bootstrap, |times| counted.values(times));
        for metric in Metric::ALL {
            let has_formula = *metric == Metric::Accuracy
                || rows.probs.class_count() == 2 && FORMULAS.contains(metric);
            if !has_formula {
                let interval = resamples.bca(*metric, counted.groups_of(*metric));
                this.add(*metric, IntervalMethod::Bootstrap, interval);
            }
        }
        Ok(this)
    }

    fn add(&mut self, metric: Metric, method: IntervalMethod, interval: Option<Interval>) {
        if let Some(interval) = interval {
            self.made.insert(metric, Made { interval, method });
        }
    }

    /// The intervals alone.
    pub fn intervals(&self) -> BTreeMap<Metric, Interval> {
        let all = self.made.iter();
        all.map(|(metric, made)| (*metric, made.interval)).collect()
    }

    /// Those of a class against the rest; none of two classes, where they are the same.
    pub fn of_class(&self, class: usize) -> BTreeMap<Metric, Interval> {
        self.of_classes.get(class).cloned().unwrap_or_default()
    }

    /// How each was made.
    pub fn methods(&self) -> BTreeMap<Metric, IntervalMethod> {
        let all = self.made.iter();
        all.map(|(metric, made)| (*metric, made.method)).collect()
    }
}

/// Metrics of two classes that need no resamples.
const FORMULAS: [Metric; 5] = [
    Metric::Auroc,
    Metric::Recall,
    Metric::Specificity,
    Metric::Precision,
    Metric::Npv,
];

/// Those that have a formula, of a class against the rest.
fn of_class(
    rows: GroupedRows<'_>,
    preds: &[usize],
    class: usize,
) -> Result<BTreeMap<Metric, Interval>, MetricError> {
    let is_target: Vec<bool> = rows.targets.iter().map(|target| *target == class).collect();
    let is_pred: Vec<bool> = preds.iter().map(|pred| *pred == class).collect();
    let right = |row: usize| is_target[row] == is_pred[row];
    let of = |counts: &dyn Fn(usize) -> bool| share(rows.groups, counts, right);
    let placements = Placements::new(&is_target, &rows.probs.column(class))?;
    let estimate = placements.and_then(|all| AurocEstimate::of(&is_target, &all, rows.groups));
    let all = [
        (Metric::Recall, of(&|row| is_target[row])),
        (Metric::Specificity, of(&|row| !is_target[row])),
        (Metric::Precision, of(&|row| is_pred[row])),
        (Metric::Npv, of(&|row| !is_pred[row])),
        (
            Metric::Auroc,
            estimate.and_then(|estimate| estimate.logit_interval()),
        ),
    ];
    let defined = all.into_iter();
    Ok(defined
        .filter_map(|(metric, interval)| Some((metric, interval?)))
        .collect())
}

/// The interval of the share of rows that are right among those that count.
fn share(
    groups: &Groups,
    counts: &dyn Fn(usize) -> bool,
    right: impl Fn(usize) -> bool,
) -> Option<Interval> {
    let mut trials = vec![Trials::default(); groups.count()];
    for (row, group) in groups.of_rows().iter().enumerate() {
        if counts(row) {
            let of_group = &mut trials[*group as usize];
            of_group.trials += 1;
            of_group.hits += u64::from(right(row));
        }
    }
    if groups.are_rows() {
        let hits = trials.iter().map(|of| of.hits).sum();
        return wilson(hits, trials.iter().map(|of| of.trials).sum());
    }
    clustered_wilson(&trials)
}
