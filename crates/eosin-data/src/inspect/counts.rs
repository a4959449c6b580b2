//! Patches and groups by class.

use std::collections::BTreeSet;

use eosin_core::Split;
use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, Patch};

/// One class in one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class; `None` counts patches without a label.
    pub class: Option<String>,
    /// The part; `None` where no split is predefined.
    pub split: Option<Split>,
    /// Number of patches.
    pub patches: usize,
}

/// How many distinct groups the manifest knows; `None` where no patch names one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCounts {
    /// Distinct patients.
    pub patients: Option<usize>,
    /// Distinct slides.
    pub slides: Option<usize>,
    /// Distinct groups.
    pub groups: Option<usize>,
}

pub(super) fn class_counts(manifest: &Manifest) -> Vec<ClassCount> {
    let mut counts = Vec::new();
    for part in manifest.split_counts() {
        for (class, &patches) in manifest.classes.iter().zip(&part.by_class) {
            counts.push(ClassCount {
                class: Some(class.clone()),
                split: part.split,
                patches,
            });
        }
        if part.unlabelled > 0 {
            counts.push(ClassCount {
                class: None,
                split: part.split,
                patches: part.unlabelled,
            });
        }
    }
    counts
}

pub(super) fn group_counts(manifest: &Manifest) -> GroupCounts {
    let distinct = |read: fn(&Patch) -> Option<&str>| {
        let names: BTreeSet<&str> = manifest.patches.iter().filter_map(read).collect();
        (!names.is_empty()).then_some(names.len())
    };
    GroupCounts {
        patients: distinct(|patch| patch.patient.as_deref()),
        slides: distinct(|patch| patch.slide.as_deref()),
        groups: distinct(|patch| patch.group.as_deref()),
    }
}
