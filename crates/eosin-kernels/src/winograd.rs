//! 3x3 convolution with a quarter of the multiplications.
//!
//! F(4x4, 3x3) of Lavin & Gray 2016 (arXiv:1509.09308): 6x6 pixels are transformed, multiplied with
//! transformed weights in 36 matrix products over the channels, and transformed back into 4x4
//! outputs. The interpolation points are 0, ±1/√2, ±√2 and infinity, which round less than the
//! usual 0, ±1, ±2.

use std::f64::consts::SQRT_2;

use crate::dispatch::{MulAdd, multiversion};
use crate::microkernel::Piece;
use crate::packed::{Finish, Packed, Rows, passes};
use crate::shape::{MapSize, Padding};

/// Outputs on a side of a tile.
pub(crate) const OUT: usize = 4;
/// Inputs on a side of a tile.
pub(crate) const IN: usize = 6;
/// Products that a tile takes.
pub(crate) const POINTS: usize = IN * IN;
/// Channels that one step of a transform works on.
pub(crate) const LANES: usize = 16;
/// Floats of a block of transformed tiles.
const BLOCK_FLOATS: usize = 384 * 1024;
/// Tiles of a block at least: the weights are read once a block.
const LEAST_TILES: usize = 48;
/// Between the planes of a block, so that they do not all fall into the same lines of a cache.
pub(crate) const GAP: usize = 16;

pub(crate) type Lanes = [f32; LANES];

/// Weights of a 3x3 convolution, transformed and packed.
#[derive(Clone, Debug)]
pub(crate) struct Winograd {
    /// Per group, one matrix `[cin / groups, cout / groups]` a point.
    weights: Vec<Packed>,
    cin: usize,
    cout: usize,
    groups: usize,
}

/// The rows of `G`: what a window's three values become at each point.
pub(crate) const WINDOW: [[f64; 3]; IN] = [
    [1.0, 0.0, 0.0],
    [-2.0 / 3.0, -SQRT_2 / 3.0, -1.0 / 3.0],
    [-2.0 / 3.0, SQRT_2 / 3.0, -1.0 / 3.0],
    [1.0 / 6.0, SQRT_2 / 6.0, 1.0 / 3.0],
    [1.0 / 6.0, -SQRT_2 / 6.0, 1.0 / 3.0],
    [0.0, 0.0, 1.0],
];

/// Where tiles lie: several to an image, image after image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiling {
    from: MapSize,
    pub to: MapSize,
    padding: Padding,
    across: usize,
    down: usize,
}

impl Tiling {
    pub fn new(from: MapSize, to: MapSize, padding: Padding) -> Self {
        Self {
            from,
            to,
            padding,
            across: to.width.div_ceil(OUT),
            down: to.height.div_ceil(OUT),
        }
    }

    /// Tiles of `n` images.
    pub const fn tiles(&self, n: usize) -> usize {
        n * self.across * self.down
    }

    /// Image, first output row and first output column of a tile.
    #[inline(always)]
    pub fn place(&self, tile: usize) -> (usize, usize, usize) {
        let each = self.across * self.down;
        let within = tile % each;
        (
            tile / each,
            within / self.across * OUT,
            within % self.across * OUT,
        )
    }
}

impl Winograd {
    /// Transforms weights of the layout `[cout, cin / groups, 3, 3]`.
    pub fn new([cin, cout, groups]: [usize; 3], weights: &[f32]) -> Self {
        let (depth, columns) = (cin / groups, cout / groups);
        let mut points = vec![vec![0.0; depth * columns]; POINTS];
        let (mut taps, mut rows) = (vec![0.0; 9 * columns], vec![0.0; 3 * IN * columns]);
        let mut packed = Vec::with_capacity(groups * POINTS);
        for group in weights.chunks_exact(columns * depth * 9) {
            for channel in 0..depth {
                for (out, window) in group.chunks_exact(depth * 9).enumerate() {
                    for tap in 0..9 {
                        taps[tap * columns + out] = window[channel * 9 + tap];
                    }
                }
                transform_rows(&taps, columns, &mut rows);
                for (point, plane) in points.iter_mut().enumerate() {
                    let line = &mut plane[channel * columns..(channel + 1) * columns];
                    let own = &rows[point / IN * 3 * columns..][..3 * columns];
                    weigh(own, &WINDOW[point % IN], line);
                }
            }
            packed.extend(points.iter().map(|plane| Packed::new(columns, plane)));
        }
        Self {
            weights: packed,
            cin,
            cout,
            groups,
        }
    }

