//! Pixels to what a frozen part of a network makes of them.

use eosin_core::config::CacheDtype;
use eosin_core::{D4, Preprocess};
use eosin_data::RgbPatch;
use eosin_models::Workspace;
use eosin_store::Recipe;
use rayon::prelude::*;

use crate::embed::frozen::Frozen;
use crate::input::scale::PixelScale;
use crate::input::views::{ViewMaker, symmetric};

/// Raised when the same file begins to give other pixels.
pub const DECODE_VERSION: u32 = 1;

/// A frozen part of a network with what happens to pixels before it.
#[derive(Debug)]
pub struct Embedder {
    frozen: Box<dyn Frozen>,
    preprocess: Preprocess,
    scale: PixelScale,
}

impl Embedder {
    /// `frozen`, fed as `preprocess` says.
    pub fn new(frozen: impl Frozen + 'static, preprocess: Preprocess) -> Self {
        Self {
            frozen: Box::new(frozen),
            scale: PixelScale::new(&preprocess.scale),
            preprocess,
        }
    }

    /// Values of one view.
    pub fn width(&self) -> usize {
        self.frozen.shape().iter().product()
    }

    /// What computes them.
    pub fn frozen(&self) -> &dyn Frozen {
        &*self.frozen
    }

    /// What happens to pixels first.
    pub const fn preprocess(&self) -> &Preprocess {
        &self.preprocess
    }

    /// Everything that a cached value depends on besides the patch and the view. With a `maker`
    /// views are its random ones, else symmetries.
    pub fn recipe(&self, dtype: CacheDtype, maker: Option<&ViewMaker>) -> Recipe {
        let part = self.frozen.part();
        Recipe {
            decode_version: DECODE_VERSION,
            preprocess: self.preprocess.clone(),
            backbone: part.backbone,
            weights_hash: part.weights_hash.clone(),
            cut: part.cut.clone(),
            dtype,
            views: maker.map(|maker| maker.recipe().to_owned()),
            kernels: part.kernels(),
        }
    }

    /// Values (`[views, width]`) of views, each the pixels of a patch of the network's size.
    pub(crate) fn run(&self, views: &[Vec<u8>], workspace: &mut Workspace) -> Vec<f32> {
        let together = self.frozen.together();
        let pixels = self.preprocess.size_px * self.preprocess.size_px * 3;
        let mut values = Vec::with_capacity(views.len().next_multiple_of(together) * self.width());
        let mut input = Vec::with_capacity(together * pixels);
        for group in views.chunks(together) {
            input.clear();
            for view in group {
                input.extend(self.scale.interleaved(view));
            }
            input.resize(together * pixels, 0.0);
            self.frozen.run(&input, workspace, &mut values);
        }
        values.truncate(views.len() * self.width());
        values
    }

    /// The values of patches of the network's size as they are, in order.
    pub fn embed(&self, patches: &[RgbPatch]) -> Vec<Vec<f32>> {
        let several = |workspace: &mut Workspace, patches: &[RgbPatch]| {
            let views = patches.iter().map(|patch| symmetric(patch, D4::IDENTITY));
            let values = self.run(&views.collect::<Vec<_>>(), workspace);
            let each = values.chunks_exact(self.width()).map(<[f32]>::to_vec);
            each.collect::<Vec<_>>()
        };
        let groups = patches
            .par_chunks(self.frozen.together())
            .map_init(Workspace::default, several);
        groups.collect::<Vec<_>>().concat()
    }
}
