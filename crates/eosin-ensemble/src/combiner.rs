//! A method that was fitted, as it is stored.

use eosin_metrics::Metric;
use serde::{Deserialize, Serialize};

use crate::error::EnsembleError;
use crate::method::Method;
use crate::methods::stack::{self, Model, Stacking};
use crate::methods::{Knots, geometric, greedy, hard, power, rank, soft, weighted};
use crate::pool::{Labels, check_length, check_members};
use crate::said::{Said, narrow};
use crate::score::Ruler;

/// What weights and intercepts are at most: with them, all logits are finite in single precision.
const MOST: f64 = 1e30;

/// Makes one prediction of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Combiner {
    method: Method,
    members: usize,
    classes: usize,
    fitted: Fitted,
}

/// What a method learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitted {
    /// Nothing.
    Nothing,
    /// Ranks of each member's probabilities of each class, `[members][classes]`.
    Ranks(Vec<Vec<Knots>>),
    /// A weight of each member, which sum to 1.
    Weights(Vec<f64>),
    /// How often each member was taken.
    Counts(Vec<u32>),
    /// A linear model of log probabilities.
    Linear {
        /// Of each member.
        weights: Vec<f64>,
        /// Of each class.
        bias: Vec<f64>,
    },
}

/// A combiner that was not checked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    method: Method,
    members: usize,
    classes: usize,
    fitted: Fitted,
}

impl Combiner {
    /// A method that fits nothing, for so many members and classes.
    ///
    /// # Errors
    /// When the method has to be fitted, there is no member, or there are fewer than two classes.
    pub fn unfitted(method: Method, members: usize, classes: usize) -> Result<Self, EnsembleError> {
        if method.is_fitted() {
            return Err(EnsembleError::NeedsLabels { method });
        }
        if method == Method::Concat {
            return Err(EnsembleError::NotJoined);
        }
        Self::checked(method, members, classes, Fitted::Nothing)
    }

    /// Fits `method` on logits `[patches, classes]` of each member that were made out of fold.
    /// `labels.folds` are the inner folds of what chooses a strength; `select` is the metric that
    /// greedy selection goes by.
    ///
    /// # Errors
    /// When there is no member or patch, lengths differ, a logit is not finite, a class is out of
    /// range, or a fitted method lacks patches of a class.
    pub fn fit(
        method: Method,
        members: &[&[f32]],
        labels: &Labels,
        select: Metric,
    ) -> Result<Self, EnsembleError> {
        labels.check()?;
        check_members(members, labels.targets.len(), labels.classes)?;
        Self::fit_said(method, &Said::new(members, labels.classes), labels, select)
    }

    pub(crate) fn fit_said(
        method: Method,
        said: &Said,
        labels: &Labels,
        select: Metric,
    ) -> Result<Self, EnsembleError> {
        if let Some(class) = labels.missing_class()
            && method.is_fitted()
        {
            return Err(EnsembleError::ClassMissing { method, class });
        }
        let fitted = match method {
            Method::Hard | Method::Soft | Method::Geometric | Method::Power => Fitted::Nothing,
            Method::Concat => return Err(EnsembleError::NotJoined),
            Method::Rank => Fitted::Ranks(rank::fit(said)),
            Method::Weighted => Fitted::Weights(weighted::fit(said, labels)),
            Method::Greedy => {
                let metric = select;
                let counts = greedy::fit(said, &Ruler { metric, labels })?;
                Fitted::Counts(counts.ok_or(EnsembleError::Undefined { metric })?)
            }
            Method::Logistic => stacked(Stacking::Logistic, said, labels),
            Method::Ridge => stacked(Stacking::Ridge, said, labels),
        };
        Self::checked(method, said.members(), labels.classes, fitted)
    }

    /// The method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Number of members.
    pub const fn members(&self) -> usize {
        self.members
    }

    /// Number of classes.
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// What the method learned.
    pub const fn fitted(&self) -> &Fitted {
        &self.fitted
    }

    /// Logits `[patches, classes]`, finite, whose softmax are the ensemble's probabilities, of the
    /// members' logits `[patches, classes]` in the order that they were fitted in.
    ///
    /// # Errors
    /// When there are not as many members, lengths differ, or a logit is not finite.
    pub fn logits(&self, members: &[&[f32]]) -> Result<Vec<f32>, EnsembleError> {
        check_length("members", members.len(), self.members)?;
        let patches = members.first().map_or(0, |logits| logits.len()) / self.classes;
        check_members(members, patches, self.classes)?;
        Ok(self.logits_said(&Said::new(members, self.classes)))
    }

