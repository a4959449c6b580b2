//! Dense convolution: every window is a row of a matrix product, read where it lies.

use crate::activation::Activation;
use crate::microkernel::Piece;
use crate::packed::{Finish, Packed, Rows, passes};
use crate::shape::{ConvShape, Map, MapSize, Padding};

/// Floats that one band of output rows reads or writes: few enough that they stay in the
/// second-level cache until the activation is applied.
const BAND_FLOATS: usize = 64 * 1024;

/// Bands of more lines have a multiple of these: whole tiles of rows where a line is a pixel.
const LINES: usize = 24;

/// Some output rows, counted over all images, and the input that they read.
pub(crate) struct Band<'a> {
    /// The first output row.
    pub first: usize,
    /// Where the window of each output row's first pixel starts.
    pub bases: &'a [usize],
    /// The input, padded.
    pub values: &'a [f32],
    /// Floats of a line of the input.
    pub line: usize,
}

/// Calls `visit` with bands of output rows. The input is read where it is, or, where it must be
/// padded, from copies of its lines in `scratch`.
pub(crate) fn bands(
    shape: &ConvShape,
    map: &Map<'_>,
    scratch: &mut Vec<f32>,
    mut visit: impl FnMut(&Band<'_>),
) {
    let Map { n, from, to, .. } = *map;
    let Padding { left, right, .. } = shape.padding;
    let is_padded = shape.padding != Padding::default();
    let line = (from.width + left + right) * shape.cin;
    let lines = n * to.height;
    let per_line = (to.width * shape.cout).max(shape.stride.min(shape.kernel[0]) * line);
    let band = (BAND_FLOATS / per_line).max(1);
    let band = if band > LINES {
        band / LINES * LINES
    } else {
        band
    };
    let mut bases = Vec::with_capacity(band);
    for first in (0..lines).step_by(band) {
        let end = lines.min(first + band);
        bases.clear();
        scratch.clear();
        while first + bases.len() < end {
            let at = first + bases.len();
            let (image, row) = (at / to.height, at % to.height);
            let rows = (end - at).min(to.height - row);
            let base = if is_padded {
                let base = scratch.len();
                pad(shape, map, image, (row, rows), scratch);
                base
            } else {
                (image * from.height + row * shape.stride) * line
            };
            bases.extend((0..rows).map(|row| base + row * shape.stride * line));
        }
        visit(&Band {
            first,
            bases: &bases,
            values: if is_padded { scratch } else { map.values },
            line,
        });
    }
}

/// `out = activation(conv(map) + bias + shortcut)`, `groups` being the packed weights of each
/// group.
pub(crate) fn convolve(
    shape: &ConvShape,
    groups: &[Packed],
    map: &Map<'_>,
    finish: Finish<'_>,
    activation: Activation,
    (out, scratch): (&mut [f32], &mut Vec<f32>),
) {
    let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
    let width = map.to.width;
    let (mut passes_of_line, mut starts) = (None, Vec::new());
    bands(shape, map, scratch, |band| {
        let passes = passes_of_line.get_or_insert_with(|| passes(pieces(shape, band.line)));
        let columns = (0..width).map(|column| column * shape.stride * shape.cin);
        starts.clear();
        starts.extend(
            band.bases
                .iter()
                .flat_map(|base| columns.clone().map(move |at| base + at)),
        );
        let first = band.first * width * shape.cout;
        let span = first..first + starts.len() * shape.cout;
        for (group, weights) in groups.iter().enumerate() {
            let finish = Finish {
                bias: &finish.bias[group * cout..(group + 1) * cout],
                shortcut: finish.shortcut.map(|map| &map[first + group * cout..]),
                ..finish
            };
            let left = Rows {
                values: &band.values[group * cin..],
                starts: &starts,
                passes,
            };
            let out = &mut out[first + group * cout..span.end];
            weights.product(left, finish, out, shape.cout);
        }
        activation.apply_unclamped(&mut out[span]);
    });
}

/// What a window is made of, lines of the map being `line` floats apart.
pub(crate) fn pieces(shape: &ConvShape, line: usize) -> Vec<Piece> {
    let [kernel_h, kernel_w] = shape.kernel;
    let row = |ky: usize| ky * shape.dilation * line;
    if shape.groups == 1 && shape.dilation == 1 {
        let len = kernel_w * shape.cin;
        return (0..kernel_h)
            .map(|ky| Piece {
                offset: row(ky),
                len,
            })
            .collect();
    }
    let len = shape.cin / shape.groups;
    let tap = |ky, kx| Piece {
        offset: row(ky) + kx * shape.dilation * shape.cin,
        len,
    };
    (0..kernel_h)
        .flat_map(|ky| (0..kernel_w).map(move |kx| tap(ky, kx)))
        .collect()
}

/// Appends the lines of `image` that output rows `row..row + rows` read, with their padding.
fn pad(
    shape: &ConvShape,
    map: &Map<'_>,
    image: usize,
    (row, rows): (usize, usize),
    lines: &mut Vec<f32>,
) {
    let Padding {
        top, left, right, ..
    } = shape.padding;
    let MapSize { height, width } = map.from;
    let image = &map.values[image * height * width * shape.cin..];
    let last = (row + rows - 1) * shape.stride + shape.dilation * (shape.kernel[0] - 1);
    for y in row * shape.stride..=last {
        lines.resize(lines.len() + left * shape.cin, 0.0);
        if y >= top && y - top < height {
            let line = (y - top) * width * shape.cin;
            lines.extend_from_slice(&image[line..line + width * shape.cin]);
        } else {
            lines.resize(lines.len() + width * shape.cin, 0.0);
        }
        lines.resize(lines.len() + right * shape.cin, 0.0);
    }
}
