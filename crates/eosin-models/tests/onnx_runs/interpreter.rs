//! The operators that eosin writes, each as the ONNX specification (set 17) defines it, in double
//! precision and with no regard to speed. Shares no code with what is tested.

use std::collections::HashMap;

use prost::Message as _;

use super::proto::{Constant, Model, Node, length};
use super::tensor::{Axis, Tensor};
use super::windows::{average_pool, convolution, max_pool};

/// What the graph of the file `bytes` makes of `input`: `logits` and `probs`.
pub fn run(bytes: &[u8], input: Tensor) -> [Tensor; 2] {
    let model = Model::decode(bytes).expect("an ONNX file");
    let graph = model.graph.expect("a graph");
    let mut values: HashMap<String, Tensor> = HashMap::new();
    for constant in graph.initializer {
        let (name, tensor) = (constant.name.clone(), read(&constant));
        values.insert(name, tensor);
    }
    values.insert(graph.input[0].name.clone(), input);
    for node in &graph.node {
        let inputs: Vec<&Tensor> = node.input.iter().map(|name| &values[name]).collect();
        let outputs = operator(node, &inputs);
        assert_eq!(outputs.len(), node.output.len(), "{}", node.op_type);
        values.extend(node.output.iter().cloned().zip(outputs));
    }
    ["logits", "probs"].map(|name| values.remove(name).expect("an output"))
}

/// The values of a constant: single precision, half precision or 64-bit integers.
fn read(constant: &Constant) -> Tensor {
    let raw = &constant.raw_data;
    let values: Vec<f64> = match constant.data_type {
        1 => raw
            .as_chunks()
            .0
            .iter()
            .map(|b| f64::from(f32::from_le_bytes(*b)))
            .collect(),
        7 => raw
            .as_chunks()
            .0
            .iter()
            .map(|b| i64::from_le_bytes(*b) as f64)
            .collect(),
        10 => raw
            .as_chunks()
            .0
            .iter()
            .map(|b| half(u16::from_le_bytes(*b)))
            .collect(),
        other => panic!("values of type {other}"),
    };
    Tensor::new(constant.dims.iter().map(|n| length(*n)).collect(), values)
}

