//! Pairs with their pictures.

use eosin_core::{Config, D4};
use eosin_data::{DecodeLimits, Patches, RgbPatch};
use eosin_report::{PairCard, Thumbnail};
use eosin_train::decode_limits;

use super::record::PairRecord;
use crate::thumbnail::{THUMBNAIL_PX, thumbnail};

/// Where small pictures of patches come from.
pub(crate) struct Pictures<'a> {
    patches: &'a Patches,
    limits: DecodeLimits,
}

impl<'a> Pictures<'a> {
    /// Of these patches, read as `config` says.
    pub(crate) fn of(patches: &'a Patches, config: &Config) -> Self {
        Self {
            patches,
            limits: decode_limits(config.data.max_side_px),
        }
    }

    /// Two patches side by side, the second turned as the first is.
    pub(crate) fn card(&self, pair: &PairRecord) -> PairCard {
        let symmetry = D4::all().find(|symmetry| symmetry.name() == pair.symmetry);
        let turns = [D4::IDENTITY, symmetry.unwrap_or(D4::IDENTITY)];
        let [x, y] = pair.offset_px;
        let mut pictures = [&pair.a, &pair.b]
            .into_iter()
            .zip(turns)
            .map(|(key, turn)| {
                let place = self.patches.manifest().position(key)?;
                self.thumbnail(place, turn)
            });
        PairCard {
            keys: [pair.a.clone(), pair.b.clone()],
            what: format!(
                "{}{}",
                pair.kind.as_str(),
                if pair.labels_differ {
                    ", labels differ"
                } else {
                    ""
                }
            ),
            how: format!(
                "{}, {x:.0} px right, {y:.0} px down, scale {:.2}, covers {:.0} %, confidence {:.3}",
                pair.symmetry,
                pair.scale,
                pair.covered * 100.0,
                pair.confidence
            ),
            across: pair.across.join(", "),
            thumbnails: [pictures.next().flatten(), pictures.next().flatten()],
        }
    }

    /// A small JPEG of a patch; none when it can no longer be read, which is no reason to lose a page.
    pub(super) fn thumbnail(&self, place: usize, turn: D4) -> Option<Thumbnail> {
        let RgbPatch {
            width_px,
            height_px,
            pixels,
        } = self.patches.decoded(place, &self.limits).ok()?;
        let pixels = turn.apply(pixels.as_chunks::<3>().0, height_px, width_px, 1);
        let (width_px, height_px) = if turn.swaps_sides() {
            (height_px, width_px)
        } else {
            (width_px, height_px)
        };
        let side = |px: usize| u32::try_from(px).ok();
        let longest = side(width_px.max(height_px))?;
        let small = |px: usize| Some((side(px)? * THUMBNAIL_PX.min(longest) / longest).max(1));
        let sides = [small(width_px)?, small(height_px)?];
        let turned = RgbPatch {
            width_px,
            height_px,
            pixels: pixels.concat(),
        };
        thumbnail(turned, sides)
    }
}
