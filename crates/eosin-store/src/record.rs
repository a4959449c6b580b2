//! What a run says of itself.

use eosin_core::BackboneName;
use eosin_core::config::{CacheDtype, NormaliseMode, Precision, ResizeFilter, ResizePolicy};
use serde::{Deserialize, Serialize};

/// Per-channel scaling of pixel values: `(value / 255 - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Where the numbers came from.
    pub mode: NormaliseMode,
    /// Mean of red, green and blue, of values in 0..1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue, of values in 0..1.
    pub std: [f32; 3],
}

/// The contents of `run.json`: everything that `predict` needs besides weights, and everything
/// that tells two runs apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of eosin that made the run.
    pub eosin_version: String,
    /// When the run began, RFC 3339.
    pub created: String,
    /// The command line, program first.
    pub command: Vec<String>,
    /// The seed that every random stream was derived from.
    pub seed: u64,
    /// Hash of the manifest, hex.
    pub manifest_hash: String,
    /// The backbone's architecture.
    pub backbone: BackboneName,
    /// What the names of the classifier's tensors begin with, such as `fc.`.
    pub classifier: String,
    /// Where the trained part begins: a stage of the backbone, or [`RunRecord::EMBEDDING`] when it
    /// is the last layer alone.
    pub cut: String,
    /// In how many bits the frozen part multiplies.
    #[serde(default = "single")]
    pub precision: Precision,
    /// How the frozen part's values were kept, which rounds them; `None` in runs of versions that
    /// did not say so here, but in `config.toml` only.
    #[serde(default)]
    pub cache_dtype: Option<CacheDtype>,
    /// Hash of the backbone's weights, hex.
    pub weights_hash: String,
    /// Training-pool and test patches that the backbone's weights were made with, as far as is
    /// known: scores on them are too good.
    pub seen_by_weights: [usize; 2],
    /// Class names in the order of their indices.
    pub classes: Vec<String>,
    /// The class that the binary metrics are about.
    pub positive: String,
    /// Side in pixels of what the backbone sees.
    pub size_px: usize,
    /// Whether patches are resized to `size_px`; else they must have that size.
    pub resized: bool,
    /// Largest side in pixels that is decoded.
    pub max_side_px: usize,
    /// Interpolation used to reach `size_px`.
    pub resize: ResizeFilter,
    /// What is done with a patch that is not square.
    pub non_square: ResizePolicy,
    /// Scaling of pixel values.
    pub normalisation: Normalisation,
    /// Scaling of each fold in the order of `folds.json`, when folds differ; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fold_normalisation: Vec<Normalisation>,
    /// Cross-validations.
    pub repeats: usize,
    /// Folds in each.
    pub folds: usize,
    /// Cross-validation of the best fold.
    pub best_repeat: usize,
    /// Number of the best fold in it.
    pub best_fold: usize,
    /// What computed it, such as `flex (cpu)`.
    pub device: String,
    /// Threads used.
    pub threads: usize,
}

/// What runs had before there was a choice.
const fn single() -> Precision {
    Precision::F32
}

impl RunRecord {
    /// The `cut` of a run that trained the last layer alone.
    pub const EMBEDDING: &'static str = "embedding";

    /// What a fold is called: its number, after that of the cross-validation where there are
    /// several, such as `1.2`.
    pub fn fold_name(&self, repeat: usize, fold: usize) -> String {
        if self.repeats > 1 {
            format!("{repeat}.{fold}")
        } else {
            fold.to_string()
        }
    }
}
