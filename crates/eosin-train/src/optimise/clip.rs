//! Gradients that are too long are shortened.

use crate::optimise::narrow;

/// Euclidean length.
pub(crate) fn norm(values: &[f32]) -> f64 {
    let square: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
    square.sqrt()
}

/// Scales `gradients` down to the norm `limit` when theirs is larger, as PyTorch's
/// `clip_grad_norm_`; a `limit` of 0 is none.
pub(crate) fn clip(gradients: &mut [f32], limit: f64) {
    if limit == 0.0 {
        return;
    }
    let factor = limit / (norm(gradients) + 1e-6);
    if factor < 1.0 {
        for gradient in gradients {
            *gradient *= narrow(factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_gradients_are_clipped_and_short_ones_kept() {
        let mut gradients = [3.0, -4.0];
        clip(&mut gradients, 10.0);
        assert_eq!(
            gradients.map(f32::to_bits),
            [3.0_f32, -4.0].map(f32::to_bits)
        );
        clip(&mut gradients, 1.0);
        assert!((gradients[0] - 0.6).abs() < 1e-6 && (gradients[1] + 0.8).abs() < 1e-6);
    }
}
