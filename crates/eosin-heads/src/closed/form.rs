//! Which heads there are, and what one is.

use crate::linear::LinearHead;

use super::fitting::{Fitting, columns};
use super::neighbours::NeighbourHead;
use super::scatter::Scatter;
use super::{lda, neighbours, prototypes, ridge};

/// A kind of head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedForm {
    /// Ridge regression of the classes' indicators; its strength is scikit-learn's `alpha`.
    Ridge,
    /// Linear discriminant analysis; its strength is the shrinkage of the covariance, in 0 to 1.
    Lda,
    /// The distance to the mean of each class; it has no strength.
    Prototypes,
    /// The nearest patches by the cosine; its strength is their number.
    Neighbours,
}

/// A fitted head.
#[derive(Clone, Debug, PartialEq)]
pub enum ClosedHead {
    /// A linear classifier.
    Linear(LinearHead),
    /// The patches themselves.
    Neighbours(NeighbourHead),
}

impl ClosedForm {
    /// What is tried for `rows` rows of `patches` patches in each training part, the simplest model
    /// first.
    pub fn strengths(self, rows: usize, patches: usize) -> Vec<f64> {
        match self {
            Self::Ridge => ridge::strengths(rows),
            Self::Lda => lda::STRENGTHS.to_vec(),
            Self::Prototypes => vec![1.0],
            Self::Neighbours => neighbours::strengths(patches),
        }
    }

    /// The strength where nothing can choose one.
    pub fn unchosen(self, rows: usize) -> f64 {
        match self {
            Self::Ridge => ridge::unchosen(rows),
            Self::Lda => lda::UNCHOSEN,
            Self::Prototypes => 1.0,
            Self::Neighbours => neighbours::UNCHOSEN,
        }
    }

    /// The linear model at each of `strengths`: `[columns, width + 1]`, the intercept last, of the
    /// values as the model standardises them. `None` where a strength is so weak that nothing but
    /// rounding would come of it.
    ///
    /// # Panics
    /// For [`ClosedForm::Neighbours`], which is not linear.
    pub(crate) fn linear(
        self,
        scatter: &Scatter,
        fitting: Fitting<'_>,
        strengths: &[f64],
    ) -> Vec<Option<Vec<f64>>> {
        let fit = |strength: &f64| {
            let rows = match self {
                Self::Ridge => ridge::fit(scatter, *strength)?,
                Self::Lda => lda::fit(scatter, *strength)?,
                Self::Prototypes => prototypes::fit(scatter),
                Self::Neighbours => unreachable!("neighbours have no weights"),
            };
            Some(columns(rows, fitting.prior))
        };
        strengths.iter().map(fit).collect()
    }
}

impl ClosedHead {
    /// See [`LinearHead::shrunk`].
    #[must_use]
    pub(crate) fn shrunk(self, kept: f64, prior: &[f32]) -> Self {
        match self {
            Self::Linear(head) => Self::Linear(head.shrunk(kept, prior)),
            Self::Neighbours(head) => Self::Neighbours(head.shrunk(kept)),
        }
    }
}
