//! Ruifrok's fixed stains in eosin's own form.

use super::macenko::{stains_of as guard, with_strengths};
use super::stained::{Stained, unit};
use super::unchanged::Unchanged;

/// Densities of haematoxylin and eosin (Ruifrok & Johnston 2001, as scikit-image's `rgb_from_hed`).
const STAINS: [[f64; 3]; 2] = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]];

/// The fixed stains, brought to length 1, with their strengths in a patch: the 99th percentiles of their
/// least-squares concentrations over tissue, at `d = -ln(v / 240)`. Colours move only as far as strengths
/// do, unless the target has other stains.
///
/// # Errors
/// Why the patch has no stains to be told apart.
pub(super) fn stains_of(pixels: &[[u8; 3]]) -> Result<Stained, Unchanged> {
    guard(pixels)?;
    with_strengths(pixels, STAINS.map(unit))
}
