//! Random views of patches: cached ones, and new ones for every draw.

use std::ops::Range;

use eosin_heads::{EmbeddingRows, HeadError};
use eosin_models::Workspace;
use rayon::prelude::*;

use crate::embed::embedder::Embedder;
use crate::embed::embeddings::Embeddings;
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::reader::RowReader;
use crate::input::views::ViewMaker;

/// Random views of each patch, from the cache, and each patch as it is.
#[derive(Debug)]
pub struct CachedViews<'a> {
    /// Random views.
    pub views: &'a Embeddings,
    /// The patches as they are.
    pub upright: &'a Embeddings,
}

impl InputSource for CachedViews<'_> {
    fn width(&self) -> usize {
        self.upright.width()
    }

    fn map_sides(&self) -> Option<[usize; 3]> {
        self.upright.map_sides()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let count = self.views.views() as u64;
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            match draw.view {
                Some(view) => {
                    let index = usize::try_from(view % count).expect("below a count");
                    self.views.copy_view(draw.row, index, out);
                }
                None => self.upright.copy_view(draw.row, draw.symmetry.index(), out),
            }
        }
        Ok(())
    }
}

/// Cached views of patches, as rows of a table.
pub struct CachedRows<'a> {
    /// The embeddings.
    pub embeddings: &'a Embeddings,
    /// Which of their views.
    pub views: Vec<usize>,
}

impl EmbeddingRows for CachedRows<'_> {
    fn patches(&self) -> usize {
        self.embeddings.len()
    }

    fn views(&self) -> usize {
        self.views.len()
    }

    fn width(&self) -> usize {
        self.embeddings.width()
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        let wanted = range.flat_map(|row| self.views.iter().map(move |view| (row, *view)));
        for ((row, view), out) in wanted.zip(out.chunks_exact_mut(self.width())) {
            self.embeddings.copy_view(row, view, out);
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
    /// The patches.
    pub rows: RowReader<'a>,
    /// The patches as they are.
    pub upright: &'a Embeddings,
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
        let together = self.embedder.frozen().together();
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
                    let patch = self.rows.read(draw.row)?;
                    views.push(self.maker.drawn(&patch, view, draw.symmetry));
                }
                None => self.upright.copy_view(draw.row, draw.symmetry.index(), out),
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
