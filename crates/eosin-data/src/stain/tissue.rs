//! Which pixels are stained tissue, and the densities of many pixels at once.

use super::light::Light;

/// Least sum of the densities of red, green and blue of what is dark: 0.15 on average, as Macenko's.
pub(super) const DARK: f32 = 0.45;
/// Up to this sum a pixel changes in part, the less the clearer it is: what is brighter than white stays
/// as it is, and no edge appears. So low that light tissue is not left in its old colour among its own.
pub(super) const COLOURED: f32 = 0.15;
/// Haematoxylin and eosin absorb green most. What absorbs this much more red or blue is ink or another
/// stain.
const OFF_COLOUR: f32 = 1.35;
/// Pixels of a patch that stains are found from at most.
pub(super) const MOST_COUNTED: usize = 65_536;
/// Pixels looked at together.
pub(super) const CHUNK: usize = 256;

/// Optical densities of some pixels, a plane a channel, by eosin's convention.
pub(super) struct Block {
    /// Red, green and blue; beyond the last pixel all are 0, which is background.
    pub planes: [[f32; CHUNK]; 3],
}

impl Block {
    pub(super) const fn new() -> Self {
        Self {
            planes: [[0.0; CHUNK]; 3],
        }
    }

    /// Looks the densities of up to [`CHUNK`] pixels up.
    #[inline(always)]
    pub(super) fn read<'a>(
        &mut self,
        pixels: impl ExactSizeIterator<Item = &'a [u8; 3]>,
        densities: &[f32; 256],
    ) {
        let [red, green, blue] = &mut self.planes;
        if pixels.len() < CHUNK {
            (*red, *green, *blue) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
        }
        let out = red.iter_mut().zip(green).zip(blue);
        for (((red, green), blue), [r, g, b]) in out.zip(pixels) {
            *red = densities[usize::from(*r)];
            *green = densities[usize::from(*g)];
            *blue = densities[usize::from(*b)];
        }
    }
}

/// Shows the densities of a patch's pixels, block after block: of at most [`MOST_COUNTED`] pixels, at even distances,
/// so that a large patch takes no longer than a small one.
#[inline(always)]
pub(super) fn sampled(pixels: &[[u8; 3]], mut look: impl FnMut(&Block)) {
    let step = step(pixels);
    let densities = Light::Own.densities();
    let mut block = Block::new();
    for chunk in pixels.chunks(CHUNK * step) {
        block.read(chunk.iter().step_by(step), densities);
        look(&block);
    }
}

/// The distance between pixels that count. Odd: so it meets every column, whatever power of two the width is.
fn step(pixels: &[[u8; 3]]) -> usize {
    pixels.len().div_ceil(MOST_COUNTED).max(1) | 1
}

/// 1 for a pixel that is dark, else 0.
#[inline(always)]
pub(super) fn dark(red: f32, green: f32, blue: f32) -> f32 {
    f32::from(u8::from(red + green + blue >= DARK))
}

/// 1 for a pixel that is dark and may be haematoxylin and eosin, else 0.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "no branch, so that many are found at once"
)]
#[inline(always)]
pub(super) fn tissue(red: f32, green: f32, blue: f32) -> f32 {
    let most = OFF_COLOUR * green;
    let is_tissue = (red + green + blue >= DARK) & (red <= most) & (blue <= most);
    f32::from(u8::from(is_tissue))
}

/// How much of a change a pixel of this sum of densities takes.
#[inline(always)]
pub(super) fn share_of_change(sum: f32) -> f32 {
    within(sum * (1.0 / COLOURED), 0.0, 1.0)
}

/// `value`, not below `low` nor above `high`. Two instructions, where `clamp` also minds what is no number.
#[inline(always)]
pub(super) fn within(value: f32, low: f32, high: f32) -> f32 {
    let value = if value > low { value } else { low };
    if value < high { value } else { high }
}

/// What is counted of a patch before its stains are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TissueSums {
    /// Pixels.
    pub pixels: f64,
    /// Of these dark.
    pub dark: f64,
    /// Of these tissue.
    pub tissue: f64,
    /// Sums over tissue of products of densities: red-red, red-green, red-blue, green-green,
    /// green-blue, blue-blue.
    pub products: [f64; 6],
}

/// Values that are added side by side.
const LANES: usize = 8;

impl TissueSums {
    /// Of a patch, in one pass.
    pub(super) fn of(pixels: &[[u8; 3]]) -> Self {
        let step = step(pixels);
        let mut sums = Self {
            pixels: pixels.len().div_ceil(step) as f64,
            ..Self::default()
        };
        sampled(pixels, |block| {
            let found = block_sums(block);
            let [dark, tissue, products @ ..] =
                found.map(|lanes| lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>());
            sums.dark += dark;
            sums.tissue += tissue;
            for (sum, product) in sums.products.iter_mut().zip(products) {
                *sum += product;
            }
        });
        sums
    }

    /// Mean products of densities over tissue, as a symmetric matrix about the origin.
    pub(super) fn moments(&self) -> [[f64; 3]; 3] {
        let [rr, rg, rb, gg, gb, bb] = self.products.map(|sum| sum / self.tissue);
        [[rr, rg, rb], [rg, gg, gb], [rb, gb, bb]]
    }
}

#[inline(always)]
fn block_sums(block: &Block) -> [[f32; LANES]; 8] {
    let [red, green, blue] = &block.planes;
    let mut sums = [[0.0; LANES]; 8];
    for at in (0..CHUNK).step_by(LANES) {
        for lane in 0..LANES {
            let (r, g, b) = (red[at + lane], green[at + lane], blue[at + lane]);
            let counts = tissue(r, g, b);
            let weighted = [counts * r, counts * g, counts * b];
            sums[0][lane] += dark(r, g, b);
            sums[1][lane] += counts;
            sums[2][lane] += weighted[0] * r;
            sums[3][lane] += weighted[0] * g;
            sums[4][lane] += weighted[0] * b;
            sums[5][lane] += weighted[1] * g;
            sums[6][lane] += weighted[1] * b;
            sums[7][lane] += weighted[2] * b;
        }
    }
    sums
}
