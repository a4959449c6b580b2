//! The conventions of other tools for methods that take densities apart into two stains.

use super::eigen::{Eigen, eigen};
use super::lab::OpenCvLab;
use super::light::Light;
use super::ranks::{Rank, percentile};
use super::stained::{Rest, Stained, dot, haematoxylin_first, sparse_codes, unit};

/// Percentile of angles on either side that is left out, in all tools.
const ANGLE_PERCENT: f64 = 1.0;
/// Percentile of concentrations that is made alike, in all tools.
const STRENGTH_PERCENT: f64 = 99.0;
/// Luminosity, of 1, below which a pixel is tissue.
const TISSUE_BELOW: f64 = 0.8;

/// Where stains come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// Angles in the plane of the two largest eigenvectors of the covariance, of these pixels.
    Angles(Mask),
    /// Fixed ones.
    Fixed([[u16; 3]; 2]),
}

/// Which pixels stains are looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// No channel's density below 0.15.
    EveryChannel,
    /// Luminosity below 0.8 after the 2nd and 98th percentile of all bytes were stretched to 0 and
    /// 255.
    Stretched,
    /// Luminosity below 0.8.
    Luminosity,
}

/// How concentrations follow from stains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codes {
    /// By least squares.
    LeastSquares,
    /// Non-negative, with a penalty of 0.01 on their sum (SPAMS' `lasso`).
    Sparse,
}

/// How a tool does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Convention {
    pub light: Light,
    pub colours: Colours,
    pub codes: Codes,
    pub rank: Rank,
}

/// torchstain 1.4.1, `torchstain/numpy/normalizers/macenko.py`.
pub(super) const TORCHSTAIN: Convention = Convention {
    light: Light::Torchstain,
    colours: Colours::Angles(Mask::EveryChannel),
    codes: Codes::LeastSquares,
    rank: Rank::Linear,
};
/// torchstain 1.4.1, `torchstain/torch/normalizers/macenko.py`.
pub(super) const TORCHSTAIN_TORCH: Convention = Convention {
    rank: Rank::Nearest,
    ..TORCHSTAIN
};
/// `TIAToolbox` 2.1.3, `tools/stainextract.py` and `stainnorm.py`. It sets zeros to ones in the caller's
/// array, after the mask was made; here the density alone is that of a one.
pub(super) const TIATOOLBOX: Convention = Convention {
    light: Light::Tiatoolbox,
    colours: Colours::Angles(Mask::Stretched),
    codes: Codes::LeastSquares,
    rank: Rank::Linear,
};
/// `StainTools` 2.1.2, `stain_normalizer.py`; its `LuminosityStandardizer` is a step that its user adds.
pub(super) const STAINTOOLS: Convention = Convention {
    colours: Colours::Angles(Mask::Luminosity),
    codes: Codes::Sparse,
    ..TIATOOLBOX
};
/// `TIAToolbox` 2.1.3's `RuifrokNormalizer`: hundredths of densities, not brought to length 1.
pub(super) const RUIFROK_TIATOOLBOX: Convention = Convention {
    colours: Colours::Fixed([[65, 70, 29], [7, 99, 11]]),
    ..TIATOOLBOX
};

impl Convention {
    /// The stains of a patch; `None` where these rules find none.
    pub(super) fn stains_of(&self, pixels: &[[u8; 3]]) -> Option<Stained> {
        let vectors = match self.colours {
            Colours::Angles(mask) => self.angles(pixels, mask)?,
            Colours::Fixed(hundredths) => {
                hundredths.map(|stain| stain.map(|density| f64::from(density) / 100.0))
            }
        };
        let mut codes = [Vec::new(), Vec::new()];
        self.codes(pixels, &vectors, |code| {
            codes[0].push(code[0]);
            codes[1].push(code[1]);
        })?;
        let strength = |codes: &mut Vec<f32>| percentile(codes, STRENGTH_PERCENT, self.rank);
        let [h, e] = &mut codes;
        let strengths = [strength(h)?, strength(e)?];
        let scalable = strengths.iter().all(|strength| *strength > 0.0);
        scalable.then_some(Stained { vectors, strengths })
    }

    /// Gives pixels the stains of `target`: concentrations times the ratio of strengths, `white
    /// exp(-density)`, at most 255, the fraction cut off. `None` where these rules find no stain.
    pub(super) fn recolour(
        &self,
        pixels: &mut [[u8; 3]],
        source: &Stained,
        target: &Stained,
    ) -> Option<()> {
        let mut made = Vec::with_capacity(pixels.len());
        let white = f64::from(self.light.white());
        let byte = |density: f64| cut_off(white * (-density).exp());
        match self.codes {
            Codes::LeastSquares => {
                let matrix = source.to(target, Rest::Dropped)?;
                self.densities(pixels, |d| {
                    made.push(matrix.map(|row| byte(dot(row, d))));
                });
            }
            Codes::Sparse => {
                let scales: [f64; 2] =
                    std::array::from_fn(|at| target.strengths[at] / source.strengths[at]);
                let [h, e] = target.vectors;
                self.codes(pixels, &source.vectors, |code| {
                    let [ch, ce]: [f64; 2] =
                        std::array::from_fn(|at| f64::from(code[at]) * scales[at]);
                    made.push(std::array::from_fn(|at| byte(ch * h[at] + ce * e[at])));
                })?;
            }
        }
        pixels.copy_from_slice(&made);
        Some(())
    }

