//! The gradient of 3x3 weights with a quarter of the multiplications.
//!
//! Winograd's convolution is `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` for each tile. Its gradient with respect to
//! the window `g` is the same read backwards: `Gᵀ [Σ (Bᵀ d B) ⊙ (A y Aᵀ)] G`, `y` being a tile of
//! the output's gradient and the sum running over all tiles: one matrix product a point.

use crate::dispatch::{MulAdd, multiversion};
use crate::matmul::{Matrix, product};
use crate::shape::{ConvShape, MapSize};
use crate::winograd::{
    GAP, IN, LANES, Lanes, OUT, POINTS, Tiling, WINDOW, load, store, transform_input,
};

/// Floats of a block of transformed tiles.
const BLOCK_FLOATS: usize = 1024 * 1024;
/// Tiles of a block at least, and tiles whose products cost as much as moving the sums.
const LEAST_TILES: usize = 64;

/// Whether it pays for `n` maps of this size: the sums are four times the weights, and are moved to
/// and from the memory whatever the number of tiles.
pub(super) fn pays(shape: &ConvShape, n: usize, (from, to): (MapSize, MapSize)) -> bool {
    let tiles = Tiling::new(from, to, shape.padding).tiles(n);
    shape.suits_winograd() && POINTS * (tiles + LEAST_TILES) < 9 * n * to.width * to.height
}

/// Adds the gradient of the weights, tap-major, to `of_weights`.
pub(super) fn of_weights(
    shape: &ConvShape,
    n: usize,
    (from, to): (MapSize, MapSize),
    (input, gradient): (&[f32], &[f32]),
    of_weights: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let tiling = Tiling::new(from, to, shape.padding);
    let (cin, cout, groups) = (shape.cin, shape.cout, shape.groups);
    let tiles = tiling.tiles(n);
    let block = (BLOCK_FLOATS / (POINTS * (cin + cout))).max(LEAST_TILES);
    let block = tiles.div_ceil(tiles.div_ceil(block));
    let (of_input, of_gradient) = (block * cin + GAP, block * cout + GAP);
    let each = (cin / groups) * (cout / groups);
    scratch.resize(POINTS * (of_input + of_gradient + groups * each), 0.0);
    let (pixels, rest) = scratch.split_at_mut(POINTS * of_input);
    let (gradients, sums) = rest.split_at_mut(POINTS * of_gradient);
    for first in (0..tiles).step_by(block) {
        let count = block.min(tiles - first);
        transform_input(&tiling, (first, count), (input, cin), pixels, of_input);
        transform_gradient(
            &tiling,
            (first, count),
            (gradient, cout),
            gradients,
            of_gradient,
        );
        for (at, sums) in sums.chunks_exact_mut(each).enumerate() {
            let (group, point) = (at / POINTS, at % POINTS);
            let matrix = |values, row, column| Matrix {
                values,
                row,
                column,
            };
            let left = &pixels[point * of_input + group * cin / groups..];
            let right = &gradients[point * of_gradient + group * cout / groups..];
            product(
                [cin / groups, count, cout / groups],
                (sums, cout / groups),
                matrix(left, 1, cin),
                matrix(right, cout, 1),
                first > 0,
            );
        }
    }
    let sums = sums.chunks_exact(POINTS * each);
    for (of_weights, sums) in of_weights.chunks_exact_mut(9 * each).zip(sums) {
        transform_sums(sums, of_weights);
    }
}

/// One axis of the transform of the output's gradient.
#[inline(always)]
fn to_points<M: MulAdd>(d: &[Lanes; OUT]) -> [Lanes; IN] {
    const S: f32 = std::f32::consts::SQRT_2;
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let mut out = [[0.0; LANES]; IN];
    for lane in 0..LANES {
        let [d0, d1, d2, d3] = std::array::from_fn(|at| d[at][lane]);
        let (even, odd) = (M::mul_add(d2, 0.5, d0), M::mul_add(d3, 0.5, d1) * H);
        let (even_wide, odd_wide) = (M::mul_add(d2, 2.0, d0), M::mul_add(d3, 2.0, d1) * S);
        out[0][lane] = d0;
        out[1][lane] = even + odd;
        out[2][lane] = even - odd;
        out[3][lane] = even_wide + odd_wide;
        out[4][lane] = even_wide - odd_wide;
        out[5][lane] = d3;
    }
    out
}