    /// `out = clamp(conv(input) + bias + shortcut)` for `n` images.
    pub fn run(
        &self,
        n: usize,
        (from, to, padding): (MapSize, MapSize, Padding),
        input: &[f32],
        finish: Finish<'_>,
        out: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let tiling = Tiling::new(from, to, padding);
        let (cin, cout) = (self.cin, self.cout);
        let rows = self.weights[0].tile_rows();
        let block = (BLOCK_FLOATS / (POINTS * (cin + cout))).max(LEAST_TILES);
        let tiles = tiling.tiles(n);
        let block = tiles.div_ceil(tiles.div_ceil(block)).next_multiple_of(rows);
        let (plane_in, plane_out) = (block * cin + GAP, block * cout + GAP);
        scratch.resize(POINTS * (plane_in + plane_out), 0.0);
        let (points, products) = scratch.split_at_mut(POINTS * plane_in);
        let passes = passes([Piece {
            offset: 0,
            len: cin / self.groups,
        }]);
        let starts: Vec<usize> = (0..block).map(|tile| tile * cin).collect();
        for first in (0..tiles).step_by(block) {
            let count = block.min(tiles - first);
            transform_input(&tiling, (first, count), (input, cin), points, plane_in);
            for group in 0..self.groups {
                let weights = &self.weights[group * POINTS..(group + 1) * POINTS];
                for (point, weights) in weights.iter().enumerate() {
                    let left = Rows {
                        values: &points[point * plane_in + group * cin / self.groups..],
                        starts: &starts[..count],
                        passes: &passes,
                    };
                    let at = point * plane_out + group * cout / self.groups;
                    weights.product(left, Finish::PLAIN, &mut products[at..], cout);
                }
            }
            let sums = (&*products, plane_out);
            transform_output(&tiling, (first, count), sums, finish, (&mut *out, cout));
        }
    }
}

multiversion! {
    /// One axis of the weights' transform: `[3, 3, columns]` to `[6, 3, columns]`.
    fn transform_rows(taps: &[f32], columns: usize, rows: &mut [f64]) {
        let line = 3 * columns;
        for (rows, factors) in rows.chunks_exact_mut(line).zip(&WINDOW) {
            for at in 0..line {
                rows[at] = f64::from(taps[at]) * factors[0]
                    + f64::from(taps[line + at]) * factors[1]
                    + f64::from(taps[2 * line + at]) * factors[2];
            }
        }
    }
}

multiversion! {
    /// The other: `[3, columns]` to one point's `[columns]`.
    fn weigh(rows: &[f64], factors: &[f64; 3], out: &mut [f32]) {
        let columns = out.len();
        for at in 0..columns {
            let sum = rows[at] * factors[0]
                + rows[columns + at] * factors[1]
                + rows[2 * columns + at] * factors[2];
            #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
            let value = sum as f32;
            out[at] = value;
        }
    }
}

/// One axis of the input transform.
#[inline(always)]
fn to_points<M: MulAdd>(d: &[Lanes; IN]) -> [Lanes; IN] {
    const S: f32 = std::f32::consts::SQRT_2;
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let mut out = [[0.0; LANES]; IN];
    for lane in 0..LANES {
        let [d0, d1, d2, d3, d4, d5] = std::array::from_fn(|at| d[at][lane]);
        let (even, odd) = (M::mul_add(d2, -2.0, d4), M::mul_add(d1, -S, d3 * H));
        let (even_half, odd_half) = (M::mul_add(d2, -0.5, d4), M::mul_add(d1, -H, d3 * S));
        out[0][lane] = M::mul_add(d2, -2.5, d0) + d4;
        out[1][lane] = even + odd;
        out[2][lane] = even - odd;
        out[3][lane] = even_half + odd_half;
        out[4][lane] = even_half - odd_half;
        out[5][lane] = M::mul_add(d3, -2.5, d1) + d5;
    }
    out
}

/// One axis of the output transform.
#[inline(always)]
fn from_points<M: MulAdd>(m: &[Lanes; IN]) -> [Lanes; OUT] {
    const S: f32 = std::f32::consts::SQRT_2;
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let mut out = [[0.0; LANES]; OUT];
    for lane in 0..LANES {
        let [m0, m1, m2, m3, m4, m5] = std::array::from_fn(|at| m[at][lane]);
        let (sum, difference) = (m1 + m2, m1 - m2);
        let (sum_wide, difference_wide) = (m3 + m4, m3 - m4);
        out[0][lane] = m0 + sum + sum_wide;
        out[1][lane] = M::mul_add(difference, H, difference_wide * S);
        out[2][lane] = M::mul_add(sum, 0.5, sum_wide * 2.0);
        out[3][lane] = M::mul_add(
            difference,
            H * 0.5,
            M::mul_add(difference_wide, S * 2.0, m5),
        );
    }
    out
}

