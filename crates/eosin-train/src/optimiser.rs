//! Gradients to steps, over one flat vector of weights.

use eosin_core::config::{OptimiserKind, TrainConfig};

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// An optimiser with its state. `step` follows PyTorch's update rules.
#[derive(Clone, Debug)]
pub struct Optimiser {
    kind: OptimiserKind,
    momentum: f32,
    weight_decay: f32,
    steps: i32,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Optimiser {
    /// A fresh state for `len` weights.
    pub fn new(config: &TrainConfig, len: usize) -> Self {
        let second = if config.optimiser == OptimiserKind::Sgd {
            0
        } else {
            len
        };
        Self {
            kind: config.optimiser,
            momentum: narrow(config.momentum),
            weight_decay: narrow(config.weight_decay),
            steps: 0,
            first: vec![0.0; len],
            second: vec![0.0; second],
        }
    }

    /// Moves `weights` against `gradients`. `decays(i)` says whether weight `i` is decayed.
    ///
    /// - `sgd`: `v = momentum v + g + decay w; w -= lr v` (Sutskever et al. 2013, PyTorch's form)
    /// - `adam`: Kingma & Ba 2015, arXiv:1412.6980, the decay added to the gradient
    /// - `adamw`: Loshchilov & Hutter 2019, arXiv:1711.05101: `w -= lr decay w` first
    ///
    /// # Panics
    /// When the lengths differ from the state's.
    pub fn step(
        &mut self,
        weights: &mut [f32],
        gradients: &[f32],
        decays: impl Fn(usize) -> bool,
        learning_rate: f64,
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
        self.steps += 1;
        let rate = narrow(learning_rate);
        let correction1 = 1.0 - BETA1.powi(self.steps);
        let correction2 = (1.0 - BETA2.powi(self.steps)).sqrt();
        for (i, (weight, gradient)) in weights.iter_mut().zip(gradients).enumerate() {
            let decay = if decays(i) { self.weight_decay } else { 0.0 };
            let mut gradient = *gradient;
            match self.kind {
                OptimiserKind::AdamW => *weight -= rate * decay * *weight,
                OptimiserKind::Sgd | OptimiserKind::Adam => gradient += decay * *weight,
            }
            if self.kind == OptimiserKind::Sgd {
                self.first[i] = self.momentum * self.first[i] + gradient;
                *weight -= rate * self.first[i];
                continue;
            }
            self.first[i] = BETA1 * self.first[i] + (1.0 - BETA1) * gradient;
            self.second[i] = BETA2 * self.second[i] + (1.0 - BETA2) * gradient * gradient;
            let denominator = self.second[i].sqrt() / correction2 + EPSILON;
            *weight -= rate / correction1 * self.first[i] / denominator;
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

    /// `torch.optim` 2.15: three steps from w = [1, -2] with gradients [0.5, -1], [0.25, 2],
    /// [-1, 0.5], lr 0.1, weight decay 0.1, momentum 0.9.
    #[test]
    fn three_steps_equal_torch() {
        for (kind, expected) in [
            (OptimiserKind::Sgd, TORCH_SGD),
            (OptimiserKind::Adam, TORCH_ADAM),
            (OptimiserKind::AdamW, TORCH_ADAMW),
        ] {
            let config = TrainConfig {
                optimiser: kind,
                weight_decay: 0.1,
                ..TrainConfig::default()
            };
            let mut optimiser = Optimiser::new(&config, 2);
            let mut weights = [1.0, -2.0];
            for gradients in [[0.5, -1.0], [0.25, 2.0], [-1.0, 0.5]] {
                optimiser.step(&mut weights, &gradients, |_| true, 0.1);
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
        Optimiser::new(&config, 2).step(&mut weights, &[0.0, 0.0], |i| i == 0, 0.1);
        assert_eq!(weights.map(f32::to_bits), [0.95_f32, 1.0].map(f32::to_bits));
    }
}
