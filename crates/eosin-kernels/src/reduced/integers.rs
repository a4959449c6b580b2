//! Integers for numbers, and back.
//!
//! Affine quantisation (Jacob et al. 2018, arXiv:1712.05877): `x = step (q - zero)`, `q` an unsigned
//! byte. Weights have `zero` 0 and a step an output channel.

use crate::activation::clamp;
use crate::dispatch::multiversion;
use crate::microkernel::Word;
use crate::packed::Finish;

/// The largest integer of a weight.
const LARGEST: f32 = 127.0;

/// How the values of an image become unsigned bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// NaN where a value of the image is not finite.
    step: f32,
    inverse: f32,
    /// The integer that is 0.
    zero: i32,
}

impl Scale {
    /// Integers for themselves.
    pub const ONE: Self = Self {
        step: 1.0,
        inverse: 1.0,
        zero: 0,
    };

    /// From the smallest to the largest value, 0 being among them.
    pub fn of(image: &[f32]) -> Self {
        let [low, high, poison] = extent(image);
        let range = high - low + poison;
        if range == 0.0 {
            return Self::ONE;
        }
        let step = range / 255.0;
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 255")]
        let zero = (-low / step).round() as i32;
        Self {
            step,
            inverse: 1.0 / step,
            zero,
        }
    }

    /// The integer nearest to `value`, ties to even.
    #[inline(always)]
    pub fn integer(self, value: f32) -> u32 {
        // Adding 1.5 * 2^23 leaves no bits behind the point, and the integer in the lowest ones.
        const SHIFT: f32 = 12_582_912.0;
        let scaled = value * self.inverse + self.zero as f32;
        (clamp(scaled, 0.0, 255.0) + SHIFT).to_bits() & 0xff
    }
}

/// Weights' steps, and what their integers add up to, one an output channel.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    steps: Vec<f32>,
    sums: Vec<i32>,
}

impl Columns {
    /// For weights `[cout, inputs]`.
    pub fn new(cout: usize, weights: &[f32]) -> Self {
        let rows = || weights.chunks_exact(weights.len() / cout);
        let steps: Vec<f32> = rows()
            .map(|row| {
                let largest = row.iter().fold(0.0, |largest: f32, weight| {
                    // A NaN is kept.
                    if weight.abs() <= largest {
                        largest
                    } else {
                        weight.abs()
                    }
                });
                if largest == 0.0 {
                    1.0
                } else {
                    largest / LARGEST
                }
            })
            .collect();
        let mut this = Self {
            steps,
            sums: Vec::new(),
        };
        let sum = |(column, row): (usize, &[f32])| {
            row.iter().map(|weight| this.rounded(column, *weight)).sum()
        };
        this.sums = rows().enumerate().map(sum).collect();
        this
    }

    #[expect(clippy::cast_possible_truncation, reason = "from -127 to 127")]
    fn rounded(&self, column: usize, weight: f32) -> i32 {
        (weight / self.steps[column]).round() as i32
    }

    /// The bits of a weight's integer in a word.
    pub fn integer(&self, column: usize, weight: f32, word: Word) -> u32 {
        let bits = self.rounded(column, weight).cast_unsigned();
        bits & if word == Word::Bytes { 0xff } else { 0xffff }
    }
}

multiversion! {
    /// The smallest and the largest value, 0 being among them, and 0, or NaN where a value is not
    /// finite.
    fn extent_into(values: &[f32], out: &mut [f32; 3]) {
        const LANES: usize = 32;
        let (mut low, mut high, mut poison) = ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
        for values in values.chunks(LANES) {
            let mut lanes = [0.0; LANES];
            if values.len() == LANES {
                lanes.copy_from_slice(values);
            } else {
                lanes[..values.len()].copy_from_slice(values);
            }
            for lane in 0..LANES {
                low[lane] = if lanes[lane] < low[lane] { lanes[lane] } else { low[lane] };
                high[lane] = if lanes[lane] > high[lane] { lanes[lane] } else { high[lane] };
                poison[lane] += lanes[lane] * 0.0;
            }
        }
        *out = [0.0; 3];
        for lane in 0..LANES {
            out[0] = out[0].min(low[lane]);
            out[1] = out[1].max(high[lane]);
            out[2] += poison[lane];
        }
    }
}

fn extent(values: &[f32]) -> [f32; 3] {
    let mut out = [0.0; 3];
    extent_into(values, &mut out);
    out
}

multiversion! {
    /// `out = clamp(step steps[column] (sum - zero sums[column]) + bias + shortcut)` for rows of
    /// one image; `products` are the bits of the sums.
    pub(super) fn finish_rows<M>(
        products: &[f32],
        scale: Scale,
        columns: &Columns,
        finish: Finish<'_>,
        out: &mut [f32],
    ) {
        let cout = columns.steps.len();
        let (steps, sums, bias) = (&columns.steps[..cout], &columns.sums[..cout], &finish.bias[..cout]);
        let (low, high) = finish.bounds;
        for (row, (out, products)) in out.chunks_exact_mut(cout).zip(products.chunks_exact(cout)).enumerate() {
            for column in 0..cout {
                let sum = products[column].to_bits().cast_signed();
                // Wraps to the true difference, which is small enough.
                let sum = sum.wrapping_sub(scale.zero.wrapping_mul(sums[column]));
                out[column] = M::mul_add(sum as f32, scale.step * steps[column], bias[column]);
            }
            if let Some(shortcut) = finish.shortcut {
                crate::pool::add(out, &shortcut[row * cout..(row + 1) * cout]);
            }
            for value in out {
                *value = clamp(*value, low, high);
            }
        }
    }
}
