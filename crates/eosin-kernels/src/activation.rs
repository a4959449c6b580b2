//! What happens to a finished output: bias, residual, activation.

use crate::dispatch::multiversion;
use crate::smooth;

/// The function applied to each output value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `x`
    Identity,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// `x * sigmoid(x)`, also called swish (Elfwing et al. 2018, arXiv:1702.03118).
    Silu,
    /// `relu6(x + 3) / 6` (Howard et al. 2019, arXiv:1905.02244).
    HardSigmoid,
    /// `x * relu6(x + 3) / 6` (Howard et al. 2019, arXiv:1905.02244).
    HardSwish,
    /// `x / 2 * (1 + erf(x / sqrt 2))` (Hendrycks & Gimpel 2016, arXiv:1606.08415).
    Gelu,
}

impl Activation {
    /// The interval that a clamping activation clamps to; the others do not clamp.
    pub(crate) const fn bounds(self) -> (f32, f32) {
        match self {
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
            _ => (f32::NEG_INFINITY, f32::INFINITY),
        }
    }

    /// Applies the function to sums that are already within its bounds.
    pub(crate) fn apply_unclamped(self, values: &mut [f32]) {
        if !matches!(self, Self::Relu | Self::Relu6) {
            self.apply(values);
        }
    }

    /// Applies the function to every value.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Relu | Self::Relu6 => clamp_all(values, self.bounds()),
            Self::Sigmoid => sigmoid_all(values),
            Self::Silu => silu_all(values),
            Self::HardSigmoid => hard_sigmoid_all(values),
            Self::HardSwish => hard_swish_all(values),
            Self::Gelu => gelu_all(values),
        }
    }
}

/// Clamps without hiding a NaN (`f32::max` would).
#[inline(always)]
pub(crate) fn clamp(value: f32, low: f32, high: f32) -> f32 {
    let value = if value < low { low } else { value };
    if value > high { high } else { value }
}

multiversion! {
    fn clamp_all(values: &mut [f32], bounds: (f32, f32)) {
        for value in values {
            *value = clamp(*value, bounds.0, bounds.1);
        }
    }
}

multiversion! {
    fn sigmoid_all(values: &mut [f32]) {
        for value in values {
            *value = smooth::sigmoid(*value);
        }
    }
}

multiversion! {
    fn silu_all(values: &mut [f32]) {
        for value in values {
            *value *= smooth::sigmoid(*value);
        }
    }
}

multiversion! {
    fn hard_sigmoid_all(values: &mut [f32]) {
        for value in values {
            *value = clamp(*value + 3.0, 0.0, 6.0) / 6.0;
        }
    }
}

multiversion! {
    fn hard_swish_all(values: &mut [f32]) {
        for value in values {
            *value *= clamp(*value + 3.0, 0.0, 6.0) / 6.0;
        }
    }
}

multiversion! {
    fn gelu_all(values: &mut [f32]) {
        for value in values {
            let half = 0.5 * *value;
            *value = half + half * smooth::erf(*value * std::f32::consts::FRAC_1_SQRT_2);
        }
    }
}
