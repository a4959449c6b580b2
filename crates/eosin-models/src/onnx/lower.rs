//! Recorded layers as ONNX nodes, in the order batch, channels, height, width.

use eosin_kernels::{Activation, Padded, Pool};

use super::writer::{Value, Writer, signed};
use crate::layer::Layer;
use crate::narrow::narrow;
use crate::recording::{Convolution, Op, Recording, Step};

/// A layer being written: its step, the names of its inputs, and the shape of the first.
pub struct Lowering<'a> {
    pub writer: &'a mut Writer,
    pub step: &'a Step<Convolution>,
    pub inputs: Vec<&'a str>,
    /// Height, width and channels of the first input.
    pub from: [usize; 3],
}

impl Lowering<'_> {
    /// Writes the layer and returns the name of its output.
    pub fn lower(&mut self) -> String {
        let x = self.inputs[0];
        let layer = match &self.step.op {
            Op::Conv(conv) => return self.conv(conv),
            Op::Layer(layer) => layer,
        };
        match layer {
            Layer::Input => x.to_owned(),
            Layer::Activate(_) | Layer::Dropout(_) => {
                unreachable!("layers that are recorded for training only")
            }
            Layer::MaxPool(pool) => self.writer.node("MaxPool", &[x], window(pool)),
            Layer::AvgPool(pool, padded) => {
                let counts = Value::Int(i64::from(*padded == Padded::Zeros));
                let mut attributes = window(pool);
                attributes.push(("count_include_pad", counts));
                self.writer.node("AveragePool", &[x], attributes)
            }
            Layer::AdaptiveAvgPool(side) => self.adaptive(*side),
            Layer::Mean => self.writer.node("GlobalAveragePool", &[x], vec![]),
            Layer::Flatten => {
                let width = self.step.shape.iter().product();
                self.writer.reshape(x, &[0, width, 1, 1])
            }
            Layer::Concat => {
                let inputs = self.inputs.clone();
                self.writer
                    .node("Concat", &inputs, vec![("axis", Value::Int(1))])
            }
            Layer::AddToFirst => self.add_to_first(),
            Layer::Scale(activation) => {
                let scaled = self.writer.node("Mul", &[x, self.inputs[1]], vec![]);
                activate(self.writer, &scaled, *activation)
            }
            Layer::SumSplits(radix) => {
                let x = x.to_owned();
                self.sum_splits(&x, *radix)
            }
            Layer::SplitAttention(radix) => self.split_attention(*radix),
            Layer::Norm { weight, bias, eps } => {
                self.layer_norm(&weight.values, &bias.values, *eps)
            }
            Layer::Attention(heads) => self.attention(*heads),
            Layer::Tokens { first, positions } => self.tokens(&first.values, &positions.values),
            Layer::FirstToken => {
                let [start, end, axis] = [0, 1, 2].map(|at| self.writer.integers(&[at]));
                self.writer.node("Slice", &[x, &start, &end, &axis], vec![])
            }
        }
    }

    fn conv(&mut self, conv: &Convolution) -> String {
        let shape = &conv.shape;
        let [rows, columns] = shape.kernel;
        let cin = shape.cin / shape.groups;
        let weights = self
            .writer
            .filters(&conv.weights, &[shape.cout, cin, rows, columns]);
        let bias = self.writer.constant(&conv.bias, &[shape.cout]);
        let zeros = shape.padding;
        let attributes = vec![
            ("kernel_shape", Value::Ints(signed(&shape.kernel))),
            ("strides", Value::Ints(signed(&[shape.stride; 2]))),
            ("dilations", Value::Ints(signed(&[shape.dilation; 2]))),
            (
                "pads",
                Value::Ints(signed(&[zeros.top, zeros.left, zeros.bottom, zeros.right])),
            ),
            ("group", Value::Int(signed(&[shape.groups])[0])),
        ];
        let inputs = [self.inputs[0], &weights, &bias];
        let mut out = self.writer.node("Conv", &inputs, attributes);
        if let Some(shortcut) = self.inputs.get(1) {
            out = self.writer.node("Add", &[&out, shortcut], vec![]);
        }
        activate(self.writer, &out, conv.activation)
    }

    /// ONNX has no such pooling: for a map of known size it is a product with constants.
    fn adaptive(&mut self, side: usize) -> String {
        let [height, width, _] = self.from;
        // `[side, size]`: each row the mean over one window.
        let means = |size: usize| -> Vec<f32> {
            let window = |at: usize| at * size / side..((at + 1) * size).div_ceil(side);
            (0..side)
                .flat_map(|at| {
                    let window = window(at);
                    let share = 1.0 / window.len() as f32;
                    (0..size).map(move |i| if window.contains(&i) { share } else { 0.0 })
                })
                .collect()
        };
        let rows = self.writer.constant(&means(height), &[side, height]);
        let columns = self.writer.constant(&means(width), &[side, width]);
        let columns = self.writer.node(
            "Transpose",
            &[&columns],
            vec![("perm", Value::Ints(vec![1, 0]))],
        );
        let across = self
            .writer
            .node("MatMul", &[self.inputs[0], &columns], vec![]);
        self.writer.node("MatMul", &[&rows, &across], vec![])
    }

    /// The second input has at most as many channels as the output.
    fn add_to_first(&mut self) -> String {
        let (x, other) = (self.inputs[0], self.inputs[1]);
        let missing = self.step.shape[2] - self.from[2];
        if missing == 0 {
            return self.writer.node("Add", &[x, other], vec![]);
        }
        let padded = self.writer.pad(other, [0; 4], [0, missing, 0, 0]);
        self.writer.node("Add", &[x, &padded], vec![])
    }

    fn sum_splits(&mut self, x: &str, radix: usize) -> String {
        let [height, width, channels] = self.step.shape;
        let parts = self
            .writer
            .reshape(x, &[0, radix, channels, height * width]);
        let axis = self.writer.integers(&[1]);
        let sum = self.writer.node(
            "ReduceSum",
            &[&parts, &axis],
            vec![("keepdims", Value::Int(0))],
        );
        self.writer.reshape(&sum, &[0, channels, height, width])
    }

    fn split_attention(&mut self, radix: usize) -> String {
        let (x, channels) = (self.inputs[0], self.step.shape[2]);
        let logits = self
            .writer
            .reshape(self.inputs[1], &[0, radix, channels, 1]);
        let weights = self
            .writer
            .node("Softmax", &[&logits], vec![("axis", Value::Int(1))]);
        let weights = self.writer.reshape(&weights, &[0, radix * channels, 1, 1]);
        let weighted = self.writer.node("Mul", &[x, &weights], vec![]);
        self.sum_splits(&weighted, radix)
    }

    fn layer_norm(&mut self, weight: &[f32], bias: &[f32], eps: f64) -> String {
        let last = self.writer.transpose(self.inputs[0], [0, 2, 3, 1]);
        let weight = self.writer.constant(weight, &[weight.len()]);
        let bias = self.writer.constant(bias, &[bias.len()]);
        let attributes = vec![
            ("axis", Value::Int(-1)),
            ("epsilon", Value::Float(narrow(eps))),
        ];
        let inputs = [last.as_str(), &weight, &bias];
        let out = self.writer.node("LayerNormalization", &inputs, attributes);
        self.writer.transpose(&out, [0, 3, 1, 2])
    }

    fn attention(&mut self, heads: usize) -> String {
        let [tokens, _, channels] = self.step.shape;
        let depth = channels / heads;
        let axis = vec![("axis", Value::Int(1))];
        let parts: [String; 3] = self.writer.nodes("Split", &[self.inputs[0]], axis);
        let [q, k, v] = parts.map(|part| self.writer.reshape(&part, &[0, heads, depth, tokens]));
        let q = self.writer.transpose(&q, [0, 1, 3, 2]);
        let scores = self.writer.node("MatMul", &[&q, &k], vec![]);
        let scale = self.writer.constant(&[1.0 / (depth as f32).sqrt()], &[]);
        let scores = self.writer.node("Mul", &[&scores, &scale], vec![]);
        let last = vec![("axis", Value::Int(-1))];
        let weights = self.writer.node("Softmax", &[&scores], last);
        let weights = self.writer.transpose(&weights, [0, 1, 3, 2]);
        let out = self.writer.node("MatMul", &[&v, &weights], vec![]);
        self.writer.reshape(&out, &[0, channels, tokens, 1])
    }

    /// A zero token in front, to which the class token is added together with the positions: so
    /// nothing has to be repeated over a batch of unknown size.
    fn tokens(&mut self, first: &[f32], positions: &[f32]) -> String {
        let [tokens, _, channels] = self.step.shape;
        let patches = self
            .writer
            .reshape(self.inputs[0], &[0, channels, tokens - 1, 1]);
        let padded = self.writer.pad(&patches, [0, 0, 1, 0], [0; 4]);
        let added: Vec<f32> = (0..channels * tokens)
            .map(|at| {
                let (channel, token) = (at / tokens, at % tokens);
                let class = if token == 0 { first[channel] } else { 0.0 };
                class + positions[token * channels + channel]
            })
            .collect();
        let added = self.writer.weights(&added, &[1, channels, tokens, 1]);
        self.writer.node("Add", &[&padded, &added], vec![])
    }
}

