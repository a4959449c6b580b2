//! Reinhard's method: mean and standard deviation of CIELAB's channels.

use serde::{Deserialize, Serialize};

use super::convention::cut_off;
use super::lab::{Lab, OpenCvLab};
use super::light::Light;
use super::tissue::{share_of_change, tissue};

/// Mean and standard deviation of L (0 to 100), a and b.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColourStatistics {
    /// Means.
    pub mean: [f64; 3],
    /// Population standard deviations.
    pub std: [f64; 3],
}

/// How channels are brought to the target (Reinhard et al. 2001, doi:10.1109/38.946629): `(x - mean) /
/// std * std_t + mean_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reinhard {
    /// Statistics of tissue alone; what is nearly clear stays as it is. Rounded.
    Own,
    /// Of all pixels; the fraction cut off (torchstain 1.4.1, `numpy/normalizers/reinhard.py`).
    Torchstain,
    /// The same with L's contrast scaled by `1 + q`, `q = (std_t - std) / std_t` (0.05 where that is not
    /// above 0), about its own mean, and a and b shifted only.
    TorchstainModified,
    /// Of all pixels, in `OpenCV`'s bytes (`TIAToolbox` 2.1.3, `tools/stainnorm.py`).
    Tiatoolbox,
}

/// Least standard deviation that is divided by.
const LEAST_STD: f64 = 1e-3;

/// Converts colours there and back.
enum Space {
    Floats(Box<Lab>),
    Bytes(Box<OpenCvLab>),
}

impl Space {
    fn forward(&self, pixel: [u8; 3]) -> [f64; 3] {
        match self {
            Self::Floats(lab) => lab.forward(pixel),
            Self::Bytes(lab) => {
                let [l, a, b] = lab.forward(pixel).map(f64::from);
                [l / 2.55, a - 128.0, b - 128.0]
            }
        }
    }

    fn backward(&self, colour: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Floats(lab) => lab.backward(colour),
            Self::Bytes(lab) => {
                let [l, a, b] = colour;
                lab.backward([l * 2.55, a + 128.0, b + 128.0].map(cut_off))
                    .map(f64::from)
            }
        }
    }
}

impl Reinhard {
    fn space(self) -> Space {
        match self {
            Self::Tiatoolbox => Space::Bytes(OpenCvLab::new().into()),
            Self::Own | Self::Torchstain | Self::TorchstainModified => {
                Space::Floats(Lab::new().into())
            }
        }
    }

    /// The statistics of a patch; `None` where a channel has one value only.
    pub(super) fn statistics_of(self, pixels: &[[u8; 3]]) -> Option<ColourStatistics> {
        let (space, densities) = (self.space(), Light::Own.densities());
        let (mut count, mut sums, mut squares) = (0.0, [0.0; 3], [0.0; 3]);
        for pixel in pixels {
            let [r, g, b] = pixel.map(|value| densities[usize::from(value)]);
            if self == Self::Own && tissue(r, g, b) < 0.5 {
                continue;
            }
            count += 1.0;
            for (at, value) in space.forward(*pixel).into_iter().enumerate() {
                sums[at] += value;
                squares[at] += value * value;
            }
        }
        let mean = sums.map(|sum| sum / count);
        let std: [f64; 3] =
            std::array::from_fn(|at| (squares[at] / count - mean[at] * mean[at]).max(0.0).sqrt());
        let varies = std.iter().all(|std| *std > LEAST_STD);
        varies.then_some(ColourStatistics { mean, std })
    }

    /// Gives pixels with the statistics `source` those of `target`.
    pub(super) fn recolour(
        self,
        pixels: &mut [[u8; 3]],
        source: &ColourStatistics,
        target: &ColourStatistics,
    ) {
        let (space, densities) = (self.space(), Light::Own.densities());
        let line = self.lines(source, target);
        for pixel in pixels {
            let colour = space.forward(*pixel);
            let moved: [f64; 3] = std::array::from_fn(|at| {
                line[at].mean + line[at].factor * (colour[at] - source.mean[at])
            });
            let made = space.backward(moved);
            if self != Self::Own {
                *pixel = made.map(cut_off);
                continue;
            }
            let density: f32 = pixel.iter().map(|v| densities[usize::from(*v)]).sum();
            let share = f64::from(share_of_change(density));
            *pixel = std::array::from_fn(|at| {
                let before = f64::from(pixel[at]);
                cut_off((before + share * (made[at] - before)).round())
            });
        }
    }

    fn lines(self, source: &ColourStatistics, target: &ColourStatistics) -> [Line; 3] {
        if self == Self::TorchstainModified {
            let q = (target.std[0] - source.std[0]) / target.std[0];
            let q = if q <= 0.0 { 0.05 } else { q };
            let shifted = |at: usize| Line {
                mean: target.mean[at],
                factor: 1.0,
            };
            let light = Line {
                mean: source.mean[0],
                factor: 1.0 + q,
            };
            return [light, shifted(1), shifted(2)];
        }
        std::array::from_fn(|at| Line {
            mean: target.mean[at],
            factor: target.std[at] / source.std[at],
        })
    }
}

/// What the mean of a channel becomes, and what the distance from it is multiplied by.
#[derive(Clone, Copy)]
struct Line {
    mean: f64,
    factor: f64,
}
