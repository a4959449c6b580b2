//! What a manifest is, and its hash.

use std::collections::BTreeSet;
use std::path::PathBuf;

pub use eosin_core::Layout;
use eosin_core::Split;
use eosin_core::config::GroupBy;

use super::PatchSource;
use crate::ingest::natural;

/// One image to classify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Unique and stable name: the path below the root with `/` between parts; for the datathon's
    /// layout `train/123`.
    pub key: String,
    /// Where its bytes are.
    pub source: PatchSource,
    /// Index into [`Manifest::classes`]; `None` for an unlabelled test image.
    pub class: Option<usize>,
    /// The patient, when known.
    pub patient: Option<String>,
    /// The slide, when known.
    pub slide: Option<String>,
    /// Any other grouping that may not cross folds, when known.
    pub group: Option<String>,
    /// The predefined part; `None` means free for cross-validation.
    pub split: Option<Split>,
    /// The fold whose validation part it is in, when a table names it.
    pub fold: Option<String>,
    /// The hospital, laboratory or scanner that it comes from, when a table names it. It divides patches where
    /// results are told, and keeps none together.
    pub site: Option<String>,
}

impl Patch {
    /// The group of the patch; nothing for `auto` and `none`.
    pub fn group_by(&self, by: GroupBy) -> Option<&str> {
        match by {
            GroupBy::Auto | GroupBy::None => None,
            GroupBy::Patient => self.patient.as_deref(),
            GroupBy::Slide => self.slide.as_deref(),
            GroupBy::Group => self.group.as_deref(),
        }
    }

    /// Whether the patch is held out for testing and may enter no fold.
    pub fn is_test(&self) -> bool {
        self.split == Some(Split::Test)
    }
}

/// Every patch of an experiment, sorted by key, with the names of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The folder that keys are relative to.
    pub root: PathBuf,
    /// How the patches were found.
    pub layout: Layout,
    /// Class names: sorted, or in the order that the caller gave.
    pub classes: Vec<String>,
    /// The patches, sorted by key.
    pub patches: Vec<Patch>,
    /// What the reader should know but need not act on, such as columns that are not used.
    pub notes: Vec<String>,
}

impl Manifest {
    /// BLAKE3 in hexadecimal over classes, keys, labels, groups, splits and, where there are any,
    /// folds and sites.
    ///
    /// Absolute paths and file contents do not enter, so a moved folder keeps its hash, and the
    /// order of rows in the source does not matter.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"eosin manifest 1");
        hash_number(&mut hasher, self.classes.len());
        for class in &self.classes {
            hash_text(&mut hasher, Some(class));
        }
        hash_number(&mut hasher, self.patches.len());
        for patch in &self.patches {
            hash_text(&mut hasher, Some(&patch.key));
            let class = patch.class.map(|index| self.classes[index].as_str());
            hash_text(&mut hasher, class);
            hash_text(&mut hasher, patch.patient.as_deref());
            hash_text(&mut hasher, patch.slide.as_deref());
            hash_text(&mut hasher, patch.group.as_deref());
            hash_text(&mut hasher, patch.split.map(Split::as_str));
        }
        if self.patches.iter().any(|patch| patch.fold.is_some()) {
            for patch in &self.patches {
                hash_text(&mut hasher, patch.fold.as_deref());
            }
        }
        if self.patches.iter().any(|patch| patch.site.is_some()) {
            for patch in &self.patches {
                hash_text(&mut hasher, patch.site.as_deref());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The position of the patch with this key.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.patches
            .binary_search_by(|patch| patch.key.as_str().cmp(key))
            .ok()
    }

    /// Positions of the patches that may enter folds: all but those of the test part.
    pub fn training_pool(&self) -> Vec<usize> {
        self.positions(|patch| !patch.is_test())
    }

    /// The folds that the patches of the training pool name, numbers in number order.
    pub fn named_folds(&self) -> Vec<&str> {
        let pool = self.patches.iter().filter(|patch| !patch.is_test());
        let names: BTreeSet<&str> = pool.filter_map(|patch| patch.fold.as_deref()).collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_by(|a, b| natural(a, b));
        names
    }

    /// Positions of the patches of the test part.
    pub fn test_part(&self) -> Vec<usize> {
        self.positions(Patch::is_test)
    }

    fn positions(&self, keep: impl Fn(&Patch) -> bool) -> Vec<usize> {
        (0..self.patches.len())
            .filter(|&at| keep(&self.patches[at]))
            .collect()
    }

    /// The manifest without the patches of these keys: what `--skip-bad` goes on with, given
    /// [`bad_keys`](crate::Inspection::bad_keys).
    #[must_use]
    pub fn without(&self, keys: &BTreeSet<String>) -> Self {
        let mut kept = self.clone();
        kept.patches.retain(|patch| !keys.contains(&patch.key));
        kept
    }

    /// Sorts by key, which is what makes everything later independent of file order.
    pub(crate) fn sorted(mut self) -> Self {
        self.patches.sort_by(|a, b| a.key.cmp(&b.key));
        self
    }
}

fn hash_number(hasher: &mut blake3::Hasher, n: usize) {
    hasher.update(&(n as u64).to_le_bytes());
}

fn hash_text(hasher: &mut blake3::Hasher, text: Option<&str>) {
    match text {
        // A length no text can have marks absence, so that empty and absent differ.
        None => hash_number(hasher, usize::MAX),
        Some(text) => {
            hash_number(hasher, text.len());
            hasher.update(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(root: &str, keys: &[&str]) -> Manifest {
        let patch = |key: &&str| Patch {
            key: (*key).to_owned(),
            source: PathBuf::from(root).join(key).into(),
            class: Some(0),
            patient: None,
            slide: None,
            group: None,
            split: None,
            fold: None,
            site: None,
        };
        Manifest {
            root: root.into(),
            layout: Layout::CLASS_FOLDERS,
            classes: vec!["benign".into(), "malignant".into()],
            patches: keys.iter().map(patch).collect(),
            notes: Vec::new(),
        }
        .sorted()
    }

    #[test]
    fn the_hash_ignores_folder_and_order_but_not_labels_or_groups() {
        let one = manifest("/a", &["x", "y"]);
        assert_eq!(one.hash(), manifest("/b", &["y", "x"]).hash());
        let mut labelled = one.clone();
        labelled.patches[1].class = Some(1);
        let mut grouped = one.clone();
        grouped.patches[1].slide = Some("S1".into());
        let mut other_column = one.clone();
        other_column.patches[1].patient = Some("S1".into());
        let mut held_out = one.clone();
        held_out.patches[0].split = Some(Split::Test);
        let mut divided = one.clone();
        divided.patches[0].fold = Some("1".into());
        let hashes: BTreeSet<String> = [one, labelled, grouped, other_column, held_out, divided]
            .iter()
            .map(Manifest::hash)
            .collect();
        assert_eq!(hashes.len(), 6);
    }

    #[test]
    fn skipping_keys_removes_exactly_them() {
        let one = manifest("/a", &["x", "y", "z"]);
        let kept = one.without(&BTreeSet::from(["y".to_owned()]));
        assert_eq!(kept.patches.len(), 2);
        assert_eq!(kept.position("z"), Some(1));
        assert_eq!(kept.position("y"), None);
    }
}
