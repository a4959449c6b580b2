//! The rows that an experiment is about.

use std::path::PathBuf;

use eosin_data::FoldIndices;
use eosin_store::cache::ImageHash;

use super::Experiment;
use crate::embed::embedder::content_hashes;
use crate::error::TrainError;
use crate::train::tracker::FoldRows;

/// The rows of a manifest that an experiment is about: training pool first, then test.
pub(super) struct Rows {
    /// Place of each row in the manifest.
    pub places: Vec<usize>,
    /// File of each row.
    pub paths: Vec<PathBuf>,
    /// Content hash of each row's file.
    pub hashes: Vec<ImageHash>,
    /// Class of each row.
    pub targets: Vec<usize>,
    /// The folds.
    pub folds: Vec<FoldRows>,
    /// Rows of the test part.
    pub test: Vec<usize>,
}

impl Rows {
    /// Number of rows that are not test: they come first.
    pub fn pool(&self) -> usize {
        self.paths.len() - self.test.len()
    }
}

impl Experiment<'_> {
    pub(super) fn rows(&self) -> Result<Rows, TrainError> {
        let (pool, test) = (self.manifest.training_pool(), self.manifest.test_part());
        let places: Vec<usize> = pool.iter().chain(&test).copied().collect();
        let mut row_of = vec![usize::MAX; self.manifest.patches.len()];
        for (row, place) in places.iter().enumerate() {
            row_of[*place] = row;
        }
        let rows = |places: &[usize]| places.iter().map(|place| row_of[*place]).collect();
        let fold = |(stream, fold): (usize, FoldIndices)| FoldRows {
            repeat: fold.repeat,
            fold: fold.fold,
            stream: stream as u64,
            train: rows(&fold.train),
            val: rows(&fold.val),
        };
        let folds = self
            .folds
            .resolve(self.manifest)?
            .into_iter()
            .enumerate()
            .map(fold)
            .collect();
        let patch = |place: &usize| &self.manifest.patches[*place];
        let paths: Vec<PathBuf> = places
            .iter()
            .map(|place| patch(place).path.clone())
            .collect();
        Ok(Rows {
            hashes: content_hashes(&paths)?,
            paths,
            // Unlabelled patches stand in the test part only, whose targets training never reads.
            targets: places
                .iter()
                .map(|place| patch(place).class.unwrap_or(0))
                .collect(),
            test: (pool.len()..places.len()).collect(),
            folds,
            places,
        })
    }
}
