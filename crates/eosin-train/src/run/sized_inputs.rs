//! The embeddings of patches at several sizes: all are views.

use std::ops::Range;

use eosin_core::config::Symmetries;
use eosin_core::{Cut, Preprocess};
use eosin_heads::{EmbeddingRows, HeadError};

use super::Run;
use super::cached_inputs::CachedInputs;
use super::inputs::Inputs;
use super::rows::Rows;
use crate::embed::embeddings::EmbedCount;
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::reader::resize_between_sizes;
use crate::train::session::Session;

/// What the network makes of the same rows at each size, that of the run first.
pub(super) struct SizedInputs<'a> {
    sizes: Vec<Inputs<'a>>,
}

impl SizedInputs<'_> {
    /// See [`Inputs::all_views`].
    pub fn all_views(&self, symmetries: Symmetries) -> SizedRows<'_> {
        let sizes = self.sizes.iter();
        SizedRows {
            sizes: sizes.map(|inputs| inputs.all_views(symmetries)).collect(),
        }
    }

    /// See [`Inputs::source`].
    pub fn source(&self) -> SizedSource<'_> {
        SizedSource {
            sizes: self.sizes.iter().map(Inputs::source).collect(),
        }
    }

    /// See [`Inputs::test`].
    pub fn test(&self) -> SizedSource<'_> {
        SizedSource {
            sizes: self.sizes.iter().map(Inputs::test).collect(),
        }
    }
}

/// Views of each patch as rows of a table, size by size.
pub(super) struct SizedRows<'a> {
    sizes: Vec<Box<dyn EmbeddingRows + 'a>>,
}

impl EmbeddingRows for SizedRows<'_> {
    fn patches(&self) -> usize {
        self.sizes[0].patches()
    }

    fn views(&self) -> usize {
        self.sizes.iter().map(|size| size.views()).sum()
    }

    fn width(&self) -> usize {
        self.sizes[0].width()
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        let (of_patch, mut first) = (self.views() * self.width(), 0);
        for size in &self.sizes {
            let own = size.views() * self.width();
            let mut values = vec![0.0; range.len() * own];
            size.fill(range.clone(), &mut values)?;
            for (values, patch) in values.chunks_exact(own).zip(out.chunks_exact_mut(of_patch)) {
                patch[first..first + own].copy_from_slice(values);
            }
            first += own;
        }
        Ok(())
    }
}

/// Values of single views, each at the size that its draw names; where it names none, at the run's.
pub(super) struct SizedSource<'a> {
    sizes: Vec<Box<dyn InputSource + 'a>>,
}

impl InputSource for SizedSource<'_> {
    fn width(&self) -> usize {
        self.sizes[0].width()
    }

    fn fill(&self, draws: &[Draw], out: &mut [f32]) -> Result<(), TrainError> {
        let count = self.sizes.len() as u64;
        for (draw, out) in draws.iter().zip(out.chunks_exact_mut(self.width())) {
            let size = usize::try_from(draw.view.unwrap_or(0) % count).expect("below a count");
            let at_size = Draw {
                view: None,
                ..*draw
            };
            self.sizes[size].fill(&[at_size], out)?;
        }
        Ok(())
    }
}

impl<'r> Run<'r> {
    /// The embeddings at all sizes under each preprocessing, computed where the cache lacks them.
    pub(super) fn sized_inputs<'a>(
        &self,
        rows: &'a Rows,
        preprocess: &[Preprocess],
        session: &Session<'_>,
    ) -> Result<(Vec<SizedInputs<'a>>, EmbedCount), TrainError>
    where
        'r: 'a,
    {
        let (inputs, mut count) = self.cached_inputs(Cut::Embedding, rows, preprocess, session)?;
        let first = |inputs: CachedInputs<'a>| SizedInputs {
            sizes: vec![Inputs::Cached(inputs.into())],
        };
        let mut all: Vec<SizedInputs<'a>> = inputs.into_iter().map(first).collect();
        for size_px in self.sizes_px().iter().copied() {
            let run = Run { size_px, ..*self };
            let at_size = |one: &Preprocess| Preprocess {
                size_px,
                resize: Some(resize_between_sizes(&self.config.data)),
                ..one.clone()
            };
            let at_size: Vec<Preprocess> = preprocess.iter().map(at_size).collect();
            let (inputs, more) = run.cached_inputs(Cut::Embedding, rows, &at_size, session)?;
            count.found += more.found;
            count.computed += more.computed;
            for (sized, inputs) in all.iter_mut().zip(inputs) {
                sized.sizes.push(Inputs::Cached(inputs.into()));
            }
        }
        Ok((all, count))
    }
}
