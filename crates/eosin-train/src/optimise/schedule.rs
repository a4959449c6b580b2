//! The learning rate at each step.

use eosin_core::config::{ScheduleKind, TrainConfig};
use eosin_metrics::Metric;

use crate::train::tracker::EpochRecord;

/// The learning rate of step `step` (from 0) when an epoch has `steps_per_epoch` steps.
///
/// `one-cycle` is Smith & Topin's (2019, arXiv:1708.07120) as PyTorch's `OneCycleLR` has it: up from a
/// 25th over the first three tenths of the steps, then down to a 250,000th, along half cosines.
///
/// Warm-up rises linearly and ends at the full rate; the rest of the training then follows the
/// schedule: `cosine` is `(1 + cos(pi t)) / 2` over its share `t` of the rest (Loshchilov & Hutter
/// 2017, arXiv:1608.03983), `step` divides by ten after each third of it,
/// `exponential` is `0.01^t`.
pub fn learning_rate(config: &TrainConfig, step: usize, steps_per_epoch: usize) -> f64 {
    let total = (config.epochs * steps_per_epoch) as f64;
    let warmup = config.warmup_epochs * steps_per_epoch as f64;
    let at = step as f64;
    if config.schedule == ScheduleKind::OneCycle {
        return config.learning_rate * one_cycle(at, total);
    }
    if at < warmup {
        return config.learning_rate * (at + 1.0) / (warmup + 1.0);
    }
    let progress = (at - warmup) / (total - warmup).max(1.0);
    let factor = match config.schedule {
        ScheduleKind::Constant | ScheduleKind::Plateau => 1.0,
        ScheduleKind::Cosine => f64::midpoint(1.0, (std::f64::consts::PI * progress).cos()),
        ScheduleKind::Step => 0.1_f64.powf((progress * 3.0).floor()),
        ScheduleKind::Exponential => 0.01_f64.powf(progress),
        ScheduleKind::OneCycle => one_cycle(at, total),
    };
    config.learning_rate * factor
}

/// What the learning rate of `plateau` has fallen to after these epochs, as a share of the full one:
/// a tenth of what it was whenever `select` has not improved for `plateau_patience` epochs, counted
/// from the last improvement or fall (PyTorch's `ReduceLROnPlateau` with threshold 0).
pub fn plateau_factor(config: &TrainConfig, epochs: &[EpochRecord], select: Metric) -> f64 {
    let (mut best, mut waited, mut factor) = (None, 0, 1.0);
    for record in epochs {
        waited += 1;
        let score = record.score(config.keep);
        if best.is_none() || select.is_better(score, best) {
            best = score;
            waited = 0;
        }
        if waited > config.plateau_patience {
            factor *= 0.1;
            waited = 0;
        }
    }
    factor
}

/// Share of the full rate at step `at` of `total`.
fn one_cycle(at: f64, total: f64) -> f64 {
    const START: f64 = 1.0 / 25.0;
    const END: f64 = START / 1e4;
    let (top, last) = (0.3 * total - 1.0, total - 1.0);
    let between = |from: f64, to: f64, share: f64| {
        to + (from - to) * f64::midpoint(1.0, (std::f64::consts::PI * share).cos())
    };
    if at <= top {
        between(START, 1.0, at / top)
    } else {
        between(1.0, END, (at - top) / (last - top).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::config::Keep;

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
    fn one_cycle_equals_torch() {
        // torch.optim.lr_scheduler.OneCycleLR 2.15: max_lr 1, 12 steps, defaults.
        const TORCH: [f64; 12] = [
            0.04,
            0.349_789_7,
            0.879_285_2,
            0.994_415_4,
            0.933_013,
            0.811_745_7,
            0.647_379,
            0.462_637_1,
            0.283_061,
            0.133_477_5,
            0.034_566_99,
            4e-6,
        ];
        for (got, torch) in rates(ScheduleKind::OneCycle, 0.0).iter().zip(TORCH) {
            assert!((got - torch).abs() < 1e-6, "{got}, torch has {torch}");
        }
    }

    #[test]
    fn the_exponential_schedule_falls_by_the_same_factor() {
        let rates = rates(ScheduleKind::Exponential, 0.0);
        assert!((rates[6] - 0.1).abs() < 1e-12 && (rates[0] - 1.0).abs() < 1e-12);
        for pair in rates.windows(2) {
            assert!((pair[1] / pair[0] - rates[1]).abs() < 1e-12);
        }
    }

    #[test]
    fn warm_up_rises_to_the_full_rate() {
        let rates = rates(ScheduleKind::Constant, 2.0);
        assert!(rates[..5].is_sorted_by(|a, b| a < b));
        assert!((rates[4] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_plateau_divides_by_ten_once_patience_has_run_out() {
        let record = |(epoch, auroc): (usize, f64)| EpochRecord {
            epoch,
            train_loss: 0.0,
            val_loss: 0.0,
            val_metric: Some(auroc),
            val_auroc: None,
            val_balanced_accuracy: None,
            inner_metric: None,
        };
        let config = TrainConfig {
            keep: Keep::Best,
            plateau_patience: 2,
            ..TrainConfig::default()
        };
        // torch.optim.lr_scheduler.ReduceLROnPlateau(mode="max", patience=2, threshold=0).
        let aurocs = [0.5, 0.6, 0.6, 0.55, 0.6, 0.5, 0.5, 0.5, 0.7];
        let expected = [1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01];
        let epochs: Vec<EpochRecord> = aurocs.into_iter().enumerate().map(record).collect();
        for (count, expected) in (1..).zip(expected) {
            let factor = plateau_factor(&config, &epochs[..count], Metric::Auroc);
            assert!((factor - expected).abs() < 1e-12, "after {count}: {factor}");
        }
    }
}
