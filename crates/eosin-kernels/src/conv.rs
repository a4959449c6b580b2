//! A packed two-dimensional convolution with bias, residual and activation.

use crate::activation::{Activation, finish};
use crate::depthwise::depthwise;
use crate::im2col::gather;
use crate::matmul::matmul;

/// Output rows that one matrix product covers: few enough that they stay in the second-level cache
/// until bias and activation are applied.
const BLOCK_FLOATS: usize = 96 * 1024;

/// Zero rows and columns around a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// The same on every side.
    pub const fn same(by: usize) -> Self {
        Self {
            top: by,
            bottom: by,
            left: by,
            right: by,
        }
    }
}

/// The geometry of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvShape {
    /// Input channels.
    pub cin: usize,
    /// Output channels.
    pub cout: usize,
    /// Window height and width.
    pub kernel: [usize; 2],
    /// Step between windows, the same on both axes.
    pub stride: usize,
    /// Distance between taps, the same on both axes.
    pub dilation: usize,
    /// Zeros around the input.
    pub padding: Padding,
    /// Independent groups of channels; divides `cin` and `cout`.
    pub groups: usize,
}

/// Height and width of a feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MapSize {
    pub height: usize,
    pub width: usize,
}

impl ConvShape {
    /// Height and width of the output for an input of `height` x `width`; `None` when the window
    /// does not fit.
    pub fn output_size(&self, height: usize, width: usize) -> Option<(usize, usize)> {
        let axis = |size: usize, kernel: usize| {
            let span = self.dilation * (kernel - 1) + 1;
            size.checked_sub(span).map(|room| room / self.stride + 1)
        };
        let rows = axis(
            height + self.padding.top + self.padding.bottom,
            self.kernel[0],
        )?;
        let columns = axis(
            width + self.padding.left + self.padding.right,
            self.kernel[1],
        )?;
        Some((rows, columns))
    }

    /// Multiply-adds for one image of `height` x `width`.
    pub fn multiply_adds(&self, height: usize, width: usize) -> u64 {
        let (rows, columns) = self.output_size(height, width).unwrap_or((0, 0));
        let taps = self.kernel[0] * self.kernel[1] * (self.cin / self.groups);
        (rows * columns * self.cout * taps) as u64
    }

    /// Sizes of the map that goes in and the one that comes out.
    ///
    /// # Panics
    /// When the window does not fit, or a map has not the length that its shape asks for.
    pub(crate) fn map_sizes(
        &self,
        (n, height, width): (usize, usize, usize),
        input: &[f32],
        out: &[f32],
    ) -> (MapSize, MapSize) {
        let from = MapSize { height, width };
        let (height, width) = self
            .output_size(height, width)
            .expect("the window must fit the padded map");
        let to = MapSize { height, width };
        let floats = |size: MapSize, channels: usize| n * size.height * size.width * channels;
        assert_eq!(input.len(), floats(from, self.cin), "input does not fit");
        assert_eq!(out.len(), floats(to, self.cout), "output does not fit");
        (from, to)
    }

    /// Calls `visit` with the place of every weight in PyTorch's order and in the packed one.
    fn each_weight(&self, mut visit: impl FnMut(usize, usize)) {
        let (cin, cout) = (self.cin / self.groups, self.cout / self.groups);
        let taps = self.kernel[0] * self.kernel[1];
        let depthwise = self.is_depthwise();
        for out in 0..self.cout {
            for channel in 0..cin {
                for tap in 0..taps {
                    let at = if depthwise {
                        tap * self.cout + out
                    } else {
                        let group = out / cout;
                        group * taps * cin * cout + (tap * cin + channel) * cout + out % cout
                    };
                    visit((out * cin + channel) * taps + tap, at);
                }
            }
        }
    }

    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == 1
            && self.groups == 1
            && self.padding == Padding::default()
    }

    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups == self.cin && self.cout == self.cin
    }
}

/// A convolution with packed weights.
#[derive(Clone, Debug)]
pub struct Conv {
    shape: ConvShape,
    /// Per group `[kernel_h * kernel_w * cin / groups, cout / groups]`; depthwise:
    /// `[kernel_h * kernel_w, channels]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
}