/// The value of a half-precision number (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (
        i32::from(bits >> 10 & 0x1f),
        f64::from(bits & 0x3ff) / 1024.0,
    );
    match exponent {
        0 => sign * fraction * 2_f64.powi(-14),
        31 => panic!("a weight is no number"),
        _ => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

fn operator(node: &Node, inputs: &[&Tensor]) -> Vec<Tensor> {
    let x = inputs[0];
    let one = match node.op_type.as_str() {
        "Conv" => convolution(node, x, inputs[1], inputs[2]),
        "MaxPool" => max_pool(node, x),
        "AveragePool" => average_pool(node, x),
        "GlobalAveragePool" => global_average(x),
        "Add" => x.zip(inputs[1], |a, b| a + b),
        "Mul" => x.zip(inputs[1], |a, b| a * b),
        "MatMul" => x.product(inputs[1]),
        "Relu" => x.map(|v| v.max(0.0)),
        "Clip" => x.map(|v| v.clamp(inputs[1].values[0], inputs[2].values[0])),
        "Sigmoid" => x.map(sigmoid),
        "HardSigmoid" => {
            let (alpha, beta) = (node.float("alpha"), node.float("beta"));
            let (alpha, beta) = (alpha.unwrap_or(0.2), beta.unwrap_or(0.5));
            x.map(|v| (alpha * v + beta).clamp(0.0, 1.0))
        }
        "HardSwish" => x.map(|v| v * (v / 6.0 + 0.5).clamp(0.0, 1.0)),
        "Erf" => x.map(erf),
        "Exp" => x.map(f64::exp),
        "Log" => x.map(f64::ln),
        "Sqrt" => x.map(f64::sqrt),
        "Max" => x.zip(inputs[1], f64::max),
        "Equal" => x.zip(inputs[1], equal),
        "ArgMax" => arg_max(node, x),
        "Cast" => x.clone(),
        "Reshape" => reshape(x, inputs[1]),
        "Transpose" => x.transposed(&node.lengths("perm")),
        "Concat" => concat(node.int("axis").expect("an axis"), inputs),
        "Split" => return split(node.int("axis").unwrap_or(0), x, node.output.len()),
        "Slice" => slice(x, &inputs[1..]),
        "Pad" => pad(
            x,
            inputs[1],
            inputs.get(2).map_or(0.0, |value| value.values[0]),
        ),
        "ReduceSum" => reduce_sum(node, x, inputs[1]),
        "LogSoftmax" => along(x, node.int("axis").unwrap_or(-1), softmax).map(f64::ln),
        "Softmax" => along(x, node.int("axis").unwrap_or(-1), softmax),
        "LayerNormalization" => layer_norm(node, x, inputs[1], inputs[2]),
        other => panic!("no operator {other} here"),
    };
    vec![one]
}

#[expect(clippy::float_cmp, reason = "the operator is exact equality")]
fn equal(a: f64, b: f64) -> f64 {
    if a == b { 1.0 } else { 0.0 }
}

/// The place of the largest value along the last axis, of equals the first; the axis stays.
fn arg_max(node: &Node, x: &Tensor) -> Tensor {
    assert_eq!(
        (node.int("axis"), node.int("keepdims")),
        (Some(-1), Some(1))
    );
    let axis = x.axis(-1);
    let places = x.values.chunks_exact(axis.len).map(|line| {
        let larger = |best: usize, at: usize| if line[at] > line[best] { at } else { best };
        (0..line.len()).fold(0, larger) as f64
    });
    let mut shape = x.shape.clone();
    shape.pop();
    shape.push(1);
    Tensor::new(shape, places.collect())
}

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + (-v).exp())
}

/// `2 / sqrt(pi) exp(-v^2) sum of 2^n v^(2n+1) / (1 3 5 ... (2n+1))`, whose terms have one sign.
fn erf(v: f64) -> f64 {
    if v.abs() > 6.0 {
        return v.signum();
    }
    let (mut term, mut sum) = (v, v);
    for n in 1..200 {
        term *= 2.0 * v * v / f64::from(2 * n + 1);
        sum += term;
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI * (-v * v).exp()
}

fn global_average(x: &Tensor) -> Tensor {
    let plane = x.shape[2] * x.shape[3];
    let means = x.values.chunks_exact(plane);
    let means = means.map(|plane| plane.iter().sum::<f64>() / plane.len() as f64);
    Tensor::new(vec![x.shape[0], x.shape[1], 1, 1], means.collect())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a length was a whole number"
)]
fn whole(values: &Tensor) -> Vec<i64> {
    values.values.iter().map(|value| *value as i64).collect()
}

/// 0 keeps the length of the axis, -1 is what is left.
fn reshape(x: &Tensor, shape: &Tensor) -> Tensor {
    let asked = whole(shape);
    let known = asked.iter().enumerate().map(|(axis, n)| match n {
        0 => x.shape[axis],
        -1 => 1,
        n => length(*n),
    });
    let mut shape: Vec<usize> = known.collect();
    if let Some(axis) = asked.iter().position(|n| *n == -1) {
        shape[axis] = x.values.len() / shape.iter().product::<usize>();
    }
    Tensor::new(shape, x.values.clone())
}

fn concat(axis: i64, inputs: &[&Tensor]) -> Tensor {
    let axes: Vec<Axis> = inputs.iter().map(|x| x.axis(axis)).collect();
    let mut values = Vec::new();
    for outer in 0..axes[0].outer {
        for (x, axis) in inputs.iter().zip(&axes) {
            let block = axis.len * axis.inner;
            values.extend_from_slice(&x.values[outer * block..(outer + 1) * block]);
        }
    }
    let mut shape = inputs[0].shape.clone();
    shape[length(axis)] = axes.iter().map(|axis| axis.len).sum();
    Tensor::new(shape, values)
}