#[inline(always)]
pub(crate) fn load(values: &[f32]) -> Lanes {
    let mut lanes = [0.0; LANES];
    if values.len() == LANES {
        lanes.copy_from_slice(values);
    } else {
        lanes[..values.len()].copy_from_slice(values);
    }
    lanes
}

#[inline(always)]
pub(crate) fn store(lanes: &Lanes, values: &mut [f32]) {
    if values.len() == LANES {
        values.copy_from_slice(lanes);
    } else {
        values.copy_from_slice(&lanes[..values.len()]);
    }
}

multiversion! {
    /// Writes tiles `first..first + count` to `points`, `[36, count, cin]` in planes of `plane`.
    pub(crate) fn transform_input<M>(
        tiling: &Tiling,
        span: (usize, usize),
        map: (&[f32], usize),
        points: &mut [f32],
        plane: usize,
    ) {
        let (input, cin) = map;
        let MapSize { height, width } = tiling.from;
        for tile in 0..span.1 {
            let (image, top, left) = tiling.place(span.0 + tile);
            let image = &input[image * height * width * cin..][..height * width * cin];
            for channel in (0..cin).step_by(LANES) {
                let used = LANES.min(cin - channel);
                let mut rows = [[[0.0; LANES]; IN]; IN];
                for column in 0..IN {
                    let x = (left + column).wrapping_sub(tiling.padding.left);
                    if x >= width {
                        continue;
                    }
                    let mut pixels = [[0.0; LANES]; IN];
                    for (y, pixel) in pixels.iter_mut().enumerate() {
                        let y = (top + y).wrapping_sub(tiling.padding.top);
                        if y < height {
                            let at = (y * width + x) * cin + channel;
                            *pixel = load(&image[at..at + used]);
                        }
                    }
                    for (row, value) in rows.iter_mut().zip(to_points::<M>(&pixels)) {
                        row[column] = value;
                    }
                }
                for (y, row) in rows.iter().enumerate() {
                    for (x, values) in to_points::<M>(row).iter().enumerate() {
                        let at = (y * IN + x) * plane + tile * cin + channel;
                        store(values, &mut points[at..at + used]);
                    }
                }
            }
        }
    }
}

multiversion! {
    /// Turns products `[36, count, cout]` in planes of `plane` into outputs.
    fn transform_output<M>(
        tiling: &Tiling,
        span: (usize, usize),
        sums: (&[f32], usize),
        finish: Finish<'_>,
        map: (&mut [f32], usize),
    ) {
        let ((products, plane), (out, cout)) = (sums, map);
        let MapSize { height, width } = tiling.to;
        let (low, high) = finish.bounds;
        for tile in 0..span.1 {
            let (image, top, left) = tiling.place(span.0 + tile);
            let image = image * height * width * cout;
            for channel in (0..cout).step_by(LANES) {
                let used = LANES.min(cout - channel);
                let bias = load(&finish.bias[channel..channel + used]);
                let mut rows = [[[0.0; LANES]; IN]; OUT];
                for x in 0..IN {
                    let sums: [Lanes; IN] = std::array::from_fn(|y| {
                        let at = (y * IN + x) * plane + tile * cout + channel;
                        load(&products[at..at + used])
                    });
                    for (row, value) in rows.iter_mut().zip(from_points::<M>(&sums)) {
                        row[x] = value;
                    }
                }
                for (y, row) in rows.iter().enumerate().take(height - top) {
                    let row = from_points::<M>(row);
                    for (x, values) in row.iter().enumerate().take(width - left) {
                        let at = image + ((top + y) * width + left + x) * cout + channel;
                        let other = match finish.shortcut {
                            Some(shortcut) => load(&shortcut[at..at + used]),
                            None => [0.0; LANES],
                        };
                        let mut lanes = [0.0; LANES];
                        for lane in 0..LANES {
                            let sum = values[lane] + bias[lane] + other[lane];
                            lanes[lane] = crate::activation::clamp(sum, low, high);
                        }
                        store(&lanes, &mut out[at..at + used]);
                    }
                }
            }
        }
    }
}
