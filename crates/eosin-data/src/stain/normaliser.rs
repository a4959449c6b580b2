//! A method with its target: what is done to every patch.

use std::fmt;
use std::str::FromStr;

use eosin_core::config::StainMethod;

use super::convention::{
    Convention, RUIFROK_TIATOOLBOX, STAINTOOLS, TIATOOLBOX, TORCHSTAIN, TORCHSTAIN_TORCH,
};
use super::recolour::recolour;
use super::reinhard::Reinhard;
use super::stained::Stained;
use super::target::StainTarget;
use super::unchanged::Unchanged;
use super::{macenko, ruifrok, vahadane};
use crate::decode::RgbPatch;

/// Raised when a method begins to give other pixels.
const VERSION: u32 = 1;

/// A method with its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StainNormaliser {
    method: StainMethod,
    target: StainTarget,
}

/// A text that describes no [`StainNormaliser`] of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' describes no stain normalisation that this version of eosin knows; a run made by another \
     version is used with that one"
)]
pub struct UnknownStain(String);

/// How a method finds stains.
enum Finder {
    /// In eosin's own way.
    Own(fn(&[[u8; 3]]) -> Result<Stained, Unchanged>),
    /// As another tool.
    Tool(Convention),
    /// From the statistics of colours.
    Colours(Reinhard),
}

/// `None` of no method.
fn finder(method: StainMethod) -> Option<Finder> {
    Some(match method {
        StainMethod::None => return None,
        StainMethod::Macenko => Finder::Own(macenko::stains_of),
        StainMethod::MacenkoTorchstain => Finder::Tool(TORCHSTAIN),
        StainMethod::MacenkoTorchstainTorch => Finder::Tool(TORCHSTAIN_TORCH),
        StainMethod::MacenkoTiatoolbox => Finder::Tool(TIATOOLBOX),
        StainMethod::MacenkoStaintools => Finder::Tool(STAINTOOLS),
        StainMethod::Vahadane => Finder::Own(vahadane::stains_of),
        StainMethod::Reinhard => Finder::Colours(Reinhard::Own),
        StainMethod::ReinhardTorchstain => Finder::Colours(Reinhard::Torchstain),
        StainMethod::ReinhardTorchstainModified => Finder::Colours(Reinhard::TorchstainModified),
        StainMethod::ReinhardTiatoolbox => Finder::Colours(Reinhard::Tiatoolbox),
        StainMethod::Ruifrok => Finder::Own(ruifrok::stains_of),
        StainMethod::RuifrokTiatoolbox => Finder::Tool(RUIFROK_TIATOOLBOX),
    })
}

/// What a method finds in a patch: what others would be made like if it were the target.
///
/// # Errors
/// Why nothing is found. The guard is the same for all methods: enough tissue, colours of haematoxylin
/// and eosin, two of them, none too weak.
///
/// # Panics
/// Of no method.
pub fn stain_of(method: StainMethod, patch: &RgbPatch) -> Result<StainTarget, Unchanged> {
    let finder = finder(method).expect("a method");
    find(&finder, patch.pixels.as_chunks::<3>().0)
}

fn find(finder: &Finder, pixels: &[[u8; 3]]) -> Result<StainTarget, Unchanged> {
    match finder {
        Finder::Own(stains_of) => stains_of(pixels).map(StainTarget::Stains),
        Finder::Tool(tool) => {
            macenko::stains_of(pixels)?;
            let found = tool.stains_of(pixels);
            found.map(StainTarget::Stains).ok_or(Unchanged::NoEstimate)
        }
        Finder::Colours(reinhard) => {
            macenko::stains_of(pixels)?;
            let found = reinhard.statistics_of(pixels);
            found.map(StainTarget::Colours).ok_or(Unchanged::NoEstimate)
        }
    }
}

impl StainNormaliser {
    /// A method with its target; `None` of no method, or where the target is of another kind than the
    /// method's.
    pub fn new(method: StainMethod, target: StainTarget) -> Option<Self> {
        let fits = matches!(
            (finder(method)?, &target),
            (Finder::Own(_) | Finder::Tool(_), StainTarget::Stains(_))
                | (Finder::Colours(_), StainTarget::Colours(_))
        );
        let finite = target.numbers().iter().all(|number| number.is_finite());
        (fits && finite).then_some(Self { method, target })
    }

    /// The method.
    pub const fn method(&self) -> StainMethod {
        self.method
    }

    /// What patches are made like.
    pub const fn target(&self) -> &StainTarget {
        &self.target
    }

    /// The target's stains and what is of neither, as rows of densities of red, green and blue, each of
    /// length 1; `None` where the target is no stains.
    pub(crate) fn basis(&self) -> Option<[[f32; 3]; 3]> {
        self.target.stains().map(Stained::basis)
    }

    /// Gives a patch the stain of the target, in place.
    ///
    /// # Errors
    /// Why it stays as it is, to the last byte.
    pub fn apply(&self, patch: &mut RgbPatch) -> Result<(), Unchanged> {
        let Some(finder) = finder(self.method) else {
            return Err(Unchanged::NoEstimate);
        };
        let (pixels, _) = patch.pixels.as_chunks_mut::<3>();
        let found = find(&finder, pixels)?;
        match (finder, &found, &self.target) {
            (Finder::Own(_), StainTarget::Stains(source), StainTarget::Stains(target)) => {
                let how = source.recolouring(target);
                recolour(pixels, &how.ok_or(Unchanged::NoEstimate)?);
            }
            (Finder::Tool(tool), StainTarget::Stains(source), StainTarget::Stains(target)) => {
                let done = tool.recolour(pixels, source, target);
                done.ok_or(Unchanged::NoEstimate)?;
            }
            (
                Finder::Colours(reinhard),
                StainTarget::Colours(source),
                StainTarget::Colours(target),
            ) => reinhard.recolour(pixels, source, target),
            _ => return Err(Unchanged::NoEstimate),
        }
        Ok(())
    }
}

/// The method, its version, and every number of the target with the digits that give back the same
/// bits: `macenko 1 0.56 ...`. What a cache's recipe holds.
impl fmt::Display for StainNormaliser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {VERSION}", self.method)?;
        let mut numbers = self.target.numbers().into_iter();
        numbers.try_for_each(|number| write!(f, " {number:?}"))
    }
}

impl FromStr for StainNormaliser {
    type Err = UnknownStain;

    fn from_str(text: &str) -> Result<Self, UnknownStain> {
        let unknown = || UnknownStain(text.to_owned());
        let mut words = text.split(' ');
        let method = words.next().and_then(|word| word.parse().ok());
        let version = words.next().and_then(|word| word.parse().ok());
        let numbers: Option<Vec<f64>> = words.map(|word| word.parse().ok()).collect();
        let target = numbers.and_then(|numbers| StainTarget::of_numbers(&numbers));
        match (method, version, target) {
            (Some(method), Some(VERSION), Some(target)) => {
                Self::new(method, target).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}
