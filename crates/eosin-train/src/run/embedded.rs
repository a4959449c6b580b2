//! The embeddings of a run's patches, to be taken away.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use eosin_core::config::Symmetries;
use eosin_core::{Cut, D4, Watch};
use eosin_store::Recipe;
use eosin_weights::{LazyTensor, WeightsError};

use super::Run;
use crate::checkpoint::keeper::Keeper;
use crate::embed::embeddings::{EmbedCount, Embeddings, Views};
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource as _;
use crate::train::session::Session;

/// The embeddings of every patch of a run, in the order of its manifest: a tensor `[patches, views,
/// width]`, read from the cache when it is wanted.
#[derive(Debug)]
pub struct EmbeddedPatches {
    embeddings: Embeddings,
    shape: [usize; 3],
    /// All that the values depend on besides patch and view.
    pub recipe: Recipe,
    /// The views, in order.
    pub views: &'static [D4],
    /// How much the cache saved.
    pub count: EmbedCount,
}

impl LazyTensor for EmbeddedPatches {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let [_, views, width] = self.shape;
        let mut values = vec![0.0; rows.len() * views * width];
        let wanted = rows.flat_map(|row| (0..views).map(move |view| (row, view)));
        for ((row, view), out) in wanted.zip(values.chunks_exact_mut(width)) {
            self.embeddings.copy_view(row, view, out);
        }
        Ok(Cow::Owned(values))
    }
}

impl Run<'_> {
    /// The embeddings of every patch, computed where the cache lacks them: under all symmetries of
    /// the square, where training or judging looks at patches under any, else as they are.
    ///
    /// # Errors
    /// When a patch has no single embedding, since the run trains more than a last layer, scales
    /// patches fold by fold or changes them at random; and as [`embed`](Self::embed).
    pub fn embedded(&self, watch: &dyn Watch<Event>) -> Result<EmbeddedPatches, TrainError> {
        let rows = self.rows()?;
        self.start.network()?;
        let keeper = Keeper::new(None, [0; 32], Duration::MAX);
        let session = Session::new(keeper, watch);
        let preprocess = self.fitted_preprocess(&rows, &session)?;
        if self.cut()? != Cut::Embedding {
            return Err(TrainError::NoEmbeddings(format!(
                "train.mode {} keeps maps of a stage, no embeddings; take '--mode probe'",
                self.config.train.mode
            )));
        }
        let [preprocess] = preprocess.as_slice() else {
            return Err(TrainError::NoEmbeddings(
                "backbone.normalise fold gives each patch an embedding a fold; take '--normalise \
                 dataset', which scales all alike"
                    .to_owned(),
            ));
        };
        if !self.sizes_px().is_empty() {
            return Err(TrainError::NoEmbeddings(
                "augment.sizes_px asks for embeddings at several sizes, and a file holds those of one; \
                 leave it out and write a file for each '--size'"
                    .to_owned(),
            ));
        }
        if self.config.augment.changes_pixels() {
            return Err(TrainError::NoEmbeddings(
                "random views are of training patches alone; leave out what changes pixels in the \
                 table augment, and the symmetries of every patch are written"
                    .to_owned(),
            ));
        }
        let scales = std::slice::from_ref(preprocess);
        let (_, mut count) = self.inputs(Cut::Embedding, &rows, scales, &session)?;
        let symmetric = [
            self.config.augment.symmetry,
            self.config.judged_symmetries(),
        ];
        let views = if symmetric == [Symmetries::None; 2] {
            Views::Upright
        } else {
            Views::Symmetries
        };
        let precision = self.config.backbone.precision;
        let embedder = self.embedder(Cut::Embedding, preprocess, precision)?;
        let places: Vec<usize> = (0..self.patches.manifest().patches.len()).collect();
        // Test patches that are judged as they are had one view only.
        let mut pulse = |_| session.tell_or_stop(&Event::Pulse);
        let service = self.service(&embedder);
        let (embeddings, more) = service.of(self.patches, &places, views, &mut pulse)?;
        count.computed += more.computed;
        Ok(EmbeddedPatches {
            shape: [places.len(), embeddings.views(), embeddings.width()],
            recipe: embedder.recipe(self.config.cache.dtype, None),
            views: &D4::ALL[..embeddings.views()],
            embeddings,
            count,
        })
    }
}
