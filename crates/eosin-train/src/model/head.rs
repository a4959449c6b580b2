//! A linear classifier on embeddings.

use eosin_core::{Seed, Stream};
use eosin_kernels::matmul;
use eosin_weights::{StateDict, StateTensor};
use rand::RngExt as _;
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;

/// Rows judged together.
const TOGETHER: usize = 256;

/// The last layer of a classifier: `logits = embedding * weight^T + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Values of an embedding.
    pub width: usize,
    /// Number of classes.
    pub classes: usize,
    /// `[classes, width]` weights, then `[classes]` biases.
    pub values: Vec<f32>,
}

impl Head {
    /// A head with weights uniform in ±1/√width (PyTorch's `nn.Linear`) and biases zero, from the
    /// seed's `init` stream at `fold`.
    pub fn init(width: usize, classes: usize, seed: Seed, fold: u64) -> Self {
        let mut rng = seed.stream(Stream::Init, &[fold]);
        let bound = 1.0 / (width as f32).sqrt();
        let weights = (0..classes * width).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0));
        let values = weights.chain(std::iter::repeat_n(0.0, classes)).collect();
        Self {
            width,
            classes,
            values,
        }
    }

    /// `[classes, width]`.
    pub fn weight(&self) -> &[f32] {
        &self.values[..self.classes * self.width]
    }

    /// `[classes]`.
    pub fn bias(&self) -> &[f32] {
        &self.values[self.classes * self.width..]
    }

    /// Its weight and bias under the names of a classifier such as `fc.`.
    pub fn tensors(&self, classifier: &str) -> StateDict {
        let weight = StateTensor {
            shape: vec![self.classes, self.width],
            values: self.weight().into(),
        };
        let bias = StateTensor {
            shape: vec![self.classes],
            values: self.bias().into(),
        };
        let named = |leaf: &str, tensor| (format!("{classifier}{leaf}"), tensor);
        StateDict::from([named("weight", weight), named("bias", bias)])
    }

    /// Logits `[rows, classes]` of embeddings `[rows, width]`.
    ///
    /// # Panics
    /// When `embeddings` has not whole rows.
    pub fn logits(&self, embeddings: &[f32]) -> Vec<f32> {
        let (width, classes) = (self.width, self.classes);
        assert!(
            embeddings.len().is_multiple_of(width),
            "embeddings must be whole rows"
        );
        let rows = embeddings.len() / width;
        let mut transposed = vec![0.0; width * classes];
        for (class, row) in self.weight().chunks_exact(width).enumerate() {
            for (at, weight) in row.iter().enumerate() {
                transposed[at * classes + class] = *weight;
            }
        }
        let mut logits = vec![0.0; rows * classes];
        let shape = [rows, width, classes];
        matmul(
            shape,
            (&mut logits, classes),
            (embeddings, width),
            &transposed,
        );
        for row in logits.chunks_exact_mut(classes) {
            for (logit, bias) in row.iter_mut().zip(self.bias()) {
                *logit += bias;
            }
        }
        logits
    }

    /// Logits `[rows, classes]` of some rows: the mean over `views`, which is the head of the mean
    /// embedding.
    ///
    /// # Errors
    /// When the source cannot give a row.
    pub fn orbit_logits(
        &self,
        source: &dyn InputSource,
        rows: &[usize],
        views: &[View],
    ) -> Result<Vec<f32>, TrainError> {
        let parts: Result<Vec<Vec<f32>>, TrainError> = rows
            .par_chunks(TOGETHER)
            .map(|rows| {
                let mut mean = vec![0.0; rows.len() * self.width];
                for view in views {
                    for (sum, value) in mean.iter_mut().zip(source.under(*view, rows)?) {
                        *sum += value / views.len() as f32;
                    }
                }
                Ok(self.logits(&mean))
            })
            .collect();
        Ok(parts?.concat())
    }

    /// Derivatives of all values, given the embeddings of a batch and the derivative of each logit.
    pub fn gradients(&self, embeddings: &[f32], logit_gradients: &[f32], out: &mut [f32]) {
        let (width, classes) = (self.width, self.classes);
        let rows = embeddings.len() / width;
        let mut transposed = vec![0.0; classes * rows];
        let (weights, biases) = out.split_at_mut(classes * width);
        biases.fill(0.0);
        for (row, derivatives) in logit_gradients.chunks_exact(classes).enumerate() {
            for (class, derivative) in derivatives.iter().enumerate() {
                transposed[class * rows + row] = *derivative;
                biases[class] += derivative;
            }
        }
        matmul(
            [classes, rows, width],
            (weights, width),
            (&transposed, rows),
            embeddings,
        );
    }
}
