//! What a run says of itself.

use eosin_core::config::{HeadKind, StainMethod, Symmetries};
use eosin_core::{FoldId, Preprocess, Resize};
use serde::{Deserialize, Serialize};

use crate::decision_record::DecisionRecord;
use crate::start_record::{EmbeddingsRecord, EnsembleRecord, NetworkRecord, StartRecord};

/// The contents of `run.json`: everything that `predict` needs besides weights, and everything
/// that tells two runs apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this format: [`RunRecord::FORMAT`].
    pub format: u32,
    /// Version of eosin that made the run.
    pub eosin_version: String,
    /// When the run began, RFC 3339.
    pub created: String,
    /// The command line, program first.
    pub command: Vec<String>,
    /// The seed that every random stream was derived from.
    pub seed: u64,
    /// Hash of the manifest (keys, labels, groups), hex.
    pub manifest_hash: String,
    /// Hash of the patches' contents, hex.
    pub patches_hash: String,
    /// What it started from.
    #[serde(flatten)]
    pub start: StartRecord,
    /// What stands on the embeddings.
    pub head: HeadKind,
    /// Units of its hidden layer; 0 where it has none.
    pub hidden: usize,
    /// What enters the trained part: see [`Cut::name`](eosin_core::Cut::name).
    pub cut: String,
    /// The symmetries that a patch is judged under: its prediction is the mean of their logits (with
    /// neighbours, what the mean of their embeddings gives). Where a run started from embeddings whose
    /// views are no symmetries, it is the mean of all of them.
    pub views: Symmetries,
    /// What a patch is judged at beside the size of `preprocess`, under the same symmetries: the mean is
    /// over all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_sizes: Vec<OtherSize>,
    /// Class names in the order of their indices.
    pub classes: Vec<String>,
    /// The class that the binary metrics are about.
    pub positive: String,
    /// Largest side in pixels that is decoded.
    pub max_side_px: usize,
    /// What happens to a patch before the network sees it: one for all folds, or one each, in the
    /// order of `folds.json`; none where there is no network.
    pub preprocess: Vec<Preprocess>,
    /// What patches were made like in stain, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stain: Option<StainRecord>,
    /// What it decides by on new patches, where that is not the most probable class as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRecord>,
    /// Cross-validations.
    pub repeats: usize,
    /// Folds in each.
    pub folds: usize,
    /// The best fold.
    pub best: FoldId,
    /// What computed it, such as `flex (cpu)`.
    pub device: String,
    /// Threads used.
    pub threads: usize,
}

/// A further size that patches are looked at in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherSize {
    /// Side in pixels.
    pub size_px: usize,
    /// How patches are brought to it.
    pub resize: Resize,
}

/// What the patches of a run were made like in stain: `stain.json` has all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StainRecord {
    /// The method.
    pub method: StainMethod,
    /// What they were made like, in words.
    pub made_like: String,
    /// Patches, test patches included.
    pub patches: usize,
    /// Those that kept their own stain.
    pub unchanged: usize,
}

impl RunRecord {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 4;

    /// The network that it started from, where it started from one.
    pub const fn network(&self) -> Option<&NetworkRecord> {
        match &self.start {
            StartRecord::Network(network) => Some(network),
            StartRecord::Embeddings { .. } | StartRecord::Ensemble { .. } => None,
        }
    }

    /// The embeddings that it started from, where it started from such.
    pub const fn embeddings(&self) -> Option<&EmbeddingsRecord> {
        match &self.start {
            StartRecord::Embeddings { embeddings } => Some(embeddings),
            StartRecord::Network(_) | StartRecord::Ensemble { .. } => None,
        }
    }

    /// What it is an ensemble of, where it is one.
    pub const fn ensemble(&self) -> Option<&EnsembleRecord> {
        match &self.start {
            StartRecord::Ensemble { ensemble } => Some(ensemble),
            StartRecord::Network(_) | StartRecord::Embeddings { .. } => None,
        }
    }

    /// Every fold, in the order of `folds.json`.
    pub fn fold_ids(&self) -> impl Iterator<Item = FoldId> {
        let folds = self.folds;
        let of_repeat = move |repeat| (0..folds).map(move |fold| FoldId::new(repeat, fold));
        (0..self.repeats).flat_map(of_repeat)
    }

    /// What a fold does to a patch before its network sees it; `None` when the run has no such
    /// fold, or no network.
    pub fn preprocess_of(&self, fold: FoldId) -> Option<&Preprocess> {
        let place = self.fold_ids().position(|id| id == fold)?;
        self.preprocess.get(place % self.preprocess.len().max(1))
    }

    /// Views that a patch is judged under.
    pub const fn view_count(&self) -> usize {
        self.views.members().len() * (1 + self.other_sizes.len())
    }

    /// Side in pixels that the network is run at.
    ///
    /// # Panics
    /// When there is no network: every run of one has a preprocessing.
    pub fn size_px(&self) -> usize {
        self.preprocess[0].size_px
    }

    /// What a fold is called: its number, after that of the cross-validation where there are
    /// several, such as `1.2`.
    pub fn fold_name(&self, fold: FoldId) -> String {
        if self.repeats > 1 {
            fold.stem()
        } else {
            fold.to_string()
        }
    }
}
