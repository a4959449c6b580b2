//! Pooling over channels-last maps.

use crate::dispatch::multiversion;

/// A pooling window: the same side, step and padding on both axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Side of the window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Padding on every side; padded positions never win a maximum.
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
pub fn max_pool(pool: &Pool, shape: [usize; 3], input: &[f32], out: &mut Vec<f32>) {
    let windows = Windows::of(pool, shape);
    windows.each(shape[2], input, out, |target, pixels, first, _| {
        if first {
            target.copy_from_slice(pixels);
        } else {
            keep_larger(target, pixels);
        }
    });
}

/// How padded positions enter a mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padded {
    /// As zeros, PyTorch's `count_include_pad=True`. What overhangs the padding never counts.
    Zeros,
    /// Not at all, `count_include_pad=False`.
    Left,
}

/// Mean over each window; `input` is `[n, height, width, channels]`.
pub fn avg_pool(pool: &Pool, padded: Padded, shape: [usize; 3], input: &[f32], out: &mut Vec<f32>) {
    let count = |row: usize, column: usize| mean_count(pool, padded, shape, row, column);
    Windows::of(pool, shape).mean(shape[2], input, out, count);
}

/// What the sum over a window is divided by.
pub(crate) fn mean_count(
    pool: &Pool,
    padded: Padded,
    shape: [usize; 3],
    row: usize,
    column: usize,
) -> f32 {
    let axis = |at: usize, size: usize| {
        let start = at * pool.stride;
        match padded {
            Padded::Zeros => (start + pool.kernel).min(size + 2 * pool.padding) - start,
            Padded::Left => pool.span(at, size).len(),
        }
    };
    (axis(row, shape[0]) * axis(column, shape[1])) as f32
}

/// Mean over `side` x `side` windows that tile the map, overlapping where `side` does not divide
/// it (PyTorch's `adaptive_avg_pool2d`); `input` is `[n, height, width, channels]`.
pub fn adaptive_avg_pool(side: usize, shape: [usize; 3], input: &[f32], out: &mut Vec<f32>) {
    let windows = Windows::tiling(side, shape);
    let count = |row: usize, column: usize| windows.size(row, column) as f32;
    windows.mean(shape[2], input, out, count);
}

/// The rows and columns of the map that each output row and column reads.
pub(crate) struct Windows {
    height: usize,
    width: usize,
    rows: Vec<std::ops::Range<usize>>,
    columns: Vec<std::ops::Range<usize>>,
}

impl Windows {
    pub(crate) fn of(pool: &Pool, shape: [usize; 3]) -> Self {
        Self::spanning(shape, |size| {
            (0..pool.output_size(size))
                .map(|at| pool.span(at, size))
                .collect()
        })
    }

    /// `side` x `side` windows that tile the map.
    pub(crate) fn tiling(side: usize, shape: [usize; 3]) -> Self {
        Self::spanning(shape, |size| {
            (0..side)
                .map(|at| at * size / side..((at + 1) * size).div_ceil(side))
                .collect()
        })
    }

    /// `spans` gives the windows along an axis of so many positions.
    fn spanning(
        [height, width, _]: [usize; 3],
        spans: impl Fn(usize) -> Vec<std::ops::Range<usize>>,
    ) -> Self {
        Self {
            height,
            width,
            rows: spans(height),
            columns: spans(width),
        }
    }

    /// Positions of one window.
    pub(crate) fn size(&self, row: usize, column: usize) -> usize {
        self.rows[row].len() * self.columns[column].len()
    }

    /// Windows of an image.
    pub(crate) const fn outputs(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Calls `visit` for every window of `images` images with the place of its output, those of its
    /// pixels, and its row and column.
    pub(crate) fn walk(
        &self,
        images: usize,
        channels: usize,
        mut visit: impl FnMut(usize, &mut dyn Iterator<Item = usize>, (usize, usize)),
    ) {
        let mut target = 0;
        for image in 0..images {
            let start = image * self.height * self.width * channels;
            for (row, ys) in self.rows.iter().enumerate() {
                for (column, xs) in self.columns.iter().enumerate() {
                    let pixels = ys.clone().flat_map(|y| xs.clone().map(move |x| (y, x)));
                    let place = |(y, x): (usize, usize)| start + (y * self.width + x) * channels;
                    visit(target, &mut pixels.map(place), (row, column));
                    target += channels;
                }
            }
        }
    }

    /// Calls `visit(target, pixel, whether it is the window's first, window)` for every pixel of
    /// every window.
    fn each(
        &self,
        channels: usize,
        input: &[f32],
        out: &mut Vec<f32>,
        mut visit: impl FnMut(&mut [f32], &[f32], bool, (usize, usize)),
    ) {
        let images = input.len() / (self.height * self.width * channels);
        out.resize(images * self.outputs() * channels, 0.0);
        self.walk(images, channels, |at, pixels, window| {
            let target = &mut out[at..at + channels];
            for (index, at) in pixels.enumerate() {
                visit(target, &input[at..at + channels], index == 0, window);
            }
        });
    }

    /// The sum of each window over `count(row, column)`.
    fn mean(
        &self,
        channels: usize,
        input: &[f32],
        out: &mut Vec<f32>,
        count: impl Fn(usize, usize) -> f32,
    ) {
        self.each(
            channels,
            input,
            out,
            |target, pixels, first, (row, column)| {
                if first {
                    target.fill(0.0);
                }
                add_scaled(target, pixels, 1.0 / count(row, column));
            },
        );
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
    /// Adds `pixels` to `target`.
    pub fn add(target: &mut [f32], pixels: &[f32]) {
        for (sum, pixel) in target.iter_mut().zip(pixels) {
            *sum += pixel;
        }
    }
}

multiversion! {
    /// Adds `factor` times `pixels` to `target`.
    pub(crate) fn add_scaled(target: &mut [f32], pixels: &[f32], factor: f32) {
        for (sum, pixel) in target.iter_mut().zip(pixels) {
            *sum += pixel * factor;
        }
    }
}
