//! A patch with what speaks for a class laid over it.

use anyhow::{Context as _, Result};
use eosin_data::RgbPatch;
use eosin_train::ClassMap;

/// What speaks for the class, and against it: told apart by those who see no red or no green, too.
const COLOURS: [[f32; 3]; 2] = [[215.0, 48.0, 39.0], [49.0, 104.0, 180.0]];
/// Share of the colour where most speaks for or against.
const STRONGEST: f32 = 0.65;
/// Shown at least this large.
const LEAST_PX: usize = 256;
/// Between both pictures.
const GAP_PX: usize = 8;

/// A PNG: the patch, and beside it the patch in grey under the map's colours.
pub(super) fn overlay(patch: &RgbPatch, map: &ClassMap, class: usize) -> Result<Vec<u8>> {
    let times = LEAST_PX
        .div_ceil(patch.width_px.max(patch.height_px))
        .max(1);
    let patch = enlarged(patch, times);
    let beside = overlaid(&patch, map, class);
    let (width, height) = (patch.width_px, patch.height_px);
    let whole = 2 * width + GAP_PX;
    let mut shown = vec![255_u8; 3 * whole * height];
    for (row, line) in shown.chunks_exact_mut(3 * whole).enumerate() {
        let own = row * 3 * width..(row + 1) * 3 * width;
        line[..3 * width].copy_from_slice(&patch.pixels[own.clone()]);
        line[3 * (width + GAP_PX)..].copy_from_slice(&beside.pixels[own]);
    }
    png(&shown, whole, height)
}

/// The patch in grey under the map's colours.
pub(crate) fn overlaid(patch: &RgbPatch, map: &ClassMap, class: usize) -> RgbPatch {
    let evidence = map.evidence(class);
    let largest = evidence
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let field = Field {
        values: &evidence,
        sides: [map.width, map.height],
        shown: [patch.width_px, patch.height_px],
    };
    let mut shown = patch.clone();
    let pixels = shown.pixels.as_chunks_mut::<3>().0;
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let share = if largest > 0.0 {
            field.at(at % patch.width_px, at / patch.width_px) / largest
        } else {
            0.0
        };
        *pixel = coloured(*pixel, share);
    }
    shown
}

/// Each pixel as a square of so many.
fn enlarged(patch: &RgbPatch, times: usize) -> RgbPatch {
    let mut large = RgbPatch::filled(patch.width_px * times, patch.height_px * times, [0; 3]);
    let pixels = patch.pixels.as_chunks::<3>().0;
    let width = large.width_px;
    for (at, pixel) in large.pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (row, column) = (at / width / times, at % width / times);
        *pixel = pixels[row * patch.width_px + column];
    }
    large
}

/// Values between the middles of places.
struct Field<'a> {
    values: &'a [f32],
    /// Places from left to right and from top to bottom.
    sides: [usize; 2],
    /// Pixels they are shown in.
    shown: [usize; 2],
}

impl Field<'_> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place within the map"
    )]
    fn at(&self, column: usize, row: usize) -> f32 {
        let between = |px: usize, axis: usize| {
            let last = (self.sides[axis] - 1) as f32;
            let place = (px as f32 + 0.5) * self.sides[axis] as f32 / self.shown[axis] as f32 - 0.5;
            let place = place.clamp(0.0, last);
            let low = place.floor();
            (low as usize, (low + 1.0).min(last) as usize, place - low)
        };
        let ((left, right, across), (upper, lower, down)) = (between(column, 0), between(row, 1));
        let value = |row: usize, column: usize| self.values[row * self.sides[0] + column];
        let line = |row: usize| value(row, left) * (1.0 - across) + value(row, right) * across;
        line(upper) * (1.0 - down) + line(lower) * down
    }
}

/// A pixel in grey, coloured by a share from -1 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a byte"
)]
fn coloured([red, green, blue]: [u8; 3], share: f32) -> [u8; 3] {
    let grey = 0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue);
    let colour = COLOURS[usize::from(share < 0.0)];
    let alpha = STRONGEST * share.abs().min(1.0);
    colour.map(|value| (grey * (1.0 - alpha) + value * alpha).round() as u8)
}

pub(super) fn png(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>> {
    use image::ImageEncoder as _;
    let mut bytes = Vec::new();
    let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(pixels, width, height, image::ExtendedColorType::Rgb8)
        .context("cannot make a picture")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use eosin_train::ExplainWay;

    use super::*;

    #[test]
    fn what_speaks_for_the_class_is_red_and_what_speaks_against_it_blue() {
        let patch = RgbPatch::filled(64, 64, [200, 150, 180]);
        let map = ClassMap {
            way: ExplainWay::ClassMap,
            height: 1,
            width: 2,
            classes: 2,
            values: vec![0.0, 4.0, 0.0, -4.0],
            logits: vec![0.0, 0.0],
        };
        let bytes = overlay(&patch, &map, 1).expect("a picture");
        let shown = image::load_from_memory(&bytes)
            .expect("a picture")
            .to_rgb8();
        assert_eq!(shown.dimensions(), (256 + 8 + 256, 256));
        assert_eq!(shown.get_pixel(10, 10).0, [200, 150, 180]);
        let [left, right] = [264 + 20, 264 + 236].map(|x| shown.get_pixel(x, 128).0);
        assert!(left[0] > left[2] + 50, "{left:?}");
        assert!(right[2] > right[0] + 50, "{right:?}");
    }
}
