//! How many patches an evaluation needs, against those that it has.
//!
//! [`SampleSize`] has the criteria of Riley et al. with the [`DesignEffect`] of groups on top.

mod criteria;
mod design_effect;
mod needed;

pub use criteria::{Criterion, Expected};
pub use design_effect::DesignEffect;
pub use needed::{Need, SampleSize};
