//! Gradients to steps, over one flat vector of weights: one rule, one file.

mod adam;
mod adam_w;
mod lion;
mod rms_prop;
mod sgd;

use eosin_core::config::{OptimiserKind, TrainConfig};

use self::adam::Adam;
use self::adam_w::AdamW;
use self::lion::Lion;
use self::rms_prop::RmsProp;
use self::sgd::Sgd;
use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::model::trainable::Groups;
use crate::optimise::narrow;

/// How slowly the mean of gradients forgets.
const BETA1: f32 = 0.9;
/// How slowly the mean of their squares forgets.
const BETA2: f32 = 0.999;
/// What keeps a denominator from 0.
const EPSILON: f32 = 1e-8;

/// One weight with its gradient and its moments.
struct Slot<'a> {
    weight: &'a mut f32,
    gradient: f32,
    /// Weight decay, 0 for what is not decayed.
    decay: f32,
    first: &'a mut f32,
    second: &'a mut f32,
}

/// What all weights of a group share in a step.
#[derive(Clone, Copy)]
struct Pace {
    learning_rate: f32,
    /// `1 - beta1^steps`.
    correction1: f32,
    /// `sqrt(1 - beta2^steps)`.
    correction2: f32,
}

/// How a weight moves, as in PyTorch.
trait Rule {
    fn step(&self, slot: Slot<'_>, pace: Pace);
}

/// An optimiser with its state.
#[derive(Clone, Debug)]
pub(crate) struct Optimiser {
    kind: OptimiserKind,
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
    /// Steps of each group.
    steps: Vec<i32>,
    first: Vec<f32>,
    /// Empty where the rule needs none.
    second: Vec<f32>,
}

impl Optimiser {
    /// A fresh state for the weights of `groups`.
    pub(crate) fn new(config: &TrainConfig, groups: &Groups) -> Self {
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
    /// # Panics
    /// When the lengths differ from the state's.
    pub(crate) fn step(
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
        let pace = |(steps, rate): (&mut i32, &f64)| {
            *steps += i32::from(*rate > 0.0);
            Pace {
                learning_rate: narrow(*rate),
                correction1: 1.0 - BETA1.powi(*steps),
                correction2: (1.0 - BETA2.powi(*steps)).sqrt(),
            }
        };
        let paces = self.steps.iter_mut().zip(learning_rates).map(pace);
        let paces: Vec<Pace> = paces.collect();
        let momentum = self.momentum;
        let nesterov = self.nesterov;
        let moves = &mut Moves {
            weights,
            gradients,
            groups,
            paces: &paces,
        };
        match self.kind {
            OptimiserKind::Sgd => self.sweep(moves, &Sgd { momentum, nesterov }),
            OptimiserKind::Adam => self.sweep(moves, &Adam),
            OptimiserKind::AdamW => self.sweep(moves, &AdamW),
            OptimiserKind::RmsProp => self.sweep(moves, &RmsProp { momentum }),
            OptimiserKind::Lion => self.sweep(moves, &Lion),
        }
    }

    fn sweep(&mut self, moves: &mut Moves<'_>, rule: &impl Rule) {
        if let [pace] = moves.paces
            && !self.second.is_empty()
        {
            return self.sweep_one_group(moves, *pace, rule);
        }
        let weights = moves.weights.iter_mut().zip(moves.gradients);
        let mut unused = 0.0;
        for (i, (weight, gradient)) in weights.enumerate() {
            let pace = moves.paces[usize::from(moves.groups.group[i])];
            if pace.learning_rate == 0.0 {
                continue;
            }
            let decays = moves.groups.decays[i];
            let slot = Slot {
                weight,
                gradient: *gradient,
                decay: if decays { self.weight_decay } else { 0.0 },
                first: &mut self.first[i],
                second: self.second.get_mut(i).unwrap_or(&mut unused),
            };
            rule.step(slot, pace);
        }
    }

    /// The same of weights that share their pace: a loop that the compiler vectorises.
    fn sweep_one_group(&mut self, moves: &mut Moves<'_>, pace: Pace, rule: &impl Rule) {
        if pace.learning_rate == 0.0 {
            return;
        }
        let moments = self.first.iter_mut().zip(&mut self.second);
        let weights = moves.weights.iter_mut().zip(moves.gradients);
        let decays = weights.zip(&moves.groups.decays);
        for (((weight, gradient), decays), (first, second)) in decays.zip(moments) {
            let slot = Slot {
                weight,
                gradient: *gradient,
                decay: if *decays { self.weight_decay } else { 0.0 },
                first,
                second,
            };
            rule.step(slot, pace);
        }
    }
}

/// One step of all weights.
struct Moves<'a> {
    weights: &'a mut [f32],
    gradients: &'a [f32],
    groups: &'a Groups,
    /// One a group.
    paces: &'a [Pace],
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
}
