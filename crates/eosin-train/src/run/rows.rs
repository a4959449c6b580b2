//! The rows that a run is about.

use eosin_core::config::{Keep, TrainMode};
use eosin_data::{FoldIndices, StainNormaliser};
use eosin_metrics::Metric;

use super::Run;
use crate::embed::own_embeddings::OwnEmbeddings;
use crate::embed::starting_point::StartingPoint;
use crate::error::TrainError;
use crate::input::reader::RowReader;
use crate::input::view::View;
use crate::judge::selection::selection;
use crate::train::rows::FoldRows;

/// The rows of a manifest that a run is about: training pool first, then test.
pub(super) struct Rows {
    /// Place of each row in the manifest.
    pub places: Vec<usize>,
    /// Class of each row.
    pub targets: Vec<usize>,
    /// The folds.
    pub folds: Vec<FoldRows>,
    /// Rows of the test part.
    pub test: Vec<usize>,
    /// The metric that picks epochs and the best fold.
    pub select: Metric,
    /// The views that patches are judged under.
    pub views: Vec<View>,
}

impl Rows {
    /// Number of rows that are not test: they come first.
    pub const fn pool(&self) -> usize {
        self.places.len() - self.test.len()
    }

    /// Places of the rows that are not test.
    pub fn pool_places(&self) -> &[usize] {
        &self.places[..self.pool()]
    }

    /// Places of the test rows.
    pub fn test_places(&self) -> &[usize] {
        &self.places[self.pool()..]
    }
}

impl<'r> Run<'r> {
    pub(super) fn rows(&self) -> Result<Rows, TrainError> {
        let manifest = self.patches.manifest();
        let (pool, test) = (manifest.training_pool(), manifest.test_part());
        let places: Vec<usize> = pool.iter().chain(&test).copied().collect();
        let mut row_of = vec![usize::MAX; manifest.patches.len()];
        for (row, place) in places.iter().enumerate() {
            row_of[*place] = row;
        }
        let rows = |places: &[usize]| places.iter().map(|place| row_of[*place]).collect();
        let fold = |(stream, fold): (usize, FoldIndices)| FoldRows {
            id: fold.id,
            stream: stream as u64,
            train: rows(&fold.train),
            inner: Vec::new(),
            val: rows(&fold.val),
        };
        let folds = self.folds.resolve(manifest)?.into_iter().enumerate();
        let mut folds: Vec<FoldRows> = folds.map(fold).collect();
        // Unlabelled patches stand in the test part only, whose targets training never reads.
        let class = |place: &usize| manifest.patches[*place].class.unwrap_or(0);
        let targets: Vec<usize> = places.iter().map(class).collect();
        let train = &self.config.train;
        if train.mode != TrainMode::Probe && train.keep == Keep::Inner {
            for fold in &mut folds {
                let picks = self.picking_part(fold, &places, &targets);
                fold.inner = picks.ok_or(TrainError::NoPickingPart(fold.id))?;
            }
        }
        let val = |fold: &FoldRows| fold.val.iter().map(|row| targets[*row]).collect();
        let parts: Vec<Vec<usize>> = folds.iter().map(val).collect();
        Ok(Rows {
            select: selection(self.select, self.task, parts.iter().map(Vec::as_slice))?,
            views: self.views(),
            folds,
            targets,
            test: (pool.len()..places.len()).collect(),
            places,
        })
    }

    /// The views that patches are judged under.
    fn views(&self) -> Vec<View> {
        let sizes = self.sizes_px().len();
        if sizes > 0 {
            return View::at_sizes(self.config.judged_symmetries(), 1 + sizes);
        }
        let own = self.start.own().map(OwnEmbeddings::record);
        View::judged(self.config.judged_symmetries(), own)
    }

    /// Sides in pixels that patches are looked at in beside [`size_px`](Self::size_px).
    pub(super) fn sizes_px(&self) -> &[usize] {
        match self.start {
            StartingPoint::Network(_) => &self.config.augment.sizes_px,
            StartingPoint::Embeddings(_) | StartingPoint::Members(_) | StartingPoint::Soup(_) => {
                &[]
            }
        }
    }

    /// The pixels of these rows, as the network sees them.
    pub(super) fn reader<'a>(
        &self,
        places: &'a [usize],
        stain: Option<StainNormaliser>,
    ) -> RowReader<'a>
    where
        'r: 'a,
    {
        RowReader {
            patches: self.patches,
            places,
            reader: self.patch_reader(stain),
        }
    }
}
