//! Gradients to steps, over one flat vector of weights.

use eosin_core::config::{OptimiserKind, TrainConfig};

use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::model::trainable::Groups;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// How slowly `rmsprop` forgets.
const ALPHA: f32 = 0.99;
/// How slowly the running mean of `lion` forgets.
const LION_BETA2: f32 = 0.99;

/// An optimiser with its state. `step` follows PyTorch's update rules.
#[derive(Clone, Debug)]
pub struct Optimiser {
    kind: OptimiserKind,
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
    /// Steps of each group.
    steps: Vec<i32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Optimiser {
    /// A fresh state for the weights of `groups`.
    pub fn new(config: &TrainConfig, groups: &Groups) -> Self {
        let len = groups.decays.len();
        let second = match config.optimiser {
            OptimiserKind::Sgd | OptimiserKind::Lion => 0,
            OptimiserKind::Adam | OptimiserKind::AdamW | OptimiserKind::RmsProp => len,
        };
        Self {
            kind: config.optimiser,
            momentum: narrow(config.momentum),
            nesterov: config.nesterov,
            weight_decay: narrow(config.weight_decay),
            steps: vec![0; groups.groups],
            first: vec![0.0; len],
            second: vec![0.0; second],
        }
    }

    /// Moves `weights` against `gradients`, each group at its own learning rate. A group whose
    /// rate is 0 is frozen: neither its weights nor their moments change.
    ///
    /// - `sgd`: `v = momentum v + g + decay w; w -= lr v` (Sutskever et al. 2013, PyTorch's form);
    ///   with `nesterov` `w -= lr (g + decay w + momentum v)`
    /// - `adam`: Kingma & Ba 2015, arXiv:1412.6980, the decay added to the gradient
    /// - `adamw`: Loshchilov & Hutter 2019, arXiv:1711.05101: `w -= lr decay w` first
    /// - `rmsprop`: Tieleman & Hinton 2012, PyTorch's form: `s = 0.99 s + 0.01 g^2;
    ///   v = momentum v + g / (sqrt s + 1e-8); w -= lr v`, the decay added to the gradient
    /// - `lion`: Chen et al. 2023, arXiv:2302.06675: `w -= lr (decay w + sign(0.9 m + 0.1 g));
    ///   m = 0.99 m + 0.01 g`
    ///
    /// # Panics
    /// When the lengths differ from the state's.
    pub fn step(
        &mut self,
        weights: &mut [f32],
        gradients: &[f32],
        groups: &Groups,
        learning_rates: &[f64],
    ) {
        assert_eq!(
            weights.len(),
            self.first.len(),
            "the optimiser was made for other weights"
        );
        assert_eq!(
            gradients.len(),
            weights.len(),
            "each weight has one gradient"
        );
        let constants = |(steps, rate): (&mut i32, &f64)| {
            *steps += i32::from(*rate > 0.0);
            let correction1 = 1.0 - BETA1.powi(*steps);
            let correction2 = (1.0 - BETA2.powi(*steps)).sqrt();
            (narrow(*rate), correction1, correction2)
        };
        let of_group = self.steps.iter_mut().zip(learning_rates).map(constants);
        let of_group: Vec<(f32, f32, f32)> = of_group.collect();
        for (i, (weight, gradient)) in weights.iter_mut().zip(gradients).enumerate() {
            let (rate, correction1, correction2) = of_group[usize::from(groups.group[i])];
            if rate == 0.0 {
                continue;
            }
            let decay = if groups.decays[i] {
                self.weight_decay
            } else {
                0.0
            };
            let mut gradient = *gradient;
            match self.kind {
                OptimiserKind::AdamW | OptimiserKind::Lion => *weight -= rate * decay * *weight,
                OptimiserKind::Sgd | OptimiserKind::Adam | OptimiserKind::RmsProp => {
                    gradient += decay * *weight;
                }
            }
            let first = &mut self.first[i];
            match self.kind {
                OptimiserKind::Sgd => {
                    *first = self.momentum * *first + gradient;
                    let ahead = gradient + self.momentum * *first;
                    *weight -= rate * if self.nesterov { ahead } else { *first };
                }
                OptimiserKind::RmsProp => {
                    let second = &mut self.second[i];
                    *second = ALPHA * *second + (1.0 - ALPHA) * gradient * gradient;
                    *first = self.momentum * *first + gradient / (second.sqrt() + EPSILON);
                    *weight -= rate * *first;
                }
                OptimiserKind::Lion => {
                    let direction = BETA1 * *first + (1.0 - BETA1) * gradient;
                    *first = LION_BETA2 * *first + (1.0 - LION_BETA2) * gradient;
                    // `signum` of zero is one.
                    if direction != 0.0 {
                        *weight -= rate * direction.signum();
                    }
                }
                OptimiserKind::Adam | OptimiserKind::AdamW => {
                    let second = &mut self.second[i];
                    *first = BETA1 * *first + (1.0 - BETA1) * gradient;
                    *second = BETA2 * *second + (1.0 - BETA2) * gradient * gradient;
                    let denominator = second.sqrt() / correction2 + EPSILON;
                    *weight -= rate / correction1 * *first / denominator;
                }
            }
        }
    }
}

impl Optimiser {
    pub(crate) fn save(&self, pack: &mut Pack) {
        pack.count(self.steps.len());
        for steps in &self.steps {
            pack.count(usize::try_from(*steps).expect("steps are counted up from 0"));
        }
        pack.floats(&self.first);
        pack.floats(&self.second);
    }

