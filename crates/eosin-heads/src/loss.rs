//! The loss of a row, its slope and its curvature.

use crate::table::narrow;

/// What patches are told apart by.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// Class of each patch.
    pub classes_of: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// Share of the target probability that is spread over all classes.
    pub label_smoothing: f64,
}

impl Targets<'_> {
    /// Columns of weights that a model has: one for two classes, else one a class.
    pub const fn columns(&self) -> usize {
        if self.classes == 2 { 1 } else { self.classes }
    }

    /// What each class's negative log probability is multiplied by, for a row of class `target`
    /// that weighs `weight`, under these weights of the classes: what
    /// `torch.nn.functional.cross_entropy(weight=w, label_smoothing=s)` sums.
    pub(crate) fn wanted(&self, target: usize, weight: f32, class_weights: &[f32]) -> Vec<f32> {
        let smoothing = narrow(self.label_smoothing);
        let spread = smoothing / self.classes as f32;
        let wanted = |(class, class_weight): (usize, &f32)| {
            let hit = if class == target {
                1.0 - smoothing
            } else {
                0.0
            };
            weight * class_weight * (hit + spread)
        };
        class_weights.iter().enumerate().map(wanted).collect()
    }
}

/// Loss of one row, with the curvature that it adds in the direction of a single logit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowLoss {
    pub loss: f64,
    pub curvature: f32,
}

/// The loss of `logits`, which become its derivatives. `wanted` is as [`Targets::wanted`] has it.
pub(crate) fn backward(logits: &mut [f32], wanted: &[f32]) -> RowLoss {
    match logits {
        [logit] => two_classes(logit, [wanted[0], wanted[1]]),
        logits => softmax(logits, wanted),
    }
}

/// Of two classes, with `z` the logit of the second less that of the first:
/// `wanted_1 softplus(-z) + wanted_0 softplus(z)`.
fn two_classes(logit: &mut f32, [wanted_0, wanted_1]: [f32; 2]) -> RowLoss {
    let z = *logit;
    let small = (-z.abs()).exp();
    // softplus(-|z|); the other is larger by |z|.
    let softplus = small.ln_1p();
    let (for_1, for_0) = if z >= 0.0 {
        (softplus, softplus + z)
    } else {
        (softplus - z, softplus)
    };
    let sure = 1.0 / (1.0 + small);
    let unsure = small * sure;
    let (prob, other) = if z >= 0.0 {
        (sure, unsure)
    } else {
        (unsure, sure)
    };
    // Not `mass * prob - wanted_1`: of a row that is told well, nothing would be left of it.
    *logit = wanted_0 * prob - wanted_1 * other;
    RowLoss {
        loss: f64::from(wanted_1 * for_1) + f64::from(wanted_0 * for_0),
        curvature: (wanted_0 + wanted_1) * unsure * sure,
    }
}

/// Of several: `sum_c wanted_c (-log p_c)`.
fn softmax(logits: &mut [f32], wanted: &[f32]) -> RowLoss {
    let (mut top, mut largest) = (0, f32::NEG_INFINITY);
    for (at, logit) in logits.iter().enumerate() {
        if *logit > largest {
            (top, largest) = (at, *logit);
        }
    }
    for logit in logits.iter_mut() {
        *logit -= largest;
    }
    let others = logits.iter().enumerate().filter(|(at, _)| *at != top);
    // Without the largest, whose part is 1: of a row that is told well, nothing would be left of it.
    let rest: f32 = others.map(|(_, logit)| logit.exp()).sum();
    let (log_sum, sum) = (rest.ln_1p(), 1.0 + rest);
    let mass: f32 = wanted.iter().sum();
    let (mut loss, mut spread) = (0.0, 0.0);
    for (at, (logit, wanted)) in logits.iter_mut().zip(wanted).enumerate() {
        let log_prob = *logit - log_sum;
        let prob = log_prob.exp();
        let other = if at == top { rest / sum } else { 1.0 - prob };
        loss -= f64::from(wanted * log_prob);
        spread += prob * other;
        *logit = (mass - wanted) * prob - wanted * other;
    }
    // For equal probabilities this is 1/K, what diag(p) - p p' has in every direction but the
    // common one.
    let curvature = mass * spread / (logits.len() - 1) as f32;
    RowLoss { loss, curvature }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(logits: &[f32], wanted: &[f32]) -> f64 {
        backward(&mut logits.to_vec(), wanted).loss
    }

    #[test]
    fn derivatives_equal_finite_differences() {
        let cases: [(&[f32], &[f32]); 3] = [
            (&[0.3], &[0.1, 0.9]),
            (&[-2.0], &[1.4, 0.0]),
            (&[0.5, -0.2, 1.0], &[0.05, 0.9, 0.05]),
        ];
        for (logits, wanted) in cases {
            let mut slopes = logits.to_vec();
            backward(&mut slopes, wanted);
            for at in 0..logits.len() {
                let shifted = |by: f32| {
                    let mut logits = logits.to_vec();
                    logits[at] += by;
                    value(&logits, wanted)
                };
                let slope = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                assert!((slope - f64::from(slopes[at])).abs() < 1e-4, "{logits:?}");
            }
        }
    }

    #[test]
    fn two_classes_are_a_softmax_with_one_logit_at_zero() {
        for z in [-90.0_f32, -1.5, 0.0, 0.4, 90.0] {
            let wanted = [0.3, 0.7];
            let (one, two) = (value(&[z], &wanted), value(&[0.0, z], &wanted));
            assert!((one - two).abs() < 1e-5 * two.max(1.0), "{z}: {one} {two}");
        }
    }
}
