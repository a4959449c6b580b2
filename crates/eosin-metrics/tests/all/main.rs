//! Metrics against scikit-learn's, and what holds for all of them.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod comparison;
mod coverage;
mod decision;
mod intervals;
mod properties;
mod sklearn;
mod slices;
