//! Records an architecture as a [`Graph`], folding batch norms into the convolutions.

use std::cell::RefCell;

use burn::module::Param;
use burn::tensor::Tensor;
use eosin_kernels::{Activation, Conv, ConvShape, Padding, Pool};

use crate::engine::{Architecture, Engine};
use crate::graph::{Graph, Layer, MapShape, Node};
use crate::layers::{BatchNorm, Conv2d, Linear};

/// Records layers instead of computing them.
#[derive(Debug)]
pub struct GraphBuilder {
    nodes: RefCell<Vec<Node>>,
    multiply_adds: RefCell<u64>,
}

impl GraphBuilder {
    /// The embedding part of `network` for images of `size` x `size` pixels.
    pub fn embedding<A: Architecture>(network: &A, size: usize) -> Graph {
        Self::record([size, size], |builder, x| network.embed(builder, x))
    }

    /// The whole of `network`, logits included, for images of `size` x `size` pixels.
    pub fn logits<A: Architecture>(network: &A, size: usize) -> Graph {
        Self::record([size, size], |builder, x| network.logits(builder, x, 0.0))
    }

    fn record(size: [usize; 2], body: impl FnOnce(&Self, usize) -> usize) -> Graph {
        let builder = Self {
            nodes: RefCell::default(),
            multiply_adds: RefCell::default(),
        };
        let input = builder.push(Layer::Input, vec![], [size[0], size[1], 3]);
        let output = body(&builder, input);
        Graph::new(
            builder.nodes.into_inner(),
            output,
            builder.multiply_adds.into_inner(),
        )
    }

    fn push(&self, layer: Layer, inputs: Vec<usize>, shape: MapShape) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node {
            layer,
            inputs,
            shape,
            buffer: 0,
        });
        nodes.len() - 1
    }

    fn shape(&self, node: usize) -> MapShape {
        self.nodes.borrow()[node].shape
    }

    fn push_conv(
        &self,
        shape: ConvShape,
        folded: &Folded,
        activation: Activation,
        inputs: Vec<usize>,
    ) -> usize {
        let [height, width, _] = self.shape(inputs[0]);
        let (rows, columns) = shape
            .output_size(height, width)
            .expect("the registry's smallest size keeps every window inside the map");
        *self.multiply_adds.borrow_mut() += shape.multiply_adds(height, width);
        let conv = Conv::new(shape, &folded.weights, &folded.bias, activation);
        self.push(Layer::Conv(conv), inputs, [rows, columns, shape.cout])
    }
}

/// Weights and bias with the normalisation folded in.
struct Folded {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_to_vec()
        .expect("weights are held as f32")
}

impl Folded {
    /// `w' = w * g / sqrt(var + eps)`, `b' = (b - mean) * g / sqrt(var + eps) + beta`, in `f64`.
    fn new(
        mut weights: Vec<f32>,
        bias: Option<&Param<Tensor<1>>>,
        outputs: usize,
        norm: Option<&BatchNorm>,
    ) -> Self {
        let mut bias = bias.map_or_else(|| vec![0.0; outputs], |bias| values(bias.val()));
        let Some(norm) = norm else {
            return Self { weights, bias };
        };
        let (scale, offset) = (values(norm.weight.val()), values(norm.bias.val()));
        let mean = values(norm.running_mean.value_sync());
        let var = values(norm.running_var.value_sync());
        let each = weights.len() / outputs;
        for (out, filter) in weights.chunks_exact_mut(each).enumerate() {
            let factor = f64::from(scale[out]) / (f64::from(var[out]) + norm.eps).sqrt();
            for weight in filter {
                *weight = narrow(f64::from(*weight) * factor);
            }
            let shifted = f64::from(bias[out]) - f64::from(mean[out]);
            bias[out] = narrow(shifted.mul_add(factor, f64::from(offset[out])));
        }
        Self { weights, bias }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}

impl Engine for GraphBuilder {
    type Map = usize;
    type Vector = usize;

    fn conv(
        &self,
        x: usize,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        shortcut: Option<usize>,
        activation: Activation,
    ) -> usize {
        let [height, width, cin] = self.shape(x);
        let [cout, ..] = conv.weight.dims();
        let geometry = &conv.geometry;
        let shape = ConvShape {
            cin,
            cout,
            kernel: [geometry.kernel; 2],
            stride: geometry.stride,
            dilation: 1,
            padding: geometry.padding(height, width),
            groups: geometry.groups,
        };
        let folded = Folded::new(values(conv.weight.val()), conv.bias.as_ref(), cout, norm);
        self.push_conv(
            shape,
            &folded,
            activation,
            std::iter::once(x).chain(shortcut).collect(),
        )
    }

    fn linear(
        &self,
        x: usize,
        linear: &Linear,
        norm: Option<&BatchNorm>,
        activation: Activation,
    ) -> usize {
        let [outputs, inputs] = linear.weight.dims();
        // A 1x1 convolution over a map of one position.
        let shape = ConvShape {
            cin: inputs,
            cout: outputs,
            kernel: [1, 1],
            stride: 1,
            dilation: 1,
            padding: Padding::default(),
            groups: 1,
        };
        let folded = Folded::new(
            values(linear.weight.val()),
            Some(&linear.bias),
            outputs,
            norm,
        );
        self.push_conv(shape, &folded, activation, vec![x])
    }

    fn max_pool(&self, x: usize, pool: Pool) -> usize {
        let [height, width, channels] = self.shape(x);
        let shape = [pool.output_size(height), pool.output_size(width), channels];
        self.push(Layer::MaxPool(pool), vec![x], shape)
    }

    fn global_avg_pool(&self, x: usize) -> usize {
        let [_, _, channels] = self.shape(x);
        self.push(Layer::GlobalAvgPool, vec![x], [1, 1, channels])
    }

    fn flatten(&self, x: usize) -> usize {
        let width = self.shape(x).iter().product();
        self.push(Layer::Flatten, vec![x], [1, 1, width])
    }

    fn dropout_map(&self, x: usize, _rate: f64) -> usize {
        x
    }

    fn dropout(&self, x: usize, _rate: f64) -> usize {
        x
    }
}