/// Equal parts along an axis.
fn split(axis: i64, x: &Tensor, parts: usize) -> Vec<Tensor> {
    let each = x.shape[length(axis)] / parts;
    let part = |part: usize| cut(x, length(axis), part * each..(part + 1) * each);
    (0..parts).map(part).collect()
}

/// Starts, ends and axes, one of each.
fn slice(x: &Tensor, bounds: &[&Tensor]) -> Tensor {
    let [start, end, axis] = [0, 1, 2].map(|at| length(whole(bounds[at])[0]));
    cut(x, axis, start..end)
}

fn cut(x: &Tensor, at: usize, range: std::ops::Range<usize>) -> Tensor {
    let axis = x.axis(i64::try_from(at).expect("few axes"));
    let block = axis.len * axis.inner;
    let kept = range.start * axis.inner..range.end * axis.inner;
    let blocks = x.values.chunks_exact(block);
    let values = blocks.flat_map(|block| block[kept.clone()].iter().copied());
    let mut shape = x.shape.clone();
    shape[at] = range.len();
    Tensor::new(shape, values.collect())
}

/// `value` before each axis, then behind each.
fn pad(x: &Tensor, pads: &Tensor, value: f64) -> Tensor {
    let pads: Vec<usize> = whole(pads).into_iter().map(length).collect();
    let (before, behind) = pads.split_at(x.shape.len());
    let mut padded = x.clone();
    for at in 0..x.shape.len() {
        let filler = |count: usize| {
            let mut shape = x.shape.clone();
            shape[..at].copy_from_slice(&padded.shape[..at]);
            shape[at] = count;
            let size = shape.iter().product();
            Tensor::new(shape, vec![value; size])
        };
        let (front, back) = (filler(before[at]), filler(behind[at]));
        let axis = i64::try_from(at).expect("few axes");
        padded = concat(axis, &[&front, &padded, &back]);
    }
    padded
}

fn reduce_sum(node: &Node, x: &Tensor, axes: &Tensor) -> Tensor {
    assert_eq!((axes.values.len(), node.int("keepdims")), (1, Some(0)));
    let at = whole(axes)[0];
    let axis = x.axis(at);
    let mut values = vec![0.0; axis.outer * axis.inner];
    for (index, value) in x.values.iter().enumerate() {
        let outer = index / (axis.len * axis.inner);
        values[outer * axis.inner + index % axis.inner] += value;
    }
    let mut shape = x.shape.clone();
    shape.remove(length(at));
    Tensor::new(shape, values)
}

/// Every line along an axis changed by itself.
fn along(x: &Tensor, axis: i64, change: impl Fn(&mut [f64])) -> Tensor {
    let axis = x.axis(axis);
    let mut values = x.values.clone();
    for outer in 0..axis.outer {
        for inner in 0..axis.inner {
            let place = |at: usize| (outer * axis.len + at) * axis.inner + inner;
            let mut line: Vec<f64> = (0..axis.len).map(|at| values[place(at)]).collect();
            change(&mut line);
            for (at, value) in line.into_iter().enumerate() {
                values[place(at)] = value;
            }
        }
    }
    Tensor::new(x.shape.clone(), values)
}

fn softmax(line: &mut [f64]) {
    let most = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for v in line.iter_mut() {
        *v = (*v - most).exp();
    }
    let sum: f64 = line.iter().sum();
    for v in line {
        *v /= sum;
    }
}

fn layer_norm(node: &Node, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
    assert_eq!(node.int("axis"), Some(-1));
    let eps = node.float("epsilon").expect("an epsilon");
    let normed = along(x, -1, |line| {
        let mean = line.iter().sum::<f64>() / line.len() as f64;
        let variance = line.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / line.len() as f64;
        let scale = 1.0 / (variance + eps).sqrt();
        for v in line {
            *v = (*v - mean) * scale;
        }
    });
    normed
        .zip(weight, |v, weight| v * weight)
        .zip(bias, |v, bias| v + bias)
}
