//! Changes of stated strength, as another laboratory or scanner would make them.

use std::fmt;

use eosin_core::choice::choices;
use serde::{Deserialize, Serialize};

use super::blur::gaussian_blur;
use super::colour::adjust_brightness;
use super::geometry::Affine;
use super::jpeg::jpeg;
use super::stain_jitter::{StainShift, jitter_stains, restain};
use crate::decode::RgbPatch;

choices! {
    /// What changes.
    pub enum ShiftKind {
        /// Concentrations of haematoxylin and eosin are multiplied by the strength.
        Stain => "stain",
        /// Haematoxylin and eosin have other colours: from Ruifrok's, the strength is the share of the way to those
        /// of Macenko's reference.
        StainColour => "stain-colour",
        /// A Gaussian blur whose standard deviation in pixels is the strength.
        Blur => "blur",
        /// Written as JPEG of this quality and read again.
        Jpeg => "jpeg",
        /// Values are multiplied by the strength.
        Brightness => "brightness",
        /// The tissue is shown so many times as large, the patch keeps its size: mirrored beyond its edges where it is
        /// shown smaller.
        Scale => "scale",
    }
}

/// A change of a stated strength.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// What changes.
    pub kind: ShiftKind,
    /// By how much: see [`ShiftKind`].
    pub strength: f64,
}

/// Which way a change goes from none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShiftWay {
    /// To less, or the only way.
    Down,
    /// To more.
    Up,
}

impl Shift {
    const fn new(kind: ShiftKind, strength: f64) -> Self {
        Self { kind, strength }
    }

    /// The changes that models are tried on, those of one kind together and in order.
    pub const STANDARD: [Self; 19] = [
        Self::new(ShiftKind::Stain, 0.8),
        Self::new(ShiftKind::Stain, 1.25),
        Self::new(ShiftKind::StainColour, 0.5),
        Self::new(ShiftKind::StainColour, 1.0),
        Self::new(ShiftKind::Blur, 0.5),
        Self::new(ShiftKind::Blur, 1.0),
        Self::new(ShiftKind::Blur, 2.0),
        Self::new(ShiftKind::Jpeg, 90.0),
        Self::new(ShiftKind::Jpeg, 70.0),
        Self::new(ShiftKind::Jpeg, 50.0),
        Self::new(ShiftKind::Jpeg, 30.0),
        Self::new(ShiftKind::Brightness, 0.8),
        Self::new(ShiftKind::Brightness, 0.9),
        Self::new(ShiftKind::Brightness, 1.1),
        Self::new(ShiftKind::Brightness, 1.2),
        Self::new(ShiftKind::Scale, 0.8),
        Self::new(ShiftKind::Scale, 0.9),
        Self::new(ShiftKind::Scale, 1.1),
        Self::new(ShiftKind::Scale, 1.25),
    ];

    /// Which way it goes.
    pub fn way(self) -> ShiftWay {
        match self.kind {
            ShiftKind::Stain | ShiftKind::Brightness | ShiftKind::Scale if self.strength > 1.0 => {
                ShiftWay::Up
            }
            _ => ShiftWay::Down,
        }
    }

    /// How far it is from no change: more is further, among changes of one kind and way.
    pub fn severity(self) -> f64 {
        match self.kind {
            ShiftKind::Stain | ShiftKind::Brightness | ShiftKind::Scale => {
                self.strength.max(f64::MIN_POSITIVE).ln().abs()
            }
            ShiftKind::StainColour | ShiftKind::Blur => self.strength,
            ShiftKind::Jpeg => 100.0 - self.strength,
        }
    }

    /// The patch under this change, of the same size.
    pub fn apply(self, patch: &RgbPatch) -> RgbPatch {
        let strength = narrow(self.strength);
        match self.kind {
            ShiftKind::Stain => {
                let shift = StainShift {
                    scale: [strength, strength, 1.0],
                    offset: [0.0; 3],
                };
                jitter_stains(patch, &shift)
            }
            ShiftKind::StainColour => restain(patch, strength),
            ShiftKind::Blur => gaussian_blur(patch, strength),
            ShiftKind::Jpeg => jpeg(patch, quality(self.strength)),
            ShiftKind::Brightness => adjust_brightness(patch, strength),
            ShiftKind::Scale => Affine::crop([1.0 / strength; 2], [0.0; 2]).apply(patch),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "strengths need no more")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a quality"
)]
fn quality(value: f64) -> u8 {
    value.round().clamp(1.0, 100.0) as u8
}