impl Conv {
    /// Packs `weights` of PyTorch's layout `[cout, cin / groups, kernel_h, kernel_w]`.
    ///
    /// # Panics
    /// When a length does not follow from `shape`, or `groups` does not divide the channels.
    pub fn new(shape: ConvShape, weights: &[f32], bias: &[f32], activation: Activation) -> Self {
        let [kernel_h, kernel_w] = shape.kernel;
        assert!(
            shape.groups > 0 && shape.cin.is_multiple_of(shape.groups),
            "groups must divide cin"
        );
        assert!(
            shape.cout.is_multiple_of(shape.groups),
            "groups must divide cout"
        );
        let cin = shape.cin / shape.groups;
        assert_eq!(
            weights.len(),
            shape.cout * cin * kernel_h * kernel_w,
            "weights do not fit"
        );
        assert_eq!(bias.len(), shape.cout, "bias does not fit");
        let mut packed = vec![0.0; weights.len()];
        shape.each_weight(|plain, at| packed[at] = weights[plain]);
        Self {
            shape,
            weights: packed,
            bias: bias.to_vec(),
            activation,
        }
    }

    /// Weights, or their gradients, from the packed order back to PyTorch's.
    pub fn unpacked(&self, packed: &[f32]) -> Vec<f32> {
        let mut weights = vec![0.0; packed.len()];
        self.shape
            .each_weight(|plain, at| weights[plain] = packed[at]);
        weights
    }

    /// What is applied to the sums.
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// The packed weights.
    pub(crate) fn packed(&self) -> &[f32] {
        &self.weights
    }

    /// The geometry.
    pub const fn shape(&self) -> &ConvShape {
        &self.shape
    }

    /// Convolves `n` images: `out = activation(conv(input) + bias + shortcut)`.
    ///
    /// `input` is `[n, height, width, cin]`; `shortcut`, when given, and `out` are
    /// `[n, out_height, out_width, cout]`. `scratch` is reused between calls.
    ///
    /// # Panics
    /// When a slice has not the length that its shape asks for, or the window does not fit.
    pub fn run(
        &self,
        (n, height, width): (usize, usize, usize),
        input: &[f32],
        shortcut: Option<&[f32]>,
        out: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let shape = &self.shape;
        let (from, to) = shape.map_sizes((n, height, width), input, out);
        if let Some(shortcut) = shortcut {
            assert_eq!(
                shortcut.len(),
                out.len(),
                "shortcut must have the shape of the output"
            );
        }
        if shape.is_pointwise() {
            self.run_pointwise(n * height * width, input, shortcut, out);
            return;
        }
        let out_floats = to.height * to.width * shape.cout;
        for (index, image) in input.chunks_exact(height * width * shape.cin).enumerate() {
            let span = index * out_floats..(index + 1) * out_floats;
            let shortcut = shortcut.map(|map| &map[span.clone()]);
            let out = &mut out[span];
            if shape.is_depthwise() {
                depthwise(shape, from, to, image, &self.weights, out);
                finish(out, &self.bias, shortcut, self.activation);
            } else {
                self.run_dense(from, to, image, shortcut, out, scratch);
            }
        }
    }

    fn run_pointwise(&self, rows: usize, input: &[f32], shortcut: Option<&[f32]>, out: &mut [f32]) {
        let (cin, cout) = (self.shape.cin, self.shape.cout);
        let block = (BLOCK_FLOATS / cin.max(cout)).clamp(16, rows.max(16)) / 16 * 16;
        for first in (0..rows).step_by(block) {
            let count = block.min(rows - first);
            let target = &mut out[first * cout..(first + count) * cout];
            let source = &input[first * cin..(first + count) * cin];
            matmul(
                [count, cin, cout],
                (target, cout),
                (source, cin),
                &self.weights,
            );
            let shortcut = shortcut.map(|map| &map[first * cout..(first + count) * cout]);
            finish(target, &self.bias, shortcut, self.activation);
        }
    }

    fn run_dense(
        &self,
        from: MapSize,
        to: MapSize,
        image: &[f32],
        shortcut: Option<&[f32]>,
        out: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let shape = &self.shape;
        let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
        let depth = shape.kernel[0] * shape.kernel[1] * cin;
        let pixels = to.height * to.width;
        let block = (BLOCK_FLOATS / depth.max(shape.cout)).clamp(16, pixels.max(16)) / 16 * 16;
        for first in (0..pixels).step_by(block) {
            let count = block.min(pixels - first);
            let span = first * shape.cout..(first + count) * shape.cout;
            for group in 0..shape.groups {
                scratch.clear();
                gather(
                    shape,
                    from,
                    to.width,
                    image,
                    (group * cin, cin),
                    (first, count),
                    scratch,
                );
                let weights = &self.weights[group * depth * cout..(group + 1) * depth * cout];
                let target = &mut out[first * shape.cout + group * cout..span.end];
                matmul(
                    [count, depth, cout],
                    (target, shape.cout),
                    (scratch, depth),
                    weights,
                );
            }
            let shortcut = shortcut.map(|map| &map[span.clone()]);
            finish(&mut out[span], &self.bias, shortcut, self.activation);
        }
    }
}
