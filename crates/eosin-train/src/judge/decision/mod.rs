//! `decision.json`: how well calibrated a run is, and what thresholds come to.
//!
//! What is fitted or chosen is told twice: as it is stored, from all out-of-fold predictions, and judged
//! on each fold by what the other folds of its cross-validation alone give.

mod calibration;
mod figures;
mod findings;
mod fitting;
mod judged;
mod many_classes;
mod thresholds;

pub use calibration::{CalibratorFindings, FoldCalibration};
pub use figures::{CalibrationFigures, TwoClassFigures};
pub use findings::{DecisionFindings, Usefulness, decide};
pub use thresholds::{Spread, ThresholdFindings};