/// What tables call it, such as `blur 1 px` or `stain x0.8`.
impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strength = self.strength;
        let text = match self.kind {
            ShiftKind::Stain => format!("stain x{strength}"),
            ShiftKind::StainColour => format!("stain colour {:.0} %", 100.0 * strength),
            ShiftKind::Blur => format!("blur {strength} px"),
            ShiftKind::Jpeg => format!("JPEG {strength}"),
            ShiftKind::Brightness => format!("brightness x{strength}"),
            ShiftKind::Scale => format!("scale x{strength}"),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tissue of two colours with edges.
    fn patch() -> RgbPatch {
        let pixel = |at: usize| {
            let (row, column) = (at / 32, at % 32);
            if (row / 4 + column / 5).is_multiple_of(2) {
                [150, 90, 160]
            } else {
                [230, 170, 205]
            }
        };
        RgbPatch {
            width_px: 32,
            height_px: 32,
            pixels: (0..32 * 32).flat_map(pixel).collect(),
        }
    }

    fn change(shift: Shift) -> f64 {
        let (before, after) = (patch(), shift.apply(&patch()));
        assert_eq!((after.width_px, after.height_px), (32, 32));
        let pairs = before.pixels.iter().zip(&after.pixels);
        let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        sum / before.pixels.len() as f64
    }

    #[test]
    fn a_stronger_shift_of_a_kind_changes_more() {
        for pair in Shift::STANDARD.windows(2) {
            let [one, other] = [pair[0], pair[1]];
            assert!(change(one) > 0.1, "{one}");
            if one.kind == other.kind && one.way() == other.way() {
                let order = one.severity().total_cmp(&other.severity());
                assert_eq!(
                    order,
                    change(one).total_cmp(&change(other)),
                    "{one} {other}"
                );
            }
        }
    }

    #[test]
    fn a_shift_of_no_strength_changes_nothing_and_white_stays_white() {
        for (kind, none) in [
            (ShiftKind::Stain, 1.0),
            (ShiftKind::StainColour, 0.0),
            (ShiftKind::Blur, 0.0),
            (ShiftKind::Brightness, 1.0),
            (ShiftKind::Scale, 1.0),
        ] {
            assert!(change(Shift::new(kind, none)) < 0.6, "{kind}");
        }
        let white = RgbPatch::filled(8, 8, [255; 3]);
        for shift in Shift::STANDARD {
            let darker = shift.kind == ShiftKind::Brightness && shift.strength < 1.0;
            assert!(darker || shift.apply(&white) == white, "{shift}");
        }
    }

    #[test]
    fn more_stain_is_darker_and_another_colour_of_stain_is_as_dark_but_another() {
        let mean = |patch: &RgbPatch, channel: usize| {
            let values = patch.pixels.iter().skip(channel).step_by(3);
            values.map(|value| f64::from(*value)).sum::<f64>() / (32.0 * 32.0)
        };
        let stained = |strength: f64| Shift::new(ShiftKind::Stain, strength).apply(&patch());
        for channel in 0..3 {
            assert!(mean(&stained(1.25), channel) < mean(&patch(), channel));
            assert!(mean(&stained(0.8), channel) > mean(&patch(), channel));
        }
        let other = Shift::new(ShiftKind::StainColour, 1.0).apply(&patch());
        // Macenko's eosin takes more red, and its haematoxylin more blue, than Ruifrok's.
        assert!(mean(&other, 2) < mean(&patch(), 2) - 5.0);
    }

    #[test]
    fn the_smallest_patches_survive_every_shift() {
        let small = RgbPatch::filled(1, 1, [120, 60, 90]);
        for shift in Shift::STANDARD {
            assert_eq!(shift.apply(&small).pixels.len(), 3, "{shift}");
        }
    }
}
