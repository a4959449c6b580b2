//! What happens to a finished output: bias, residual, activation.

use crate::dispatch::multiversion;

/// The function applied to each output value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `x`
    Identity,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
}

impl Activation {
    /// The interval that the activation clamps to.
    const fn bounds(self) -> (f32, f32) {
        match self {
            Self::Identity => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
        }
    }
}

/// `out = activation(out + bias + shortcut)` over rows of `bias.len()` channels.
pub(crate) fn finish(out: &mut [f32], bias: &[f32], shortcut: Option<&[f32]>, act: Activation) {
    if let Some(shortcut) = shortcut {
        add_clamp_with(out, bias, shortcut, act.bounds());
    } else {
        add_clamp(out, bias, act.bounds());
    }
}

/// Clamps without hiding a NaN (`f32::max` would).
#[inline(always)]
pub(crate) fn clamp(value: f32, low: f32, high: f32) -> f32 {
    let value = if value < low { low } else { value };
    if value > high { high } else { value }
}

multiversion! {
    fn add_clamp(out: &mut [f32], bias: &[f32], bounds: (f32, f32)) {
        for row in out.chunks_exact_mut(bias.len()) {
            for (value, bias) in row.iter_mut().zip(bias) {
                *value = clamp(*value + bias, bounds.0, bounds.1);
            }
        }
    }
}

multiversion! {
    fn add_clamp_with(out: &mut [f32], bias: &[f32], shortcut: &[f32], bounds: (f32, f32)) {
        let channels = bias.len();
        for (row, other) in out.chunks_exact_mut(channels).zip(shortcut.chunks_exact(channels)) {
            for ((value, bias), other) in row.iter_mut().zip(bias).zip(other) {
                *value = clamp(*value + bias + other, bounds.0, bounds.1);
            }
        }
    }
}
