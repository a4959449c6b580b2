//! Stacking: a linear model of the members' logits (Wolpert 1992; Breiman 1996).
//!
//! `z_c = sum_m w_m a_mc + b_c`, `a_m` the log probabilities of member `m` about their mean over the
//! classes: each member has one weight, whatever the number of classes. Of two classes this is the
//! linear model of the members' log odds; of more it has few enough weights for a fold of patches.
//! Weights are held back as if each member's values had standard deviation 1 on what the model is
//! fitted on.
//!
//! `eosin-heads` solves wide models side by side; these have a handful of weights and are fitted by
//! the ten thousand in a search, so that they have solvers of their own.

mod choose;
pub(crate) mod logistic;
mod model;
pub(crate) mod ridge;
mod rows;
mod two_classes;

pub(crate) use choose::{Inner, Path, choose, fit, inner, path};
pub(crate) use model::Model;
pub(crate) use rows::Rows;

/// Which model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stacking {
    Logistic,
    Ridge,
}
