//! Gradients of a convolution.

use super::{WeightGradients, winograd, zeros};
use crate::activation::Activation;
use crate::conv::Conv;
use crate::depthwise::taps;
use crate::dispatch::{MulAdd, multiversion};
use crate::im2col::{gather, scatter};
use crate::matmul::{Matrix, product};
use crate::pool::add;
use crate::shape::{ConvShape, MapSize, Padding};

/// Values of the windows that one matrix product covers: several small maps share one.
const BLOCK_FLOATS: usize = 4 << 20;

/// How the gradient of the input is found.
#[derive(Clone, Debug)]
enum OfInput {
    Unwanted,
    /// A convolution with stride 1: by that of the output's gradient with the mirrored weights.
    Mirrored(Conv),
    /// Each output's back to the pixels of its window; the weights are tap-major.
    Scattered(Vec<f32>),
}

/// The backward pass of a convolution.
#[derive(Clone, Debug)]
pub struct ConvBackward {
    shape: ConvShape,
    of_input: OfInput,
}

impl ConvBackward {
    /// For a convolution with `weights` of PyTorch's layout; the gradient of the input is found
    /// only if it is wanted.
    ///
    /// # Panics
    /// When the weights do not fit the shape.
    pub fn new(shape: ConvShape, weights: &[f32], wants_input: bool) -> Self {
        let of_input = match shape.mirrored().filter(|_| wants_input) {
            Some(mirrored) => {
                let weights = shape.mirror(weights);
                let bias = vec![0.0; mirrored.cout];
                OfInput::Mirrored(Conv::new(mirrored, &weights, &bias, Activation::Identity))
            }
            None if wants_input => OfInput::Scattered(shape.tap_major(weights)),
            None => OfInput::Unwanted,
        };
        Self { shape, of_input }
    }

    /// Number of weights.
    pub const fn weights(&self) -> usize {
        let [rows, columns] = self.shape.kernel;
        self.shape.cout * self.shape.cin / self.shape.groups * rows * columns
    }

    /// Gradients of `conv(input) + bias` (the activation is the caller's), given that of its
    /// output.
    ///
    /// `sizes` are `(n, height, width)`, `input` is `[n, height, width, cin]`, `gradient` `[n,
    /// out_height, out_width, cout]`. The gradient of the input, where it is wanted, replaces what
    /// `of_input` holds, that of the weights what `memory` holds. `scratch` is reused between calls.
    ///
    /// # Panics
    /// When a slice has not the length that its shape asks for.
    pub fn run(
        &self,
        sizes: (usize, usize, usize),
        input: &[f32],
        gradient: &[f32],
        of_input: &mut Vec<f32>,
        memory: Vec<f32>,
        scratch: &mut Vec<f32>,
    ) -> WeightGradients {
        let shape = &self.shape;
        let maps = shape.map_sizes(sizes, input, gradient);
        let (from, to) = maps;
        let mut of_weights = zeros(self.weights(), memory);
        let mut bias = vec![0.0; shape.cout];
        for row in gradient.chunks_exact(shape.cout) {
            add(&mut bias, row);
        }
        if shape.is_pointwise() {
            let (cin, cout) = (shape.cin, shape.cout);
            let rows = input.len() / cin;
            let left = Matrix::transposed(input, cin);
            let right = Matrix::rows(gradient, cout);
            product(
                [cin, rows, cout],
                (&mut of_weights, cout),
                left,
                right,
                false,
            );
        } else if shape.is_depthwise() {
            let images = input.chunks_exact(from.height * from.width * shape.cin);
            let gradients = gradient.chunks_exact(to.height * to.width * shape.cout);
            for (image, gradient) in images.zip(gradients) {
                depthwise_of_weights(shape, maps, image, gradient, &mut of_weights);
            }
        } else if winograd::pays(shape, sizes.0, maps) {
            let values = (input, gradient);
            winograd::of_weights(shape, sizes.0, maps, values, &mut of_weights, scratch);
        } else {
            dense_of_weights(shape, maps, input, gradient, &mut of_weights, scratch);
        }
        if self.gives_input() {
            of_input.resize(input.len(), 0.0);
            self.to_input(sizes, gradient, of_input, scratch);
        }
        WeightGradients {
            weights: of_weights,
            bias,
        }
    }

    /// Whether the gradient of the input is wanted.
    pub const fn gives_input(&self) -> bool {
        !matches!(self.of_input, OfInput::Unwanted)
    }

