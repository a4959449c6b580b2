//! A classifier of embeddings: a linear layer, with or without hidden ones before it.

use eosin_core::{Seed, Stream};
use eosin_kernels::matmul;
use eosin_weights::{LazyTensor as _, StateDict, StateTensor, TensorDict};
use rand::RngExt as _;

use crate::error::TrainError;
use crate::predict::predictions::mean_of;

/// The last layers of a classifier: `logits = embedding * weight^T + bias`, or the same with hidden
/// layers of rectified units before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Values of an embedding, units of each hidden layer, number of classes.
    pub widths: Vec<usize>,
    /// Layer after layer, `[outputs, inputs]` weights, then `[outputs]` biases.
    pub values: Vec<f32>,
}

/// A layer of a [`Head`].
struct Layer<'a> {
    inputs: usize,
    outputs: usize,
    /// `[outputs, inputs]`.
    weight: &'a [f32],
    /// `[outputs]`.
    bias: &'a [f32],
}

impl Head {
    /// A head with weights uniform in ±1/√inputs (PyTorch's `nn.Linear`) and biases zero, from the
    /// seed's `init` stream at `fold`.
    pub fn init(widths: &[usize], seed: Seed, fold: u64) -> Self {
        let mut rng = seed.stream(Stream::Init, &[fold]);
        let mut values = Vec::new();
        for pair in widths.windows(2) {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = 1.0 / (inputs as f32).sqrt();
            let weights = 0..outputs * inputs;
            values.extend(weights.map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)));
            values.extend(std::iter::repeat_n(0.0, outputs));
        }
        Self {
            widths: widths.to_vec(),
            values,
        }
    }

    /// Values of an embedding.
    pub fn width(&self) -> usize {
        self.widths[0]
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    fn layers(&self) -> Vec<Layer<'_>> {
        let mut rest = &self.values[..];
        let layer = |pair: &[usize]| {
            let (weight, after) = rest.split_at(pair[1] * pair[0]);
            let (bias, after) = after.split_at(pair[1]);
            rest = after;
            Layer {
                inputs: pair[0],
                outputs: pair[1],
                weight,
                bias,
            }
        };
        self.widths.windows(2).map(layer).collect()
    }

    /// Its weights and biases under the names of a classifier such as `fc.`; several layers are
    /// numbered as `torch.nn.Sequential` with rectifiers between them numbers them.
    pub fn tensors(&self, classifier: &str) -> StateDict {
        let mut tensors = StateDict::new();
        for (name, layer) in names(classifier, self.widths.len() - 1)
            .iter()
            .zip(self.layers())
        {
            let weight = StateTensor {
                shape: vec![layer.outputs, layer.inputs],
                values: layer.weight.into(),
            };
            let bias = StateTensor {
                shape: vec![layer.outputs],
                values: layer.bias.into(),
            };
            tensors.insert(format!("{name}weight"), weight);
            tensors.insert(format!("{name}bias"), bias);
        }
        tensors
    }

    /// The head of this form that stands in `tensors` under the names of a classifier.
    ///
    /// # Errors
    /// When a tensor is not there, has another shape or cannot be read.
    pub fn from_tensors(
        widths: &[usize],
        tensors: &TensorDict,
        classifier: &str,
    ) -> Result<Self, TrainError> {
        let mut values = Vec::new();
        let layers = names(classifier, widths.len() - 1);
        for (name, pair) in layers.iter().zip(widths.windows(2)) {
            for (leaf, shape) in [("weight", vec![pair[1], pair[0]]), ("bias", vec![pair[1]])] {
                let name = format!("{name}{leaf}");
                let tensor = tensors.get(&name);
                let tensor = tensor.filter(|tensor| tensor.shape() == shape);
                let tensor = tensor.ok_or(TrainError::NoTensor(name))?;
                values.extend_from_slice(&tensor.read_all()?);
            }
        }
        Ok(Self {
            widths: widths.to_vec(),
            values,
        })
    }

    /// Logits `[rows, classes]` of embeddings `[rows, width]`.
    ///
    /// # Panics
    /// When `embeddings` has not whole rows.
    pub fn logits(&self, embeddings: &[f32]) -> Vec<f32> {
        let mut outputs = self.outputs(embeddings);
        outputs.pop().unwrap_or_default()
    }

    /// What comes out of each layer, rectified but for the last.
    fn outputs(&self, embeddings: &[f32]) -> Vec<Vec<f32>> {
        let layers = self.layers();
        let last = layers.len() - 1;
        let mut all: Vec<Vec<f32>> = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            let mut out = layer.run(all.last().map_or(embeddings, |inputs| inputs));
            if at < last {
                for value in &mut out {
                    *value = value.max(0.0);
                }
            }
            all.push(out);
        }
        all
    }

    /// Mean logits over `views`, each `[rows, width]`. For one layer they are the logits of the mean
    /// embedding.
    pub fn mean_logits(&self, views: &[Vec<f32>]) -> Vec<f32> {
        let of_rows = |rows: &[f32]| in_blocks(rows, self.widths[0], |rows| self.logits(rows));
        if self.widths.len() == 2 {
            return of_rows(&mean_of_views(views));
        }
        let logits = views.iter().map(|view| of_rows(view));
        mean_of(&logits.collect::<Vec<_>>())
    }

    /// Derivatives of all values, given the embeddings of a batch and the derivative of each logit.
    pub fn gradients(&self, embeddings: &[f32], logit_gradients: &[f32], out: &mut [f32]) {
        let (layers, outputs) = (self.layers(), self.outputs(embeddings));
        let mut end = out.len();
        let mut derivatives = logit_gradients.to_vec();
        for (at, layer) in layers.iter().enumerate().rev() {
            let start = end - layer.outputs * (layer.inputs + 1);
            let inputs = if at == 0 {
                embeddings
            } else {
                &outputs[at - 1]
            };
            layer.gradients(inputs, &derivatives, &mut out[start..end]);
            end = start;
            if at > 0 {
                derivatives = layer.input_gradients(&derivatives);
                for (derivative, output) in derivatives.iter_mut().zip(&outputs[at - 1]) {
                    if *output <= 0.0 {
                        *derivative = 0.0;
                    }
                }
            }
        }
    }
}

