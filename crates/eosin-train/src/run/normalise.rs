//! How pixel values are scaled.

use eosin_core::config::NormaliseMode;
use eosin_core::{Normalisation, Preprocess};
use eosin_data::{ImageSums, channel_statistics};
use eosin_models::{BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
use rayon::prelude::*;

use super::Run;
use super::rows::Rows;
use crate::error::TrainError;
use crate::input::reader::{PatchReader, decode_limits, resize_of};
use crate::train::rows::FoldRows;

impl Run<'_> {
    /// How patches are read, whatever they are scaled by.
    pub(super) fn patch_reader(&self) -> PatchReader {
        PatchReader {
            limits: decode_limits(self.config.data.max_side_px),
            resize: resize_of(&self.config.data),
            size_px: self.size_px,
        }
    }

    /// What happens to patches before the network sees them: one for all folds, or one each; none
    /// where there is no network. Test patches never contribute.
    pub(super) fn preprocess(&self, rows: &Rows) -> Result<Vec<Preprocess>, TrainError> {
        let Ok(backbone) = self.start.network() else {
            return Ok(Vec::new());
        };
        let scaled_by = |scale| Preprocess {
            size_px: self.size_px,
            resize: resize_of(&self.config.data),
            stain: None,
            mpp: self.config.data.mpp,
            scale,
        };
        Ok(self
            .scales(rows, &backbone.spec)?
            .into_iter()
            .map(scaled_by)
            .collect())
    }

    fn scales(&self, rows: &Rows, spec: &BackboneSpec) -> Result<Vec<Normalisation>, TrainError> {
        let fixed = |mean, std| Ok(vec![Normalisation { mean, std }]);
        let statistics = self.config.backbone.statistics;
        match self.config.backbone.normalise {
            NormaliseMode::Backbone => fixed(spec.mean, spec.std),
            NormaliseMode::Unit => Ok(vec![Normalisation::UNIT]),
            NormaliseMode::ImageNet => fixed(IMAGENET_MEAN, IMAGENET_STD),
            NormaliseMode::Dataset => {
                let sums = self.image_sums(rows)?;
                Ok(vec![channel_statistics(&sums, statistics)?])
            }
            NormaliseMode::Fold => {
                let sums = self.image_sums(rows)?;
                let of = |fold: &FoldRows| {
                    let train = fold.train.iter().map(|row| &sums[*row]);
                    Ok(channel_statistics(train, statistics)?)
                };
                rows.folds.iter().map(of).collect()
            }
        }
    }

    /// Sums over the pixels of every row that is not test: those of the inspection, where patches
    /// keep their size.
    fn image_sums(&self, rows: &Rows) -> Result<Vec<ImageSums>, TrainError> {
        let pool = rows.pool_places();
        let reader = self.reader(pool);
        let sums_of = |row: usize| {
            let facts = self.patches.facts(pool[row]);
            let size = (facts.header.width_px, facts.header.height_px);
            if size == (self.size_px, self.size_px) {
                return Ok(facts.sums);
            }
            Ok(ImageSums::of(&reader.read(row)?))
        };
        (0..pool.len()).into_par_iter().map(sums_of).collect()
    }
}
