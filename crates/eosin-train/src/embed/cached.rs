//! Where training finds its inputs: the cache, or the patches themselves.

use std::path::PathBuf;

use eosin_data::RgbPatch;
use eosin_models::Workspace;
use eosin_store::Reader;
use eosin_store::cache::ImageHash;
use rayon::prelude::*;

use crate::embed::embedder::Embedder;
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::scale::{PatchSet, PixelScale};
use crate::input::views::{ViewMaker, drawn_view};

/// Cached values of a list of patches, a record each.
#[derive(Debug)]
pub struct CachedRows {
    reader: Reader,
    slots: Vec<usize>,
    shape: [usize; 3],
}

impl CachedRows {
    /// The values of `hashes`, in order; `shape` is the height, width and channels of a view.
    ///
    /// # Errors
    /// When the entry lacks one.
    pub fn new(
        reader: Reader,
        hashes: &[ImageHash],
        shape: [usize; 3],
    ) -> Result<Self, TrainError> {
        let slots: Option<Vec<usize>> = hashes.iter().map(|hash| reader.slot(hash)).collect();
        let slots = slots.ok_or(TrainError::CacheChanged)?;
        Ok(Self {
            reader,
            slots,
            shape,
        })
    }

    fn copy(&self, row: usize, view: usize, out: &mut [f32]) {
        self.reader.copy_into(self.slots[row], view, out);
    }
}

impl InputSource for CachedRows {
    fn width(&self) -> usize {
        self.reader.width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        Some(self.shape)
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            self.copy(draw.row, draw.symmetry.index(), out);
        }
        Ok(())
    }
}

/// Random views of each patch, from the cache, and each patch as it is.
#[derive(Debug)]
pub struct CachedViews<'a> {
    /// Random views.
    pub views: &'a CachedRows,
    /// The patches as they are.
    pub upright: &'a CachedRows,
}

impl InputSource for CachedViews<'_> {
    fn width(&self) -> usize {
        self.upright.width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        self.upright.map_sides()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let count = self.views.reader.symmetries() as u64;
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            match draw.view {
                Some(view) => {
                    let index = usize::try_from(view % count).expect("below a count");
                    self.views.copy(draw.row, index, out);
                }
                None => self.upright.copy(draw.row, 0, out),
            }
        }
        Ok(())
    }
}

/// New views for every draw, each run through the frozen part; patches as they are come from the
/// cache.
pub struct FreshViews<'a> {
    /// The frozen part.
    pub embedder: &'a Embedder,
    /// Makes the views.
    pub maker: &'a ViewMaker,
    /// File of each row.
    pub paths: &'a [PathBuf],
    /// The patches as they are.
    pub upright: &'a CachedRows,
}

impl InputSource for FreshViews<'_> {
    fn width(&self) -> usize {
        self.upright.width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        self.upright.map_sides()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let width = self.width();
        let together = self.embedder.together();
        draws
            .par_chunks(together)
            .zip(out.par_chunks_mut(together * width))
            .try_for_each_init(Workspace::default, |workspace, (draws, out)| {
                self.fill_few(draws, out, workspace)
            })
    }
}

impl FreshViews<'_> {
    fn fill_few(
        &self,
        draws: &[Draw],
        out: &mut [f32],
        workspace: &mut Workspace,
    ) -> Result<(), TrainError> {
        let mut views = Vec::new();
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            match draw.view {
                Some(view) => {
                    let patch = self.embedder.reader().read(&self.paths[draw.row])?;
                    views.push(self.maker.drawn(&patch, view, draw.symmetry));
                }
                None => self.upright.copy(draw.row, 0, out),
            }
        }
        let values = self.embedder.run(&views, workspace);
        let drawn = draws.iter().zip(out.chunks_exact_mut(self.width()));
        let drawn = drawn.filter(|(draw, _)| draw.view.is_some());
        for ((_, out), values) in drawn.zip(values.chunks_exact(self.width())) {
            out.copy_from_slice(values);
        }
        Ok(())
    }
}

/// Pixels, for training that begins at the first stage.
pub struct PixelSource<'a> {
    /// The patches.
    pub patches: &'a PatchSet,
    /// How values are scaled.
    pub scale: PixelScale,
    /// Makes random views, where these are asked for.
    pub maker: Option<&'a ViewMaker>,
}

impl InputSource for PixelSource<'_> {
    fn width(&self) -> usize {
        self.patches.size_px * self.patches.size_px * 3
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        Some([self.patches.size_px, self.patches.size_px, 3])
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let side = self.patches.size_px;
        let fill = |(draw, out): (&Draw, &mut [f32])| {
            let patch = RgbPatch {
                width_px: side,
                height_px: side,
                pixels: self.patches.image(draw.row).to_vec(),
            };
            let pixels = drawn_view(self.maker, &patch, *draw);
            for (value, scaled) in out.iter_mut().zip(self.scale.interleaved(&pixels)) {
                *value = scaled;
            }
        };
        let width = self.width();
        draws
            .par_iter()
            .zip(out.par_chunks_exact_mut(width))
            .for_each(fill);
        Ok(())
    }
}