fn window(pool: &Pool) -> Vec<(&'static str, Value)> {
    vec![
        ("kernel_shape", Value::Ints(signed(&[pool.kernel; 2]))),
        ("strides", Value::Ints(signed(&[pool.stride; 2]))),
        ("pads", Value::Ints(signed(&[pool.padding; 4]))),
        ("ceil_mode", Value::Int(i64::from(pool.ceil))),
    ]
}

fn activate(writer: &mut Writer, x: &str, activation: Activation) -> String {
    match activation {
        Activation::Identity => x.to_owned(),
        Activation::Relu => writer.node("Relu", &[x], vec![]),
        Activation::Relu6 => {
            let [low, high] = [0.0, 6.0].map(|bound| writer.constant(&[bound], &[]));
            writer.node("Clip", &[x, &low, &high], vec![])
        }
        Activation::Sigmoid => writer.node("Sigmoid", &[x], vec![]),
        Activation::Silu => {
            let gate = writer.node("Sigmoid", &[x], vec![]);
            writer.node("Mul", &[x, &gate], vec![])
        }
        Activation::HardSigmoid => {
            let slope = vec![
                ("alpha", Value::Float(1.0 / 6.0)),
                ("beta", Value::Float(0.5)),
            ];
            writer.node("HardSigmoid", &[x], slope)
        }
        Activation::HardSwish => writer.node("HardSwish", &[x], vec![]),
        Activation::Gelu => {
            let [root, one, half] = [std::f32::consts::FRAC_1_SQRT_2, 1.0, 0.5]
                .map(|value| writer.constant(&[value], &[]));
            let scaled = writer.node("Mul", &[x, &root], vec![]);
            let erf = writer.node("Erf", &[&scaled], vec![]);
            let sum = writer.node("Add", &[&erf, &one], vec![]);
            let product = writer.node("Mul", &[x, &sum], vec![]);
            writer.node("Mul", &[&product, &half], vec![])
        }
    }
}

/// Writes every layer of `recording` behind the value called `input`; the name of the last.
pub fn lower_all(writer: &mut Writer, recording: &Recording, input: &str) -> String {
    let mut names: Vec<String> = Vec::with_capacity(recording.steps.len());
    for step in &recording.steps {
        let inputs = match step.op {
            Op::Layer(Layer::Input) => vec![input],
            _ => step.inputs.iter().map(|at| names[*at].as_str()).collect(),
        };
        // `add_to_first` asks for the shape of what is added.
        let shaped = match step.op {
            Op::Layer(Layer::AddToFirst) => step.inputs[1],
            _ => step.inputs.first().copied().unwrap_or(0),
        };
        let from = recording.steps[shaped].shape;
        let mut lowering = Lowering {
            writer,
            step,
            inputs,
            from,
        };
        let name = lowering.lower();
        names.push(name);
    }
    names.swap_remove(recording.output)
}
