//! What training minimises: one loss, one file.

mod binary;
mod cross_entropy;
mod focal;
mod generalised_cross_entropy;

use std::fmt::Debug;
use std::sync::Arc;

use eosin_core::config::{LossKind, TrainConfig};

use self::binary::Binary;
use self::cross_entropy::CrossEntropy;
use self::focal::Focal;
use self::generalised_cross_entropy::GeneralisedCrossEntropy;
use crate::optimise::narrow;

/// A row of a batch.
struct Row<'a> {
    logits: &'a [f32],
    target: usize,
    /// One weight a class.
    class_weights: &'a [f32],
    /// What the batch's sum is divided by.
    divisor: f32,
}

/// A loss as a function of one row. With `p` the softmax of the logits, `t` the target and `w` the
/// weights of the classes.
trait RowLoss: Debug + Send + Sync {
    /// What the sum over the rows is divided by.
    fn divisor(&self, targets: &[usize], class_weights: &[f32]) -> f32 {
        targets.iter().map(|target| class_weights[*target]).sum()
    }

    /// The row's share of the sum; `derivative` receives the derivative of the whole loss with
    /// respect to each logit.
    fn row(&self, row: &Row<'_>, derivative: &mut [f32]) -> f64;
}

/// Loss of a batch and its gradient with respect to the logits.
#[derive(Clone, Debug)]
pub struct Loss {
    of_row: Arc<dyn RowLoss>,
    class_weights: Vec<f32>,
}

impl Loss {
    /// The loss that `config` asks for, with one weight a class.
    pub fn new(config: &TrainConfig, class_weights: Vec<f32>) -> Self {
        let cross_entropy = CrossEntropy {
            label_smoothing: narrow(config.label_smoothing),
        };
        let of_row: Arc<dyn RowLoss> = match config.loss {
            LossKind::CrossEntropy => Arc::new(cross_entropy),
            LossKind::Focal => Arc::new(Focal {
                gamma: narrow(config.focal_gamma),
            }),
            LossKind::GeneralisedCrossEntropy => Arc::new(GeneralisedCrossEntropy {
                q: narrow(config.gce_q),
            }),
            LossKind::Binary => Arc::new(Binary(cross_entropy)),
        };
        Self {
            of_row,
            class_weights,
        }
    }

    /// The loss of `logits` (`[rows, classes]`) against `targets`; `gradient` receives its
    /// derivative with respect to each logit.
    ///
    /// # Panics
    /// When the lengths do not fit.
    pub fn backward(&self, logits: &[f32], targets: &[usize], gradient: &mut [f32]) -> f64 {
        let classes = self.class_weights.len();
        assert_eq!(
            logits.len(),
            targets.len() * classes,
            "one logit a row and class"
        );
        assert_eq!(gradient.len(), logits.len(), "one derivative a logit");
        let divisor = self.of_row.divisor(targets, &self.class_weights);
        let rows = logits
            .chunks_exact(classes)
            .zip(gradient.chunks_exact_mut(classes));
        let mut total = 0.0;
        for ((logits, derivative), target) in rows.zip(targets) {
            let row = Row {
                logits,
                target: *target,
                class_weights: &self.class_weights,
                divisor,
            };
            total += self.of_row.row(&row, derivative);
        }
        total / f64::from(divisor)
    }
}

impl Row<'_> {
    /// A loss `f(p_t)` of the target's probability alone: its derivative with respect to a logit is
    /// `f'(p_t) p_t ([c = t] - p_c)`. `of_prob` gives `f` and `f' p_t` from `p_t` and its logarithm.
    fn of_target_prob(
        &self,
        derivative: &mut [f32],
        of_prob: impl FnOnce(TargetProb) -> ValueAndSlope,
    ) -> f64 {
        let log_norm = log_sum_exp(self.logits);
        let log = self.logits[self.target] - log_norm;
        let ValueAndSlope { value, slope } = of_prob(TargetProb {
            prob: log.exp(),
            log,
        });
        let weight = self.class_weights[self.target];
        for (class, (logit, slot)) in self.logits.iter().zip(derivative).enumerate() {
            let hit = if class == self.target { 1.0 } else { 0.0 };
            *slot = weight * slope * (hit - (logit - log_norm).exp()) / self.divisor;
        }
        f64::from(weight * value)
    }
}

/// `p_t` and its natural logarithm.
struct TargetProb {
    prob: f32,
    log: f32,
}

/// A loss and its derivative times `p_t`.
struct ValueAndSlope {
    value: f32,
    slope: f32,
}

fn log_sum_exp(row: &[f32]) -> f32 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    largest
        + row
            .iter()
            .map(|logit| (logit - largest).exp())
            .sum::<f32>()
            .ln()
}

