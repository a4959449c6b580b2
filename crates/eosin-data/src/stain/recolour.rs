//! Pixels under one stain to pixels under another, at eosin's own convention.

use eosin_kernels::{Loops, on_widest};

use super::light::Light;
use super::tissue::{Block, CHUNK, share_of_change, within};

/// How densities under some stains become densities under others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recolouring {
    /// What densities are multiplied by.
    pub matrix: [[f64; 3]; 3],
    /// Rows that give the concentrations of both stains when multiplied with densities.
    pub unmix: [[f64; 3]; 2],
    /// What a pixel is given back for each unit of a stain that it lacks, in density.
    pub given_back: [[f64; 3]; 2],
}

/// Replaces densities `d` of every pixel by `matrix d`; what lacks a stain (its concentration is below 0)
/// does not lack it many times over, where the stain is made stronger. What is clear stays as it is, what
/// is nearly clear changes in part.
pub(super) fn recolour(pixels: &mut [[u8; 3]], how: &Recolouring) {
    on_widest(Recolour { pixels, how });
}

struct Recolour<'a> {
    pixels: &'a mut [[u8; 3]],
    how: &'a Recolouring,
}

impl Loops for Recolour<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        each_block(self.pixels, self.how);
    }
}

#[inline(always)]
fn each_block(pixels: &mut [[u8; 3]], how: &Recolouring) {
    #[expect(clippy::cast_possible_truncation, reason = "densities need no more")]
    let narrow = |row: [f64; 3]| row.map(|value| value as f32);
    let (matrix, unmix) = (how.matrix.map(narrow), how.unmix.map(narrow));
    let given_back = how.given_back.map(narrow);
    let (densities, white) = (Light::Own.densities(), Light::Own.white());
    let mut block = Block::new();
    let mut before = [[0.0; CHUNK]; 3];
    let mut after = [[0_u32; CHUNK]; 3];
    let mut lacking = [[0.0; CHUNK]; 2];
    for chunk in pixels.chunks_mut(CHUNK) {
        block.read(chunk.iter(), densities);
        for (at, pixel) in chunk.iter().enumerate() {
            for channel in 0..3 {
                before[channel][at] = f32::from(pixel[channel]);
            }
        }
        let [red, green, blue] = &block.planes;
        for (row, lacking) in unmix.iter().zip(&mut lacking) {
            for at in 0..CHUNK {
                let concentration = row[0] * red[at] + row[1] * green[at] + row[2] * blue[at];
                lacking[at] = within(-concentration, 0.0, 100.0);
            }
        }
        for (channel, (row, after)) in matrix.iter().zip(&mut after).enumerate() {
            let before = &before[channel];
            for at in 0..CHUNK {
                let (r, g, b) = (red[at], green[at], blue[at]);
                let density = row[0] * r + row[1] * g + row[2] * b;
                let lacking = given_back[0][channel] * lacking[0][at]
                    + given_back[1][channel] * lacking[1][at];
                let made = white * exp_of_minus(density + lacking);
                let change = share_of_change(r + g + b) * (made - before[at]);
                after[at] = whole_byte(before[at] + change);
            }
        }
        for (at, pixel) in chunk.iter_mut().enumerate() {
            *pixel = [after[0][at], after[1][at], after[2][at]].map(low_byte);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is a byte")]
#[inline(always)]
const fn low_byte(value: u32) -> u8 {
    value as u8
}

/// Where a float of this size ends in a whole number.
const WHOLE: f32 = 12_582_912.0;

/// The nearest byte, in the low bits.
#[inline(always)]
fn whole_byte(value: f32) -> u32 {
    (within(value, 0.0, 255.0) + WHOLE).to_bits() & 0xff
}

/// `exp(-density)` within 4e-6 of it, from density -60 to 60: the whole part of the power of two goes into the
/// exponent, the rest into a polynomial (its series to the fifth power). No branch, so that many are
/// found at once.
#[inline(always)]
fn exp_of_minus(density: f32) -> f32 {
    let power = within(density * -std::f32::consts::LOG2_E, -87.0, 87.0);
    let shifted = power + WHOLE;
    let rest = (power - (shifted - WHOLE)) * std::f32::consts::LN_2;
    let series = 1.0
        + rest
            * (1.0
                + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0)))));
    // The low bits of `shifted` are the whole part.
    let exponent = shifted.to_bits().wrapping_add(127) << 23;
    series * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::super::stained::{Stained, unit};
    use super::*;

    #[test]
    fn the_exponential_is_right_to_a_millionth() {
        for at in -400..=1500 {
            let density = at as f32 * 0.01;
            let (got, wanted) = (exp_of_minus(density), (-density).exp());
            assert!((got / wanted - 1.0).abs() < 4e-6, "{density}: {got}");
        }
    }

    #[test]
    fn the_unit_matrix_changes_nothing_and_clear_pixels_never_change() {
        let pixels: Vec<[u8; 3]> = (0_u8..=255)
            .map(|v| [v, v.wrapping_mul(7), v / 2])
            .collect();
        let unit = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let mut same = pixels.clone();
        recolour(&mut same, &linear(unit));
        let zero_is_one = pixels
            .iter()
            .zip(&same)
            .all(|(a, b)| a.iter().zip(b).all(|(a, b)| a == b || (*a == 0 && *b == 1)));
        assert!(zero_is_one, "{same:?}");
        let mut clear = vec![[240, 240, 241], [255, 255, 255], [244, 240, 236]];
        let before = clear.clone();
        recolour(&mut clear, &linear([[3.0; 3]; 3]));
        assert_eq!(clear, before);
    }

    /// As it is where no stain can be lacking.
    fn linear(matrix: [[f64; 3]; 3]) -> Recolouring {
        Recolouring {
            matrix,
            unmix: [[0.0; 3]; 2],
            given_back: [[0.0; 3]; 2],
        }
    }

    #[test]
    fn light_tissue_changes_with_the_tissue_around_it() {
        let half = linear([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]);
        // Sums of densities from 0.04 to 0.6, all of one colour: nowhere is one lighter after than before
        // it among darker ones.
        let mut ramp: Vec<[u8; 3]> = (150..=236).map(|v| [v, v - 10, v]).collect();
        recolour(&mut ramp, &half);
        assert!(ramp.is_sorted(), "{ramp:?}");
        let mut one = [[230, 200, 228]];
        recolour(&mut one, &half);
        assert_eq!(one, [[220, 167, 217]]);
    }

    #[test]
    fn what_lacks_a_stain_does_not_lack_it_tenfold() {
        let source = Stained {
            vectors: [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]].map(unit),
            strengths: [1.0, 0.1],
        };
        let target = Stained {
            strengths: [1.0, 1.0],
            ..source
        };
        // A little less green than haematoxylin alone would have.
        let mut nucleus = [[120_u8, 125, 180]];
        recolour(&mut nucleus, &source.recolouring(&target).unwrap());
        let [red, green, blue] = nucleus[0];
        assert!(
            red.abs_diff(120) < 8 && green.abs_diff(125) < 25 && blue.abs_diff(180) < 8,
            "{nucleus:?}"
        );
    }
}
