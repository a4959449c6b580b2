//! Depthwise convolution along contiguous channels.

use crate::activation::{Activation, clamp};
use crate::dispatch::{MulAdd, multiversion};
use crate::packed::Finish;
use crate::shape::{ConvShape, Map, MapSize};

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

/// `out = activation(conv(map) + bias + shortcut)`, each channel with its own window of `weights`
/// (`[kernel_h * kernel_w, channels]`).
pub(crate) fn depthwise(
    shape: &ConvShape,
    weights: &[f32],
    map: &Map<'_>,
    finish: Finish<'_>,
    activation: Activation,
    out: &mut [f32],
) {
    let image = map.from.height * map.from.width * shape.cin;
    let line = map.to.width * shape.cin;
    for (at, out) in out.chunks_exact_mut(line).enumerate() {
        let (index, row) = (at / map.to.height, at % map.to.height);
        let finish = Finish {
            shortcut: finish.shortcut.map(|map| &map[at * line..(at + 1) * line]),
            ..finish
        };
        let image = &map.values[index * image..(index + 1) * image];
        convolve_line(shape, map.from, (image, weights), row, finish, out);
        activation.apply_unclamped(out);
    }
}

/// Channels that one step works on: a cache line. Four pixels then have as many sums at once as
/// hide the latency of a multiplication; a lone pixel takes more channels instead.
const LANES: usize = 16;
const LANES_ALONE: usize = 32;
/// And of the last channels.
const LANES_LAST: usize = 8;

multiversion! {
    /// Row `row` of the outputs (`[width, channels]`) of an image.
    fn convolve_line<M>(
        shape: &ConvShape,
        from: MapSize,
        operands: (&[f32], &[f32]),
        row: usize,
        finish: Finish<'_>,
        out: &mut [f32],
    ) {
        let (image, weights) = operands;
        let channels = shape.cin;
        let width = out.len() / channels;
        assert_eq!(image.len(), from.height * from.width * channels, "input does not fit");
        assert_eq!(weights.len(), shape.kernel[0] * shape.kernel[1] * channels, "weights do not fit");
        assert_eq!(finish.bias.len(), channels, "bias does not fit");
        let [kernel_h, kernel_w] = shape.kernel;
        let (ky, rows, y) =
            taps(row * shape.stride, kernel_h, shape.dilation, shape.padding.top, from.height);
        let inside = shape.inside(width, from.width);
        let job = Line { shape, from, image, weights, finish, rows: (ky, rows, y) };
        let mut column = 0;
        while column < width {
            let all = (0, kernel_w, (column * shape.stride).wrapping_sub(shape.padding.left));
            match inside.end.saturating_sub(column) {
                _ if !inside.contains(&column) => {
                    let at = column * shape.stride;
                    let (dilation, left) = (shape.dilation, shape.padding.left);
                    let some = taps(at, kernel_w, dilation, left, from.width);
                    column += job.pixels::<M, 1, LANES_ALONE>(column, some, out);
                }

                4.. => column += job.pixels::<M, 4, LANES>(column, all, out),
                2.. => column += job.pixels::<M, 2, LANES>(column, all, out),
                _ => column += job.pixels::<M, 1, LANES_ALONE>(column, all, out),
            }
        }
    }
}

/// What one line of outputs is made from, its lengths checked.
struct Line<'a> {
    shape: &'a ConvShape,
    from: MapSize,
    /// `[height, width, channels]`.
    image: &'a [f32],
    /// `[taps, channels]`.
    weights: &'a [f32],
    finish: Finish<'a>,
    /// First row of the window inside the image, how many are, and where in the image it lies.
    rows: (usize, usize, usize),
}

impl Line<'_> {
    /// `PIXELS` outputs from `column` on, all their channels, `WIDE` at a time; returns `PIXELS`.
    /// `columns` of the window are inside the image, as [`taps`] has them.
    #[inline(always)]
    fn pixels<M: MulAdd, const PIXELS: usize, const WIDE: usize>(
        &self,
        column: usize,
        columns: (usize, usize, usize),
        out: &mut [f32],
    ) -> usize {
        let channels = self.shape.cin;
        let (wide, whole) = (channels / WIDE * WIDE, channels / LANES_LAST * LANES_LAST);
        for channel in (0..wide).step_by(WIDE) {
            self.tile::<M, PIXELS, WIDE>((column, channel), columns, out);
        }
        for channel in (wide..whole).step_by(LANES_LAST) {
            self.tile::<M, PIXELS, LANES_LAST>((column, channel), columns, out);
        }
        for channel in whole..channels {
            self.tile::<M, PIXELS, 1>((column, channel), columns, out);
        }
        PIXELS
    }

    /// `WIDE` channels, from `channel` on, of `PIXELS` outputs.
    #[inline(always)]
    fn tile<M: MulAdd, const PIXELS: usize, const WIDE: usize>(
        &self,
        (column, channel): (usize, usize),
        (kx0, columns, x): (usize, usize, usize),
        out: &mut [f32],
    ) {
        let Self {
            shape,
            from,
            image,
            weights,
            finish,
            rows: (ky0, rows, y),
        } = self;
        let channels = shape.cin;
        let step = shape.stride * channels;
        let mut sums = [lanes::<WIDE>(finish.bias, channel); PIXELS];
        if let Some(shortcut) = finish.shortcut {
            for (pixel, sums) in sums.iter_mut().enumerate() {
                let other = lanes::<WIDE>(shortcut, (column + pixel) * channels + channel);
                for lane in 0..WIDE {
                    sums[lane] += other[lane];
                }
            }
        }
        for ky in 0..*rows {
            for kx in 0..columns {
                let at = (y + ky * shape.dilation) * from.width + x + kx * shape.dilation;
                let at = at * channels + channel;
                let tap = ((ky0 + ky) * shape.kernel[1] + kx0 + kx) * channels + channel;
                debug_assert!(at + (PIXELS - 1) * step + WIDE <= image.len());
                debug_assert!(tap + WIDE <= weights.len());
                #[expect(unsafe_code, reason = "checks of each tap take longer than its sums")]
                // SAFETY: `taps` and `ConvShape::inside` give only taps of the window that lie in
                // the image, for each of the pixels; `convolve_line` asserted that the image is
                // `[height, width, channels]` and that the weights are `[taps, channels]`, and
                // `channel + WIDE <= channels`.
                unsafe {
                    let window = weights.as_ptr().add(tap).cast::<[f32; WIDE]>().read();
                    let pixels = image.as_ptr().add(at);
                    for (pixel, sums) in sums.iter_mut().enumerate() {
                        let values = pixels.add(pixel * step).cast::<[f32; WIDE]>().read();
                        for lane in 0..WIDE {
                            sums[lane] = M::mul_add(values[lane], window[lane], sums[lane]);
                        }
                    }
                }
            }
        }
        for (pixel, sums) in sums.iter().enumerate() {
            let at = (column + pixel) * channels + channel;
            out[at..at + WIDE]
                .copy_from_slice(&sums.map(|sum| clamp(sum, finish.bounds.0, finish.bounds.1)));
        }
    }
}

#[inline(always)]
fn lanes<const WIDE: usize>(values: &[f32], at: usize) -> [f32; WIDE] {
    values[at..at + WIDE].try_into().expect("as long as that")
}