    /// The gradient of the input alone, as [`run`](Self::run) finds it; `of_input` is `[n, height, width,
    /// cin]` and is replaced.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn to_input(
        &self,
        sizes: (usize, usize, usize),
        gradient: &[f32],
        of_input: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let shape = &self.shape;
        let maps = shape.map_sizes(sizes, of_input, gradient);
        let (from, to) = maps;
        match &self.of_input {
            OfInput::Unwanted => {}
            OfInput::Mirrored(conv) => {
                let sizes = (sizes.0, to.height, to.width);
                conv.run(sizes, gradient, None, of_input, scratch);
            }
            OfInput::Scattered(weights) => {
                of_input.fill(0.0);
                if shape.is_depthwise() {
                    let images = of_input.chunks_exact_mut(from.height * from.width * shape.cin);
                    let gradients = gradient.chunks_exact(to.height * to.width * shape.cout);
                    for (of_image, gradient) in images.zip(gradients) {
                        depthwise_of_input(shape, maps, weights, gradient, of_image);
                    }
                } else {
                    dense_of_input(shape, maps, weights, gradient, of_input, scratch);
                }
            }
        }
    }
}

impl ConvShape {
    /// The convolution that takes the gradient of this one's output to that of its input; `None`
    /// where there is none.
    fn mirrored(&self) -> Option<Self> {
        let [rows, columns] = self.kernel.map(|taps| self.dilation * (taps - 1));
        let Padding {
            top,
            bottom,
            left,
            right,
        } = self.padding;
        let padding = Padding {
            top: rows.checked_sub(top)?,
            bottom: rows.checked_sub(bottom)?,
            left: columns.checked_sub(left)?,
            right: columns.checked_sub(right)?,
        };
        (self.stride == 1).then_some(Self {
            cin: self.cout,
            cout: self.cin,
            padding,
            ..*self
        })
    }

    /// Weights of [`mirrored`](Self::mirrored), both in PyTorch's layout.
    fn mirror(&self, weights: &[f32]) -> Vec<f32> {
        let (cin, cout) = (self.cin / self.groups, self.cout / self.groups);
        let taps = self.kernel[0] * self.kernel[1];
        let mut mirrored = vec![0.0; weights.len()];
        let each = cout * cin * taps;
        let groups = weights
            .chunks_exact(each)
            .zip(mirrored.chunks_exact_mut(each));
        for (weights, mirrored) in groups {
            // Some channels at a time, whose lines then stay in the cache.
            for first in (0..cin).step_by(16) {
                for out in 0..cout {
                    for channel in first..cin.min(first + 16) {
                        let window = &weights[(out * cin + channel) * taps..][..taps];
                        let target = &mut mirrored[(channel * cout + out) * taps..][..taps];
                        target.copy_from_slice(window);
                        target.reverse();
                    }
                }
            }
        }
        mirrored
    }
}

/// Adds the gradient of the weights, tap-major. Several images share a matrix product.
fn dense_of_weights(
    shape: &ConvShape,
    (from, to): (MapSize, MapSize),
    input: &[f32],
    gradient: &[f32],
    of_weights: &mut [f32],
    windows: &mut Vec<f32>,
) {
    let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
    let depth = shape.kernel[0] * shape.kernel[1] * cin;
    let (pixels, image) = (to.height * to.width, from.height * from.width * shape.cin);
    let together = (BLOCK_FLOATS / (pixels * depth)).max(1);
    let gradients = gradient.chunks(together * pixels * shape.cout);
    for (images, gradient) in input.chunks(together * image).zip(gradients) {
        let rows = images.len() / image * pixels;
        for group in 0..shape.groups {
            windows.clear();
            for image in images.chunks_exact(image) {
                let channels = (group * cin, cin);
                gather(shape, from, to.width, image, channels, (0, pixels), windows);
            }
            let right = Matrix {
                values: &gradient[group * cout..],
                row: shape.cout,
                column: 1,
            };
            let own = &mut of_weights[group * depth * cout..(group + 1) * depth * cout];
            let left = Matrix::transposed(windows, depth);
            product([depth, rows, cout], (own, cout), left, right, true);
        }
    }
}

/// Adds the gradient of the input, the weights being tap-major.
fn dense_of_input(
    shape: &ConvShape,
    (from, to): (MapSize, MapSize),
    weights: &[f32],
    gradient: &[f32],
    of_input: &mut [f32],
    of_windows: &mut Vec<f32>,
) {
    let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
    let depth = shape.kernel[0] * shape.kernel[1] * cin;
    let (pixels, image) = (to.height * to.width, from.height * from.width * shape.cin);
    let together = (BLOCK_FLOATS / (pixels * depth)).max(1);
    let gradients = gradient.chunks(together * pixels * shape.cout);
    for (of_images, gradient) in of_input.chunks_mut(together * image).zip(gradients) {
        let rows = of_images.len() / image * pixels;
        of_windows.resize(rows * depth, 0.0);
        for group in 0..shape.groups {
            let left = Matrix {
                values: &gradient[group * cout..],
                row: shape.cout,
                column: 1,
            };
            let own = &weights[group * depth * cout..(group + 1) * depth * cout];
            let right = Matrix::transposed(own, cout);
            product([rows, cout, depth], (of_windows, depth), left, right, false);
            let parts = of_windows.chunks_exact(pixels * depth);
            for (of_image, rows) in of_images.chunks_exact_mut(image).zip(parts) {
                scatter(shape, from, to.width, rows, (group * cin, cin), of_image);
            }
        }
    }
}

