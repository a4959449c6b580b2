//! The figures of a slice.

use serde::{Deserialize, Serialize};

use crate::cluster_delong::AurocEstimate;
use crate::clustered_share::{Trials, clustered_wilson};
use crate::error::{MetricError, check_classes, check_length, check_scores};
use crate::groups::Groups;
use crate::interval::Interval;
use crate::placements::Placements;
use crate::wilson::wilson;

/// A value and how far it may be off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value; `None` where there is nothing to measure it on.
    pub value: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub interval: Option<Interval>,
}

/// What a model does on the rows of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceFigures {
    /// Rows.
    pub patches: u64,
    /// What is taken for independent among them: as many as rows where nothing is known to belong together.
    pub groups: u64,
    /// Rows of the positive class; `None` with more than two classes.
    pub positives: Option<u64>,
    /// Rows that were decided wrongly.
    pub wrong: u64,
    /// Share of rows that were decided rightly.
    pub accuracy: Measured,
    /// Share of positive rows that were decided rightly; of two classes only.
    pub recall: Measured,
    /// Share of negative rows that were decided rightly; of two classes only.
    pub specificity: Measured,
    /// Of two classes, where both are there.
    pub auroc: Measured,
    /// Mean probability of the positive class; with more than two classes of the class decided for.
    pub mean_prob: Option<f64>,
    /// Share of rows for which that came true.
    pub observed: Measured,
}

/// Labelled rows, what a model decided of them and how sure it was.
#[derive(Clone, Copy, Debug)]
pub struct SlicedRows<'a> {
    targets: &'a [usize],
    preds: &'a [usize],
    probs: &'a [f64],
    positive: Option<usize>,
    groups: &'a Groups,
}

impl<'a> SlicedRows<'a> {
    /// Takes rows. `probs` are of the positive class of two; with more classes, where `positive` is `None`,
    /// of the class decided for. `groups` say what is not independent.
    ///
    /// # Errors
    /// When there are no rows, lengths differ, a class is not below `class_count`, or a probability is not
    /// finite.
    pub fn new(
        targets: &'a [usize],
        preds: &'a [usize],
        probs: &'a [f64],
        class_count: usize,
        positive: Option<usize>,
        groups: &'a Groups,
    ) -> Result<Self, MetricError> {
        check_classes("target", targets, class_count)?;
        check_classes("pred", preds, class_count)?;
        check_length("preds", preds.len(), targets.len())?;
        check_length("groups", groups.of_rows().len(), targets.len())?;
        check_scores(&vec![false; targets.len()], probs)?;
        Ok(Self {
            targets,
            preds,
            probs,
            positive,
            groups,
        })
    }

    /// Number of rows.
    #[expect(clippy::len_without_is_empty, reason = "there is always a row")]
    pub const fn len(&self) -> usize {
        self.targets.len()
    }

    /// The class of each row.
    pub(super) const fn targets(&self) -> &[usize] {
        self.targets
    }

    /// The groups of all rows.
    pub(super) const fn groups(&self) -> &Groups {
        self.groups
    }

    /// Whether a row was decided rightly.
    pub(super) fn is_right(&self, row: usize) -> bool {
        self.preds[row] == self.targets[row]
    }

    /// The figures of some of the rows.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn figures(&self, rows: &[usize]) -> SliceFigures {
        let groups = self.groups_of(rows);
        let share = |counts: &dyn Fn(usize) -> bool, hit: &dyn Fn(usize) -> bool| {
            share(rows, &groups, counts, hit)
        };
        let right = |row: usize| self.is_right(row);
        let two = |wanted: bool| match self.positive {
            Some(positive) => share(&|row| (self.targets[row] == positive) == wanted, &right),
            None => Measured::default(),
        };
        let came_true = |row: usize| match self.positive {
            Some(positive) => self.targets[row] == positive,
            None => self.is_right(row),
        };
        let count = rows.len() as f64;
        let sum: f64 = rows.iter().map(|row| self.probs[*row]).sum();
        let of_positive = |positive| {
            let of = rows.iter().filter(|row| self.targets[**row] == positive);
            of.count() as u64
        };
        SliceFigures {
            patches: rows.len() as u64,
            groups: groups.count() as u64,
            positives: self.positive.map(of_positive),
            wrong: rows.iter().filter(|row| !right(**row)).count() as u64,
            accuracy: share(&|_| true, &right),
            recall: two(true),
            specificity: two(false),
            auroc: self.auroc(rows, &groups),
            mean_prob: (!rows.is_empty()).then(|| sum / count),
            observed: share(&|_| true, &came_true),
        }
    }

    /// The groups that the rows are in, numbered among themselves.
    fn groups_of(&self, rows: &[usize]) -> Groups {
        if self.groups.are_rows() {
            return Groups::apart(rows.len());
        }
        let of_rows = self.groups.of_rows();
        Groups::named(&rows.iter().map(|row| of_rows[*row]).collect::<Vec<_>>())
    }

    fn auroc(&self, rows: &[usize], groups: &Groups) -> Measured {
        let Some(positive) = self.positive else {
            return Measured::default();
        };
        let is_positive: Vec<bool> = rows
            .iter()
            .map(|row| self.targets[*row] == positive)
            .collect();
        let scores: Vec<f64> = rows.iter().map(|row| self.probs[*row]).collect();
        // Without rows, or with one class, there is none.
        let Ok(Some(placements)) = Placements::new(&is_positive, &scores) else {
            return Measured::default();
        };
        let estimate = AurocEstimate::of(&is_positive, &placements, groups);
        Measured {
            value: Some(placements.auroc()),
            interval: estimate.and_then(|estimate| estimate.logit_interval()),
        }
    }
}

