//! What a run's patches are made like in stain.

use std::path::Path;

use eosin_core::Split;
use eosin_core::config::StainMethod;
use eosin_data::{
    RgbPatch, StainNormaliser, StainTarget, Unchanged, decode_rgb, decode_rgb_bytes, stain_of,
};
use rayon::prelude::*;

use super::Run;
use super::rows::Rows;
use crate::error::TrainError;
use crate::input::reader::decode_limits;
use crate::input::stain_fit::{KeptStain, MadeLike, StainError, StainFit};

/// The word for a method's own reference.
const REFERENCE: &str = "reference";
/// Patches looked at before the next chance to stop.
const TOGETHER: usize = 512;

/// A target and where it comes from, before patches are looked at.
struct Given {
    target: StainTarget,
    made_like: MadeLike,
}

/// What was found in a patch.
type Found = Result<StainTarget, Unchanged>;

impl Run<'_> {
    /// Refuses a target that cannot be one, before anything is written.
    pub(super) fn refuse_stain(&self, rows: &Rows) -> Result<(), TrainError> {
        let method = self.config.data.stain;
        if method == StainMethod::None {
            return match &self.config.data.stain_target {
                Some(target) => Err(StainError::NoMethod(target.clone()).into()),
                None => Ok(()),
            };
        }
        if self.start.network().is_err() || self.given_stain(rows)?.is_some() {
            return Ok(());
        }
        // One patch is enough to know that there will be a target; mostly it is the first.
        let mut first = None;
        for place in rows.pool_places() {
            match stain_of(method, &self.decoded(*place)?) {
                Ok(_) => return Ok(()),
                Err(why) => first = first.or(Some((*place, why))),
            }
        }
        Err(self.no_patch(rows, first))
    }

    fn no_patch(&self, rows: &Rows, first: Option<(usize, Unchanged)>) -> TrainError {
        let (place, why) = first.unwrap_or((rows.places[0], Unchanged::NoEstimate));
        StainError::NoPatch {
            method: self.config.data.stain,
            of: rows.pool(),
            key: self.patches.manifest().patches[place].key.clone(),
            why,
        }
        .into()
    }

    /// What patches are made like: the median of the rows that are not test, where nothing else was
    /// asked for. Every patch is looked at, so that those that keep their stain are known; `pulse` is
    /// called now and then and may stop it. `None` where nothing is made alike, or there is no network.
    pub(super) fn fit_stain(
        &self,
        rows: &Rows,
        pulse: &dyn Fn() -> Result<(), TrainError>,
    ) -> Result<Option<StainFit>, TrainError> {
        let method = self.config.data.stain;
        if method == StainMethod::None || self.start.network().is_err() {
            return Ok(None);
        }
        let mut found: Vec<Found> = Vec::with_capacity(rows.places.len());
        for places in rows.places.chunks(TOGETHER) {
            let of = |place: &usize| Ok(stain_of(method, &self.decoded(*place)?));
            let some: Vec<Result<Found, TrainError>> = places.par_iter().map(of).collect();
            for one in some {
                found.push(one?);
            }
            pulse()?;
        }
        let Given { target, made_like } = match self.given_stain(rows)? {
            Some(given) => given,
            None => self.median_stain(rows, &found)?,
        };
        let normaliser = StainNormaliser::new(method, target);
        let normaliser = normaliser.ok_or_else(|| self.no_patch(rows, None))?;
        Ok(Some(StainFit {
            method,
            made_like,
            target,
            stain: normaliser.to_string(),
            patches: found.len(),
            unchanged: self.kept_stains(rows, &found),
        }))
    }

    fn median_stain(&self, rows: &Rows, found: &[Found]) -> Result<Given, TrainError> {
        let pool = &found[..rows.pool()];
        let told: Vec<StainTarget> = pool.iter().filter_map(|one| one.ok()).collect();
        let Some(target) = StainTarget::median(&told) else {
            let first = pool.first().and_then(|one| one.err());
            return Err(self.no_patch(rows, first.map(|why| (rows.places[0], why))));
        };
        let made_like = MadeLike::Training {
            patches: told.len(),
            of: pool.len(),
        };
        Ok(Given { target, made_like })
    }

    fn kept_stains(&self, rows: &Rows, found: &[Found]) -> Vec<KeptStain> {
        let kept = found.iter().enumerate().filter_map(|(row, found)| {
            let why = (*found).err()?;
            let place = rows.places[row];
            Some(KeptStain {
                key: self.patches.manifest().patches[place].key.clone(),
                split: (row >= rows.pool()).then_some(Split::Test),
                why,
            })
        });
        kept.collect()
    }

    /// The target that was asked for; `None`: the training patches.
    fn given_stain(&self, rows: &Rows) -> Result<Option<Given>, TrainError> {
        let method = self.config.data.stain;
        match self.config.data.stain_target.as_deref() {
            None => Ok(None),
            Some(REFERENCE) => Ok(Some(Given {
                target: StainTarget::reference(method).ok_or(StainError::NoReference(method))?,
                made_like: MadeLike::Reference,
            })),
            Some(path) => self.stain_of_image(rows, Path::new(path)).map(Some),
        }
    }

    fn stain_of_image(&self, rows: &Rows, path: &Path) -> Result<Given, TrainError> {
        let limits = decode_limits(self.config.data.max_side_px);
        let unreadable = |source| StainError::Unreadable { source };
        // Decoded first: that names the file in every error.
        let image = decode_rgb(path, &limits).map_err(unreadable)?;
        let hash = std::fs::read(path).map_err(|cause| {
            let name = path.display().to_string();
            unreadable(eosin_data::DecodeError::Read { name, cause })
        })?;
        let hash = blake3::hash(&hash);
        let mut test = rows.test_places().iter();
        if let Some(place) = test.find(|place| self.patches.hash(**place) == hash.as_bytes()) {
            return Err(StainError::TestPatch {
                path: path.to_owned(),
                key: self.patches.manifest().patches[*place].key.clone(),
            }
            .into());
        }
        let target = stain_of(self.config.data.stain, &image);
        Ok(Given {
            target: target.map_err(|why| StainError::NoTissue {
                path: path.to_owned(),
                why,
            })?,
            made_like: MadeLike::Image {
                path: path.to_owned(),
                blake3: hash.to_hex().to_string(),
            },
        })
    }

    /// A patch as it lies on disk.
    fn decoded(&self, place: usize) -> Result<RgbPatch, TrainError> {
        let limits = decode_limits(self.config.data.max_side_px);
        let (bytes, name) = (self.patches.bytes(place)?, self.patches.name(place));
        Ok(decode_rgb_bytes(&bytes, &name, &limits)?)
    }
}