/// Logits (`[rows, classes]`) to probabilities, in place.
pub fn softmax(logits: &mut [f32], classes: usize) {
    for row in logits.chunks_exact_mut(classes) {
        let log_norm = log_sum_exp(row);
        for logit in row {
            *logit = (*logit - log_norm).exp();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::class_weights::class_weights;

    const LOGITS: [f32; 9] = [0.2, -1.0, 0.7, 2.0, 0.1, -0.3, 0.0, 0.5, 0.4];
    const TARGETS: [usize; 3] = [2, 0, 1];
    /// torch 2.15, weight [1, 2, 0.5]: `cross_entropy(label_smoothing=.1)`, and by their formulas
    /// focal with gamma 2 and generalised cross-entropy with q 0.7.
    const TORCH: [(LossKind, f64); 3] = [
        (LossKind::CrossEntropy, 0.752_756_8),
        (LossKind::Focal, 0.209_288_736),
        (LossKind::GeneralisedCrossEntropy, 0.515_111_043),
    ];

    fn loss(kind: LossKind, logits: &[f32]) -> (f64, Vec<f32>) {
        let config = TrainConfig {
            loss: kind,
            label_smoothing: if kind == LossKind::CrossEntropy {
                0.1
            } else {
                0.0
            },
            ..TrainConfig::default()
        };
        let criterion = Loss::new(&config, vec![1.0, 2.0, 0.5]);
        let mut gradient = vec![0.0; logits.len()];
        (
            criterion.backward(logits, &TARGETS, &mut gradient),
            gradient,
        )
    }

    #[test]
    fn losses_equal_torch() {
        for (kind, torch) in TORCH {
            let (got, _) = loss(kind, &LOGITS);
            assert!(
                (got - torch).abs() < 1e-6,
                "{kind}: {got}, torch has {torch}"
            );
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        for (kind, _) in TORCH {
            let (_, gradient) = loss(kind, &LOGITS);
            for i in 0..LOGITS.len() {
                let shifted = |by: f32| {
                    let mut logits = LOGITS;
                    logits[i] += by;
                    loss(kind, &logits).0
                };
                let slope = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                let error = (slope - f64::from(gradient[i])).abs();
                assert!(error < 1e-4, "{kind} {i}: {slope} {}", gradient[i]);
            }
        }
    }

    #[test]
    fn focal_without_gamma_is_cross_entropy() {
        let config = TrainConfig {
            loss: LossKind::Focal,
            label_smoothing: 0.0,
            focal_gamma: 0.0,
            ..TrainConfig::default()
        };
        let focal = Loss::new(&config, vec![1.0; 3]);
        let plain = TrainConfig {
            loss: LossKind::CrossEntropy,
            ..config
        };
        let plain = Loss::new(&plain, vec![1.0; 3]);
        let mut slopes = [[0.0; 9], [0.0; 9]];
        let [a, b] = &mut slopes;
        let difference =
            focal.backward(&LOGITS, &TARGETS, a) - plain.backward(&LOGITS, &TARGETS, b);
        assert!(difference.abs() < 1e-6);
        assert!(a.iter().zip(b).all(|(a, b)| (*a - *b).abs() < 1e-6));
    }

    #[test]
    fn the_binary_loss_is_that_of_the_difference_of_logits() {
        let config = TrainConfig {
            loss: LossKind::Binary,
            label_smoothing: 0.0,
            positive_weight: 3.0,
            ..TrainConfig::default()
        };
        let criterion = Loss::new(&config, class_weights(&config, [0, 1].into_iter(), 2, 1));
        let (logits, targets) = ([0.5, -0.2, -1.0, 0.75], [1, 0]);
        let got = criterion.backward(&logits, &targets, &mut [0.0; 4]);
        // BCEWithLogits: -y w log(sigmoid(z)) - (1 - y) log(1 - sigmoid(z)), mean over rows.
        let softplus = |z: f64| z.exp().ln_1p();
        let expected = f64::midpoint(3.0 * softplus(0.7), softplus(1.75));
        assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
    }

    #[test]
    fn a_sure_row_has_no_loss_and_no_nan() {
        for (kind, _) in TORCH {
            let logits = [-80.0, -80.0, 80.0, 90.0, -90.0, 0.0, 0.0, 100.0, -5.0];
            let (value, gradient) = loss(kind, &logits);
            assert!(
                value.is_finite() && gradient.iter().all(|g| g.is_finite()),
                "{kind}"
            );
        }
    }

    #[test]
    fn probabilities_add_up_and_survive_large_logits() {
        let mut logits = [1000.0, 0.0, -1000.0];
        softmax(&mut logits, 3);
        assert_eq!(
            logits.map(f32::to_bits),
            [1.0_f32, 0.0, 0.0].map(f32::to_bits)
        );
    }
}
