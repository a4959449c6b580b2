//! The four counts of a binary decision.

use serde::{Deserialize, Serialize};

/// True and false positives and negatives, the view of a [`Confusion`](crate::Confusion) in which
/// one class is positive and every other negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Positive targets predicted positive.
    pub true_positives: u64,
    /// Negative targets predicted positive.
    pub false_positives: u64,
    /// Positive targets predicted negative.
    pub false_negatives: u64,
    /// Negative targets predicted negative.
    pub true_negatives: u64,
}

impl Counts {
    /// All rows.
    pub const fn total(&self) -> u64 {
        self.positives() + self.negatives()
    }

    /// Positive targets.
    pub const fn positives(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Negative targets.
    pub const fn negatives(&self) -> u64 {
        self.true_negatives + self.false_positives
    }

    /// Rows predicted positive.
    pub const fn predicted_positives(&self) -> u64 {
        self.true_positives + self.false_positives
    }

    /// Rows predicted negative.
    pub const fn predicted_negatives(&self) -> u64 {
        self.true_negatives + self.false_negatives
    }

    /// The counts when the other class is the positive one.
    #[must_use]
    pub const fn swapped(&self) -> Self {
        Self {
            true_positives: self.true_negatives,
            false_positives: self.false_negatives,
            false_negatives: self.false_positives,
            true_negatives: self.true_positives,
        }
    }

    /// The sum of two sets of counts.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            true_positives: self.true_positives + other.true_positives,
            false_positives: self.false_positives + other.false_positives,
            false_negatives: self.false_negatives + other.false_negatives,
            true_negatives: self.true_negatives + other.true_negatives,
        }
    }
}

/// `part / whole`, undefined when there is no whole.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
