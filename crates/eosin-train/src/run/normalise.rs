//! How patches are read and their values scaled.

use eosin_core::config::NormaliseMode;
use eosin_data::{ImageSums, Normalisation, channel_statistics};
use eosin_models::{IMAGENET_MEAN, IMAGENET_STD};
use rayon::prelude::*;

use super::Experiment;
use super::rows::Rows;
use crate::error::TrainError;
use crate::input::reader::PatchReader;
use crate::train::tracker::FoldRows;

impl Experiment<'_> {
    pub(super) fn reader(&self) -> PatchReader {
        PatchReader::new(&self.config.data, self.size_px)
    }

    /// One scaling, or one a fold; test patches never contribute.
    pub(super) fn normalisations(&self, rows: &Rows) -> Result<Vec<Normalisation>, TrainError> {
        let fixed = |mean, std| Ok(vec![Normalisation { mean, std }]);
        match self.config.backbone.normalise {
            NormaliseMode::Backbone => fixed(self.backbone.spec.mean, self.backbone.spec.std),
            NormaliseMode::Unit => fixed([0.0; 3], [1.0; 3]),
            NormaliseMode::ImageNet => fixed(IMAGENET_MEAN, IMAGENET_STD),
            NormaliseMode::Dataset => {
                let sums = self.image_sums(rows)?;
                Ok(vec![channel_statistics(
                    &sums,
                    self.config.backbone.statistics,
                )?])
            }
            NormaliseMode::Fold => {
                let sums = self.image_sums(rows)?;
                let of = |fold: &FoldRows| {
                    let train = fold.train.iter().map(|row| &sums[*row]);
                    Ok(channel_statistics(train, self.config.backbone.statistics)?)
                };
                rows.folds.iter().map(of).collect()
            }
        }
    }

    pub(super) fn image_sums(&self, rows: &Rows) -> Result<Vec<ImageSums>, TrainError> {
        let pool = rows.pool();
        let reader = self.reader();
        rows.paths[..pool]
            .par_iter()
            .map(|path| Ok(ImageSums::of(&reader.read(path)?)))
            .collect()
    }
}
