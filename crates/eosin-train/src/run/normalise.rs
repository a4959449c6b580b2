//! How pixel values are scaled.

use eosin_core::config::NormaliseMode;
use eosin_core::{Normalisation, Preprocess};
use eosin_data::{ImageSums, StainNormaliser, channel_statistics};
use eosin_models::{BackboneSpec, IMAGENET_MEAN, IMAGENET_STD};
use rayon::prelude::*;

use super::Run;
use super::rows::Rows;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::reader::{PatchReader, decode_limits, resize_of};
use crate::input::stain_fit::{StainError, StainFit};
use crate::input::stain_fitter::StainFitter;
use crate::train::rows::FoldRows;
use crate::train::session::Session;

impl Run<'_> {
    /// How patches are read, whatever they are scaled by.
    pub(super) fn patch_reader(&self, stain: Option<StainNormaliser>) -> PatchReader {
        PatchReader {
            limits: decode_limits(self.config.data.max_side_px),
            stain,
            resize: resize_of(&self.config.data),
            size_px: self.size_px,
        }
    }

    /// What happens to patches before the network sees them: one for all folds, or one each; none
    /// where there is no network. Test patches never contribute.
    pub(super) fn preprocess(
        &self,
        rows: &Rows,
        stain: Option<&StainFit>,
    ) -> Result<Vec<Preprocess>, TrainError> {
        let Ok(backbone) = self.start.network() else {
            return Ok(Vec::new());
        };
        let scaled_by = |scale| Preprocess {
            size_px: self.size_px,
            resize: resize_of(&self.config.data),
            stain: stain.map(|fit| fit.stain.clone()),
            mpp: self.config.data.mpp,
            scale,
        };
        let normaliser = stain.map(|fit| fit.stain.parse()).transpose();
        let normaliser = normaliser.map_err(StainError::Unknown)?;
        Ok(self
            .scales(rows, &backbone.spec, normaliser)?
            .into_iter()
            .map(scaled_by)
            .collect())
    }

    pub(super) fn stain_fitter<'a>(&'a self, rows: &'a Rows) -> StainFitter<'a> {
        StainFitter {
            config: &self.config.data,
            patches: self.patches,
            pool: rows.pool_places(),
            test: rows.test_places(),
        }
    }

    /// See [`StainFitter::fit`]; `None` also where there is no network.
    pub(super) fn fit_stain(
        &self,
        rows: &Rows,
        pulse: &dyn Fn() -> Result<(), TrainError>,
    ) -> Result<Option<StainFit>, TrainError> {
        match self.start.network() {
            Ok(_) => self.stain_fitter(rows).fit(pulse),
            Err(_) => Ok(None),
        }
    }

    /// As [`preprocess`](Self::preprocess), with the stain fitted now; told to nobody.
    pub(super) fn fitted_preprocess(
        &self,
        rows: &Rows,
        session: &Session<'_>,
    ) -> Result<Vec<Preprocess>, TrainError> {
        let stain = self.fit_stain(rows, &|| session.tell_or_stop(&Event::Pulse))?;
        self.preprocess(rows, stain.as_ref())
    }

    fn scales(
        &self,
        rows: &Rows,
        spec: &BackboneSpec,
        stain: Option<StainNormaliser>,
    ) -> Result<Vec<Normalisation>, TrainError> {
        let fixed = |mean, std| Ok(vec![Normalisation { mean, std }]);
        let statistics = self.config.backbone.statistics;
        match self.config.backbone.normalise {
            NormaliseMode::Backbone => fixed(spec.mean, spec.std),
            NormaliseMode::Unit => Ok(vec![Normalisation::UNIT]),
            NormaliseMode::ImageNet => fixed(IMAGENET_MEAN, IMAGENET_STD),
            NormaliseMode::Dataset => {
                let sums = self.image_sums(rows, stain)?;
                Ok(vec![channel_statistics(&sums, statistics)?])
            }
            NormaliseMode::Fold => {
                let sums = self.image_sums(rows, stain)?;
                let of = |fold: &FoldRows| {
                    let train = fold.train.iter().map(|row| &sums[*row]);
                    Ok(channel_statistics(train, statistics)?)
                };
                rows.folds.iter().map(of).collect()
            }
        }
    }

    /// Sums over the pixels of every row that is not test: those of the inspection, where patches
    /// keep their size and stain.
    fn image_sums(
        &self,
        rows: &Rows,
        stain: Option<StainNormaliser>,
    ) -> Result<Vec<ImageSums>, TrainError> {
        let pool = rows.pool_places();
        let reader = self.reader(pool, stain);
        let sums_of = |row: usize| {
            let facts = self.patches.facts(pool[row]);
            let size = (facts.header.width_px, facts.header.height_px);
            if size == (self.size_px, self.size_px) && stain.is_none() {
                return Ok(facts.sums);
            }
            Ok(ImageSums::of(&reader.read(row)?))
        };
        (0..pool.len()).into_par_iter().map(sums_of).collect()
    }
}
