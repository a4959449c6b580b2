//! A packed two-dimensional convolution with bias, residual and activation.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::Range;

use crate::activation::Activation;
use crate::depthwise::depthwise;
use crate::microkernel::Microkernel;
use crate::packed::{Finish, Packed};
use crate::precision::Precision;
use crate::reduced::Reduced;
use crate::windows::{Map, convolve};
use crate::winograd::Winograd;

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
    /// One tap for each of `channels`: a factor.
    pub const fn of_each_channel(channels: usize) -> Self {
        Self {
            cin: channels,
            cout: channels,
            kernel: [1, 1],
            stride: 1,
            dilation: 1,
            padding: Padding::same(0),
            groups: channels,
        }
    }

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

    /// Calls `visit` with the place of every weight in PyTorch's order and in the tap-major one,
    /// in an order that stays within a few cache lines of both.
    fn each_weight(&self, mut visit: impl FnMut(usize, usize)) {
        const TOGETHER: usize = 16;
        let taps = self.kernel[0] * self.kernel[1];
        let (groups, cin, cout) = if self.is_depthwise() {
            (1, 1, self.cout)
        } else {
            (self.groups, self.cin / self.groups, self.cout / self.groups)
        };
        for start in (0..groups).map(|group| group * cout * cin * taps) {
            for first in (0..cout).step_by(TOGETHER) {
                for (channel, tap) in (0..cin).flat_map(|c| (0..taps).map(move |tap| (c, tap))) {
                    for out in first..cout.min(first + TOGETHER) {
                        let plain = (out * cin + channel) * taps + tap;
                        visit(start + plain, start + (tap * cin + channel) * cout + out);
                    }
                }
            }
        }
    }

    /// The reverse of [`out_major`](Self::out_major).
    pub(crate) fn tap_major(&self, weights: &[f32]) -> Vec<f32> {
        let mut ordered = vec![0.0; weights.len()];
        self.each_weight(|plain, at| ordered[at] = weights[plain]);
        ordered
    }

    /// Weights from the tap-major order (per group `[kernel_h * kernel_w * cin / groups, cout /
    /// groups]`, depthwise `[kernel_h * kernel_w, channels]`) to PyTorch's.
    pub fn out_major(&self, ordered: &[f32]) -> Vec<f32> {
        let mut weights = vec![0.0; ordered.len()];
        self.each_weight(|plain, at| weights[plain] = ordered[at]);
        weights
    }

    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == 1
            && self.groups == 1
            && self.padding == Padding::default()
    }

    /// Which of `outputs` columns have their whole window within `inputs` columns.
    pub(crate) fn inside(&self, outputs: usize, inputs: usize) -> Range<usize> {
        let span = self.dilation * (self.kernel[1] - 1) + 1;
        let room = (inputs + self.padding.left).checked_sub(span);
        let end = room.map_or(0, |room| room / self.stride + 1);
        self.padding.left.div_ceil(self.stride)..end.min(outputs)
    }

    pub(crate) fn suits_winograd(&self) -> bool {
        self.kernel == [3, 3]
            && self.stride == 1
            && self.dilation == 1
            && self.cin / self.groups >= 16
            && self.cout / self.groups >= 16
    }

    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups == self.cin && self.cout == self.cin
    }
}

/// Weights as the way that computes a convolution wants them.
#[derive(Clone, Debug)]
enum Weights {
    /// `[kernel_h * kernel_w, channels]`.
    Depthwise(Vec<f32>),
    /// Per group `[kernel_h * kernel_w * cin / groups, cout / groups]`.
    Windows(Vec<Packed>),
    Winograd(Winograd),
    Reduced(Reduced),
}

