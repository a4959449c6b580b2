//! What a report shows of patches that speak for a run.

use crate::model::Thumbnail;

/// Patches of a class that show how a run sees it.
#[derive(Clone, Debug)]
pub struct SpeakingClass {
    /// The class.
    pub class: usize,
    /// Those that are right and as sure as half of all that are.
    pub typical: Vec<SpeakingPatch>,
    /// Those of which it is least sure, right or wrong, the least first.
    pub least_sure: Vec<SpeakingPatch>,
}

/// A patch.
#[derive(Clone, Debug)]
pub struct SpeakingPatch {
    /// Its key.
    pub key: String,
    /// The class that was decided for.
    pub pred: usize,
    /// The probability of its own class.
    pub prob: f64,
    /// Where the prediction comes from, such as `fold 3` or `test`.
    pub origin: String,
    /// A small image of it.
    pub thumbnail: Option<Thumbnail>,
}
