//! Depthwise convolution along contiguous channels.

use crate::conv::{ConvShape, MapSize};
use crate::dispatch::multiversion;

/// Channels that one pass keeps in registers.
const LANES: usize = 32;

/// Where a window meets the image on one axis: first tap, number of taps, first input position.
#[inline(always)]
pub(crate) fn taps(
    at: usize,
    kernel: usize,
    dilation: usize,
    before: usize,
    size: usize,
) -> (usize, usize, usize) {
    let first = before.saturating_sub(at).div_ceil(dilation);
    let start = (at + first * dilation).saturating_sub(before);
    let inside = if start < size {
        (size - start).div_ceil(dilation)
    } else {
        0
    };
    (first, inside.min(kernel.saturating_sub(first)), start)
}

multiversion! {
    /// Convolves each channel of `image` (`[height, width, channels]`) with its own window.
    /// `weights` are `[kernel_h * kernel_w, channels]`; the raw sums are written to `out`.
    fn depthwise_sums(
        shape: &ConvShape,
        input: MapSize,
        output: MapSize,
        image: &[f32],
        weights: &[f32],
        out: &mut [f32],
    ) {
        let channels = shape.cin;
        for row in 0..output.height {
            let (ky0, rows, y0) =
                taps(row * shape.stride, shape.kernel[0], shape.dilation, shape.padding.top, input.height);
            for column in 0..output.width {
                let (kx0, columns, x0) =
                    taps(column * shape.stride, shape.kernel[1], shape.dilation, shape.padding.left, input.width);
                let at = (row * output.width + column) * channels;
                let target = &mut out[at..at + channels];
                let mut channel = 0;
                while channel + LANES <= channels {
                    let mut sums = [0.0_f32; LANES];
                    for ky in 0..rows {
                        let line = (y0 + ky * shape.dilation) * input.width;
                        for kx in 0..columns {
                            let from = (line + x0 + kx * shape.dilation) * channels + channel;
                            let tap = ((ky0 + ky) * shape.kernel[1] + kx0 + kx) * channels + channel;
                            let pixels: &[f32; LANES] =
                                image[from..from + LANES].try_into().expect("LANES long");
                            let window: &[f32; LANES] =
                                weights[tap..tap + LANES].try_into().expect("LANES long");
                            for lane in 0..LANES {
                                sums[lane] += pixels[lane] * window[lane];
                            }
                        }
                    }
                    target[channel..channel + LANES].copy_from_slice(&sums);
                    channel += LANES;
                }
                let rest = &mut target[channel..];
                rest.fill(0.0);
                for ky in 0..rows {
                    let line = (y0 + ky * shape.dilation) * input.width;
                    for kx in 0..columns {
                        let from = (line + x0 + kx * shape.dilation) * channels + channel;
                        let tap = ((ky0 + ky) * shape.kernel[1] + kx0 + kx) * channels + channel;
                        for (lane, sum) in rest.iter_mut().enumerate() {
                            *sum += image[from + lane] * weights[tap + lane];
                        }
                    }
                }
            }
        }
    }
}

/// See [`depthwise_sums`].
pub(crate) fn depthwise(
    shape: &ConvShape,
    input: MapSize,
    output: MapSize,
    image: &[f32],
    weights: &[f32],
    out: &mut [f32],
) {
    depthwise_sums(shape, input, output, image, weights, out);
}
