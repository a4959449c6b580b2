//! A confidence interval.

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the standard normal: every interval here has 95 % nominal coverage.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
}
