//! What training minimises.

use eosin_core::config::{LossKind, TrainConfig};

use crate::optimise::optimiser::narrow;

/// Loss of a batch and its gradient with respect to the logits. With `p` the softmax of the logits,
/// `t` a row's target and `w` the weights of the classes, the kinds are
///
/// - `cross-entropy`: `sum_i [ (1-s) w_t (-log p_t) + s/C sum_c w_c (-log p_c) ] / sum_i w_t`, as
///   `torch.nn.functional.cross_entropy(weight=w, label_smoothing=s)` (label smoothing: Szegedy et
///   al. 2016, arXiv:1512.00567);
/// - `focal`: `sum_i w_t (1-p_t)^gamma (-log p_t) / sum_i w_t` (Lin et al. 2017,
///   arXiv:1708.02002);
/// - `generalised-cross-entropy`: `sum_i w_t (1 - p_t^q) / q / sum_i w_t` (Zhang & Sabuncu 2018,
///   arXiv:1805.07836);
/// - `binary`: cross-entropy divided by the number of rows, `w` being 1 and the positive class's
///   weight: `torch.nn.BCEWithLogitsLoss(pos_weight)` of the difference of the two logits.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Which.
    pub kind: LossKind,
    /// `s`: share of the target probability spread over all classes.
    pub label_smoothing: f32,
    /// `gamma` of `focal`.
    pub focal_gamma: f32,
    /// `q` of `generalised-cross-entropy`.
    pub gce_q: f32,
    /// `w`: one weight a class.
    pub class_weights: Vec<f32>,
}

impl Loss {
    /// The loss that `config` asks for; `positive` is the class of `positive_weight`.
    pub fn new(config: &TrainConfig, mut class_weights: Vec<f32>, positive: usize) -> Self {
        if config.loss == LossKind::Binary {
            class_weights[positive] *= narrow(config.positive_weight);
        }
        Self {
            kind: config.loss,
            label_smoothing: narrow(config.label_smoothing),
            focal_gamma: narrow(config.focal_gamma),
            gce_q: narrow(config.gce_q),
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
        let norm: f32 = match self.kind {
            LossKind::Binary => targets.len() as f32,
            _ => targets
                .iter()
                .map(|target| self.class_weights[*target])
                .sum(),
        };
        let rows = logits
            .chunks_exact(classes)
            .zip(gradient.chunks_exact_mut(classes));
        let mut total = 0.0;
        for ((row, derivative), target) in rows.zip(targets) {
            total += match self.kind {
                LossKind::CrossEntropy | LossKind::Binary => {
                    self.cross_entropy(row, *target, norm, derivative)
                }
                LossKind::Focal | LossKind::GeneralisedCrossEntropy => {
                    self.of_target_prob(row, *target, norm, derivative)
                }
            };
        }
        total / f64::from(norm)
    }

    /// One row of cross-entropy.
    fn cross_entropy(&self, row: &[f32], target: usize, norm: f32, derivative: &mut [f32]) -> f64 {
        let spread = self.label_smoothing / row.len() as f32;
        let log_norm = log_sum_exp(row);
        let (mut total, mut mass) = (0.0, 0.0);
        for (class, (logit, slot)) in row.iter().zip(derivative.iter_mut()).enumerate() {
            let hit = if class == target {
                1.0 - self.label_smoothing
            } else {
                0.0
            };
            let wanted = (hit + spread) * self.class_weights[class];
            total += f64::from(wanted * (log_norm - logit));
            mass += wanted;
            *slot = -wanted / norm;
        }
        for (logit, slot) in row.iter().zip(derivative) {
            *slot += mass * (logit - log_norm).exp() / norm;
        }
        total
    }

    /// One row of a loss `f(p_t)`: its derivative is `f'(p_t) p_t ([c = t] - p_c)`.
    fn of_target_prob(&self, row: &[f32], target: usize, norm: f32, derivative: &mut [f32]) -> f64 {
        let log_norm = log_sum_exp(row);
        let log_prob = row[target] - log_norm;
        let prob = log_prob.exp();
        let (value, slope) = if self.kind == LossKind::Focal {
            let (gamma, rest) = (self.focal_gamma, 1.0 - prob);
            let factor = rest.powf(gamma);
            let steepness = if gamma == 0.0 {
                0.0
            } else {
                gamma * rest.powf(gamma - 1.0) * prob * log_prob
            };
            (-factor * log_prob, steepness - factor)
        } else {
            let power = (self.gce_q * log_prob).exp();
            ((1.0 - power) / self.gce_q, -power)
        };
        let weight = self.class_weights[target];
        for (class, (logit, slot)) in row.iter().zip(derivative).enumerate() {
            let hit = if class == target { 1.0 } else { 0.0 };
            *slot = weight * slope * (hit - (logit - log_norm).exp()) / norm;
        }
        f64::from(weight * value)
    }
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
        let criterion = Loss::new(&config, vec![1.0, 2.0, 0.5], 2);
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
        let focal = Loss::new(&config, vec![1.0; 3], 0);
        let plain = Loss {
            kind: LossKind::CrossEntropy,
            ..focal.clone()
        };
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
        let criterion = Loss::new(&config, vec![1.0; 2], 1);
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
