//! What a run says of itself.

use eosin_core::config::{
    CacheDtype, HeadKind, NormaliseMode, Precision, Symmetries, TensorChoice, Weights,
};
use eosin_core::{BackboneName, FoldId, Preprocess};
use serde::{Deserialize, Serialize};

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
    /// The backbone's architecture.
    pub backbone: BackboneName,
    /// What the names of the classifier's tensors begin with, such as `fc.`.
    pub classifier: String,
    /// What stands on the embeddings.
    pub head: HeadKind,
    /// Units of its hidden layer; 0 where it has none.
    pub hidden: usize,
    /// What enters the trained part: see [`Cut::name`](eosin_core::Cut::name).
    pub cut: String,
    /// In how many bits the frozen part multiplies.
    pub precision: Precision,
    /// The symmetries that a patch is judged under: its prediction is the mean of their logits.
    pub views: Symmetries,
    /// How the frozen part's values were kept, which rounds them.
    pub cache_dtype: CacheDtype,
    /// Where the weights came from that the run started with.
    pub weights: Weights,
    /// Which tensors of their file were meant.
    #[serde(default)]
    pub tensors: TensorChoice,
    /// BLAKE3 of the file that they came in (or would be in), hex.
    pub weights_hash: String,
    /// Training-pool and test patches that the backbone's weights were made with, as far as is
    /// known: scores on them are too good.
    pub seen_by_weights: [usize; 2],
    /// Class names in the order of their indices.
    pub classes: Vec<String>,
    /// The class that the binary metrics are about.
    pub positive: String,
    /// Largest side in pixels that is decoded.
    pub max_side_px: usize,
    /// Where the scaling of pixel values came from.
    pub normalise: NormaliseMode,
    /// What happens to a patch before the network sees it: one for all folds, or one each, in the
    /// order of `folds.json`.
    pub preprocess: Vec<Preprocess>,
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

impl RunRecord {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 4;

    /// Every fold, in the order of `folds.json`.
    pub fn fold_ids(&self) -> impl Iterator<Item = FoldId> {
        let folds = self.folds;
        let of_repeat = move |repeat| (0..folds).map(move |fold| FoldId::new(repeat, fold));
        (0..self.repeats).flat_map(of_repeat)
    }

    /// What a fold does to a patch before its network sees it; `None` when the run has no such
    /// fold.
    pub fn preprocess_of(&self, fold: FoldId) -> Option<&Preprocess> {
        let place = self.fold_ids().position(|id| id == fold)?;
        self.preprocess.get(place % self.preprocess.len())
    }

    /// Side in pixels that the network is run at.
    ///
    /// # Panics
    /// When the record is damaged: every run has a preprocessing.
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
