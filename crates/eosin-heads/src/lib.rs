//! Linear heads on embeddings, solved to the optimum.
//!
//! A probe is multinomial logistic regression with an L2 penalty on standardised embeddings, its
//! rows the views of every patch. The objective is scikit-learn's (`LogisticRegression`, solver
//! `lbfgs`), convex, so that what is found depends on no learning rate, no epoch and no order:
//!
//! `F(w, b) = C sum_i s_i loss(z_i, y_i) + 1/2 |w|^2`, `z_i = w (x_i - mean) / std + b`.
//!
//! Two classes have one column of weights, more classes one each, as scikit-learn has it. Models
//! that differ in what they are trained on ([`TrainingPart`]) are columns of the same products
//! ([`solve`]): L-BFGS with the Hessian of all of them together as its metric. [`choose`] walks
//! along the penalties and takes for each fold the one with the least log loss on inner folds, which
//! are never those that the fold is judged on, and the share of the model that is best kept beside
//! the shares of the classes ([`LinearHead::shrunk`]): a ranking that holds may come with logits that
//! do not.
//!
//! Beside it stand heads in closed form ([`ClosedForm`]: ridge, LDA, prototypes, neighbours), whose
//! strengths [`choose_strength`] chooses on the same inner folds and which [`fit`] fits.

mod choice;
mod cholesky;
mod closed;
mod curvature;
mod error;
mod gram;
mod inner;
mod judge;
mod lbfgs;
mod linear;
mod loss;
mod newton;
mod part;
mod pass;
mod problem;
mod shrink;
mod solve;
mod table;
mod two_classes;

pub use choice::{Choice, Penalties, Tried, choose};
pub use closed::{ClosedForm, ClosedHead, NeighbourHead, Strength, choose_strength, fit};
pub use error::HeadError;
pub use gram::Gram;
pub use inner::{InnerFolds, InnerModel, Judging};
pub use linear::LinearHead;
pub use loss::Targets;
pub use part::TrainingPart;
pub use problem::Problem;
pub use solve::{Accuracy, Beginning, Group, Optimum, solve};
pub use table::{EmbeddingRows, Table};
