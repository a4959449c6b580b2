//! The layers that are no convolutions, each with its way forward and backward.

use eosin_kernels::backward::{
    WeightGradients, activation_backward, adaptive_avg_pool_backward, attention_backward,
    avg_pool_backward, concat_backward, first_token_backward, layer_norm_backward,
    max_pool_backward, mean_backward, scale_backward, split_attention_backward,
    sum_splits_backward, tokens_backward,
};
use eosin_kernels::{
    Activation, Padded, Pool, adaptive_avg_pool, add_to_first, attention, avg_pool, concat,
    first_token, global_avg_pool, layer_norm, max_pool, scale, split_attention, sum_splits, tokens,
};

use crate::narrow::narrow;
use crate::origin::Held;
use crate::shape::MapShape;
use crate::spare::Spare;

/// A layer that is no convolution.
#[derive(Debug)]
pub(crate) enum Layer {
    /// The images, `[n, height, width, 3]`.
    Input,
    /// An activation by itself.
    Activate(Activation),
    /// Maximum over windows.
    MaxPool(Pool),
    /// Mean over windows.
    AvgPool(Pool, Padded),
    /// Mean over so many windows along each axis.
    AdaptiveAvgPool(usize),
    /// Mean over positions.
    Mean,
    /// Values in the order channel, row, column.
    Flatten,
    /// Channels of all inputs, one after another.
    Concat,
    /// The second input is added to the first channels of the first.
    AddToFirst,
    /// The first input times the second, which has one position.
    Scale(Activation),
    /// Sum of so many parts of the channels.
    SumSplits(usize),
    /// Sum of so many parts of the channels, weighted by the softmax of the second input.
    SplitAttention(usize),
    /// Normalisation over channels.
    Norm { weight: Held, bias: Held, eps: f64 },
    /// Self-attention with so many heads.
    Attention(usize),
    /// Positions as tokens behind a first one; `positions` are `[tokens, channels]`.
    Tokens { first: Held, positions: Held },
    /// The first token.
    FirstToken,
    /// This share of the values is zero in training. The masks are the tape's to draw.
    Dropout(f64),
}

/// What a layer reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    pub values: &'a [f32],
    pub shape: MapShape,
}

impl Input<'_> {
    const fn channels(&self) -> usize {
        self.shape[2]
    }

    /// Positions and channels.
    const fn rows(&self) -> [usize; 2] {
        [self.shape[0] * self.shape[1], self.shape[2]]
    }
}

/// What comes back to a layer.
pub(crate) struct Returned<'a> {
    pub inputs: &'a [Input<'a>],
    pub out: &'a [f32],
    /// The gradient of `out`.
    pub gradient: Vec<f32>,
}

/// What a layer gives back.
pub(crate) struct Given {
    /// The gradient of each input.
    pub of_inputs: Vec<Vec<f32>>,
    /// Those of what it has learned, if it has.
    pub of_weights: Option<WeightGradients>,
}

impl Given {
    fn to(of_input: Vec<f32>) -> Self {
        Self::to_all(vec![of_input])
    }

    const fn to_all(of_inputs: Vec<Vec<f32>>) -> Self {
        Self {
            of_inputs,
            of_weights: None,
        }
    }
}

impl Layer {
    /// What it has learned: weight and offset.
    pub fn held(&self) -> Option<[&Held; 2]> {
        match self {
            Self::Norm { weight, bias, .. } => Some([weight, bias]),
            Self::Tokens { first, positions } => Some([positions, first]),
            _ => None,
        }
    }

    /// As [`held`](Self::held), to be changed.
    pub fn held_mut(&mut self) -> Option<[&mut Held; 2]> {
        match self {
            Self::Norm { weight, bias, .. } => Some([weight, bias]),
            Self::Tokens { first, positions } => Some([positions, first]),
            _ => None,
        }
    }

