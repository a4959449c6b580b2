//! The learning rate at each step.

use eosin_core::config::{ScheduleKind, TrainConfig};

/// The learning rate of step `step` (from 0) when an epoch has `steps_per_epoch` steps.
///
/// Warm-up rises linearly and ends at the full rate; the rest of the training then follows the
/// schedule: `cosine` is `(1 + cos(pi t)) / 2` over its share `t` of the rest (Loshchilov & Hutter
/// 2017, arXiv:1608.03983), `step` divides by ten after each third of it.
pub fn learning_rate(config: &TrainConfig, step: usize, steps_per_epoch: usize) -> f64 {
    let total = (config.epochs * steps_per_epoch) as f64;
    let warmup = config.warmup_epochs * steps_per_epoch as f64;
    let at = step as f64;
    if at < warmup {
        return config.learning_rate * (at + 1.0) / (warmup + 1.0);
    }
    let progress = (at - warmup) / (total - warmup).max(1.0);
    let factor = match config.schedule {
        ScheduleKind::Constant => 1.0,
        ScheduleKind::Cosine => f64::midpoint(1.0, (std::f64::consts::PI * progress).cos()),
        ScheduleKind::Step => 0.1_f64.powf((progress * 3.0).floor()),
    };
    config.learning_rate * factor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: ScheduleKind, warmup_epochs: f64) -> Vec<f64> {
        let config = TrainConfig {
            epochs: 6,
            learning_rate: 1.0,
            schedule,
            warmup_epochs,
            ..TrainConfig::default()
        };
        (0..12)
            .map(|step| learning_rate(&config, step, 2))
            .collect()
    }

    #[test]
    fn cosine_starts_full_halves_in_the_middle_and_nearly_vanishes() {
        let rates = rates(ScheduleKind::Cosine, 0.0);
        assert!((rates[0] - 1.0).abs() < 1e-12);
        assert!((rates[6] - 0.5).abs() < 1e-12);
        assert!(rates[11] < 0.02);
        assert!(rates.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn steps_divide_by_ten_after_each_third() {
        let rates = rates(ScheduleKind::Step, 0.0);
        for (step, expected) in [(0, 1.0), (3, 1.0), (4, 0.1), (8, 0.01), (11, 0.01)] {
            assert!((rates[step] - expected).abs() < 1e-12, "step {step}");
        }
    }

    #[test]
    fn warm_up_rises_to_the_full_rate() {
        let rates = rates(ScheduleKind::Constant, 2.0);
        assert!(rates[..5].is_sorted_by(|a, b| a < b));
        assert!((rates[4] - 1.0).abs() < 1e-12);
    }
}
