//! Finished runs compared on the patches that all of them judge.

mod comparison;
mod contestant;
mod differ;
mod differences;
mod estimates;
mod record;

pub use comparison::{CompareArgs, check_prevalence, compare};
pub use record::{
    Comparison, DeLongTest, Estimate, MetricDifference, PartComparison, RunDifference,
    RunEstimates, TestKind,
};
