//! What a model is fitted on, and what comes of a linear one.

use crate::loss::Targets;
use crate::part::{Standard, TrainingPart};
use crate::table::Table;

/// What a model is fitted on.
#[derive(Clone, Copy)]
pub(crate) struct Fitting<'a> {
    pub table: &'a Table<'a>,
    pub targets: Targets<'a>,
    pub part: &'a TrainingPart,
    pub own: &'a Standard,
    /// Logits of the shares of the classes, one a class.
    pub prior: &'a [f64],
}

impl Fitting<'_> {
    /// Class of a patch.
    pub(super) const fn class(&self, patch: usize) -> usize {
        self.targets.classes_of[patch]
    }
}

/// Weights of a class and its intercept: what the embedding adds to the logit of the class's share.
pub(crate) struct Added {
    pub weights: Vec<f64>,
    pub bias: f64,
}

/// One row a column: two classes have one, the second less the first.
pub(super) fn columns(rows: Vec<Added>, prior: &[f64]) -> Vec<f64> {
    let whole = |(row, prior): (Added, &f64)| {
        let mut weights = row.weights;
        weights.push(row.bias + prior);
        weights
    };
    let rows: Vec<Vec<f64>> = rows.into_iter().zip(prior).map(whole).collect();
    match &rows[..] {
        [zero, one] => one.iter().zip(zero).map(|(one, zero)| one - zero).collect(),
        all => all.concat(),
    }
}