multiversion! {
    /// Adds the gradient of depthwise weights, `[taps, channels]`, from one image.
    fn depthwise_of_weights<M>(
        shape: &ConvShape,
        sizes: (MapSize, MapSize),
        image: &[f32],
        gradient: &[f32],
        of_weights: &mut [f32],
    ) {
        let (from, to) = sizes;
        let channels = shape.cin;
        for row in 0..to.height {
            let gradient = &gradient[row * to.width * channels..(row + 1) * to.width * channels];
            let (ky0, rows, y0) =
                taps(row * shape.stride, shape.kernel[0], shape.dilation, shape.padding.top, from.height);
            for ky in 0..rows {
                let y = y0 + ky * shape.dilation;
                let line = &image[y * from.width * channels..(y + 1) * from.width * channels];
                for kx in 0..shape.kernel[1] {
                    let tap = ((ky0 + ky) * shape.kernel[1] + kx) * channels;
                    let sums = &mut of_weights[tap..tap + channels];
                    // Columns whose tap `kx` is inside the image, and where that lies for the first.
                    let tap = kx * shape.dilation;
                    let first = shape.padding.left.saturating_sub(tap).div_ceil(shape.stride);
                    let x = first * shape.stride + tap - shape.padding.left;
                    let count = if x < from.width { (from.width - x).div_ceil(shape.stride) } else { 0 };
                    let count = count.min(to.width.saturating_sub(first));
                    if count == 0 {
                        continue;
                    }
                    let (line, gradient) = (&line[x * channels..], &gradient[first * channels..]);
                    let step = shape.stride * channels;
                    let whole = channels / 32 * 32;
                    for channel in (0..whole).step_by(32) {
                        dot_columns::<M, 32>(count, (line, step), (gradient, channels), channel, sums);
                    }
                    for channel in (whole..channels / 8 * 8).step_by(8) {
                        dot_columns::<M, 8>(count, (line, step), (gradient, channels), channel, sums);
                    }
                    for channel in channels / 8 * 8..channels {
                        dot_columns::<M, 1>(count, (line, step), (gradient, channels), channel, sums);
                    }
                }
            }
        }
    }
}

/// Adds to `WIDE` of `sums`, from `channel` on, the products of `count` columns of two lines.
#[inline(always)]
fn dot_columns<M: MulAdd, const WIDE: usize>(
    count: usize,
    (line, step): (&[f32], usize),
    (gradient, channels): (&[f32], usize),
    channel: usize,
    sums: &mut [f32],
) {
    let mut lanes = [0.0_f32; WIDE];
    for column in 0..count {
        let pixels = &line[column * step + channel..][..WIDE];
        let gradients = &gradient[column * channels + channel..][..WIDE];
        for lane in 0..WIDE {
            lanes[lane] = M::mul_add(pixels[lane], gradients[lane], lanes[lane]);
        }
    }
    for (sum, lane) in sums[channel..channel + WIDE].iter_mut().zip(lanes) {
        *sum += lane;
    }
}

multiversion! {
    /// Adds the gradient of a depthwise convolution's input for one image; `weights` are
    /// `[taps, channels]`.
    fn depthwise_of_input<M>(
        shape: &ConvShape,
        sizes: (MapSize, MapSize),
        weights: &[f32],
        gradient: &[f32],
        of_image: &mut [f32],
    ) {
        let (from, to) = sizes;
        let channels = shape.cin;
        for row in 0..to.height {
            let (ky0, rows, y0) =
                taps(row * shape.stride, shape.kernel[0], shape.dilation, shape.padding.top, from.height);
            for column in 0..to.width {
                let (kx0, columns, x0) =
                    taps(column * shape.stride, shape.kernel[1], shape.dilation, shape.padding.left, from.width);
                let at = (row * to.width + column) * channels;
                let gradient = &gradient[at..at + channels];
                for ky in 0..rows {
                    let line = (y0 + ky * shape.dilation) * from.width;
                    for kx in 0..columns {
                        let at = (line + x0 + kx * shape.dilation) * channels;
                        let tap = ((ky0 + ky) * shape.kernel[1] + kx0 + kx) * channels;
                        let of_pixel = &mut of_image[at..at + channels];
                        let window = &weights[tap..tap + channels];
                        for lane in 0..channels {
                            of_pixel[lane] = M::mul_add(gradient[lane], window[lane], of_pixel[lane]);
                        }
                    }
                }
            }
        }
    }
}
