//! Where in a patch the logits of a run come from.

mod class_map;
mod explainer;
mod nearest;
mod occlusion;

pub use class_map::{ClassMap, ExplainWay};
pub use explainer::{ExplainedWeights, Explainer};
pub use nearest::{NearPatch, NearestPatches};