    fn densities(&self, pixels: &[[u8; 3]], mut take: impl FnMut([f64; 3])) {
        let table = self.light.densities();
        for pixel in pixels {
            take(pixel.map(|value| f64::from(table[usize::from(value)])));
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "concentrations need no more"
    )]
    fn codes(
        &self,
        pixels: &[[u8; 3]],
        vectors: &[[f64; 3]; 2],
        mut take: impl FnMut([f32; 2]),
    ) -> Option<()> {
        let stains = Stained {
            vectors: *vectors,
            strengths: [1.0; 2],
        };
        let rows = stains.unmix()?;
        let between = dot(vectors[0], vectors[1]);
        self.densities(pixels, |density| {
            let code = match self.codes {
                Codes::LeastSquares => rows.map(|row| dot(row, density)),
                Codes::Sparse => {
                    sparse_codes(vectors.map(|vector| dot(vector, density)), between, 0.01)
                }
            };
            take(code.map(|value| value as f32));
        });
        Some(())
    }

    /// Directions at the 1st and 99th percentile of the angle in the main plane. Signs of eigenvectors,
    /// which LAPACK leaves open, do not matter: to turn one mirrors the angles, and both ends are
    /// wanted.
    #[expect(clippy::cast_possible_truncation, reason = "angles need no more")]
    fn angles(&self, pixels: &[[u8; 3]], mask: Mask) -> Option<[[f64; 3]; 2]> {
        let mut tissue = Vec::new();
        let mut is_tissue = mask.of(pixels);
        let mut at = 0;
        self.densities(pixels, |density| {
            if is_tissue(pixels[at], density) {
                tissue.push(density);
            }
            at += 1;
        });
        let [main, second, _] = eigen(covariance(&tissue)?);
        let Eigen { vector: main, .. } = main;
        let Eigen { vector: second, .. } = second;
        let angle = |density: &[f64; 3]| dot(second, *density).atan2(dot(main, *density)) as f32;
        let mut angles: Vec<f32> = tissue.iter().map(angle).collect();
        let mut direction = |percent| {
            let (sin, cos) = percentile(&mut angles, percent, self.rank)?.sin_cos();
            let vector = |channel: usize| cos * main[channel] + sin * second[channel];
            Some(std::array::from_fn(vector))
        };
        let (low, high) = (direction(ANGLE_PERCENT)?, direction(100.0 - ANGLE_PERCENT)?);
        let found = haematoxylin_first(unit(low), unit(high));
        let finite = found.iter().flatten().all(|value| value.is_finite());
        finite.then_some(found)
    }
}

impl Mask {
    /// Says of a pixel and its densities whether it is tissue.
    fn of(self, pixels: &[[u8; 3]]) -> Box<dyn FnMut([u8; 3], [f64; 3]) -> bool> {
        match self {
            Self::EveryChannel => {
                Box::new(|_, density| density.iter().all(|density| *density >= 0.15))
            }
            Self::Luminosity | Self::Stretched => {
                let lab = OpenCvLab::new();
                let table = match self {
                    Self::Stretched => stretched(pixels),
                    _ => std::array::from_fn(|value| u8::try_from(value).unwrap_or(u8::MAX)),
                };
                Box::new(move |pixel, _| {
                    let pixel = pixel.map(|value| table[usize::from(value)]);
                    f64::from(lab.forward(pixel)[0]) / 255.0 < TISSUE_BELOW
                })
            }
        }
    }
}

/// Bytes with the 2nd and 98th percentile of all of them, over all channels together, stretched to 0
/// and 255 (`tiatoolbox.utils.misc.contrast_enhancer`).
fn stretched(pixels: &[[u8; 3]]) -> [u8; 256] {
    let mut bytes: Vec<f32> = pixels.iter().flatten().map(|v| f32::from(*v)).collect();
    let of = |bytes: &mut Vec<f32>, percent| percentile(bytes, percent, Rank::Linear);
    let (mut low, mut high) = (
        of(&mut bytes, 2.0).unwrap_or(0.0),
        of(&mut bytes, 98.0).unwrap_or(255.0),
    );
    if low >= high {
        low = of(&mut bytes, 0.0).unwrap_or(0.0);
        high = of(&mut bytes, 100.0).unwrap_or(255.0);
    }
    std::array::from_fn(|value| {
        let value = value as f64;
        if high > low {
            cut_off((value.clamp(low, high) - low) / (high - low) * 255.0)
        } else {
            cut_off(value)
        }
    })
}

/// The byte below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
pub(super) fn cut_off(value: f64) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// Covariance of densities; `None` of fewer than two.
fn covariance(densities: &[[f64; 3]]) -> Option<[[f64; 3]; 3]> {
    let count = densities.len() as f64;
    let mean: [f64; 3] =
        std::array::from_fn(|at| densities.iter().map(|d| d[at]).sum::<f64>() / count);
    let mut sums = [[0.0; 3]; 3];
    for density in densities {
        let off: [f64; 3] = std::array::from_fn(|at| density[at] - mean[at]);
        for (row, one) in sums.iter_mut().zip(off) {
            for (sum, other) in row.iter_mut().zip(off) {
                *sum += one * other;
            }
        }
    }
    (densities.len() > 1).then(|| sums.map(|row| row.map(|sum| sum / (count - 1.0))))
}
