//! Weights into what is folded from them, and gradients of that back into theirs.

use eosin_kernels::ConvShape;
use eosin_kernels::backward::WeightGradients;

use crate::narrow::narrow;
use crate::origin::{NormOrigin, Origin};

/// Weights of PyTorch's layout and bias of a convolution, with its batch norm or layer scale.
pub(super) fn folded<'a>(
    shape: ConvShape,
    origin: &Origin,
    values: &impl Fn(&str) -> &'a [f32],
) -> (Vec<f32>, Vec<f32>) {
    let (mut weights, mut bias) = plain(shape, origin, values);
    if let Some(norm) = &origin.norm {
        let (scale, offset) = (values(&norm.weight), values(&norm.bias));
        return norm.fold(weights, bias, scale, offset);
    }
    if let Some(gamma) = &origin.gamma {
        times_outputs(&mut weights, values(gamma));
        times_outputs(&mut bias, values(gamma));
    }
    (weights, bias)
}

/// Calls `write` with the gradient of every parameter behind a folded convolution, and its name.
pub(super) fn write_gradients<'a>(
    shape: ConvShape,
    origin: &Origin,
    gradients: &WeightGradients,
    values: &impl Fn(&str) -> &'a [f32],
    write: &mut impl FnMut(&str, &[f32]),
) {
    let mut of = Pair {
        weights: shape.out_major(&gradients.weights),
        bias: gradients.bias.clone(),
    };
    if let Some(norm) = &origin.norm {
        write(&norm.bias, &of.bias);
        let (weights, bias) = plain(shape, origin, values);
        let of_scale = unfold_norm(norm, values(&norm.weight), &Pair { weights, bias }, &mut of);
        write(&norm.weight, &of_scale);
    }
    if let Some(gamma) = &origin.gamma {
        let (weights, bias) = plain(shape, origin, values);
        let of_gamma = unfold_scale(values(gamma), &Pair { weights, bias }, &mut of);
        write(gamma, &of_gamma);
    }
    if let Some(weight) = &origin.weight {
        write(weight, &of.weights);
    }
    if let Some(bias) = &origin.bias {
        write(bias, &of.bias);
    }
}

/// Weights, some an output, and bias, one an output; or their gradients.
struct Pair {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Pair {
    /// The weights of output `out`.
    fn of_output(&self, out: usize) -> std::ops::Range<usize> {
        let each = self.weights.len() / self.bias.len();
        out * each..(out + 1) * each
    }
}

/// Weights and bias before anything is folded in, in PyTorch's order.
fn plain<'a>(
    shape: ConvShape,
    origin: &Origin,
    values: &impl Fn(&str) -> &'a [f32],
) -> (Vec<f32>, Vec<f32>) {
    let count = shape.cout * shape.cin / shape.groups * shape.kernel[0] * shape.kernel[1];
    let own = |name: &Option<String>, otherwise: f32, count: usize| {
        let own = name.as_ref().map(|name| values(name).to_vec());
        own.unwrap_or_else(|| vec![otherwise; count])
    };
    (
        own(&origin.weight, 1.0, count),
        own(&origin.bias, 0.0, shape.cout),
    )
}

fn times_outputs(values: &mut [f32], factors: &[f32]) {
    let each = values.len() / factors.len();
    for (values, factor) in values.chunks_exact_mut(each).zip(factors) {
        for value in values {
            *value *= factor;
        }
    }
}

/// From the gradients of `w f` and `(b - mean) f + offset`, `f = scale / sqrt(var + eps)`, to those
/// of `w` and `b`, in place, and of `scale`.
fn unfold_norm(norm: &NormOrigin, scale: &[f32], plain: &Pair, of: &mut Pair) -> Vec<f32> {
    let of_scale = |out: usize| {
        let own = plain.of_output(out);
        let centred = f64::from(plain.bias[out]) - f64::from(norm.mean[out]);
        let sum = dot(&of.weights[own.clone()], &plain.weights[own.clone()])
            + f64::from(of.bias[out]) * centred;
        let factor = norm.factor(scale, out);
        times(&mut of.weights[own], factor);
        of.bias[out] = narrow(f64::from(of.bias[out]) * factor);
        narrow(sum / (f64::from(norm.var[out]) + norm.eps).sqrt())
    };
    (0..plain.bias.len()).map(of_scale).collect()
}

/// From the gradients of `w gamma` and `b gamma` to those of `w` and `b`, in place, and of `gamma`.
fn unfold_scale(gamma: &[f32], plain: &Pair, of: &mut Pair) -> Vec<f32> {
    let of_gamma = |out: usize| {
        let own = plain.of_output(out);
        let sum = dot(&of.weights[own.clone()], &plain.weights[own.clone()])
            + f64::from(of.bias[out]) * f64::from(plain.bias[out]);
        let factor = f64::from(gamma[out]);
        times(&mut of.weights[own], factor);
        of.bias[out] = narrow(f64::from(of.bias[out]) * factor);
        narrow(sum)
    };
    (0..plain.bias.len()).map(of_gamma).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn times(values: &mut [f32], factor: f64) {
    for value in values {
        *value = narrow(f64::from(*value) * factor);
    }
}
