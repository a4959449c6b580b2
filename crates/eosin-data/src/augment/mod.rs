//! placeholder until the helper is done
use crate::decode::RgbPatch;
use eosin_core::config::AugmentConfig;
/// Random changes.
#[derive(Clone, Debug)]
pub struct Augmentation {}
impl Augmentation {
    /// x
    pub fn new(_: &AugmentConfig) -> Option<Self> {
        Some(Self {})
    }
    /// x
    pub fn apply(&self, patch: &RgbPatch, _: &mut eosin_core::Rng) -> RgbPatch {
        patch.clone()
    }
}
