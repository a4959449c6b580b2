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
use crate::shape::{ConvShape, Map, MapSize};
use crate::windows::convolve;
use crate::winograd::Winograd;

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
