//! Submissions to one test set whose labels somebody else has.

mod decisions;
mod forecast;
mod normal;
mod seen;

pub use decisions::{DecisionScores, Decisions, decision_scores, is_of_decisions};
pub use forecast::{Forecast, OverFit, Prospect, Returned, forecast};