    /// Writes the output.
    pub fn forward(&self, inputs: &[Input<'_>], out: &mut Vec<f32>, scratch: &mut Vec<f32>) {
        let input = inputs[0];
        let (x, [positions, channels]) = (input.values, input.rows());
        match self {
            Self::Input => unreachable!("the input reads no other layer"),
            Self::Activate(activation) => {
                copy(x, out);
                activation.apply(out);
            }
            Self::MaxPool(pool) => max_pool(pool, input.shape, x, out),
            Self::AvgPool(pool, padded) => avg_pool(pool, *padded, input.shape, x, out),
            Self::AdaptiveAvgPool(side) => adaptive_avg_pool(*side, input.shape, x, out),
            Self::Mean => global_avg_pool(positions, channels, x, out),
            Self::Flatten => flatten(input, out),
            Self::Concat => {
                let parts = inputs.iter().map(|input| (input.values, input.channels()));
                concat(&parts.collect::<Vec<_>>(), out);
            }
            Self::AddToFirst => {
                let other = inputs[1];
                add_to_first((x, channels), (other.values, other.channels()), out);
            }
            Self::Scale(activation) => {
                scale(input.rows(), x, inputs[1].values, *activation, out);
            }
            Self::SumSplits(radix) => sum_splits(x, channels / radix, *radix, out),
            Self::SplitAttention(radix) => {
                let sizes = [positions, channels / radix, *radix];
                split_attention(sizes, x, inputs[1].values, out);
            }
            Self::Norm { weight, bias, eps } => {
                layer_norm(x, &weight.values, &bias.values, narrow(*eps), out);
            }
            Self::Attention(heads) => {
                attention([positions, channels / 3, *heads], x, out, scratch);
            }
            Self::Tokens {
                first,
                positions: places,
            } => tokens(input.rows(), &first.values, &places.values, x, out),
            Self::FirstToken => first_token(input.rows(), x, out),
            Self::Dropout(_) => copy(x, out),
        }
    }

    /// Takes the gradient of the output to those of the inputs and of what the layer has learned.
    /// Memory comes from `spare` and goes there.
    pub fn backward(
        &self,
        Returned {
            inputs,
            out,
            mut gradient,
        }: Returned<'_>,
        spare: &mut Spare,
        scratch: &mut Vec<f32>,
    ) -> Given {
        let input = inputs[0];
        let (x, shape, [positions, channels]) = (input.values, input.shape, input.rows());
        let mut memory = || spare.take(x.len());
        let of_input = match self {
            Self::Input => unreachable!("nothing is asked of the input"),
            Self::Dropout(_) => return Given::to(gradient),
            Self::Activate(activation) => {
                activation_backward(*activation, x, &mut gradient);
                return Given::to(gradient);
            }
            Self::Norm { weight, eps, .. } => {
                let found = layer_norm_backward(x, &weight.values, narrow(*eps), &mut gradient);
                return Given {
                    of_weights: Some(found),
                    ..Given::to(gradient)
                };
            }
            Self::AddToFirst => {
                let fewer = inputs[1];
                let memory = spare.take(fewer.values.len());
                let first = (0, fewer.channels());
                let of_other = concat_backward(&gradient, channels, first, memory);
                return Given::to_all(vec![gradient, of_other]);
            }
            Self::Scale(activation) => {
                let gate = inputs[1].values;
                let memory = spare.take(gate.len());
                let applied = (*activation, out);
                let (of_map, of_gate) =
                    scale_backward(input.rows(), (x, gate), applied, gradient, memory);
                return Given::to_all(vec![of_map, of_gate]);
            }
            Self::Concat => {
                let given = Given::to_all(concat_parts(inputs, &gradient, spare));
                spare.put(gradient);
                return given;
            }
            Self::SplitAttention(radix) => {
                let memory = [x, inputs[1].values].map(|values| spare.take(values.len()));
                let sizes = [positions, channels / radix, *radix];
                let found = split_attention_backward(sizes, x, inputs[1].values, &gradient, memory);
                spare.put(gradient);
                return Given::to_all(found.to_vec());
            }
            Self::Tokens { .. } => {
                let (found, of_map) = tokens_backward(input.rows(), &gradient, memory());
                spare.put(gradient);
                return Given {
                    of_weights: Some(found),
                    ..Given::to(of_map)
                };
            }
            Self::MaxPool(pool) => max_pool_backward(pool, shape, x, &gradient, memory()),
            Self::AvgPool(pool, padded) => {
                avg_pool_backward(pool, *padded, shape, &gradient, memory())
            }
            Self::AdaptiveAvgPool(side) => {
                adaptive_avg_pool_backward(*side, shape, &gradient, memory())
            }
            Self::Mean => mean_backward(input.rows(), &gradient, memory()),
            Self::Flatten => unflatten(input, &gradient, memory()),
            Self::SumSplits(radix) => {
                sum_splits_backward([channels / radix, *radix], &gradient, memory())
            }
            Self::Attention(heads) => {
                let sizes = [positions, channels / 3, *heads];
                attention_backward(sizes, x, &gradient, memory(), scratch)
            }
            Self::FirstToken => first_token_backward(input.rows(), &gradient, memory()),
        };
        spare.put(gradient);
        Given::to(of_input)
    }
}

fn copy(x: &[f32], out: &mut Vec<f32>) {
    out.clear();
    out.extend_from_slice(x);
}

/// The gradient of each of the maps that were joined.
fn concat_parts(inputs: &[Input<'_>], gradient: &[f32], spare: &mut Spare) -> Vec<Vec<f32>> {
    let channels = inputs.iter().map(Input::channels).sum();
    let mut first = 0;
    let part = |input: &Input<'_>| {
        let own = (first, input.channels());
        first += input.channels();
        let memory = spare.take(input.values.len());
        concat_backward(gradient, channels, own, memory)
    };
    inputs.iter().map(part).collect()
}

fn flatten(input: Input<'_>, out: &mut Vec<f32>) {
    let [positions, channels] = input.rows();
    out.clear();
    for image in input.values.chunks_exact(positions * channels) {
        for channel in 0..channels {
            out.extend(image.iter().skip(channel).step_by(channels));
        }
    }
}

/// Values in the order channel, position back to position, channel.
fn unflatten(input: Input<'_>, gradient: &[f32], mut memory: Vec<f32>) -> Vec<f32> {
    let [positions, channels] = input.rows();
    memory.clear();
    for image in gradient.chunks_exact(positions * channels) {
        for position in 0..positions {
            memory.extend((0..channels).map(|channel| image[channel * positions + position]));
        }
    }
    memory
}
