//! From gradients to weights: the optimiser and what is wrapped around it.

use eosin_core::config::TrainConfig;

use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::model::trainable::Groups;
use crate::optimise::clip::{clip, norm};
use crate::optimise::narrow;
use crate::optimise::optimiser::Optimiser;

/// Share of the way that the slow weights of Lookahead go.
const LOOKAHEAD_SHARE: f32 = 0.5;

/// Gives the loss and writes the gradients at a state, whose buffers it may update.
pub(crate) type GradientsOf<'a> = dyn FnMut(&mut [f32], &mut [f32]) -> Result<f64, TrainError> + 'a;

/// An optimiser with its wrappers and averages, all of whose state can be saved.
///
/// - sharpness-aware minimisation (Foret et al. 2021, arXiv:2010.01412): the gradient is taken at
///   `w + rho g / |g|`;
/// - Lookahead (Zhang et al. 2019, arXiv:1907.08610): every `k` steps the slow weights go half of
///   the way to the fast ones, which then start from there; also at the end of an epoch, as timm's;
/// - a moving average of all state, `a = decay a + (1 - decay) s` after each step, as timm's
///   `ModelEmaV2`;
/// - stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407): the mean of the state at
///   the ends of the last `swa_epochs` epochs.
#[derive(Clone, Debug)]
pub(crate) struct Stepper {
    optimiser: Optimiser,
    clip_norm: f64,
    sam_rho: f64,
    lookahead: usize,
    ema_decay: f32,
    swa_from: usize,
    /// Steps since the last slow step.
    fast_steps: usize,
    slow: Vec<f32>,
    average: Vec<f32>,
    /// Epochs in `average`, when that is of epochs.
    averaged: usize,
}

impl Stepper {
    pub fn new(config: &TrainConfig, groups: &Groups, state: &[f32]) -> Self {
        let copy_if = |wanted: bool, values: &[f32]| {
            if wanted { values.to_vec() } else { Vec::new() }
        };
        let weights = &state[..groups.decays.len()];
        Self {
            optimiser: Optimiser::new(config, groups),
            clip_norm: config.clip_norm,
            sam_rho: config.sam_rho,
            lookahead: config.lookahead,
            ema_decay: narrow(config.ema_decay),
            swa_from: config.epochs - config.swa_epochs,
            fast_steps: 0,
            slow: copy_if(config.lookahead > 0, weights),
            average: copy_if(config.ema_decay > 0.0 || config.swa_epochs > 0, state),
            averaged: 0,
        }
    }

    /// One step; `rates` is the learning rate of each group, 0 for frozen ones. Returns the loss.
    ///
    /// # Errors
    /// Those of `gradients_of`.
    pub fn step(
        &mut self,
        state: &mut [f32],
        groups: &Groups,
        rates: &[f64],
        gradients_of: &mut GradientsOf<'_>,
    ) -> Result<f64, TrainError> {
        let count = groups.decays.len();
        let mut gradients = vec![0.0; count];
        let loss = gradients_of(state, &mut gradients)?;
        let frozen = |index: usize| rates[usize::from(groups.group[index])] == 0.0;
        let still = |gradients: &mut [f32]| {
            for (index, gradient) in gradients.iter_mut().enumerate() {
                if frozen(index) {
                    *gradient = 0.0;
                }
            }
        };
        still(&mut gradients);
        if self.sam_rho > 0.0 {
            // The second pass moves no running statistics: it works on a copy.
            let mut ahead = state.to_vec();
            let scale = narrow(self.sam_rho / (norm(&gradients) + 1e-12));
            for (weight, gradient) in ahead.iter_mut().zip(&gradients) {
                *weight += scale * gradient;
            }
            gradients_of(&mut ahead, &mut gradients)?;
            still(&mut gradients);
        }
        self.descend(state, groups, rates, &mut gradients);
        Ok(loss)
    }

    /// A step down these gradients, which have been taken at `state` and are clipped here.
    pub fn descend(
        &mut self,
        state: &mut [f32],
        groups: &Groups,
        rates: &[f64],
        gradients: &mut [f32],
    ) {
        let count = groups.decays.len();
        clip(gradients, self.clip_norm);
        self.optimiser
            .step(&mut state[..count], gradients, groups, rates);
        self.fast_steps += 1;
        if self.lookahead > 0 && self.fast_steps >= self.lookahead {
            self.slow_step(&mut state[..count]);
        }
        if self.ema_decay > 0.0 {
            for (average, value) in self.average.iter_mut().zip(&*state) {
                *average = self.ema_decay * *average + (1.0 - self.ema_decay) * value;
            }
        }
    }

    /// The end of epoch `epoch`.
    pub fn end_epoch(&mut self, epoch: usize, state: &mut [f32]) {
        if self.lookahead > 0 {
            let count = self.slow.len();
            self.slow_step(&mut state[..count]);
        }
        if !self.average.is_empty() && self.ema_decay == 0.0 && epoch >= self.swa_from {
            self.averaged += 1;
            let share = 1.0 / self.averaged as f32;
            for (average, value) in self.average.iter_mut().zip(&*state) {
                *average += share * (value - *average);
            }
        }
    }

