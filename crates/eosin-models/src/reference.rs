//! A recording evaluated in `f64`, by definition: what graphs and tapes are held to in tests.
//!
//! It shares no arithmetic with them. Convolutions are loops over windows; batch norms and layer
//! scales are not folded, but computed from the parameters behind them.

use eosin_kernels::{Activation, ConvShape, Padded, Pool};
use eosin_weights::StateDict;
use rayon::prelude::*;

use crate::layer::Layer;
use crate::origin::NormOrigin;
use crate::recording::{Convolution, Op, Recording};
use crate::shape::MapShape;
use crate::tape::BatchStatistics;

/// Weights, and a direction that they are moved in.
pub(crate) struct Point<'a> {
    pub state: &'a StateDict,
    pub direction: &'a StateDict,
    /// How far.
    pub by: f64,
}

impl Point<'_> {
    fn value(&self, name: &str, at: usize) -> f64 {
        let moved = self.direction.get(name);
        let moved = moved.map_or(0.0, |tensor| self.by * f64::from(tensor.values[at]));
        f64::from(self.state[name].values[at]) + moved
    }

    fn values(&self, name: &str) -> Vec<f64> {
        let count = self.state[name].values.len();
        (0..count).map(|at| self.value(name, at)).collect()
    }
}

/// How a recording is evaluated.
pub(crate) struct Reference<'a> {
    pub recording: &'a Recording,
    pub norms: BatchStatistics,
    /// What each dropout in turn multiplies its values with.
    pub masks: Vec<Vec<f32>>,
}

/// Maps of one step.
struct Maps {
    values: Vec<f64>,
    shape: MapShape,
}

impl Maps {
    fn channels(&self) -> usize {
        self.shape[2]
    }

    fn image(&self) -> usize {
        self.shape.iter().product()
    }

    fn images(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.image())
    }
}

impl Reference<'_> {
    /// The outputs for `maps`, one after another.
    pub fn run(&self, point: &Point<'_>, maps: &[f32]) -> Vec<f64> {
        let mut found: Vec<Maps> = Vec::new();
        let mut masks = self.masks.iter();
        for step in &self.recording.steps {
            let inputs: Vec<&Maps> = step.inputs.iter().map(|at| &found[*at]).collect();
            let values = match &step.op {
                Op::Layer(Layer::Input) => maps.iter().map(|value| f64::from(*value)).collect(),
                Op::Layer(Layer::Dropout(_)) => match masks.next() {
                    Some(mask) => product(&inputs[0].values, mask),
                    None => inputs[0].values.clone(),
                },
                Op::Layer(layer) => run_layer(layer, &inputs, step.shape, point),
                Op::Conv(conv) => self.conv(conv, &inputs, step.shape, point),
            };
            let shape = step.shape;
            found.push(Maps { values, shape });
        }
        found.swap_remove(self.recording.output).values
    }

    fn conv(
        &self,
        conv: &Convolution,
        inputs: &[&Maps],
        shape: MapShape,
        point: &Point<'_>,
    ) -> Vec<f64> {
        let origin = &conv.origin;
        let mut out = match &origin.weight {
            Some(weight) => windows(&conv.shape, inputs[0], shape, weight, point),
            None => inputs[0].values.clone(),
        };
        let channels = conv.shape.cout;
        if let Some(bias) = &origin.bias {
            each_channel(&mut out, &point.values(bias), |value, bias| value + bias);
        }
        if let Some(norm) = &origin.norm {
            self.normalise(norm, &mut out, channels, point);
        }
        if let Some(gamma) = &origin.gamma {
            each_channel(&mut out, &point.values(gamma), |value, gamma| value * gamma);
        }
        if let Some(shortcut) = inputs.get(1) {
            out.iter_mut()
                .zip(&shortcut.values)
                .for_each(|(value, other)| *value += other);
        }
        for value in &mut out {
            *value = activate(conv.activation, *value);
        }
        out
    }

    fn normalise(&self, norm: &NormOrigin, out: &mut [f64], channels: usize, point: &Point<'_>) {
        let count = (out.len() / channels) as f64;
        let (means, variances) = match self.norms {
            BatchStatistics::Frozen => (
                point.values(&norm.running_mean),
                point.values(&norm.running_var),
            ),
            BatchStatistics::OfBatch => {
                let mut means = vec![0.0; channels];
                for row in out.chunks_exact(channels) {
                    means.iter_mut().zip(row).for_each(|(m, x)| *m += x / count);
                }
                let mut variances = vec![0.0; channels];
                for row in out.chunks_exact(channels) {
                    for ((variance, x), mean) in variances.iter_mut().zip(row).zip(&means) {
                        *variance += (x - mean).powi(2) / count;
                    }
                }
                (means, variances)
            }
        };
        let deviation = |variance: &f64| (variance + norm.eps).sqrt();
        let deviations: Vec<f64> = variances.iter().map(deviation).collect();
        each_channel(out, &means, |value, mean| value - mean);
        each_channel(out, &deviations, |value, deviation| value / deviation);
        each_channel(out, &point.values(&norm.weight), |value, scale| {
            value * scale
        });
        each_channel(out, &point.values(&norm.bias), |value, offset| {
            value + offset
        });
    }
}

