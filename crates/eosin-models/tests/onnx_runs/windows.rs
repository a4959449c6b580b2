//! Convolution and pooling, as the ONNX operators define them.

use super::proto::Node;
use super::tensor::Tensor;

/// How a window goes over a map.
struct Windows {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Rows above and columns left of the map.
    before: [usize; 2],
    /// Height and width of what comes out.
    out: [usize; 2],
    /// Height and width of the map.
    map: [usize; 2],
    /// Height and width of the map with its padding.
    padded: [usize; 2],
}

impl Windows {
    fn new(node: &Node, kernel: [usize; 2], map: [usize; 2]) -> Self {
        let pair = |name: &str, default: usize| match node.lengths(name).as_slice() {
            [a, b] => [*a, *b],
            _ => [default; 2],
        };
        let (stride, dilation) = (pair("strides", 1), pair("dilations", 1));
        let pads = node.lengths("pads");
        let pads: [usize; 4] = pads.try_into().unwrap_or([0; 4]);
        let ceil = node.int("ceil_mode") == Some(1);
        let padded = [map[0] + pads[0] + pads[2], map[1] + pads[1] + pads[3]];
        let before = [pads[0], pads[1]];
        let out = [0, 1].map(|axis| {
            let span = dilation[axis] * (kernel[axis] - 1) + 1;
            let steps = padded[axis] - span;
            if !ceil {
                return steps / stride[axis] + 1;
            }
            let out = steps.div_ceil(stride[axis]) + 1;
            // A window may not begin in the padding behind the map.
            let begins = (out - 1) * stride[axis];
            out - usize::from(begins >= map[axis] + before[axis])
        });
        Self {
            kernel,
            stride,
            dilation,
            before,
            out,
            map,
            padded,
        }
    }

    /// Where along `axis` element `at` of window `out` lies in the map, if it does.
    fn source(&self, axis: usize, out: usize, at: usize) -> Option<usize> {
        let place = out * self.stride[axis] + at * self.dilation[axis];
        let place = place.checked_sub(self.before[axis])?;
        (place < self.map[axis]).then_some(place)
    }

    /// Elements of window `out` along `axis` that are in the map or its padding.
    fn counted(&self, axis: usize, out: usize) -> usize {
        let begin = out * self.stride[axis];
        (0..self.kernel[axis])
            .filter(|at| begin + at * self.dilation[axis] < self.padded[axis])
            .count()
    }
}

pub fn convolution(node: &Node, x: &Tensor, weights: &Tensor, bias: &Tensor) -> Tensor {
    let [images, channels, height, width] = four(x);
    let [outputs, each, rows, columns] = four(weights);
    let groups = channels / each;
    assert_eq!(
        node.int("group").unwrap_or(1),
        i64::try_from(groups).expect("few")
    );
    let windows = Windows::new(node, [rows, columns], [height, width]);
    let [out_height, out_width] = windows.out;
    let mut values = Vec::with_capacity(images * outputs * out_height * out_width);
    for image in 0..images {
        for output in 0..outputs {
            let first = output / (outputs / groups) * each;
            let mut map = vec![bias.values[output]; out_height * out_width];
            for channel in 0..each {
                let plane = (image * channels + first + channel) * height * width;
                let plane = &x.values[plane..plane + height * width];
                let filter = (output * each + channel) * rows * columns;
                add_filtered(&windows, plane, &weights.values[filter..], &mut map);
            }
            values.extend(map);
        }
    }
    Tensor::new(vec![images, outputs, out_height, out_width], values)
}

/// Adds one channel of a map under one filter.
fn add_filtered(windows: &Windows, plane: &[f64], filter: &[f64], map: &mut [f64]) {
    let ([rows, columns], [_, out_width]) = (windows.kernel, windows.out);
    for (y, out) in map.chunks_exact_mut(out_width).enumerate() {
        for row in 0..rows {
            let Some(from) = windows.source(0, y, row) else {
                continue;
            };
            let line = &plane[from * windows.map[1]..(from + 1) * windows.map[1]];
            for column in 0..columns {
                let weight = filter[row * columns + column];
                for (x, sum) in out.iter_mut().enumerate() {
                    if let Some(from) = windows.source(1, x, column) {
                        *sum += weight * line[from];
                    }
                }
            }
        }
    }
}

pub fn max_pool(node: &Node, x: &Tensor) -> Tensor {
    pooled(node, x, |inside, _| {
        inside.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    })
}

pub fn average_pool(node: &Node, x: &Tensor) -> Tensor {
    let with_padding = node.int("count_include_pad") == Some(1);
    pooled(node, x, |inside, counted| {
        let count = if with_padding { counted } else { inside.len() };
        inside.iter().sum::<f64>() / count as f64
    })
}

/// `value` of what each window has of the map, and of the number of its elements in the map or its
/// padding.
fn pooled(node: &Node, x: &Tensor, value: impl Fn(&[f64], usize) -> f64) -> Tensor {
    let [images, channels, height, width] = four(x);
    let kernel = node.lengths("kernel_shape");
    let windows = Windows::new(node, [kernel[0], kernel[1]], [height, width]);
    let [out_height, out_width] = windows.out;
    let mut values = Vec::with_capacity(images * channels * out_height * out_width);
    for plane in x.values.chunks_exact(height * width) {
        for y in 0..out_height {
            for column in 0..out_width {
                let rows = (0..kernel[0]).filter_map(|at| windows.source(0, y, at));
                let columns = |row: usize| {
                    let columns = (0..kernel[1]).filter_map(|at| windows.source(1, column, at));
                    columns.map(move |column| plane[row * width + column])
                };
                let inside: Vec<f64> = rows.flat_map(columns).collect();
                values.push(value(
                    &inside,
                    windows.counted(0, y) * windows.counted(1, column),
                ));
            }
        }
    }
    Tensor::new(vec![images, channels, out_height, out_width], values)
}

pub fn four(x: &Tensor) -> [usize; 4] {
    x.shape.as_slice().try_into().expect("four axes")
}