    pub(crate) fn load(&mut self, unpack: &mut Unpack<'_>) -> Result<(), TrainError> {
        let wrong = TrainError::Checkpoint("it is of another network");
        if unpack.count()? != self.steps.len() {
            return Err(wrong);
        }
        for steps in &mut self.steps {
            let count = i32::try_from(unpack.count()?);
            *steps = count.map_err(|_| TrainError::Checkpoint("a count is too large"))?;
        }
        self.first = unpack.floats_of(self.first.len())?;
        self.second = unpack.floats_of(self.second.len())?;
        Ok(())
    }
}

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

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TORCH_SGD: [f32; 2] = [0.863_524, -2.049_548];
    const TORCH_ADAM: [f32; 2] = [0.812_098_3, -1.953_127];
    const TORCH_ADAMW: [f32; 2] = [0.800_639, -1.920_397];
    const TORCH_NESTEROV: [f32; 2] = [0.877_211_2, -2.137_897];
    const TORCH_RMSPROP: [f32; 2] = [-1.575_345, -1.077_342];
    const TIMM_LION: [f32; 2] = [0.873_289, -2.041_588];

    fn groups(decays: [bool; 2]) -> Groups {
        Groups {
            decays: decays.to_vec(),
            group: vec![0; 2],
            groups: 1,
        }
    }

    /// `torch.optim` 2.15 (Lion: timm 1.0.31): three steps from w = [1, -2] with gradients [0.5, -1], [0.25, 2],
    /// [-1, 0.5], lr 0.1, weight decay 0.1, momentum 0.9.
    #[test]
    fn three_steps_equal_torch() {
        for (kind, nesterov, expected) in [
            (OptimiserKind::Sgd, false, TORCH_SGD),
            (OptimiserKind::Sgd, true, TORCH_NESTEROV),
            (OptimiserKind::Adam, false, TORCH_ADAM),
            (OptimiserKind::AdamW, false, TORCH_ADAMW),
            (OptimiserKind::RmsProp, false, TORCH_RMSPROP),
            (OptimiserKind::Lion, false, TIMM_LION),
        ] {
            let config = TrainConfig {
                optimiser: kind,
                nesterov,
                weight_decay: 0.1,
                ..TrainConfig::default()
            };
            let groups = groups([true, true]);
            let mut optimiser = Optimiser::new(&config, &groups);
            let mut weights = [1.0, -2.0];
            for gradients in [[0.5, -1.0], [0.25, 2.0], [-1.0, 0.5]] {
                optimiser.step(&mut weights, &gradients, &groups, &[0.1]);
            }
            for (got, expected) in weights.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6, "{kind}: {weights:?}");
            }
        }
    }

    #[test]
    fn biases_are_not_decayed() {
        let config = TrainConfig {
            weight_decay: 0.5,
            ..TrainConfig::default()
        };
        let mut weights = [1.0, 1.0];
        let groups = groups([true, false]);
        Optimiser::new(&config, &groups).step(&mut weights, &[0.0, 0.0], &groups, &[0.1]);
        assert_eq!(weights.map(f32::to_bits), [0.95_f32, 1.0].map(f32::to_bits));
    }

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
