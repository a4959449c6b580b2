//! Gradients of a convolution.

use crate::conv::{Conv, ConvShape, MapSize};
use crate::depthwise::taps;
use crate::dispatch::multiversion;
use crate::im2col::{gather, scatter};
use crate::matmul::{Matrix, product};
use crate::pool::add;

/// Values of the windows that one matrix product covers: several small maps share one.
const BLOCK_FLOATS: usize = 4 << 20;

/// Gradients of a convolution's weights, in its packed order, and of its bias.
#[derive(Clone, Debug, Default)]
pub struct ConvGradients {
    /// See [`Conv::unpacked`].
    pub weights: Vec<f32>,
    /// One an output channel.
    pub bias: Vec<f32>,
}

impl ConvGradients {
    /// Adds another part's gradients.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.weights, &other.weights);
        add(&mut self.bias, &other.bias);
    }
}

/// Gradients of `conv(input) + bias` (the activation is the caller's), given that of its output.
///
/// `sizes` are `(n, height, width)`, `input` is `[n, height, width, cin]`, `gradient` `[n, out_height, out_width, cout]`; the gradient
/// of the input is written to `of_input` where that is wanted.
///
/// # Panics
/// When a slice has not the length that its shape asks for.
pub fn conv_backward(
    conv: &Conv,
    sizes: (usize, usize, usize),
    input: &[f32],
    gradient: &[f32],
    mut of_input: Option<&mut Vec<f32>>,
    scratch: &mut [Vec<f32>; 2],
) -> ConvGradients {
    let shape = conv.shape();
    let (from, to) = shape.map_sizes(sizes, input, gradient);
    let mut found = ConvGradients {
        weights: vec![0.0; conv.packed().len()],
        bias: vec![0.0; shape.cout],
    };
    for row in gradient.chunks_exact(shape.cout) {
        add(&mut found.bias, row);
    }
    if let Some(of_input) = &mut of_input {
        of_input.clear();
        of_input.resize(input.len(), 0.0);
    }
    let of_input = of_input.map(Vec::as_mut_slice);
    if shape.is_pointwise() {
        pointwise(conv, input, gradient, of_input, &mut found.weights);
    } else if shape.is_depthwise() {
        depthwise(
            shape,
            (from, to),
            (input, conv.packed()),
            gradient,
            of_input,
            &mut found.weights,
        );
    } else {
        dense(
            conv,
            (from, to),
            input,
            gradient,
            of_input,
            (&mut found.weights, scratch),
        );
    }
    found
}

fn pointwise(
    conv: &Conv,
    input: &[f32],
    gradient: &[f32],
    of_input: Option<&mut [f32]>,
    of_weights: &mut [f32],
) {
    let (cin, cout) = (conv.shape().cin, conv.shape().cout);
    let rows = input.len() / cin;
    let left = Matrix::transposed(input, cin);
    let right = Matrix::rows(gradient, cout);
    product([cin, rows, cout], (of_weights, cout), left, right, false);
    if let Some(of_input) = of_input {
        let weights = Matrix::transposed(conv.packed(), cout);
        product([rows, cout, cin], (of_input, cin), right, weights, false);
    }
}

fn dense(
    conv: &Conv,
    (from, to): (MapSize, MapSize),
    input: &[f32],
    gradient: &[f32],
    mut of_input: Option<&mut [f32]>,
    (of_weights, [windows, of_windows]): (&mut [f32], &mut [Vec<f32>; 2]),
) {
    let shape = conv.shape();
    let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
    let depth = shape.kernel[0] * shape.kernel[1] * cin;
    let (pixels, image) = (to.height * to.width, from.height * from.width * shape.cin);
    let together = (BLOCK_FLOATS / (pixels * depth)).max(1);
    let blocks = input.chunks(together * image);
    let gradients = gradient.chunks(together * pixels * shape.cout);
    for (block, (images, gradient)) in blocks.zip(gradients).enumerate() {
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
            let own = group * depth * cout..(group + 1) * depth * cout;
            let left = Matrix::transposed(windows, depth);
            product(
                [depth, rows, cout],
                (&mut of_weights[own.clone()], cout),
                left,
                right,
                true,
            );
            let Some(of_input) = of_input.as_deref_mut() else {
                continue;
            };
            of_windows.resize(rows * depth, 0.0);
            let weights = Matrix::transposed(&conv.packed()[own], cout);
            product(
                [rows, cout, depth],
                (of_windows, depth),
                right,
                weights,
                false,
            );
            let of_images = &mut of_input[block * together * image..][..images.len()];
            let parts = of_windows[..rows * depth].chunks_exact(pixels * depth);
            for (of_image, rows) in of_images.chunks_exact_mut(image).zip(parts) {
                scatter(shape, from, to.width, rows, (group * cin, cin), of_image);
            }
        }
    }
}

fn depthwise(
    shape: &ConvShape,
    (from, to): (MapSize, MapSize),
    (input, weights): (&[f32], &[f32]),
    gradient: &[f32],
    mut of_input: Option<&mut [f32]>,
    of_weights: &mut [f32],
) {
    let channels = shape.cin;
    let image = from.height * from.width * channels;
    let out = to.height * to.width * channels;
    let mut unused = vec![0.0; if of_input.is_some() { 0 } else { image }];
    for (index, (input, gradient)) in input
        .chunks_exact(image)
        .zip(gradient.chunks_exact(out))
        .enumerate()
    {
        let of_image = match &mut of_input {
            Some(of_input) => &mut of_input[index * image..(index + 1) * image],
            None => &mut unused,
        };
        depthwise_image(
            shape,
            (from, to),
            input,
            weights,
            gradient,
            of_image,
            of_weights,
        );
    }
}

multiversion! {
    fn depthwise_image(
        shape: &ConvShape,
        sizes: (MapSize, MapSize),
        input: &[f32],
        weights: &[f32],
        gradient: &[f32],
        of_input: &mut [f32],
        of_weights: &mut [f32],
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
                        let (pixel, of_pixel) = (&input[at..at + channels], &mut of_input[at..at + channels]);
                        let (window, of_window) = (&weights[tap..tap + channels], &mut of_weights[tap..tap + channels]);
                        for lane in 0..channels {
                            of_pixel[lane] += gradient[lane] * window[lane];
                            of_window[lane] += gradient[lane] * pixel[lane];
                        }
                    }
                }
            }
        }
    }
}
