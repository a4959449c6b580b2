//! The geometry of a convolution and of the maps that it reads and writes.

use std::ops::Range;

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

/// What is convolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a> {
    /// Images.
    pub n: usize,
    pub from: MapSize,
    pub to: MapSize,
    /// `[n, height, width, cin]`.
    pub values: &'a [f32],
}
