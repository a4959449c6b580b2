//! The folds of an experiment, as `folds.json` holds them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use eosin_core::FoldId;
use eosin_core::config::GroupBy;

use super::{SplitError, SplitMethod};
use crate::listed::listed;
use crate::manifest::Manifest;

/// Version of `folds.json`.
const VERSION: u32 = 1;

/// One validation part; everything else of the training pool is trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Which fold of which drawing.
    #[serde(flatten)]
    pub id: FoldId,
    /// Keys of the validation part, sorted.
    pub val: Vec<String>,
}

/// Every fold of every repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folds {
    /// Version of this format.
    pub version: u32,
    /// How the validation parts came about.
    pub method: SplitMethod,
    /// What may not be on both sides; never `auto`.
    pub group: GroupBy,
    /// Folds a repeat: K, or 1 for hold-out and predefined parts.
    pub k: usize,
    /// Number of drawings.
    pub repeats: usize,
    /// The seed they were drawn from.
    pub seed: u64,
    /// [`Manifest::hash`] of the patches they were drawn for.
    pub manifest_hash: String,
    /// All folds, repeat by repeat; the position is the fold's number in messages.
    pub folds: Vec<Fold>,
}

/// One fold as positions in [`Manifest::patches`], both in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldIndices {
    /// Which fold.
    pub id: FoldId,
    /// Positions trained on.
    pub train: Vec<usize>,
    /// Positions validated on.
    pub val: Vec<usize>,
}

impl Folds {
    pub(super) const fn version() -> u32 {
        VERSION
    }

    /// No folds of the patches of `manifest`: for what looks at each patch by itself.
    pub fn none(manifest: &Manifest) -> Self {
        Self {
            version: VERSION,
            method: SplitMethod::HoldOut,
            group: GroupBy::None,
            k: 0,
            repeats: 0,
            seed: 0,
            manifest_hash: manifest.hash(),
            folds: Vec::new(),
        }
    }

    /// Number of folds over all repeats.
    pub const fn len(&self) -> usize {
        self.folds.len()
    }

    /// Whether there is no fold.
    pub const fn is_empty(&self) -> bool {
        self.folds.is_empty()
    }

    /// The fold with this number, counted over all repeats.
    ///
    /// # Errors
    /// When there is no such fold.
    pub fn get(&self, number: usize) -> Result<&Fold, SplitError> {
        self.folds.get(number).ok_or(SplitError::NoSuchFold {
            got: number,
            n: self.folds.len(),
        })
    }

    /// Indented JSON with a line feed at the end: the content of `folds.json`.
    ///
    /// # Errors
    /// Never in practice; passes on the serialiser's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Check it against its manifest afterwards, by
    /// [`validate`](Self::validate) or [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// When the text is not JSON of this shape.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Checks that the folds fit the manifest: the same patches, every one validated on exactly
    /// once a repeat (for k-fold and named folds), no test patch, and no group on both sides.
    ///
    /// # Errors
    /// Naming the first thing that does not fit.
    pub fn validate(&self, manifest: &Manifest) -> Result<(), SplitError> {
        self.resolve(manifest).map(|_| ())
    }

    /// Every fold as positions, after all the checks of [`validate`](Self::validate).
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn resolve(&self, manifest: &Manifest) -> Result<Vec<FoldIndices>, SplitError> {
        if self.version != VERSION {
            return Err(SplitError::Version {
                got: self.version,
                expected: VERSION,
            });
        }
        for (number, fold) in self.folds.iter().enumerate() {
            // Runs name and order folds by these, so each has its own.
            let expected = FoldId::new(number / self.k.max(1), number % self.k.max(1));
            if fold.id != expected {
                return Err(SplitError::OtherPatches(format!(
                    "its fold number {number} calls itself {}, expected {}",
                    fold.id.stem(),
                    expected.stem()
                )));
            }
        }
        let pool = manifest.training_pool();
        let resolved = self
            .folds
            .iter()
            .map(|fold| resolve_fold(fold, manifest, &pool))
            .collect::<Result<Vec<_>, _>>()?;
        self.check_coverage(manifest, &pool, &resolved)?;
        // Before the hash: a crossing group is the more telling message.
        for (number, fold) in resolved.iter().enumerate() {
            self.check_groups(manifest, number, fold)?;
        }
        let hash = manifest.hash();
        if self.manifest_hash != hash {
            return Err(SplitError::OtherPatches(format!(
                "the keys fit, but labels, groups, splits or training patches changed (manifest \
                 hash {:.12}, expected {:.12})",
                hash, self.manifest_hash
            )));
        }
        Ok(resolved)
    }

    /// In k-fold and named folds every patch is validated on once a repeat, so missing and repeated keys show.
    fn check_coverage(
        &self,
        manifest: &Manifest,
        pool: &[usize],
        resolved: &[FoldIndices],
    ) -> Result<(), SplitError> {
        if self.folds.len() != self.k * self.repeats {
            return Err(SplitError::OtherPatches(format!(
                "it has {} folds, expected {} ({} x {} repeats)",
                self.folds.len(),
                self.k * self.repeats,
                self.k,
                self.repeats
            )));
        }
        if !self.method.is_whole() {
            return Ok(());
        }
        let mut times: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for fold in resolved {
            for &at in &fold.val {
                *times.entry((fold.id.repeat, at)).or_default() += 1;
            }
        }
        let wrong: Vec<&str> = (0..self.repeats)
            .flat_map(|repeat| pool.iter().map(move |&at| (repeat, at)))
            .filter(|place| times.get(place) != Some(&1))
            .map(|(_, at)| manifest.patches[at].key.as_str())
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(SplitError::OtherPatches(format!(
            "each patch must be in val exactly once a repeat, which is not so for {}",
            listed(&wrong)
        )))
    }

    fn check_groups(
        &self,
        manifest: &Manifest,
        number: usize,
        fold: &FoldIndices,
    ) -> Result<(), SplitError> {
        let group_of = |at: &usize| manifest.patches[*at].group_by(self.group);
        let validated: BTreeSet<&str> = fold.val.iter().filter_map(group_of).collect();
        match fold
            .train
            .iter()
            .filter_map(group_of)
            .find(|group| validated.contains(group))
        {
            None => Ok(()),
            Some(group) => Err(SplitError::GroupAcrossFold {
                by: self.group,
                group: group.to_owned(),
                fold: number,
                fix: match self.method {
                    SplitMethod::Named => "give all its rows one fold in the table".to_owned(),
                    _ => format!("rebuild with 'eosin split --group {}'", self.group),
                },
            }),
        }
    }
}

fn resolve_fold(
    fold: &Fold,
    manifest: &Manifest,
    pool: &[usize],
) -> Result<FoldIndices, SplitError> {
    let mut val = BTreeSet::new();
    let mut unknown = Vec::new();
    for key in &fold.val {
        match manifest.position(key) {
            Some(at) if manifest.patches[at].is_test() => {
                return Err(SplitError::OtherPatches(format!(
                    "'{key}' is in the test part, which may enter no fold"
                )));
            }
            Some(at) => {
                val.insert(at);
            }
            None => unknown.push(key.as_str()),
        }
    }
    if !unknown.is_empty() {
        let keys = listed(&unknown);
        return Err(SplitError::OtherPatches(format!(
            "it names unknown patches: {keys}"
        )));
    }
    let train = pool
        .iter()
        .copied()
        .filter(|at| !val.contains(at))
        .collect();
    Ok(FoldIndices {
        id: fold.id,
        train,
        val: val.into_iter().collect(),
    })
}