multiversion! {
    /// Writes tiles `first..first + count` of the output's gradient to `points`, `[36, count,
    /// cout]` in planes of `plane`.
    fn transform_gradient<M>(
        tiling: &Tiling,
        span: (usize, usize),
        map: (&[f32], usize),
        points: &mut [f32],
        plane: usize,
    ) {
        let (gradient, cout) = map;
        let MapSize { height, width } = tiling.to;
        for tile in 0..span.1 {
            let (image, top, left) = tiling.place(span.0 + tile);
            let image = &gradient[image * height * width * cout..][..height * width * cout];
            for channel in (0..cout).step_by(LANES) {
                let used = LANES.min(cout - channel);
                let mut rows = [[[0.0; LANES]; OUT]; IN];
                for x in 0..OUT.min(width - left) {
                    let mut pixels = [[0.0; LANES]; OUT];
                    for (y, pixel) in pixels.iter_mut().enumerate().take(height - top) {
                        let at = ((top + y) * width + left + x) * cout + channel;
                        *pixel = load(&image[at..at + used]);
                    }
                    for (row, value) in rows.iter_mut().zip(to_points::<M>(&pixels)) {
                        row[x] = value;
                    }
                }
                for (y, row) in rows.iter().enumerate() {
                    for (x, values) in to_points::<M>(row).iter().enumerate() {
                        let at = (y * IN + x) * plane + tile * cout + channel;
                        store(values, &mut points[at..at + used]);
                    }
                }
            }
        }
    }
}

/// The columns of `G`.
const COLUMNS: [[f32; IN]; 3] = {
    let mut columns = [[0.0; IN]; 3];
    let mut at = 0;
    while at < 3 * IN {
        #[expect(clippy::cast_possible_truncation, reason = "gradients are f32")]
        let value = WINDOW[at / 3][at % 3] as f32;
        columns[at % 3][at / 3] = value;
        at += 1;
    }
    columns
};

multiversion! {
    /// Adds what sums over tiles (`[36, each]`) say of weights (`[9, each]`).
    fn transform_sums<M>(sums: &[f32], of_weights: &mut [f32]) {
        let each = of_weights.len() / 9;
        for first in (0..each).step_by(LANES) {
            let used = LANES.min(each - first);
            let mut rows = [[[0.0; LANES]; IN]; 3];
            for x in 0..IN {
                for y in 0..IN {
                    let at = (y * IN + x) * each + first;
                    let lanes = load(&sums[at..at + used]);
                    for (row, factors) in rows.iter_mut().zip(&COLUMNS) {
                        for lane in 0..LANES {
                            row[x][lane] = M::mul_add(lanes[lane], factors[y], row[x][lane]);
                        }
                    }
                }
            }
            for (tap, of_weights) in of_weights.chunks_exact_mut(each).enumerate() {
                let of_weights = &mut of_weights[first..first + used];
                let (row, factors) = (&rows[tap / 3], &COLUMNS[tap % 3]);
                let mut lanes = load(of_weights);
                for (values, factor) in row.iter().zip(factors) {
                    for lane in 0..LANES {
                        lanes[lane] = M::mul_add(values[lane], *factor, lanes[lane]);
                    }
                }
                store(&lanes, of_weights);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::shape::Padding;

    fn check(shape: &ConvShape, n: usize, height: usize, width: usize) {
        let from = MapSize { height, width };
        let (height, width) = shape.output_size(height, width).unwrap();
        let to = MapSize { height, width };
        let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
        let input = noise(n * from.height * from.width * shape.cin, 1);
        let gradient = noise(n * height * width * shape.cout, 2);
        let start = noise(9 * shape.groups * cin * cout, 3);
        let mut found = start.clone();
        let values = (&*input, &*gradient);
        of_weights(shape, n, (from, to), values, &mut found, &mut vec![7.0; 9]);
        let bound = 1e-5 * ((n * height * width) as f64).sqrt();
        let some = 1 + found.len() / 10_000;
        for (at, (found, start)) in found.iter().zip(start).enumerate().step_by(some) {
            let (out, channel, tap) = (at % cout, at / cout % cin, at / cout / cin % 9);
            let group = at / cout / cin / 9;
            let mut sum = f64::from(start);
            for place in 0..n * height * width {
                let (image, row, column) = (
                    place / height / width,
                    place / width % height,
                    place % width,
                );
                let y = (row + tap / 3).wrapping_sub(shape.padding.top);
                let x = (column + tap % 3).wrapping_sub(shape.padding.left);
                if y < from.height && x < from.width {
                    let pixel = (image * from.height + y) * from.width + x;
                    let pixel = input[pixel * shape.cin + group * cin + channel];
                    let slope = gradient[place * shape.cout + group * cout + out];
                    sum += f64::from(pixel) * f64::from(slope);
                }
            }
            let error = (f64::from(*found) - sum).abs();
            assert!(error < bound, "{shape:?} at {at}: {found} for {sum}");
        }
    }

    #[test]
    fn sums_over_tiles_equal_sums_over_pixels() {
        let shape = |cin, cout, groups, padding| ConvShape {
            cin,
            cout,
            kernel: [3, 3],
            stride: 1,
            dilation: 1,
            padding,
            groups,
        };
        let uneven = Padding {
            top: 2,
            bottom: 0,
            left: 0,
            right: 1,
        };
        check(&shape(16, 16, 1, Padding::same(1)), 1, 8, 8);
        check(&shape(19, 37, 1, Padding::same(1)), 3, 13, 10);
        check(&shape(40, 48, 2, uneven), 2, 7, 9);
        // Several blocks of tiles.
        check(&shape(256, 130, 1, Padding::same(0)), 5, 21, 26);
    }
}
