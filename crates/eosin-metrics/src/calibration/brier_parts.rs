//! What the Brier score is made of.

use serde::{Deserialize, Serialize};

use super::reliability::RELIABILITY_BINS;
use crate::ece::bin_of;
use crate::scored::ScoredRows;

/// The Brier score of two classes, `reliability - resolution + uncertainty + within_bins`, over ten
/// bins of equal width: with `n_b` rows in a bin, their mean probability `p_b` and share of positive
/// ones `o_b`, and `o` the share in all rows,
///
/// ```text
/// reliability = sum_b n_b/n (p_b - o_b)^2        resolution = sum_b n_b/n (o_b - o)^2
/// uncertainty = o (1 - o)
/// within_bins = 1/n sum_b sum_i (p_i - p_b)^2 - 2 (p_i - p_b) (y_i - o_b)
/// ```
///
/// The last is 0 where all probabilities of a bin are the same. Sources: Murphy, J Appl Meteorol 1973;
/// Stephenson, Coelho & Jolliffe, Weather and Forecasting 2008.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrierParts {
    /// The Brier score.
    pub brier: f64,
    /// How far bins are from what came true, lower is better.
    pub reliability: f64,
    /// How far what came true in bins is from what came true in all, higher is better.
    pub resolution: f64,
    /// Of the data alone.
    pub uncertainty: f64,
    /// What bins hide.
    pub within_bins: f64,
}

/// Sums of one bin.
#[derive(Clone, Copy, Default)]
struct Bin {
    rows: f64,
    probs: f64,
    positives: f64,
}

impl BrierParts {
    /// Takes the score of rows apart.
    pub fn of(rows: &ScoredRows) -> Self {
        let probs = rows.probs();
        let truth = |row: usize| if rows.positive()[row] { 1.0 } else { 0.0 };
        let count = rows.len() as f64;
        let mut bins = [Bin::default(); RELIABILITY_BINS];
        for (row, prob) in probs.iter().enumerate() {
            let bin = &mut bins[bin_of(*prob, RELIABILITY_BINS)];
            bin.rows += 1.0;
            bin.probs += prob;
            bin.positives += truth(row);
        }
        let share = rows.positives() as f64 / count;
        let (mut reliability, mut resolution) = (0.0, 0.0);
        for bin in bins.iter().filter(|bin| bin.rows > 0.0) {
            let (prob, observed) = (bin.probs / bin.rows, bin.positives / bin.rows);
            reliability += bin.rows * (prob - observed).powi(2) / count;
            resolution += bin.rows * (observed - share).powi(2) / count;
        }
        let (mut brier, mut within_bins) = (0.0, 0.0);
        for (row, prob) in probs.iter().enumerate() {
            let bin = bins[bin_of(*prob, RELIABILITY_BINS)];
            let off = prob - bin.probs / bin.rows;
            let surprise = truth(row) - bin.positives / bin.rows;
            within_bins += (off * off - 2.0 * off * surprise) / count;
            brier += (prob - truth(row)).powi(2) / count;
        }
        Self {
            brier,
            reliability,
            resolution,
            uncertainty: share * (1.0 - share),
            within_bins,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_the_score() {
        let z: Vec<f64> = (0..200)
            .map(|at| f64::from((at * 37) % 101) / 20.0 - 2.5)
            .collect();
        let positive: Vec<bool> = (0..200).map(|at| (at * at) % 7 > 3).collect();
        let parts = BrierParts::of(&ScoredRows::new(positive, z, None).unwrap());
        let sum = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins;
        assert!((sum - parts.brier).abs() < 1e-14, "{parts:?}");
        assert!(parts.within_bins.abs() > 1e-6 && parts.resolution > 0.0);
    }
}
