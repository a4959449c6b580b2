//! A matrix packed into panels, and its product with rows that lie anywhere.

use std::borrow::Cow;
use std::ops::Range;

use crate::microkernel::{MOST_COLUMNS, MOST_ROWS, Microkernel, Piece, Start, Tile, Word};
use crate::pool::add;
use crate::precision::Precision;

/// Rows of a panel that one pass multiplies: what stays in the first-level cache.
const PASS: usize = 256;

/// Tiles of rows that are few.
const FEW_TILES: usize = 4;

/// Floats of a cache line: panels start on one, so that no vector lies across two.
const LINE: usize = 16;

/// The right side `[depth, columns]` of products, in panels of as many columns as a kernel
/// multiplies at once.
#[derive(Debug)]
pub(crate) struct Packed {
    kernel: Microkernel,
    depth: usize,
    columns: usize,
    values: Vec<f32>,
    /// Where the panels start in `values`.
    start: usize,
}

/// Where a product's sums start and end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finish<'a> {
    /// One value a column; empty for zeros.
    pub bias: &'a [f32],
    /// Added, laid out as the output.
    pub shortcut: Option<&'a [f32]>,
    /// The sums are clamped to this.
    pub bounds: (f32, f32),
}

impl Finish<'_> {
    /// The bare product.
    pub const PLAIN: Self = Self {
        bias: &[],
        shortcut: None,
        bounds: (f32::NEG_INFINITY, f32::INFINITY),
    };
}

/// Rows that lie in a slice, each of the same pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub values: &'a [f32],
    /// Where each row starts.
    pub starts: &'a [usize],
    /// What a row is made of, in passes that each keep their part of a panel in the cache.
    pub passes: &'a [Vec<Piece>],
}

/// Cuts the pieces of a row into passes.
pub(crate) fn passes(pieces: impl IntoIterator<Item = Piece>) -> Vec<Vec<Piece>> {
    let mut passes: Vec<Vec<Piece>> = Vec::new();
    let mut left = 0;
    for Piece {
        mut offset,
        mut len,
    } in pieces
    {
        while len > 0 {
            if left == 0 {
                passes.push(Vec::new());
                left = PASS;
            }
            let taken = len.min(left);
            if let Some(pass) = passes.last_mut() {
                pass.push(Piece { offset, len: taken });
            }
            offset += taken;
            len -= taken;
            left -= taken;
        }
    }
    passes
}

impl Clone for Packed {
    fn clone(&self) -> Self {
        let mut copy = Self::for_kernel(self.kernel, self.depth, self.columns);
        copy.panels_mut().copy_from_slice(self.panels());
        copy
    }
}

impl Packed {
    /// All zeros.
    pub fn empty(depth: usize, columns: usize) -> Self {
        Self::for_kernel(Microkernel::best(Precision::F32), depth, columns)
    }

