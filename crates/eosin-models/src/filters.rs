//! The weights of a recorded convolution, drawn from where they are when they are packed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use eosin_kernels::{Activation, Conv, ConvShape, Precision};
use eosin_weights::{LazyTensor, WeightsError};

use crate::narrow::narrow;

/// Weights, `[cout, cin / groups, kernel, kernel]`, with what is folded into them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    /// Its first axis counts the outputs; `None`: one weight of one an output.
    tensor: Option<Arc<dyn LazyTensor>>,
    /// Folded into each output's weights.
    factors: Factors,
}

/// What each output's weights are multiplied by.
#[derive(Clone, Debug, Default)]
pub(crate) enum Factors {
    /// One.
    #[default]
    Ones,
    /// Scale over deviation of a batch norm.
    Norm(Vec<f64>),
    /// A layer scale.
    Layer(Vec<f32>),
}

impl Filters {
    /// `tensor` times `factors`; one weight of one an output where there is no tensor.
    pub const fn new(tensor: Option<Arc<dyn LazyTensor>>, factors: Factors) -> Self {
        Self { tensor, factors }
    }

    /// The same weights times other factors.
    pub fn with(self, factors: Factors) -> Self {
        Self { factors, ..self }
    }

    /// The weights of some outputs.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self, outputs: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let first = outputs.start;
        let (mut weights, each) = match &self.tensor {
            Some(tensor) => (tensor.read(outputs)?, tensor.row_values()),
            None => (Cow::Owned(vec![1.0; outputs.len()]), 1),
        };
        match &self.factors {
            Factors::Ones => {}
            Factors::Norm(factors) => {
                let own = weights.to_mut().chunks_exact_mut(each);
                for (weights, factor) in own.zip(&factors[first..]) {
                    times(weights, *factor);
                }
            }
            Factors::Layer(gamma) => {
                let own = weights.to_mut().chunks_exact_mut(each);
                for (weights, gamma) in own.zip(&gamma[first..]) {
                    for weight in weights {
                        *weight *= gamma;
                    }
                }
            }
        }
        Ok(weights)
    }

    /// A convolution with these weights, in this precision if that suits it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn pack(
        &self,
        precision: Precision,
        shape: ConvShape,
        bias: &[f32],
        activation: Activation,
    ) -> Result<Conv, WeightsError> {
        Conv::reading(
            precision,
            shape,
            |outputs| self.read(outputs),
            bias,
            activation,
        )
    }
}

/// Multiplies an output's weights by a batch norm's factor, in double precision.
pub(crate) fn times(weights: &mut [f32], factor: f64) {
    for weight in weights {
        *weight = narrow(f64::from(*weight) * factor);
    }
}
