//! Calibration: reliability bins and the expected calibration error.

use serde::{Deserialize, Serialize};

use crate::error::{MetricError, check_length};
use crate::probs::Probs;

/// Bins of [`ece`] inside a [`MetricSet`](crate::MetricSet), as in Guo et al.
pub(crate) const ECE_BINS: usize = 15;

/// Rows whose probability falls in one bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower edge, exclusive (inclusive in the first bin).
    pub low: f64,
    /// Upper edge, inclusive.
    pub high: f64,
    /// Rows in the bin.
    pub count: u64,
    /// Their mean probability; undefined in an empty bin.
    pub mean_prob: Option<f64>,
    /// The share of them for which the event came true; undefined in an empty bin.
    pub observed: Option<f64>,
}

/// The reliability diagram of `probs` that an event comes true: `bin_count` bins of equal width.
///
/// # Errors
/// When there are no rows, the lengths differ, or a probability is outside 0 to 1.
///
/// # Panics
/// When `bin_count` is 0.
pub fn reliability(
    came_true: &[bool],
    probs: &[f64],
    bin_count: usize,
) -> Result<Vec<ReliabilityBin>, MetricError> {
    assert!(
        bin_count > 0,
        "a reliability diagram needs at least one bin"
    );
    if came_true.is_empty() {
        return Err(MetricError::Empty);
    }
    check_length("probs", probs.len(), came_true.len())?;
    let mut sums = vec![(0_u64, 0.0, 0_u64); bin_count];
    for (index, (&prob, &truth)) in probs.iter().zip(came_true).enumerate() {
        if !(0.0..=1.0).contains(&prob) {
            return Err(MetricError::ProbOutOfRange {
                index,
                class: 0,
                value: prob,
            });
        }
        let sum = &mut sums[bin_of(prob, bin_count)];
        *sum = (sum.0 + 1, sum.1 + prob, sum.2 + u64::from(truth));
    }
    let edge = |index: usize| index as f64 / bin_count as f64;
    let bins = sums
        .iter()
        .enumerate()
        .map(|(index, &(count, prob_sum, hits))| ReliabilityBin {
            low: edge(index),
            high: edge(index + 1),
            count,
            mean_prob: (count > 0).then(|| prob_sum / count as f64),
            observed: (count > 0).then(|| hits as f64 / count as f64),
        });
    Ok(bins.collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a probability in 0 to 1 times the bin count lies in 0 to the bin count"
)]
pub(crate) fn bin_of(prob: f64, bin_count: usize) -> usize {
    ((prob * bin_count as f64).ceil() as usize)
        .saturating_sub(1)
        .min(bin_count - 1)
}

/// Expected calibration error of the predicted class: `sum_b n_b/n |accuracy_b - confidence_b|`
/// over `bin_count` bins of equal width of the confidence, the largest probability of a row.
///
/// In 0 to 1, lower is better; it grows with the number of bins. Source: Guo et al., "On
/// calibration of modern neural networks", ICML 2017 (15 bins).
///
/// # Panics
/// When `bin_count` is 0, or `targets` is empty or of another length than `probs`.
pub fn ece(targets: &[usize], probs: &Probs, bin_count: usize) -> f64 {
    let preds = probs.preds();
    let hits: Vec<bool> = preds
        .iter()
        .zip(targets)
        .map(|(pred, target)| pred == target)
        .collect();
    let confidences: Vec<f64> = probs
        .rows()
        .zip(&preds)
        .map(|(row, &pred)| row[pred])
        .collect();
    let bins = reliability(&hits, &confidences, bin_count)
        .expect("checked probabilities, one row per target");
    let gaps = bins
        .iter()
        .filter_map(|bin| Some(bin.count as f64 * (bin.observed? - bin.mean_prob?).abs()));
    gaps.sum::<f64>() / targets.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_bin_below_and_zero_to_the_first() {
        let bins = reliability(&[true, false, true], &[0.0, 0.5, 1.0], 2).unwrap();
        assert_eq!(bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(bins[0].observed, Some(0.5));
        assert_eq!(bins[0].mean_prob, Some(0.25));
    }

    #[test]
    fn certain_and_always_right_is_perfectly_calibrated() {
        let probs = Probs::new(&[0, 1], &[1.0, 0.0, 0.0, 1.0], 2).unwrap();
        assert!(ece(&[0, 1], &probs, 15).abs() < 1e-15);
        assert!((ece(&[1, 1], &probs, 15) - 0.5).abs() < 1e-15);
    }
}
