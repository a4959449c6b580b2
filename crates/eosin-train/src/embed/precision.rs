//! What fewer bits do to embeddings.

use serde::{Deserialize, Serialize};

use crate::embed::embedder::Embedder;
use crate::error::TrainError;
use crate::input::reader::RowReader;

/// Patches that are embedded both ways.
const SAMPLE: usize = 64;

/// How the values of some patches (embeddings, or the maps that enter a stage) in fewer bits differ
/// from those in single precision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionEffect {
    /// Patches compared.
    pub patches: usize,
    /// Mean of their cosine similarities; `None`: none has a direction.
    pub cosine_mean: Option<f64>,
    /// The least of them.
    pub cosine_least: Option<f64>,
    /// Root mean square of all differences, over that of the values in single precision; `None`:
    /// those are all 0.
    pub relative_error: Option<f64>,
    /// Whether the processor has instructions that make it faster.
    pub is_fast_here: bool,
}

impl PrecisionEffect {
    /// Compares two embedders that differ in precision alone, on patches from all over
    /// `rows`.
    pub(crate) fn of(
        reduced: &Embedder,
        single: &Embedder,
        rows: &RowReader<'_>,
    ) -> Result<Self, TrainError> {
        let count = rows.places.len();
        let sample = (0..count).step_by(count.div_ceil(SAMPLE).max(1));
        let sample = sample.map(|row| rows.read(row));
        let sample = sample.collect::<Result<Vec<_>, TrainError>>()?;
        let pairs = reduced
            .embed(&sample)
            .into_iter()
            .zip(single.embed(&sample));
        let is_fast_here = reduced.frozen().part().is_fast_here();
        Ok(Self::between(pairs, is_fast_here))
    }

    fn between(pairs: impl Iterator<Item = (Vec<f32>, Vec<f32>)>, is_fast_here: bool) -> Self {
        let (mut cosines, mut differences, mut squares, mut patches) = (Vec::new(), 0.0, 0.0, 0);
        for (reduced, single) in pairs {
            let (mut product, mut own, mut other) = (0.0, 0.0, 0.0);
            for (a, b) in reduced.into_iter().zip(single) {
                let (a, b) = (f64::from(a), f64::from(b));
                product += a * b;
                own += a * a;
                other += b * b;
                differences += (a - b) * (a - b);
            }
            patches += 1;
            squares += other;
            // A NaN counts as a direction: it must be seen.
            if own * other != 0.0 {
                cosines.push(product / (own * other).sqrt());
            }
        }
        let defined = !cosines.is_empty();
        Self {
            patches,
            cosine_mean: defined.then(|| cosines.iter().sum::<f64>() / cosines.len() as f64),
            cosine_least: cosines.iter().copied().min_by(f64::total_cmp),
            relative_error: (squares != 0.0).then(|| (differences / squares).sqrt()),
            is_fast_here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_measured_against_single_precision() {
        let pairs = [
            (vec![3.0, 4.0], vec![3.0, 4.0]),
            (vec![0.0, 5.0], vec![5.0, 0.0]),
            (vec![0.0, 0.0], vec![0.0, 0.0]),
        ];
        let effect = PrecisionEffect::between(pairs.into_iter(), true);
        assert_eq!(effect.patches, 3);
        assert_eq!(effect.cosine_mean, Some(0.5));
        assert_eq!(effect.cosine_least, Some(0.0));
        assert_eq!(effect.relative_error, Some(1.0));
        let nothing = PrecisionEffect::between(std::iter::empty(), true);
        assert_eq!(nothing.cosine_mean, None);
        assert_eq!(nothing.relative_error, None);
    }
}
