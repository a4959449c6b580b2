//! Whether probabilities agree with what comes true, and what makes them.
//!
//! [`Recalibration`] has slope and intercept, [`BrierParts`] what the Brier score is made of,
//! [`reliability_points`] the diagram with intervals; [`fit_temperature`], [`fit_platt`] and
//! [`fit_isotonic`] make calibrators.

mod brier_parts;
mod isotonic;
mod logistic;
mod platt;
mod recalibration;
mod reliability;
mod temperature;

pub use brier_parts::BrierParts;
pub use isotonic::fit_isotonic;
pub use platt::fit_platt;
pub use recalibration::{Estimate, Recalibration};
pub use reliability::{RELIABILITY_BINS, ReliabilityPoint, reliability_points};
pub use temperature::fit_temperature;
