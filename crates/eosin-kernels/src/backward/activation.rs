//! Derivatives of activations.

use crate::activation::Activation;
use crate::dispatch::multiversion;
use crate::smooth;

/// Whether the derivative follows from the input only; else it follows from the output.
pub const fn needs_input(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::Silu | Activation::HardSwish | Activation::Gelu
    )
}

/// Multiplies `gradient` by the activation's derivative, in place. `values` are the inputs where
/// [`needs_input`] says so, else the outputs. On a kink it is 0, as in PyTorch (`hard-swish` has
/// its one-sided values).
///
/// # Panics
/// When the lengths differ.
pub fn activation_backward(activation: Activation, values: &[f32], gradient: &mut [f32]) {
    assert_eq!(values.len(), gradient.len(), "one gradient a value");
    match activation {
        Activation::Identity => {}
        Activation::Relu => within(values, f32::INFINITY, 1.0, gradient),
        Activation::Relu6 => within(values, 6.0, 1.0, gradient),
        Activation::HardSigmoid => within(values, 1.0, 1.0 / 6.0, gradient),
        Activation::Sigmoid => sigmoid(values, gradient),
        Activation::Silu => silu(values, gradient),
        Activation::HardSwish => hard_swish(values, gradient),
        Activation::Gelu => gelu(values, gradient),
    }
}

multiversion! {
    /// `slope` where the output is above 0 and below `high`.
    fn within(values: &[f32], high: f32, slope: f32, gradient: &mut [f32]) {
        for (gradient, value) in gradient.iter_mut().zip(values) {
            let inside = *value > 0.0 && *value < high;
            *gradient *= if inside { slope } else { 0.0 };
        }
    }
}

multiversion! {
    fn sigmoid(values: &[f32], gradient: &mut [f32]) {
        for (gradient, value) in gradient.iter_mut().zip(values) {
            *gradient *= *value * (1.0 - *value);
        }
    }
}

multiversion! {
    fn silu(values: &[f32], gradient: &mut [f32]) {
        for (gradient, value) in gradient.iter_mut().zip(values) {
            let sigmoid = smooth::sigmoid(*value);
            *gradient *= sigmoid * (1.0 + *value * (1.0 - sigmoid));
        }
    }
}

multiversion! {
    fn hard_swish(values: &[f32], gradient: &mut [f32]) {
        for (gradient, value) in gradient.iter_mut().zip(values) {
            let middle = *value / 3.0 + 0.5;
            let slope = if *value <= 3.0 { middle } else { 1.0 };
            *gradient *= if *value < -3.0 { 0.0 } else { slope };
        }
    }
}

multiversion! {
    fn gelu(values: &[f32], gradient: &mut [f32]) {
        for (gradient, value) in gradient.iter_mut().zip(values) {
            let below = 0.5 + 0.5 * smooth::erf(*value * std::f32::consts::FRAC_1_SQRT_2);
            // 1 / sqrt(2 pi)
            let density = 0.398_942_3 * smooth::exp(-0.5 * *value * *value);
            *gradient *= below + *value * density;
        }
    }
}