/// The share of hits among those of `rows` that count; its interval is Wilson's, or of groups
/// [`clustered_wilson`]'s.
fn share(
    rows: &[usize],
    groups: &Groups,
    counts: &dyn Fn(usize) -> bool,
    hit: &dyn Fn(usize) -> bool,
) -> Measured {
    let mut trials = vec![Trials::default(); groups.count()];
    for (row, group) in rows.iter().zip(groups.of_rows()) {
        if counts(*row) {
            let of_group = &mut trials[*group as usize];
            of_group.trials += 1;
            of_group.hits += u64::from(hit(*row));
        }
    }
    let sum = |of: fn(&Trials) -> u64| trials.iter().map(of).sum::<u64>();
    let (hits, all) = (sum(|of| of.hits), sum(|of| of.trials));
    Measured {
        value: (all > 0).then(|| hits as f64 / all as f64),
        interval: if groups.are_rows() {
            wilson(hits, all)
        } else {
            clustered_wilson(&trials)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricSet;

    #[test]
    fn the_slice_of_all_rows_has_the_figures_and_intervals_of_the_table() {
        let targets: Vec<usize> = (0..60).map(|row| row * 7 % 5 % 2).collect();
        let probs: Vec<f64> = (0..60)
            .map(|row| f64::from((row * 13) % 61) / 61.0)
            .collect();
        let preds: Vec<usize> = probs.iter().map(|prob| usize::from(*prob > 0.5)).collect();
        let both: Vec<f64> = probs.iter().flat_map(|prob| [1.0 - prob, *prob]).collect();
        for groups in [
            Groups::apart(60),
            Groups::named(&(0..60).map(|row| row / 4).collect::<Vec<_>>()),
        ] {
            let rows = SlicedRows::new(&targets, &preds, &probs, 2, Some(1), &groups).unwrap();
            let all: Vec<usize> = (0..60).collect();
            let found = rows.figures(&all);
            let sampling = crate::Sampling {
                unit: crate::Unit::Patient,
                groups: groups.clone(),
                bootstrap: crate::Bootstrap {
                    seed: eosin_core::Seed(1),
                    resamples: 10,
                },
            };
            let set = MetricSet::sampled(&targets, &both, 2, 1, &sampling).unwrap();
            for (ours, metric) in [
                (found.accuracy, crate::Metric::Accuracy),
                (found.recall, crate::Metric::Recall),
                (found.specificity, crate::Metric::Specificity),
                (found.auroc, crate::Metric::Auroc),
            ] {
                assert_eq!(ours.value, set.get(metric), "{metric}");
                assert_eq!(ours.interval, set.interval(metric), "{metric}");
            }
            assert_eq!(found.groups, groups.count() as u64);
            let wrong = 1.0 - found.accuracy.value.unwrap();
            assert!((found.wrong as f64 / 60.0 - wrong).abs() < 1e-12);
        }
    }

    #[test]
    fn what_a_slice_has_not_is_undefined() {
        let (targets, preds, probs) = ([1, 1, 0], [1, 0, 0], [0.9, 0.4, 0.2]);
        let lone = Groups::named(&[0, 0, 1]);
        let rows = SlicedRows::new(&targets, &preds, &probs, 2, Some(1), &lone).unwrap();
        let one_class = rows.figures(&[0, 1]);
        assert_eq!(one_class.recall.value, Some(0.5));
        // One group alone tells nothing of others.
        assert_eq!((one_class.groups, one_class.recall.interval), (1, None));
        assert_eq!(one_class.specificity, Measured::default());
        assert_eq!(one_class.auroc, Measured::default());
        let nothing = rows.figures(&[]);
        assert_eq!((nothing.patches, nothing.mean_prob), (0, None));
        assert_eq!(nothing.accuracy, Measured::default());
        let many = SlicedRows::new(&targets, &preds, &probs, 3, None, &lone).unwrap();
        let many = many.figures(&[0, 1, 2]);
        assert_eq!((many.positives, many.recall.value), (None, None));
        assert_eq!(many.observed.value, many.accuracy.value);
    }
}
