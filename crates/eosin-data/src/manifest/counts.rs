//! How many patches of each class each part holds.

use std::collections::BTreeMap;

use eosin_core::Split;
use serde::{Deserialize, Serialize};

use super::Manifest;

/// Patches by class in one part of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitCounts {
    /// The part; `None` for patches that no split was predefined for.
    pub split: Option<Split>,
    /// Number of patches of each class, in the order of [`Manifest::classes`].
    pub by_class: Vec<usize>,
    /// Number of patches without a label.
    pub unlabelled: usize,
}

impl SplitCounts {
    /// All patches of the part.
    pub fn total(&self) -> usize {
        self.by_class.iter().sum::<usize>() + self.unlabelled
    }
}

impl Manifest {
    /// Number of patches of each class over the whole manifest, unlabelled ones left out.
    pub fn class_counts(&self) -> Vec<usize> {
        self.class_counts_of(0..self.patches.len())
    }

    /// Number of patches of each class among the patches at `positions`.
    pub fn class_counts_of(&self, positions: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for at in positions {
            if let Some(class) = self.patches[at].class {
                counts[class] += 1;
            }
        }
        counts
    }

    /// Counts by part, in the order none, train, val, test; parts without patches left out.
    pub fn split_counts(&self) -> Vec<SplitCounts> {
        let mut parts: BTreeMap<Option<Split>, Vec<usize>> = BTreeMap::new();
        for (at, patch) in self.patches.iter().enumerate() {
            parts.entry(patch.split).or_default().push(at);
        }
        parts
            .into_iter()
            .map(|(split, positions)| {
                let unlabelled = positions
                    .iter()
                    .filter(|&&at| self.patches[at].class.is_none())
                    .count();
                let by_class = self.class_counts_of(positions);
                SplitCounts {
                    split,
                    by_class,
                    unlabelled,
                }
            })
            .collect()
    }
}