/// What the names of each layer begin with.
fn names(classifier: &str, layers: usize) -> Vec<String> {
    match layers {
        1 => vec![classifier.to_owned()],
        _ => (0..layers)
            .map(|at| format!("{classifier}{}.", 2 * at))
            .collect(),
    }
}

/// Rows of one product.
const BLOCK: usize = 16;

/// Logits `[rows, classes]` of `[rows, width]`, so many rows at a time, whatever is asked: how products are summed depends
/// on how many rows they have, and no bit of a row is to depend on those beside it.
pub(crate) fn in_blocks(
    rows: &[f32],
    width: usize,
    logits: impl Fn(&[f32]) -> Vec<f32>,
) -> Vec<f32> {
    let of_block = |block: &[f32]| {
        let count = block.len() / width;
        if count == BLOCK {
            return logits(block);
        }
        let last = &block[(count - 1) * width..];
        let mut filled = block.to_vec();
        for _ in count..BLOCK {
            filled.extend_from_slice(last);
        }
        let mut found = logits(&filled);
        found.truncate(found.len() / BLOCK * count);
        found
    };
    rows.chunks(BLOCK * width).flat_map(of_block).collect()
}

/// The mean over views, `[rows, width]`.
pub(crate) fn mean_of_views(views: &[Vec<f32>]) -> Vec<f32> {
    let mut mean = vec![0.0; views.first().map_or(0, Vec::len)];
    for values in views {
        for (sum, value) in mean.iter_mut().zip(values) {
            *sum += value / views.len() as f32;
        }
    }
    mean
}

impl Layer<'_> {
    /// `[rows, outputs]` of `[rows, inputs]`.
    fn run(&self, rows: &[f32]) -> Vec<f32> {
        let (width, outputs) = (self.inputs, self.outputs);
        assert!(
            rows.len().is_multiple_of(width),
            "embeddings must be whole rows"
        );
        let count = rows.len() / width;
        let mut transposed = vec![0.0; width * outputs];
        for (output, row) in self.weight.chunks_exact(width).enumerate() {
            for (at, weight) in row.iter().enumerate() {
                transposed[at * outputs + output] = *weight;
            }
        }
        let mut out = vec![0.0; count * outputs];
        let shape = [count, width, outputs];
        matmul(shape, (&mut out, outputs), (rows, width), &transposed);
        for row in out.chunks_exact_mut(outputs) {
            for (value, bias) in row.iter_mut().zip(self.bias) {
                *value += bias;
            }
        }
        out
    }

    /// Derivatives of its weights and biases, given its inputs and the derivative of each output.
    fn gradients(&self, inputs: &[f32], derivatives: &[f32], out: &mut [f32]) {
        let (width, outputs) = (self.inputs, self.outputs);
        let rows = inputs.len() / width;
        let mut transposed = vec![0.0; outputs * rows];
        let (weights, biases) = out.split_at_mut(outputs * width);
        biases.fill(0.0);
        for (row, derivatives) in derivatives.chunks_exact(outputs).enumerate() {
            for (output, derivative) in derivatives.iter().enumerate() {
                transposed[output * rows + row] = *derivative;
                biases[output] += derivative;
            }
        }
        matmul(
            [outputs, rows, width],
            (weights, width),
            (&transposed, rows),
            inputs,
        );
    }

    /// The derivative of each input, `[rows, inputs]`.
    fn input_gradients(&self, derivatives: &[f32]) -> Vec<f32> {
        let rows = derivatives.len() / self.outputs;
        let mut out = vec![0.0; rows * self.inputs];
        let shape = [rows, self.outputs, self.inputs];
        matmul(
            shape,
            (&mut out, self.inputs),
            (derivatives, self.outputs),
            self.weight,
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_of_a_hidden_layer_equal_finite_differences() {
        let head = Head::init(&[5, 4, 3], Seed(3), 0);
        let inputs: Vec<f32> = (0..10)
            .map(|at| ((at * 7) % 11) as f32 / 5.0 - 1.0)
            .collect();
        // A loss that is linear in the logits: its derivatives are these.
        let slopes: Vec<f32> = (0..6).map(|at| ((at * 5) % 7) as f32 / 7.0 - 0.4).collect();
        let mut gradients = vec![0.0; head.values.len()];
        head.gradients(&inputs, &slopes, &mut gradients);
        let loss = |values: &[f32]| -> f64 {
            let moved = Head {
                widths: head.widths.clone(),
                values: values.to_vec(),
            };
            let logits = moved.logits(&inputs).into_iter().zip(&slopes);
            logits.map(|(logit, slope)| f64::from(logit * slope)).sum()
        };
        let step = 1e-2_f32;
        for (at, gradient) in gradients.iter().enumerate() {
            let [mut up, mut down] = [head.values.clone(), head.values.clone()];
            up[at] += step;
            down[at] -= step;
            let slope = (loss(&up) - loss(&down)) / (2.0 * f64::from(step));
            assert!(
                (slope - f64::from(*gradient)).abs() < 1e-3,
                "value {at}: {slope} {gradient}"
            );
        }
        assert!(
            gradients
                .iter()
                .filter(|gradient| **gradient != 0.0)
                .count()
                > 20
        );
    }
}
