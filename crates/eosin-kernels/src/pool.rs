//! Pooling over channels-last maps.

use crate::dispatch::multiversion;

/// A pooling window: the same side, step and padding on both axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Side of the window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Padding on every side; padded positions never win a maximum nor count in a mean.
    pub padding: usize,
    /// Whether the last window may overhang the map (PyTorch's `ceil_mode`).
    pub ceil: bool,
}

impl Pool {
    /// Output positions along an axis of `size`, as PyTorch computes them.
    ///
    /// # Panics
    /// When the window is larger than the padded axis.
    pub fn output_size(&self, size: usize) -> usize {
        let padded = size + 2 * self.padding;
        assert!(
            padded >= self.kernel,
            "a window of {} does not fit {padded}",
            self.kernel
        );
        let room = padded - self.kernel;
        if !self.ceil {
            return room / self.stride + 1;
        }
        let count = room.div_ceil(self.stride) + 1;
        // The last window must start inside the map or its left padding.
        if (count - 1) * self.stride >= size + self.padding {
            count - 1
        } else {
            count
        }
    }

    fn span(&self, at: usize, size: usize) -> std::ops::Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel - self.padding).min(size)
    }
}

/// Maximum over each window; `input` is `[n, height, width, channels]`.
pub fn max_pool(
    pool: &Pool,
    [height, width, channels]: [usize; 3],
    input: &[f32],
    out: &mut Vec<f32>,
) {
    each_window(
        pool,
        [height, width, channels],
        input,
        out,
        |target, pixels, first, _| {
            if first {
                target.copy_from_slice(pixels);
            } else {
                keep_larger(target, pixels);
            }
        },
    );
}

/// Mean over each window, padded positions not counted (`count_include_pad = False`).
pub fn avg_pool(
    pool: &Pool,
    [height, width, channels]: [usize; 3],
    input: &[f32],
    out: &mut Vec<f32>,
) {
    each_window(
        pool,
        [height, width, channels],
        input,
        out,
        |target, pixels, first, count| {
            if first {
                target.fill(0.0);
            }
            for (sum, pixel) in target.iter_mut().zip(pixels) {
                *sum += pixel / count;
            }
        },
    );
}

fn each_window(
    pool: &Pool,
    [height, width, channels]: [usize; 3],
    input: &[f32],
    out: &mut Vec<f32>,
    mut visit: impl FnMut(&mut [f32], &[f32], bool, f32),
) {
    let (rows, columns) = (pool.output_size(height), pool.output_size(width));
    let images = input.len() / (height * width * channels);
    out.resize(images * rows * columns * channels, 0.0);
    let mut targets = out.chunks_exact_mut(channels);
    for image in input.chunks_exact(height * width * channels) {
        for row in 0..rows {
            for column in 0..columns {
                let target = targets.next().expect("the output holds every window");
                let (ys, xs) = (pool.span(row, height), pool.span(column, width));
                let count = (ys.len() * xs.len()) as f32;
                let mut first = true;
                for y in ys {
                    for x in xs.clone() {
                        let at = (y * width + x) * channels;
                        visit(target, &image[at..at + channels], first, count);
                        first = false;
                    }
                }
            }
        }
    }
}

/// Mean over all positions: `[n, positions, channels]` to `[n, channels]`.
pub fn global_avg_pool(positions: usize, channels: usize, input: &[f32], out: &mut Vec<f32>) {
    out.clear();
    for image in input.chunks_exact(positions * channels) {
        let at = out.len();
        out.resize(at + channels, 0.0);
        let means = &mut out[at..];
        for pixel in image.chunks_exact(channels) {
            add(means, pixel);
        }
        for mean in means {
            *mean /= positions as f32;
        }
    }
}

multiversion! {
    fn keep_larger(target: &mut [f32], pixels: &[f32]) {
        for (largest, pixel) in target.iter_mut().zip(pixels) {
            // A NaN wins, as in PyTorch.
            *largest = if *largest >= *pixel || largest.is_nan() { *largest } else { *pixel };
        }
    }
}

multiversion! {
    fn add(target: &mut [f32], pixels: &[f32]) {
        for (sum, pixel) in target.iter_mut().zip(pixels) {
            *sum += pixel;
        }
    }
}
