//! Patients where none are known: patches that are stained and textured alike.

mod clusters;
mod features;

pub use self::clusters::{PseudoGroups, pseudo_groups};
pub use self::features::{Features, pseudo_features};