    pub(crate) fn logits_said(&self, said: &Said) -> Vec<f32> {
        match (&self.fitted, self.method) {
            (Fitted::Ranks(knots), _) => rank::logits(said, knots),
            (Fitted::Weights(weights), _) => {
                let weights: Vec<f32> = weights.iter().map(|weight| narrow(*weight)).collect();
                soft::mean(said, &weights)
            }
            (Fitted::Counts(counts), _) => {
                let sum: f64 = counts.iter().map(|count| f64::from(*count)).sum();
                let shares = counts.iter().map(|count| narrow(f64::from(*count) / sum));
                soft::mean(said, &shares.collect::<Vec<f32>>())
            }
            (Fitted::Linear { weights, bias }, _) => linear(said, weights, bias),
            (Fitted::Nothing, Method::Hard) => hard::logits(said),
            (Fitted::Nothing, Method::Geometric) => geometric::logits(said),
            (Fitted::Nothing, Method::Power) => power::logits(said),
            (Fitted::Nothing, _) => soft::logits(said),
        }
    }

    pub(crate) fn checked(
        method: Method,
        members: usize,
        classes: usize,
        fitted: Fitted,
    ) -> Result<Self, EnsembleError> {
        if members == 0 {
            return Err(EnsembleError::NoMember);
        }
        if classes < 2 {
            return Err(EnsembleError::TooFewClasses { classes });
        }
        fitted.check(method, members, classes)?;
        Ok(Self {
            method,
            members,
            classes,
            fitted,
        })
    }
}

impl Fitted {
    /// Whether it is what the method learns of so many members and classes.
    fn check(&self, method: Method, members: usize, classes: usize) -> Result<(), EnsembleError> {
        let damaged = |reason| EnsembleError::Damaged { reason };
        match (self, method) {
            (Fitted::Nothing, method) if !method.is_fitted() && method != Method::Concat => {}
            (Fitted::Ranks(knots), Method::Rank) => {
                check_length("members with ranks", knots.len(), members)?;
                for knots in knots {
                    check_length("classes with ranks", knots.len(), classes)?;
                    knots.iter().try_for_each(Knots::check)?;
                }
            }
            (Fitted::Weights(weights), Method::Weighted) => {
                check_length("weights", weights.len(), members)?;
                let sum: f64 = weights.iter().sum();
                if weights.iter().any(|weight| *weight < 0.0)
                    || (sum - 1.0).abs().total_cmp(&1e-6).is_gt()
                {
                    return Err(damaged("weights are negative, or do not sum to 1"));
                }
            }
            (Fitted::Counts(counts), Method::Greedy) => {
                check_length("counts", counts.len(), members)?;
                if counts.iter().all(|count| *count == 0) {
                    return Err(damaged("no member was taken"));
                }
            }
            (Fitted::Linear { weights, bias }, Method::Logistic | Method::Ridge) => {
                check_length("weights", weights.len(), members)?;
                check_length("intercepts", bias.len(), classes)?;
                if weights
                    .iter()
                    .chain(bias)
                    .any(|value| value.abs() > MOST || value.is_nan())
                {
                    return Err(damaged(
                        "a weight is not finite, or so large that logits are not",
                    ));
                }
            }
            _ => return Err(damaged("what was learned is not what its method learns")),
        }
        Ok(())
    }
}

/// The strength is chosen on the folds of the labels.
fn stacked(kind: Stacking, said: &Said, labels: &Labels) -> Fitted {
    let rows = stack::Rows::new(said, labels);
    let folds = 0..rows.folds.len();
    let paths: Vec<Option<stack::Path>> = folds
        .map(|fold| stack::path(kind, &rows, &[fold]))
        .collect();
    let chosen = stack::choose(kind, &rows, stack::inner(&paths));
    linear_of(&stack::fit(kind, &rows, &[], chosen).0)
}

pub(crate) fn linear_of(model: &Model) -> Fitted {
    let folded = model.folded();
    Fitted::Linear {
        weights: folded.weights,
        bias: folded.bias,
    }
}

fn linear(said: &Said, weights: &[f64], bias: &[f64]) -> Vec<f32> {
    let mut sums: Vec<f64> = bias.repeat(said.patches);
    for (log_probs, weight) in said.log_probs.iter().zip(weights) {
        for (sum, log_prob) in sums.iter_mut().zip(log_probs) {
            *sum += weight * f64::from(*log_prob);
        }
    }
    sums.into_iter().map(narrow).collect()
}

impl TryFrom<Stored> for Combiner {
    type Error = EnsembleError;

    fn try_from(stored: Stored) -> Result<Self, EnsembleError> {
        Self::checked(stored.method, stored.members, stored.classes, stored.fitted)
    }
}

impl From<Combiner> for Stored {
    fn from(combiner: Combiner) -> Self {
        Self {
            method: combiner.method,
            members: combiner.members,
            classes: combiner.classes,
            fitted: combiner.fitted,
        }
    }
}
