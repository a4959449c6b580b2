//! Stains as directions in optical density, and pixels as amounts of them.

use super::matrix::inverse;

/// Optical densities of red, green and blue for haematoxylin, eosin and DAB (Ruifrok & Johnston
/// 2001, as scikit-image's `rgb_from_hed`).
pub(crate) const HED: [[f32; 3]; 3] = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]];
/// Those of haematoxylin and eosin that Macenko's authors' code aims at: the colours of `stained.rs`'s reference, as
/// narrow as these.
pub(crate) const REFERENCE_STAINS: [[f32; 3]; 2] =
    [[0.5626, 0.7201, 0.4062], [0.2159, 0.8012, 0.5581]];
/// Least transmission, as scikit-image's.
const LEAST: f32 = 1e-6;

/// Three stains, and how a pixel is taken apart into them: the optical density `-ln(value / 255)`
/// of a channel is the sum over stains of concentration times the stain's density there.
pub(crate) struct StainBasis {
    stains: [[f32; 3]; 3],
    unmix: [[f32; 3]; 3],
    density: [f32; 256],
}

impl StainBasis {
    /// Of the densities of red, green and blue, a row for each stain.
    pub(crate) fn new(stains: [[f32; 3]; 3]) -> Self {
        Self {
            stains,
            unmix: inverse(stains),
            density: std::array::from_fn(|value| -(value as f32 / 255.0).max(LEAST).ln()),
        }
    }

    /// Concentrations of the three stains, in natural optical density.
    pub(crate) fn concentrations(&self, pixel: [u8; 3]) -> [f32; 3] {
        let densities = pixel.map(|value| self.density[usize::from(value)]);
        times(densities, &self.unmix)
    }

    /// Red, green and blue of concentrations, 0 to 255, not rounded.
    pub(crate) fn colour(&self, concentrations: [f32; 3]) -> [f32; 3] {
        times(concentrations, &self.stains).map(|density| 255.0 * (-density).exp())
    }
}

/// A row vector times a matrix.
fn times(row: [f32; 3], matrix: &[[f32; 3]; 3]) -> [f32; 3] {
    std::array::from_fn(|column| (0..3).map(|i| row[i] * matrix[i][column]).sum())
}
