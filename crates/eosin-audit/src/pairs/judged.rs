//! Which of the pairs that were laid on each other are told.

use super::found::{FoundPair, PairKind};
use super::ways::Laid;
use crate::chance::Chance;

/// Least strength of a pair that is told.
const LEAST_STRENGTH: f64 = 12.0;
/// Least correlation of haematoxylin.
const LEAST_CORRELATION: f64 = 0.55;
/// Least correlation of its detail.
const LEAST_DETAIL: f64 = 0.6;
/// Least confidence.
const LEAST_CONFIDENCE: f64 = 0.95;
/// The same of patches that overlap only: what is real of these is told with more than seven nines, and a few nuclei
/// on glass agree by chance more often than other tissue does.
const LEAST_OF_OVERLAPS: f64 = 0.9999;

impl Laid {
    /// Whether so much agrees that it is told, if chance does not explain it.
    pub(super) fn is_strong(&self) -> bool {
        let found = &self.alignment;
        found.strength >= LEAST_STRENGTH
            && found.correlation >= LEAST_CORRELATION
            && found.detail_correlation >= LEAST_DETAIL
    }
}

/// Those of the `strong` pairs of so many patches that chance does not explain.
pub(super) fn judged(mut strong: Vec<Laid>, patches: usize, chance: Chance) -> Vec<FoundPair> {
    strong.sort_by(|one, other| other.alignment.strength.total_cmp(&one.alignment.strength));
    // Candidates are the most alike of all pairs, so chance had all of them to try.
    let all = patches * patches.saturating_sub(1) / 2;
    let confident = strong.iter().enumerate().map(|(before, laid)| {
        let alignment = laid.alignment;
        let expected = chance.expected(all, alignment.strength);
        FoundPair {
            a: laid.on,
            b: laid.what,
            kind: if alignment.is_whole() {
                PairKind::NearCopy
            } else {
                PairKind::Overlap
            },
            alignment: Some(alignment),
            confidence: 1.0 - (expected / (before + 1) as f64).min(1.0),
        }
    });
    confident
        .filter(|pair| {
            pair.confidence
                >= match pair.kind {
                    PairKind::Overlap => LEAST_OF_OVERLAPS,
                    _ => LEAST_CONFIDENCE,
                }
        })
        .collect()
}
