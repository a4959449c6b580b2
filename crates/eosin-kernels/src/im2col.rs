//! Gathers the windows of a dense convolution into rows of a matrix.

use crate::pool::add;
use crate::shape::{ConvShape, MapSize};

/// Appends output pixels `first..first + count` (counted over the rows of one image) of `image`
/// (`[height, width, cin]`) as rows of `[kernel_h * kernel_w * channels]`, zero where the window
/// leaves the image. `channels` of the map, from `channel` on, are read.
pub(crate) fn gather(
    shape: &ConvShape,
    input: MapSize,
    output_width: usize,
    image: &[f32],
    (channel, channels): (usize, usize),
    (first, count): (usize, usize),
    rows: &mut Vec<f32>,
) {
    rows.reserve(count * shape.kernel[0] * shape.kernel[1] * channels);
    for pixel in first..first + count {
        let (row, column) = (pixel / output_width, pixel % output_width);
        for ky in 0..shape.kernel[0] {
            let y = (row * shape.stride + ky * shape.dilation).checked_sub(shape.padding.top);
            let Some(y) = y.filter(|y| *y < input.height) else {
                rows.resize(rows.len() + shape.kernel[1] * channels, 0.0);
                continue;
            };
            for kx in 0..shape.kernel[1] {
                let x =
                    (column * shape.stride + kx * shape.dilation).checked_sub(shape.padding.left);
                if let Some(x) = x.filter(|x| *x < input.width) {
                    let at = (y * input.width + x) * shape.cin + channel;
                    rows.extend_from_slice(&image[at..at + channels]);
                } else {
                    rows.resize(rows.len() + channels, 0.0);
                }
            }
        }
    }
}

/// Adds rows as [`gather`] makes them back to where they came from: the gradient of an image from
/// that of its windows.
pub(crate) fn scatter(
    shape: &ConvShape,
    input: MapSize,
    output_width: usize,
    rows: &[f32],
    (channel, channels): (usize, usize),
    image: &mut [f32],
) {
    let mut taps = rows.chunks_exact(channels);
    let pixels = rows.len() / (shape.kernel[0] * shape.kernel[1] * channels);
    for pixel in 0..pixels {
        let (row, column) = (pixel / output_width, pixel % output_width);
        for ky in 0..shape.kernel[0] {
            let y = (row * shape.stride + ky * shape.dilation).checked_sub(shape.padding.top);
            let y = y.filter(|y| *y < input.height);
            for kx in 0..shape.kernel[1] {
                let x =
                    (column * shape.stride + kx * shape.dilation).checked_sub(shape.padding.left);
                let tap = taps.next().expect("whole windows");
                let (Some(y), Some(x)) = (y, x.filter(|x| *x < input.width)) else {
                    continue;
                };
                let at = (y * input.width + x) * shape.cin + channel;
                add(&mut image[at..at + channels], tap);
            }
        }
    }
}