fn product(values: &[f64], mask: &[f32]) -> Vec<f64> {
    let pairs = values.iter().zip(mask);
    pairs
        .map(|(value, kept)| value * f64::from(*kept))
        .collect()
}

fn each_channel(values: &mut [f64], of_channels: &[f64], change: impl Fn(f64, f64) -> f64) {
    for row in values.chunks_exact_mut(of_channels.len()) {
        for (value, own) in row.iter_mut().zip(of_channels) {
            *value = change(*value, *own);
        }
    }
}

/// The bare convolution with the tensor called `weight`.
fn windows(
    shape: &ConvShape,
    input: &Maps,
    [rows, columns, cout]: MapShape,
    weight: &str,
    point: &Point<'_>,
) -> Vec<f64> {
    let [height, width, cin] = input.shape;
    let [kernel_h, kernel_w] = shape.kernel;
    let (own_in, own_out) = (cin / shape.groups, cout / shape.groups);
    // `[kernel_h, kernel_w, own_in, cout]`: sums of all outputs grow together.
    let place = |tap: usize, channel: usize, out: usize| (tap * own_in + channel) * cout + out;
    let mut weights = vec![0.0; kernel_h * kernel_w * own_in * cout];
    for out in 0..cout {
        for channel in 0..own_in {
            for tap in 0..kernel_h * kernel_w {
                let from = (out * own_in + channel) * kernel_h * kernel_w + tap;
                weights[place(tap, channel, out)] = point.value(weight, from);
            }
        }
    }
    let n = input.values.len() / input.image();
    let mut out = vec![0.0; n * rows * columns * cout];
    let lines = out.par_chunks_exact_mut(columns * cout).enumerate();
    lines.for_each(|(line, sums)| {
        let (image, row) = (line / rows, line % rows);
        let image = &input.values[image * input.image()..][..input.image()];
        for (column, sums) in sums.chunks_exact_mut(cout).enumerate() {
            for tap in 0..kernel_h * kernel_w {
                let down = row * shape.stride + tap / kernel_w * shape.dilation;
                let across = column * shape.stride + tap % kernel_w * shape.dilation;
                let y = down.wrapping_sub(shape.padding.top);
                let x = across.wrapping_sub(shape.padding.left);
                if y >= height || x >= width {
                    continue;
                }
                let pixel = &image[(y * width + x) * cin..][..cin];
                for group in 0..shape.groups {
                    let sums = &mut sums[group * own_out..][..own_out];
                    for channel in 0..own_in {
                        let value = pixel[group * own_in + channel];
                        let first = place(tap, channel, group * own_out);
                        let weights = &weights[first..first + own_out];
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
            }
        }
    });
    out
}

/// The error function, exact to 1e-15: by its series near zero, by the continued fraction of its
/// complement beyond.
fn erf(x: f64) -> f64 {
    if x.abs() < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let z = x.abs();
    let fraction = (1..100)
        .rev()
        .fold(z, |rest, n| z + f64::from(n) / 2.0 / rest);
    let complement = (-z * z).exp() * std::f64::consts::FRAC_2_SQRT_PI / 2.0 / fraction;
    x.signum() * (1.0 - complement)
}

fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let hard = (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Sigmoid => sigmoid,
        Activation::Silu => x * sigmoid,
        Activation::HardSigmoid => hard,
        Activation::HardSwish => x * hard,
        Activation::Gelu => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
    }
}

fn run_layer(layer: &Layer, inputs: &[&Maps], to: MapShape, point: &Point<'_>) -> Vec<f64> {
    let x = inputs[0];
    let channels = x.channels();
    match layer {
        Layer::Input | Layer::Dropout(_) => unreachable!("the caller's to do"),
        Layer::Activate(activation) => {
            let values = x.values.iter();
            values.map(|value| activate(*activation, *value)).collect()
        }
        Layer::MaxPool(_) | Layer::AvgPool(..) | Layer::AdaptiveAvgPool(_) | Layer::Mean => {
            pool(layer, x, to)
        }
        Layer::Flatten => {
            let image = |image: &[f64]| {
                let of_channel = |channel: usize| image.iter().skip(channel).step_by(channels);
                (0..channels).flat_map(of_channel).copied().collect()
            };
            x.images()
                .flat_map(|values| -> Vec<f64> { image(values) })
                .collect()
        }
        Layer::Concat => {
            let positions = x.values.len() / channels;
            let row = |position: usize| {
                let part = move |input: &&Maps| {
                    let channels = input.channels();
                    input.values[position * channels..(position + 1) * channels].to_vec()
                };
                inputs.iter().flat_map(part)
            };
            (0..positions).flat_map(row).collect()
        }
        Layer::AddToFirst => {
            let mut out = x.values.clone();
            let fewer = inputs[1].channels();
            let others = inputs[1].values.chunks_exact(fewer);
            for (row, other) in out.chunks_exact_mut(channels).zip(others) {
                row.iter_mut()
                    .zip(other)
                    .for_each(|(value, more)| *value += more);
            }
            out
        }
        Layer::Scale(activation) => by_image(x, inputs[1], |row, gate| {
            let pairs = row.iter().zip(gate);
            pairs
                .map(|(value, gate)| activate(*activation, value * gate))
                .collect()
        }),
        Layer::SumSplits(radix) => {
            let own = channels / radix;
            let sum = |row: &[f64], at: usize| row.iter().skip(at).step_by(own).sum::<f64>();
            let rows = x.values.chunks_exact(channels);
            rows.flat_map(|row| (0..own).map(move |at| sum(row, at)))
                .collect()
        }
        Layer::SplitAttention(radix) => by_image(x, inputs[1], |row, logits| {
            let own = channels / radix;
            let weighted = |at: usize| {
                let parts = || (at..channels).step_by(own);
                let total: f64 = parts().map(|at| logits[at].exp()).sum();
                parts().map(|at| row[at] * logits[at].exp() / total).sum()
            };
            (0..own).map(weighted).collect()
        }),
        Layer::Norm { weight, bias, eps } => {
            let (weight, bias) = (point.values(&weight.name), point.values(&bias.name));
            let rows = x.values.chunks_exact(channels);
            rows.flat_map(|row| layer_norm(row, &weight, &bias, *eps))
                .collect()
        }
        Layer::Attention(heads) => x
            .images()
            .flat_map(|qkv| attention(qkv, channels / 3, *heads))
            .collect(),
        Layer::Tokens { first, positions } => {
            let (first, places) = (point.values(&first.name), point.values(&positions.name));
            let image = |image: &[f64]| -> Vec<f64> {
                let tokens = first.iter().chain(image).zip(&places);
                tokens.map(|(token, place)| token + place).collect()
            };
            x.images().flat_map(image).collect()
        }
        Layer::FirstToken => x
            .images()
            .flat_map(|image| image[..channels].to_vec())
            .collect(),
    }
}

fn pool(layer: &Layer, x: &Maps, to: MapShape) -> Vec<f64> {
    match layer {
        Layer::MaxPool(pool) => pooled(
            x,
            to,
            |at, axis| span(pool, at, x.shape[axis]),
            |window| window.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ),
        Layer::AvgPool(pool, padded) => {
            let mean = |window: &[f64]| {
                let count = match padded {
                    Padded::Left => window.len(),
                    Padded::Zeros => pool.kernel * pool.kernel,
                };
                window.iter().sum::<f64>() / count as f64
            };
            assert!(!pool.ceil || *padded == Padded::Left, "no network has this");
            pooled(x, to, |at, axis| span(pool, at, x.shape[axis]), mean)
        }
        Layer::AdaptiveAvgPool(side) => {
            let span = |at: usize, axis: usize| {
                let size = x.shape[axis];
                at * size / side..((at + 1) * size).div_ceil(*side)
            };
            pooled(x, to, span, mean_of)
        }
        Layer::Mean => pooled(x, to, |_, axis| 0..x.shape[axis], mean_of),
        _ => unreachable!("no pooling"),
    }
}

fn layer_norm(row: &[f64], weight: &[f64], bias: &[f64], eps: f64) -> Vec<f64> {
    let mean = mean_of(row);
    let squares: Vec<f64> = row.iter().map(|x| (x - mean).powi(2)).collect();
    let deviation = (mean_of(&squares) + eps).sqrt();
    let values = row.iter().zip(weight).zip(bias);
    values
        .map(|((x, weight), bias)| (x - mean) / deviation * weight + bias)
        .collect()
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Each row of `x` with what another input has for its image.
fn by_image(x: &Maps, other: &Maps, of_row: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
    let images = x.images().zip(other.images());
    let rows = images.flat_map(|(image, other)| {
        let rows = image.chunks_exact(x.channels());
        rows.map(move |row| (row, other))
    });
    rows.flat_map(|(row, other)| of_row(row, other)).collect()
}

fn span(pool: &Pool, at: usize, size: usize) -> std::ops::Range<usize> {
    let start = at * pool.stride;
    let end = (start + pool.kernel).saturating_sub(pool.padding).min(size);
    start.saturating_sub(pool.padding)..end
}

/// What `of_window` makes of the values of each window; `spans` gives its rows (axis 0) and columns
/// (axis 1).
fn pooled(
    x: &Maps,
    [rows, columns, channels]: MapShape,
    spans: impl Fn(usize, usize) -> std::ops::Range<usize>,
    of_window: impl Fn(&[f64]) -> f64,
) -> Vec<f64> {
    let width = x.shape[1];
    let mut out = Vec::new();
    for image in x.images() {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |c| (row, c))) {
            for channel in 0..channels {
                let pixels = spans(row, 0).flat_map(|y| spans(column, 1).map(move |x| (y, x)));
                let window = pixels.map(|(y, x)| image[(y * width + x) * channels + channel]);
                out.push(of_window(&window.collect::<Vec<_>>()));
            }
        }
    }
    out
}

fn attention(qkv: &[f64], channels: usize, heads: usize) -> Vec<f64> {
    let (tokens, depth) = (qkv.len() / (3 * channels), channels / heads);
    let at = |token: usize, part: usize, lane: usize| qkv[(token * 3 + part) * channels + lane];
    let mut out = Vec::new();
    for token in 0..tokens {
        for first in (0..channels).step_by(depth) {
            let lanes = first..first + depth;
            let score = |other: usize| {
                let products = lanes
                    .clone()
                    .map(|lane| at(token, 0, lane) * at(other, 1, lane));
                (products.sum::<f64>() / (depth as f64).sqrt()).exp()
            };
            let weights: Vec<f64> = (0..tokens).map(score).collect();
            let total: f64 = weights.iter().sum();
            out.extend(lanes.clone().map(|lane| {
                let values = weights.iter().enumerate();
                values
                    .map(|(other, weight)| weight * at(other, 2, lane))
                    .sum::<f64>()
                    / total
            }));
        }
    }
    out
}
