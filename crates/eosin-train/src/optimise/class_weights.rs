//! What each class weighs in the loss.

use eosin_core::config::{ClassWeights, LossKind, TrainConfig};

use crate::optimise::narrow;

/// The weights of the classes for the loss. With the binary one, `positive` has
/// `train.positive_weight` besides.
pub(crate) fn class_weights(
    config: &TrainConfig,
    targets: impl Iterator<Item = usize>,
    classes: usize,
    positive: usize,
) -> Vec<f32> {
    let mut counts = vec![0_usize; classes];
    targets.for_each(|target| counts[target] += 1);
    let mut weights = by_count(config.class_weights, &counts);
    if config.loss == LossKind::Binary {
        weights[positive] *= narrow(config.positive_weight);
    }
    weights
}

fn by_count(kind: ClassWeights, counts: &[usize]) -> Vec<f32> {
    let (classes, total) = (counts.len(), counts.iter().sum::<usize>());
    match kind {
        ClassWeights::None => vec![1.0; classes],
        ClassWeights::Balanced => counts
            .iter()
            .map(|count| match count {
                0 => 0.0,
                count => total as f32 / (classes * count) as f32,
            })
            .collect(),
        ClassWeights::EffectiveNumber => effective_number_weights(counts),
    }
}

/// Inverse to the effective number `(1 - beta^n) / (1 - beta)` of each class's `n` patches, with
/// beta 0.999, mean one over the patches (Cui et al. 2019, arXiv:1901.05555).
fn effective_number_weights(counts: &[usize]) -> Vec<f32> {
    const BETA: f64 = 0.999;
    let raw = counts.iter().map(|count| match count {
        0 => 0.0,
        count => (1.0 - BETA) / (1.0 - BETA.powf(*count as f64)),
    });
    let raw: Vec<f64> = raw.collect();
    let total: usize = counts.iter().sum();
    let mass: f64 = raw
        .iter()
        .zip(counts)
        .map(|(raw, count)| raw * *count as f64)
        .sum();
    raw.into_iter()
        .map(|raw| narrow(raw * total as f64 / mass))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::effective_number_weights;

    #[test]
    fn effective_numbers_weigh_rare_classes_less_than_their_share_would() {
        // (1 - 0.999) / (1 - 0.999^n) for 5600 and 240 patches: 1.003701e-3 and 4.684574e-3.
        let weights = effective_number_weights(&[5600, 0, 240]);
        let [common, none, rare] = weights[..] else {
            panic!("{weights:?}");
        };
        assert!((rare / common - 4.667_3).abs() < 1e-3, "{weights:?}");
        assert!(none.abs() < 1e-9);
        assert!((5600.0 * common + 240.0 * rare - 5840.0).abs() < 1e-2);
    }
}