impl Weights {
    /// Packs what `read` gives.
    fn reading<'a, E>(
        precision: Precision,
        shape: &ConvShape,
        mut read: impl FnMut(Range<usize>) -> Result<Cow<'a, [f32]>, E>,
    ) -> Result<Self, E> {
        let &ConvShape {
            cin, cout, groups, ..
        } = shape;
        if shape.is_depthwise() {
            return Ok(Self::Depthwise(shape.tap_major(&read(0..cout)?)));
        }
        let kernel = Microkernel::best(precision);
        if precision != Precision::F32 && Reduced::suits(shape, &kernel) {
            return Ok(Self::Reduced(Reduced::new(shape, &read(0..cout)?, kernel)));
        }
        if shape.suits_winograd() {
            let weights = read(0..cout)?;
            return Ok(Self::Winograd(Winograd::new([cin, cout, groups], &weights)));
        }
        let (columns, taps) = (cout / groups, shape.kernel[0] * shape.kernel[1]);
        let pack = |group: usize| {
            let first = group * columns;
            let of_group = |some: Range<usize>| read(first + some.start..first + some.end);
            Packed::from_outputs([cin / groups, taps, columns], of_group)
        };
        let packed = (0..groups).map(pack).collect::<Result<_, E>>()?;
        Ok(Self::Windows(packed))
    }
}

/// A convolution with packed weights.
#[derive(Clone, Debug)]
pub struct Conv {
    shape: ConvShape,
    weights: Weights,
    bias: Vec<f32>,
    activation: Activation,
}

impl Conv {
    /// Packs `weights` of PyTorch's layout `[cout, cin / groups, kernel_h, kernel_w]`.
    ///
    /// # Panics
    /// When a length does not follow from `shape`, or `groups` does not divide the channels.
    pub fn new(shape: ConvShape, weights: &[f32], bias: &[f32], activation: Activation) -> Self {
        let each = weights.len() / shape.cout;
        let read = |outputs: Range<usize>| {
            let weights = &weights[outputs.start * each..outputs.end * each];
            Ok::<_, Infallible>(Cow::Borrowed(weights))
        };
        let Ok(conv) = Self::reading(Precision::F32, shape, read, bias, activation);
        conv
    }

    /// Packs weights that `read` gives, those of some outputs at a time: nothing but the packed
    /// form and one such piece is ever in memory. `weights[outputs]` are `[outputs, cin / groups,
    /// kernel_h, kernel_w]`.
    ///
    /// The convolution is computed in fewer bits where these are asked for and suit it: one group, 8
    /// or more input channels, and not 3x3 with stride 1, where only four products an instruction
    /// are faster than Winograd's way in single precision.
    ///
    /// # Errors
    /// What `read` fails with.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn reading<'a, E>(
        precision: Precision,
        shape: ConvShape,
        mut read: impl FnMut(Range<usize>) -> Result<Cow<'a, [f32]>, E>,
        bias: &[f32],
        activation: Activation,
    ) -> Result<Self, E> {
        assert!(
            shape.groups > 0 && shape.cin.is_multiple_of(shape.groups),
            "groups must divide cin"
        );
        assert!(
            shape.cout.is_multiple_of(shape.groups),
            "groups must divide cout"
        );
        assert_eq!(bias.len(), shape.cout, "bias does not fit");
        let [kernel_h, kernel_w] = shape.kernel;
        let each = kernel_h * kernel_w * shape.cin / shape.groups;
        let weights = Weights::reading(precision, &shape, |outputs| {
            let values = outputs.len() * each;
            let weights = read(outputs)?;
            assert_eq!(weights.len(), values, "weights do not fit");
            Ok(weights)
        })?;
        Ok(Self {
            shape,
            weights,
            bias: bias.to_vec(),
            activation,
        })
    }

    /// What is applied to the sums.
    pub const fn activation(&self) -> Activation {
        self.activation
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
        let sums = Finish {
            bias: &self.bias,
            shortcut,
            bounds: self.activation.bounds(),
        };
        let (from, to) = if shape.is_pointwise() {
            // Every pixel is a line of its own: bands may end anywhere.
            let column = |size: MapSize| MapSize {
                height: size.height * size.width,
                width: 1,
            };
            (column(from), column(to))
        } else {
            (from, to)
        };
        let map = Map {
            n,
            from,
            to,
            values: input,
        };
        let activation = self.activation;
        match &self.weights {
            Weights::Depthwise(weights) => {
                depthwise(shape, weights, &map, sums, activation, out);
            }
            Weights::Windows(groups) => {
                convolve(shape, groups, &map, sums, activation, (out, scratch));
            }
            Weights::Reduced(reduced) => {
                reduced.convolve(shape, &map, sums, activation, (out, scratch));
            }
            Weights::Winograd(winograd) => {
                winograd.run(n, (from, to, shape.padding), input, sums, out, scratch);
                activation.apply_unclamped(out);
            }
        }
    }
}