    /// What is judged and kept: an average, where there is one already, or the state itself.
    pub fn judged<'a>(&'a self, state: &'a [f32]) -> &'a [f32] {
        if self.ema_decay > 0.0 || self.averaged > 0 {
            &self.average
        } else {
            state
        }
    }

    fn slow_step(&mut self, weights: &mut [f32]) {
        self.fast_steps = 0;
        for (slow, fast) in self.slow.iter_mut().zip(weights) {
            *slow += LOOKAHEAD_SHARE * (*fast - *slow);
            *fast = *slow;
        }
    }

    pub fn save(&self, pack: &mut Pack) {
        self.optimiser.save(pack);
        pack.count(self.fast_steps);
        pack.count(self.averaged);
        pack.floats(&self.slow);
        pack.floats(&self.average);
    }

    pub fn load(&mut self, unpack: &mut Unpack<'_>) -> Result<(), TrainError> {
        self.optimiser.load(unpack)?;
        self.fast_steps = unpack.count()?;
        self.averaged = unpack.count()?;
        self.slow = unpack.floats_of(self.slow.len())?;
        self.average = unpack.floats_of(self.average.len())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::config::{OptimiserKind, ScheduleKind};

    use super::*;

    /// Plain gradient descent at rate 0.5 on `w^2 / 2 + b`, whose buffer counts the passes.
    fn steps(config: TrainConfig, count: usize, epoch_every: usize) -> (Stepper, Vec<f32>) {
        let config = TrainConfig {
            optimiser: OptimiserKind::Sgd,
            momentum: 0.0,
            weight_decay: 0.0,
            schedule: ScheduleKind::Constant,
            epochs: count / epoch_every,
            ..config
        };
        let groups = Groups {
            decays: vec![true; 2],
            group: vec![0, 1],
            groups: 2,
        };
        let mut state = vec![1.0, 4.0, 0.0];
        let mut stepper = Stepper::new(&config, &groups, &state);
        let mut pass = |state: &mut [f32], gradients: &mut [f32]| {
            gradients.copy_from_slice(&state[..2]);
            state[2] += 1.0;
            Ok(0.0)
        };
        for step in 1..=count {
            // The second group is frozen.
            stepper
                .step(&mut state, &groups, &[0.5, 0.0], &mut pass)
                .unwrap();
            if step % epoch_every == 0 {
                stepper.end_epoch(step / epoch_every - 1, &mut state);
            }
        }
        (stepper, state)
    }

    fn assert_near(got: &[f32], expected: [f32; 3]) {
        let near = got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near, "{got:?}, not {expected:?}");
    }

    #[test]
    fn frozen_groups_stay_and_others_descend() {
        let (stepper, state) = steps(TrainConfig::default(), 2, 1);
        assert_near(&state, [0.25, 4.0, 2.0]);
        assert_near(stepper.judged(&state), [0.25, 4.0, 2.0]);
    }

    #[test]
    fn the_moving_average_follows_weights_and_buffers() {
        let config = TrainConfig {
            ema_decay: 0.9,
            ..TrainConfig::default()
        };
        let (stepper, state) = steps(config, 2, 1);
        // 0.9 * (0.9 * 1 + 0.1 * 0.5) + 0.1 * 0.25, and 0.9 * 0.1 * 1 + 0.1 * 2.
        assert_near(stepper.judged(&state), [0.88, 4.0, 0.29]);
    }

    #[test]
    fn the_last_epochs_are_averaged() {
        let config = TrainConfig {
            swa_epochs: 2,
            ..TrainConfig::default()
        };
        let (stepper, state) = steps(config, 4, 1);
        // The mean of 1/8 and 1/16.
        assert_near(stepper.judged(&state), [0.093_75, 4.0, 3.5]);
    }

    #[test]
    fn lookahead_goes_half_of_the_way_every_k_steps_and_at_the_end_of_an_epoch() {
        let config = TrainConfig {
            lookahead: 2,
            ..TrainConfig::default()
        };
        // Two fast steps: 1 to 0.25; slow: 0.625. One more: 0.3125; at the end of the epoch halfway.
        let (_, state) = steps(config, 3, 3);
        assert_near(&state, [0.468_75, 4.0, 3.0]);
    }

    #[test]
    fn sharpness_is_felt_at_the_radius_and_buffers_move_once_a_step() {
        let config = TrainConfig {
            sam_rho: 0.2,
            ..TrainConfig::default()
        };
        // The gradient at 1 + 0.2: the frozen group is no part of the norm.
        let (_, state) = steps(config, 1, 1);
        assert_near(&state, [0.4, 4.0, 1.0]);
    }

    #[test]
    fn a_saved_stepper_goes_on_as_if_nothing_had_been() {
        let config = TrainConfig {
            optimiser: OptimiserKind::AdamW,
            lookahead: 3,
            ema_decay: 0.5,
            ..TrainConfig::default()
        };
        let (stepper, state) = steps(config.clone(), 4, 2);
        let mut pack = Pack::default();
        stepper.save(&mut pack);
        let (mut other, _) = steps(config, 2, 2);
        let mut unpack = Unpack(&pack.0);
        other.load(&mut unpack).unwrap();
        unpack.finish().unwrap();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(other.judged(&state)), bits(stepper.judged(&state)));
        assert_eq!(bits(&other.slow), bits(&stepper.slow));
    }
}
