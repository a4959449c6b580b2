//! What a patch looks like without its tissue: colours, sharpness, texture.

use eosin_data::{RgbPatch, haematoxylin};

/// Steps of a colour's histogram.
pub const HISTOGRAM_STEPS: usize = 8;

/// Plain statistics of the pixels of a patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Appearance {
    /// Mean optical density, `-ln((value + 1) / 256)`, of red, green and blue.
    pub density_mean: [f32; 3],
    /// Its standard deviation.
    pub density_deviation: [f32; 3],
    /// Share of the pixels in each step of red, of green, of blue.
    pub histogram: [f32; 3 * HISTOGRAM_STEPS],
    /// Logarithm of the mean square of the Laplacian of brightness (0 to 255), plus one.
    pub sharpness: f32,
    /// Logarithms of the standard deviation of haematoxylin after each of [`Self::SCALES`] halvings.
    pub texture: [f32; 4],
}

impl Appearance {
    /// Halvings at which texture is measured.
    pub const SCALES: usize = 4;

    /// Of a decoded patch.
    pub fn of(patch: &RgbPatch) -> Self {
        let (pixels, _) = patch.pixels.as_chunks::<3>();
        let count = pixels.len().max(1) as f32;
        let density: Vec<f32> = (0..256_u16)
            .map(|value| -((f32::from(value) + 1.0) / 256.0).ln())
            .collect();
        let mut counts = vec![[0_u32; 256]; 3];
        for pixel in pixels {
            for (counts, value) in counts.iter_mut().zip(pixel) {
                counts[usize::from(*value)] += 1;
            }
        }
        let moment = |counts: &[u32; 256], of: &dyn Fn(f32) -> f32| -> f32 {
            let each = counts.iter().zip(&density);
            each.map(|(n, value)| *n as f32 * of(*value)).sum::<f32>() / count
        };
        let mean = [0, 1, 2].map(|channel| moment(&counts[channel], &|value| value));
        let deviation = [0, 1, 2].map(|channel| {
            moment(&counts[channel], &|value| (value - mean[channel]).powi(2)).sqrt()
        });
        let width = 256 / HISTOGRAM_STEPS;
        let histogram = std::array::from_fn(|at| {
            let (channel, step) = (at / HISTOGRAM_STEPS, at % HISTOGRAM_STEPS);
            let steps = &counts[channel][step * width..][..width];
            steps.iter().sum::<u32>() as f32 / count
        });
        Self {
            density_mean: mean,
            density_deviation: deviation,
            histogram,
            sharpness: sharpness(patch),
            texture: texture(patch),
        }
    }
}

fn sharpness(patch: &RgbPatch) -> f32 {
    let (width, height) = (patch.width_px, patch.height_px);
    let (pixels, _) = patch.pixels.as_chunks::<3>();
    let brightness: Vec<f32> = pixels
        .iter()
        .map(|[r, g, b]| 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b))
        .collect();
    let mut sum = 0.0_f64;
    for row in 1..height.saturating_sub(1) {
        let line = |row: usize| &brightness[row * width..][..width];
        let (above, own, below) = (line(row - 1), line(row), line(row + 1));
        for column in 1..width.saturating_sub(1) {
            let around = above[column] + below[column] + own[column - 1] + own[column + 1];
            sum += f64::from((around - 4.0 * own[column]).powi(2));
        }
    }
    let inner = (width.saturating_sub(2) * height.saturating_sub(2)).max(1) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
    let value = (sum / inner + 1.0).ln() as f32;
    value
}

fn texture(patch: &RgbPatch) -> [f32; Appearance::SCALES] {
    let (mut width, mut height) = (patch.width_px, patch.height_px);
    let mut values = haematoxylin(patch);
    std::array::from_fn(|scale| {
        if scale > 0 && width >= 4 && height >= 4 {
            let (half_width, half_height) = (width / 2, height / 2);
            let mean = |at: usize| {
                let (row, column) = (at / half_width * 2, at % half_width * 2);
                let of = |row: usize, column: usize| values[row * width + column];
                (of(row, column)
                    + of(row, column + 1)
                    + of(row + 1, column)
                    + of(row + 1, column + 1))
                    / 4.0
            };
            values = (0..half_width * half_height).map(mean).collect();
            (width, height) = (half_width, half_height);
        }
        let count = values.len().max(1) as f32;
        let mean = values.iter().sum::<f32>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2));
        ((squares.sum::<f32>() / count).sqrt() + 1e-3).ln()
    })
}
