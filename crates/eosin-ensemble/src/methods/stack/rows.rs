//! What members say, by folds.

use std::collections::BTreeMap;

use crate::pool::Labels;
use crate::said::Said;

/// Rows of all folds.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub members: usize,
    pub classes: usize,
    pub folds: Vec<FoldRows>,
}

/// Rows of a fold, and sums over them.
#[derive(Clone, Debug)]
pub(crate) struct FoldRows {
    /// Class of each row.
    pub targets: Vec<usize>,
    /// `[rows, classes, members]`: log probabilities about their mean over the classes.
    pub about: Vec<f64>,
    /// Of two classes, the log odds of the second, `[members][rows]`; else empty.
    pub margins: Vec<Vec<f64>>,
    pub sums: Sums,
}

/// Sums over rows.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    /// Rows of each class.
    pub counts: Vec<f64>,
    /// Of values, `[classes, members]`.
    pub first: Vec<f64>,
    /// Of products of values, summed over classes too, `[members, members]`.
    pub second: Vec<f64>,
    /// Of the values of the class that a row is of, `[members]`.
    pub hits: Vec<f64>,
}

impl Rows {
    /// By folds in the order of their numbers.
    pub fn new(said: &Said, labels: &Labels) -> Self {
        let (members, classes) = (said.members(), said.classes);
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (patch, fold) in labels.folds.iter().enumerate() {
            parts.entry(*fold).or_default().push(patch);
        }
        let of_fold = |patches: Vec<usize>| {
            let mut about = Vec::with_capacity(patches.len() * classes * members);
            for patch in &patches {
                let value = |class: usize, member: usize| {
                    f64::from(said.log_probs[member][patch * classes + class])
                };
                let mean = |member: usize| {
                    let sum: f64 = (0..classes).map(|class| value(class, member)).sum();
                    sum / classes as f64
                };
                let means: Vec<f64> = (0..members).map(mean).collect();
                for class in 0..classes {
                    let values = means.iter().enumerate();
                    about.extend(values.map(|(member, mean)| value(class, member) - mean));
                }
            }
            let targets: Vec<usize> = patches.iter().map(|at| labels.targets[*at]).collect();
            let margins = |member: usize| {
                let rows = about.chunks_exact(2 * members);
                rows.map(|row| row[members + member] - row[member])
                    .collect()
            };
            let with_margins = if classes == 2 { members } else { 0 };
            FoldRows {
                margins: (0..with_margins).map(margins).collect(),
                sums: Sums::of(&targets, &about, classes, members),
                targets,
                about,
            }
        };
        Self {
            members,
            classes,
            folds: parts.into_values().map(of_fold).collect(),
        }
    }

    /// Folds that are not among these.
    pub fn rest<'a>(&'a self, without: &'a [usize]) -> impl Iterator<Item = &'a FoldRows> {
        let folds = self.folds.iter().enumerate();
        folds
            .filter(|(fold, _)| !without.contains(fold))
            .map(|(_, rows)| rows)
    }

    /// Sums over all folds but these.
    pub fn sums(&self, without: &[usize]) -> Sums {
        let mut total = Sums::zero(self.classes, self.members);
        for fold in self.rest(without) {
            total.add(&fold.sums);
        }
        total
    }
}

impl Sums {
    fn zero(classes: usize, members: usize) -> Self {
        Self {
            counts: vec![0.0; classes],
            first: vec![0.0; classes * members],
            second: vec![0.0; members * members],
            hits: vec![0.0; members],
        }
    }

    fn of(targets: &[usize], about: &[f64], classes: usize, members: usize) -> Self {
        let mut sums = Self::zero(classes, members);
        for (target, row) in targets.iter().zip(about.chunks_exact(classes * members)) {
            sums.counts[*target] += 1.0;
            for (sum, value) in sums.first.iter_mut().zip(row) {
                *sum += value;
            }
            for (sum, value) in sums.hits.iter_mut().zip(&row[target * members..]) {
                *sum += value;
            }
            for values in row.chunks_exact(members) {
                let products = sums.second.chunks_exact_mut(members);
                for (products, one) in products.zip(values) {
                    for (sum, other) in products.iter_mut().zip(values) {
                        *sum += one * other;
                    }
                }
            }
        }
        sums
    }

    fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.counts, &other.counts),
            (&mut self.first, &other.first),
            (&mut self.second, &other.second),
            (&mut self.hits, &other.hits),
        ];
        for (sums, others) in pairs {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum += other;
            }
        }
    }

    /// Rows.
    pub fn rows(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Whether every class has a row.
    pub fn has_all(&self) -> bool {
        self.counts.iter().all(|count| *count > 0.0)
    }

    /// Variance of each member's values, summed over classes and such that it is that of the log odds
    /// where there are two.
    pub fn variances(&self) -> Vec<f64> {
        let (members, rows) = (self.hits.len(), self.rows());
        let classes = self.counts.len() as f64;
        let of_member = |member: usize| {
            let means = self.first.iter().skip(member).step_by(members);
            let squares: f64 = means.map(|sum| (sum / rows).powi(2)).sum();
            let spread = self.second[member * (members + 1)] / rows - squares;
            spread.max(0.0) * classes / (classes - 1.0)
        };
        (0..members).map(of_member).collect()
    }
}
