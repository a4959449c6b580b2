//! Random views of a patch.

use eosin_core::config::AugmentConfig;
use eosin_core::{D4, Seed, Stream};
use eosin_data::{Augmentation, RgbPatch, StainNormaliser};
use eosin_store::cache::ImageHash;
use rand::RngExt as _;

use crate::input::draw::Draw;

/// Makes random views: the augmentations beyond symmetries, then a symmetry.
#[derive(Clone, Debug)]
pub struct ViewMaker {
    augmentation: Augmentation,
    members: &'static [D4],
    seed: Seed,
    /// Says how views are made, for the cache.
    recipe: String,
}

/// The pixels of a square patch under a symmetry.
pub(crate) fn symmetric(patch: &RgbPatch, symmetry: D4) -> Vec<u8> {
    symmetry.apply(&patch.pixels, patch.height_px, patch.width_px, 3)
}

/// The pixels of a patch as it was drawn.
pub fn drawn_view(maker: Option<&ViewMaker>, patch: &RgbPatch, draw: Draw) -> Vec<u8> {
    match (maker, draw.view) {
        (Some(maker), Some(view)) => maker.drawn(patch, view, draw.symmetry),
        _ => symmetric(patch, draw.symmetry),
    }
}

impl ViewMaker {
    /// The views that `config` asks for; `None` when symmetries are all.
    pub fn new(config: &AugmentConfig, seed: Seed) -> Option<Self> {
        let augmentation = Augmentation::new(config)?;
        let text = AugmentConfig {
            // How many are made, and what is done with them later, changes none.
            views: 0,
            mixup: 0.0,
            cutmix: 0.0,
            ..config.clone()
        };
        Some(Self {
            augmentation,
            members: config.symmetry.members(),
            seed,
            recipe: format!("seed {}; {text:?}", seed.0),
        })
    }

    /// The same for patches that were given the stain of `normaliser`'s target: see
    /// [`Augmentation::of_stain`]. The recipe's preprocessing says which.
    #[must_use]
    pub fn of_stain(mut self, normaliser: Option<&StainNormaliser>) -> Self {
        self.augmentation = self.augmentation.of_stain(normaliser);
        self
    }

    /// How views are made.
    pub fn recipe(&self) -> &str {
        &self.recipe
    }

    /// Cached view `index` of a patch whose file has this `hash`: the same in every fold.
    pub fn cached(&self, patch: &RgbPatch, hash: &ImageHash, index: usize) -> Vec<u8> {
        let (words, _) = hash.as_chunks::<8>();
        let position = [index as u64, u64::from_le_bytes(words[0])];
        let mut rng = self.seed.stream(Stream::View, &position);
        let changed = self.augmentation.apply(patch, &mut rng);
        symmetric(
            &changed,
            self.members[rng.random_range(0..self.members.len())],
        )
    }

    /// The view that was drawn as number `view`, under a symmetry.
    pub fn drawn(&self, patch: &RgbPatch, view: u64, symmetry: D4) -> Vec<u8> {
        let mut rng = self.seed.stream(Stream::View, &[view]);
        symmetric(&self.augmentation.apply(patch, &mut rng), symmetry)
    }
}
