//! The weights of recorded layers, with normalisations folded in.

use std::cell::RefCell;
use std::sync::Arc;

use eosin_weights::{LazyTensor, TensorDict, WeightsError};

use crate::filters::{Factors, Filters, times};
use crate::layers::BatchNorm;
use crate::narrow::narrow;
use crate::origin::{NormOrigin, Origin};
use crate::param::Param;

/// Where the weights of a network are.
#[derive(Debug)]
pub(crate) struct Weights {
    tensors: TensorDict,
    /// Why weights could not be read, the first time: layers are recorded by methods that cannot
    /// fail.
    failure: RefCell<Option<WeightsError>>,
}

/// Weights and bias of a convolution, and what they were folded from.
#[derive(Default)]
pub(crate) struct Folded {
    pub weights: Filters,
    pub bias: Vec<f32>,
    pub origin: Origin,
}

impl Weights {
    /// These tensors, which have been checked to fit.
    pub fn new(tensors: &TensorDict) -> Self {
        Self {
            tensors: tensors.clone(),
            failure: RefCell::default(),
        }
    }

    /// Whether all could be read.
    ///
    /// # Errors
    /// The first failure to read.
    pub fn finish(self) -> Result<(), WeightsError> {
        self.failure.into_inner().map_or(Ok(()), Err)
    }

    /// The values of a parameter.
    pub fn values(&self, param: &Param) -> Vec<f32> {
        let tensor = &self.tensors[param.name()];
        match tensor.read_all() {
            Ok(values) => values.into_owned(),
            Err(error) => {
                self.failure.borrow_mut().get_or_insert(error);
                vec![0.0; tensor.values()]
            }
        }
    }

    /// Weights and bias of `outputs` filters with the normalisation folded in; the weights, which
    /// are ones where there is no parameter, are not read yet.
    pub fn fold(
        &self,
        weight: Option<&Param>,
        bias: Option<&Param>,
        outputs: usize,
        norm: Option<&BatchNorm>,
    ) -> Folded {
        let name = |param: &Param| param.name().to_owned();
        let mut origin = Origin {
            weight: weight.map(name),
            bias: bias.map(name),
            ..Origin::default()
        };
        let tensor = weight.map(|weight| Arc::clone(&self.tensors[weight.name()]));
        let mut bias = bias.map_or_else(|| vec![0.0; outputs], |bias| self.values(bias));
        let mut factors = Factors::Ones;
        if let Some(norm) = norm {
            let (scale, offset) = (self.values(&norm.weight), self.values(&norm.bias));
            let norm = NormOrigin {
                weight: name(&norm.weight),
                bias: name(&norm.bias),
                running_mean: name(&norm.running_mean),
                running_var: name(&norm.running_var),
                mean: self.values(&norm.running_mean),
                var: self.values(&norm.running_var),
                eps: norm.eps,
            };
            norm.fold_bias(&mut bias, &scale, &offset);
            factors = Factors::Norm((0..outputs).map(|out| norm.factor(&scale, out)).collect());
            origin.norm = Some(norm);
        }
        Folded {
            weights: Filters::new(tensor, factors),
            bias,
            origin,
        }
    }
}

impl NormOrigin {
    /// Scale over deviation of output `out`, given the scales.
    pub(crate) fn factor(&self, scale: &[f32], out: usize) -> f64 {
        f64::from(scale[out]) / (f64::from(self.var[out]) + self.eps).sqrt()
    }

    /// `w' = w * factor`, `b' = (b - mean) * factor + offset` for each output, in `f64`.
    pub(crate) fn fold(
        &self,
        mut weights: Vec<f32>,
        mut bias: Vec<f32>,
        scale: &[f32],
        offset: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let each = (weights.len() / bias.len().max(1)).max(1);
        for (out, weights) in weights.chunks_exact_mut(each).enumerate() {
            times(weights, self.factor(scale, out));
        }
        self.fold_bias(&mut bias, scale, offset);
        (weights, bias)
    }

    fn fold_bias(&self, bias: &mut [f32], scale: &[f32], offset: &[f32]) {
        for (out, bias) in bias.iter_mut().enumerate() {
            let centred = f64::from(*bias) - f64::from(self.mean[out]);
            let factor = self.factor(scale, out);
            *bias = narrow(centred.mul_add(factor, f64::from(offset[out])));
        }
    }
}