    /// All zeros, for this kernel's words.
    pub fn for_kernel(kernel: Microkernel, depth: usize, columns: usize) -> Self {
        let floats = depth * columns.next_multiple_of(kernel.lanes);
        let values = vec![0.0; floats + LINE];
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>());
        Self {
            kernel,
            depth,
            columns,
            start: if start < LINE { start } else { 0 },
            values,
        }
    }

    /// Packs rows of `columns` values.
    pub fn new(columns: usize, rows: &[f32]) -> Self {
        let mut packed = Self::empty(rows.len() / columns, columns);
        packed.fill_lines(|row, first, line| {
            line.copy_from_slice(&rows[row * columns + first..][..line.len()]);
        });
        packed
    }

    /// Packs columns that `read` gives, those of a panel at a time, each `[channels, taps]`; rows
    /// are `[taps, channels]`.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn from_outputs<'a, E>(
        [channels, taps, columns]: [usize; 3],
        mut read: impl FnMut(Range<usize>) -> Result<Cow<'a, [f32]>, E>,
    ) -> Result<Self, E> {
        let depth = channels * taps;
        let mut packed = Self::empty(depth, columns);
        for first in (0..columns).step_by(2 * packed.kernel.lanes) {
            let width = packed.width(first);
            let used = width.min(columns - first);
            let values = read(first..first + used)?;
            let panel = &mut packed.panels_mut()[first * depth..first * depth + width * depth];
            for (at, (channel, tap)) in (0..channels)
                .flat_map(|channel| (0..taps).map(move |tap| (channel, tap)))
                .enumerate()
            {
                let line = &mut panel[(tap * channels + channel) * width..][..used];
                for (value, column) in line.iter_mut().zip(values.chunks_exact(depth)) {
                    *value = column[at];
                }
            }
        }
        Ok(packed)
    }

    /// Sets all values, given by row and column.
    pub fn fill(&mut self, value: impl Fn(usize, usize) -> f32) {
        self.fill_lines(|row, first, line| {
            for (lane, at) in line.iter_mut().enumerate() {
                *at = value(row, first + lane);
            }
        });
    }

    /// Calls `set(row, first column, values)` for the part of each row that is in each panel.
    fn fill_lines(&mut self, set: impl Fn(usize, usize, &mut [f32])) {
        let (depth, columns) = (self.depth, self.columns);
        for first in (0..columns).step_by(2 * self.kernel.lanes) {
            let width = self.width(first);
            let used = width.min(columns - first);
            let panel = &mut self.panels_mut()[first * depth..first * depth + width * depth];
            for (row, line) in panel.chunks_exact_mut(width).enumerate() {
                set(row, first, &mut line[..used]);
            }
        }
    }

    /// Columns of the panel that starts at column `first`.
    fn width(&self, first: usize) -> usize {
        let lanes = self.kernel.lanes;
        if self.columns - first > lanes {
            2 * lanes
        } else {
            lanes
        }
    }

    fn panels(&self) -> &[f32] {
        &self.values[self.start..]
    }

    fn panels_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..]
    }

    /// What a word of the panels and of rows holds.
    pub const fn word(&self) -> Word {
        self.kernel.word
    }

    /// Rows of a tile: products of a multiple of so many waste nothing.
    pub fn tile_rows(&self) -> usize {
        self.kernel.rows
    }

    /// `out[row, column] = clamp(sum over the row's values + bias + shortcut)`, rows of `out`
    /// being `stride` apart.
    ///
    /// # Panics
    /// When a slice is too short for its shape.
    pub fn product(&self, left: Rows<'_>, finish: Finish<'_>, out: &mut [f32], stride: usize) {
        let Some(furthest) = left.starts.iter().max() else {
            return;
        };
        let pieces = || left.passes.iter().flatten();
        let reach = pieces().map(|piece| piece.offset + piece.len).max();
        assert!(
            furthest + reach.unwrap_or(0) <= left.values.len(),
            "a row leaves the left matrix"
        );
        let depth: usize = pieces().map(|piece| piece.len).sum();
        assert_eq!(depth, self.depth, "rows do not fit");
        let extent = (left.starts.len() - 1) * stride + self.columns;
        assert!(
            stride >= self.columns && out.len() >= extent,
            "output is too short"
        );
        assert!(
            finish.bias.is_empty() || finish.bias.len() == self.columns,
            "bias does not fit"
        );
        assert!(
            finish.shortcut.is_none_or(|map| map.len() >= extent),
            "shortcut is too short"
        );
        let of_panel = |pass: usize, row: usize, first: usize, out: &mut [f32]| {
            let is_last = pass + 1 == left.passes.len();
            let finish = Finish {
                bounds: if is_last {
                    finish.bounds
                } else {
                    Finish::PLAIN.bounds
                },
                ..finish
            };
            let rows = (left.values, left.starts, left.passes[pass].as_slice());
            self.panel_product(rows, (row, first), finish, out, stride);
        };
        let panels = || (0..self.columns).step_by(2 * self.kernel.lanes);
        let passes = || {
            let mut row = 0;
            left.passes.iter().enumerate().map(move |(pass, pieces)| {
                let first = row;
                row += pieces.iter().map(|piece| piece.len).sum::<usize>();
                (pass, first)
            })
        };
        // Few rows stay in the cache whole, and a panel is best read from end to end.
        if left.starts.len() <= FEW_TILES * self.kernel.rows {
            for first in panels() {
                passes().for_each(|(pass, row)| of_panel(pass, row, first, out));
            }
        } else {
            for (pass, row) in passes() {
                panels().for_each(|first| of_panel(pass, row, first, out));
            }
        }
    }

    /// One pass of [`product`](Self::product) over one panel: its rows from `row` on, its columns
    /// from `first` on. The lengths are the caller's to check.
    fn panel_product(
        &self,
        (values, starts, pieces): (&[f32], &[usize], &[Piece]),
        (row, first): (usize, usize),
        finish: Finish<'_>,
        out: &mut [f32],
        stride: usize,
    ) {
        let Microkernel {
            rows,
            lanes,
            narrow,
            wide,
            ..
        } = self.kernel;
        let width = self.width(first);
        let run = if width == lanes { narrow } else { wide };
        let used = width.min(self.columns - first);
        let depth: usize = pieces.iter().map(|piece| piece.len).sum();
        let panel = &self.panels()[first * self.depth + row * width..][..depth * width];
        let mut bias = [0.0; MOST_COLUMNS];
        if let Some(values) = finish.bias.get(first..first + used) {
            bias[..used].copy_from_slice(values);
        }
        let mut repeated = [0; MOST_ROWS];
        let mut edge = [0.0; MOST_ROWS * MOST_COLUMNS];
        for (tile, mut starts) in starts.chunks(rows).enumerate() {
            let at = tile * rows * stride + first;
            let count = starts.len();
            if count < rows {
                repeated[..count].copy_from_slice(starts);
                repeated[count..rows].fill(starts[count - 1]);
                starts = &repeated[..rows];
            }
            let shortcut = finish.shortcut.map(|map| &map[at..]);
            let mut job = Tile {
                left: values.as_ptr(),
                rows: starts,
                pieces,
                panel: panel.as_ptr(),
                start: match shortcut {
                    _ if row > 0 => Start::Output,
                    None => Start::Bias(bias.as_ptr()),
                    Some(shortcut) => Start::BiasAndShortcut(bias.as_ptr(), shortcut.as_ptr()),
                },
                out: out[at..].as_mut_ptr(),
                stride,
                count,
                bounds: finish.bounds,
            };
            let lines = (0..count).map(|row| row * stride..row * stride + used);
            let lines = lines.zip((0..count).map(|row| row * width..row * width + used));
            if used < width {
                for (wide, narrow) in lines.clone() {
                    let sums = &mut edge[narrow];
                    if row > 0 {
                        sums.copy_from_slice(&out[at..][wide]);
                        continue;
                    }
                    sums.copy_from_slice(&bias[..used]);
                    if let Some(shortcut) = shortcut {
                        add(sums, &shortcut[wide]);
                    }
                }
                job.start = Start::Output;
                job.out = edge.as_mut_ptr();
                job.stride = width;
            }
            #[expect(unsafe_code, reason = "kernels take raw pointers")]
            // SAFETY: `Microkernel::best` found the instructions. `product` asserted that rows,
            // output and shortcut reach as far as the tile does; the panel is cut to the pieces'
            // length times its width, and `starts` are those of a full tile. Where the panel is
            // wider than what is left of the output, `edge` stands for it and is large enough.
            unsafe {
                run(&job);
            }
            if used < width {
                for (wide, narrow) in lines {
                    out[at..][wide].copy_from_slice(&edge[narrow]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    #[test]
    fn every_kernel_of_this_processor_equals_the_naive_sum() {
        for kernel in Microkernel::available(Precision::F32) {
            for (count, depth, columns) in [(1, 1, 1), (7, 5, 9), (13, 400, 33), (24, 770, 70)] {
                for with_shortcut in [false, true] {
                    check(kernel, count, depth, columns, with_shortcut);
                }
            }
        }
    }

    fn check(kernel: Microkernel, count: usize, depth: usize, columns: usize, with_shortcut: bool) {
        let right = noise(depth * columns, 1);
        let mut packed = Packed::for_kernel(kernel, depth, columns);
        packed.fill(|row, column| right[row * columns + column]);
        let (gap, stride) = (3, columns + 2);
        let left = noise(count * (depth + gap) + gap, 2);
        let (bias, shortcut) = (noise(columns, 3), noise(count * stride, 4));
        let half = depth / 2;
        let pieces = [(0, half), (half + gap, depth - half)];
        let passes = passes(pieces.map(|(offset, len)| Piece { offset, len }));
        let starts: Vec<usize> = (0..count).rev().map(|row| row * (depth + gap)).collect();
        let rows = Rows {
            values: &left,
            starts: &starts,
            passes: &passes,
        };
        let finish = Finish {
            bias: &bias,
            shortcut: with_shortcut.then_some(&*shortcut),
            bounds: (-2.0, 5.0),
        };
        let mut out = vec![f32::NAN; count * stride];
        packed.product(rows, finish, &mut out, stride);
        for (row, start) in starts.iter().enumerate() {
            for column in 0..columns {
                let at = |k: usize| if k < half { k } else { k + gap };
                let product = |k: usize| {
                    f64::from(left[start + at(k)]) * f64::from(right[k * columns + column])
                };
                let sum: f64 = (0..depth).map(product).sum::<f64>() + f64::from(bias[column]);
                let place = row * stride + column;
                let other = if with_shortcut {
                    f64::from(shortcut[place])
                } else {
                    0.0
                };
                let expected = (sum + other).clamp(-2.0, 5.0);
                assert!(
                    (f64::from(out[place]) - expected).abs()
                        < 1e-5 * (depth as f64).sqrt().max(4.0),
                    "{kernel:?} {count}x{depth}x{columns} at {row}, {column}: {} for {expected}",
                    out[place]
                );
            }
            let between = &out[row * stride + columns..(row + 1) * stride];
            assert!(
                between.iter().all(|value| value.is_nan()),
                "written between rows"
            );
        }
    }
}
