//! Finds what patches are made like in stain.

use std::path::Path;

use eosin_core::Split;
use eosin_core::config::{DataConfig, StainMethod};
use eosin_data::{
    Patches, RgbPatch, StainNormaliser, StainTarget, Unchanged, decode_rgb_bytes, stain_of,
};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::reader::decode_limits;
use crate::input::same_picture::SmallPicture;
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

/// An image that patches are to be made like.
struct TargetImage {
    patch: RgbPatch,
    hash: blake3::Hash,
}

/// What was found in a patch.
type Found = Result<StainTarget, Unchanged>;

/// Patches whose stain is made alike.
#[derive(Clone, Copy, Debug)]
pub struct StainFitter<'a> {
    /// The method, the target, and what is decoded.
    pub config: &'a DataConfig,
    /// All patches.
    pub patches: &'a Patches,
    /// Places of those that are trained and validated on.
    pub pool: &'a [usize],
    /// Places of test patches, which contribute to nothing.
    pub test: &'a [usize],
}

impl StainFitter<'_> {
    /// Refuses a target that cannot be one, before anything is written.
    ///
    /// # Errors
    /// When a target is named without a method, or cannot be one; when no patch of the pool has a stain.
    pub fn refuse(&self) -> Result<(), TrainError> {
        let method = self.config.stain;
        if method == StainMethod::None {
            return match &self.config.stain_target {
                Some(target) => Err(StainError::NoMethod(target.clone()).into()),
                None => Ok(()),
            };
        }
        if let Some(given) = self.given()? {
            return match &given.made_like {
                MadeLike::Image { path, .. } => self.refuse_picture_of_test(path),
                MadeLike::Reference | MadeLike::Training { .. } => Ok(()),
            };
        }
        // One patch is enough to know that there will be a target; mostly it is the first.
        let mut first = None;
        for place in self.pool {
            match stain_of(method, &self.decoded(*place)?) {
                Ok(_) => return Ok(()),
                Err(why) => first = first.or(Some((*place, why))),
            }
        }
        Err(self.no_patch(first))
    }

    /// Refuses an image that is a test patch written anew, resized or turned.
    fn refuse_picture_of_test(&self, path: &Path) -> Result<(), TrainError> {
        let Some(target) = SmallPicture::of(&self.image(path)?.patch) else {
            return Ok(());
        };
        let shows = |place: &usize| {
            let patch = SmallPicture::of(&self.decoded(*place)?);
            Ok(patch.is_some_and(|patch| patch.is_same(&target)))
        };
        let shown: Vec<Result<bool, TrainError>> = self.test.par_iter().map(shows).collect();
        for (place, shown) in self.test.iter().zip(shown) {
            if shown? {
                return Err(StainError::TestPatch {
                    path: path.to_owned(),
                    key: self.key(*place),
                }
                .into());
            }
        }
        Ok(())
    }

    fn no_patch(&self, first: Option<(usize, Unchanged)>) -> TrainError {
        let (place, why) = first.unwrap_or((0, Unchanged::NoEstimate));
        StainError::NoPatch {
            method: self.config.stain,
            of: self.pool.len(),
            key: self.key(place),
            why,
        }
        .into()
    }

    fn key(&self, place: usize) -> String {
        self.patches.manifest().patches[place].key.clone()
    }

    /// What patches are made like: the median of the pool, where nothing else was asked for. Every patch
    /// is looked at, so that those that keep their stain are known; `pulse` is called now and then and
    /// may stop it. `None` where nothing is made alike.
    ///
    /// # Errors
    /// As [`refuse`](Self::refuse); when a patch cannot be used, or `pulse` stops it.
    pub fn fit(
        &self,
        pulse: &dyn Fn() -> Result<(), TrainError>,
    ) -> Result<Option<StainFit>, TrainError> {
        let method = self.config.stain;
        if method == StainMethod::None {
            return Ok(None);
        }
        let mut found: Vec<Found> = Vec::with_capacity(self.pool.len() + self.test.len());
        for places in [self.pool, self.test].concat().chunks(TOGETHER) {
            let of = |place: &usize| Ok(stain_of(method, &self.decoded(*place)?));
            let some: Vec<Result<Found, TrainError>> = places.par_iter().map(of).collect();
            for one in some {
                found.push(one?);
            }
            pulse()?;
        }
        let Given { target, made_like } = match self.given()? {
            Some(given) => given,
            None => self.median(&found)?,
        };
        let normaliser = StainNormaliser::new(method, target);
        let normaliser = normaliser.ok_or_else(|| self.no_patch(None))?;
        Ok(Some(StainFit {
            method,
            made_like,
            target,
            stain: normaliser.to_string(),
            patches: found.len(),
            unchanged: self.kept(&found),
        }))
    }

    fn median(&self, found: &[Found]) -> Result<Given, TrainError> {
        let pool = &found[..self.pool.len()];
        let told: Vec<StainTarget> = pool.iter().filter_map(|one| one.ok()).collect();
        let Some(target) = StainTarget::median(&told) else {
            let first = pool.first().and_then(|one| one.err());
            return Err(self.no_patch(first.map(|why| (self.pool[0], why))));
        };
        let made_like = MadeLike::Training {
            patches: told.len(),
            of: pool.len(),
        };
        Ok(Given { target, made_like })
    }

    fn kept(&self, found: &[Found]) -> Vec<KeptStain> {
        let places = self.pool.iter().chain(self.test);
        let kept = found.iter().zip(places).enumerate();
        let kept = kept.filter_map(|(row, (found, place))| {
            Some(KeptStain {
                key: self.key(*place),
                split: (row >= self.pool.len()).then_some(Split::Test),
                why: (*found).err()?,
            })
        });
        kept.collect()
    }

    /// The target that was asked for; `None`: the training patches.
    fn given(&self) -> Result<Option<Given>, TrainError> {
        let method = self.config.stain;
        match self.config.stain_target.as_deref() {
            None => Ok(None),
            Some(REFERENCE) => Ok(Some(Given {
                target: StainTarget::reference(method).ok_or(StainError::NoReference(method))?,
                made_like: MadeLike::Reference,
            })),
            Some(path) => self.of_image(Path::new(path)).map(Some),
        }
    }

    fn image(&self, path: &Path) -> Result<TargetImage, TrainError> {
        let limits = decode_limits(self.config.max_side_px);
        let unreadable = |source| StainError::Unreadable { source };
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|cause| {
            let name = name.clone();
            unreadable(eosin_data::DecodeError::Read { name, cause })
        })?;
        Ok(TargetImage {
            patch: decode_rgb_bytes(&bytes, &name, &limits).map_err(unreadable)?,
            hash: blake3::hash(&bytes),
        })
    }

    fn of_image(&self, path: &Path) -> Result<Given, TrainError> {
        let TargetImage { patch, hash } = self.image(path)?;
        let mut test = self.test.iter();
        if let Some(place) = test.find(|place| self.patches.hash(**place) == hash.as_bytes()) {
            return Err(StainError::TestPatch {
                path: path.to_owned(),
                key: self.key(*place),
            }
            .into());
        }
        let target = stain_of(self.config.stain, &patch);
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
        let limits = decode_limits(self.config.max_side_px);
        Ok(self.patches.decoded(place, &limits)?)
    }
}
