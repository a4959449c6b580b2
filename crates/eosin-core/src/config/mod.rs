//! The configuration of a run: every key, its default, and the checks that make it usable.

mod augment;
mod check;
mod choices;
mod embeddings;
mod ensemble;
mod error;
mod judge;
mod train;
mod values;
mod weights;

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

pub use self::augment::AugmentConfig;
pub use self::choices::{
    BatchNormPolicy, CacheDtype, ClassWeights, DoctorPolicy, EnsembleMethod, GroupBy, HeadKind,
    IdSource, Keep, LossKind, NormaliseMode, OptimiserKind, Precision, PredictViews, ResizeFilter,
    ResizePolicy, Sampling, ScheduleKind, StainMethod, StatisticsKind, Symmetries, TrainMode,
};
pub use self::ensemble::EnsembleConfig;
pub use self::error::ConfigError;
pub use self::judge::{CalibratorKind, JudgeConfig};
pub use self::train::TrainConfig;
pub use self::weights::{TensorChoice, Weights};
use crate::choice::UnknownChoice;
use crate::layout::Layout;
use crate::model::BackboneName;
use crate::seed::Seed;

/// How patches are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// How the patches lie on disk; `None`: as the folder shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// What patients and slides are taken from beside folders and tables.
    pub ids: IdSource,
    /// Side in pixels that patches are resized to; `None`: all must have one size already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_px: Option<usize>,
    /// Interpolation when `size_px` differs from a patch's own size.
    pub resize: ResizeFilter,
    /// What to do with a patch that is not square when it is resized.
    pub non_square: ResizePolicy,
    /// Largest side in pixels that is decoded.
    pub max_side_px: usize,
    /// How the stain of patches is made alike.
    pub stain: StainMethod,
    /// What it is made like: `reference` (the method's named reference), an image file, or, when
    /// absent, the median over the training patches, test patches never among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stain_target: Option<String>,
    /// Micrometres per pixel of the patches as they lie on disk, where that is known; noted in the
    /// run and held against what a backbone was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpp: Option<f64>,
    /// Class names in the order of their indices; empty: sorted as found.
    pub classes: Vec<String>,
    /// The class whose probability the binary metrics are about; empty: the one that the names of
    /// two classes tell (see [`crate::task::positive_class`]).
    pub positive: String,
    /// Go on without patches that cannot be used, and record which.
    pub skip_bad: bool,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            layout: None,
            ids: IdSource::Auto,
            size_px: None,
            resize: ResizeFilter::Bilinear,
            non_square: ResizePolicy::Square,
            max_side_px: 8192,
            stain: StainMethod::None,
            stain_target: None,
            mpp: None,
            classes: Vec::new(),
            positive: String::new(),
            skip_bad: false,
        }
    }
}

/// How patches are divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Folds of the cross-validation; when absent those that the patches name, else
    /// [`USUAL_FOLDS`](Self::USUAL_FOLDS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// Cross-validations, each with its own assignment.
    pub repeats: usize,
    /// What may not be on both sides of a split.
    pub group: GroupBy,
    /// Share of the training patches held out as one validation part instead of folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
}

impl SplitConfig {
    /// Folds that are made where nothing says otherwise.
    pub const USUAL_FOLDS: usize = 10;
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            folds: None,
            repeats: 1,
            group: GroupBy::Auto,
            holdout: None,
        }
    }
}

/// What the backbone is and what it is fed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackboneConfig {
    /// The architecture.
    pub name: BackboneName,
    /// Where its weights come from.
    pub weights: Weights,
    /// Where in the weight file the state dict is; found out when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights_key: Option<String>,
    /// What stands before the names of the network's tensors; found out when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights_prefix: Option<String>,
    /// Scaling of pixel values.
    pub normalise: NormaliseMode,
    /// How `dataset` and `fold` statistics are computed.
    pub statistics: StatisticsKind,
    /// In how many bits the frozen part multiplies.
    pub precision: Precision,
    /// A file of embeddings that were made elsewhere, in place of a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embeddings: Option<PathBuf>,
}

impl Default for BackboneConfig {
    fn default() -> Self {
        Self {
            name: BackboneName::EosinMini,
            weights: Weights::Embedded,
            weights_key: None,
            weights_prefix: None,
            normalise: NormaliseMode::Backbone,
            statistics: StatisticsKind::PooledPixels,
            precision: Precision::F32,
            embeddings: None,
        }
    }
}

impl BackboneConfig {
    /// Which tensors of the weight file are meant.
    pub fn tensor_choice(&self) -> TensorChoice {
        TensorChoice {
            key: self.weights_key.clone(),
            prefix: self.weights_prefix.clone(),
        }
    }
}

/// Where embeddings are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Folder; empty: `EOSIN_CACHE`, else the user's cache folder.
    pub dir: String,
    /// How values are stored.
    pub dtype: CacheDtype,
    /// Size in bytes above which the least recently used entries are removed.
    pub max_bytes: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            dir: String::new(),
            dtype: CacheDtype::F32,
            max_bytes: 20 << 30,
        }
    }
}

/// How patches are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PredictConfig {
    /// The symmetries that a patch is judged under; also written as their number.
    #[serde(deserialize_with = "word_or_number")]
    pub views: PredictViews,
}

/// [`PredictViews`] by word, or by the number of views: the sets that a turned or mirrored patch is
/// answered alike under.
fn word_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<PredictViews, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Word(String),
        Other(serde::de::IgnoredAny),
    }
    let word = match Written::deserialize(from)? {
        Written::Number(number) => number.to_string(),
        Written::Word(word) => word,
        Written::Other(_) => return Err(D::Error::custom("a word or a number is wanted")),
    };
    match word.as_str() {
        "1" => Ok(PredictViews::None),
        "2" => Ok(PredictViews::HFlip),
        "4" => Ok(PredictViews::Flips),
        "8" => Ok(PredictViews::D4),
        word => word.parse().map_err(|unknown: UnknownChoice| {
            D::Error::custom(format!(
                "{unknown}; or a number of views: 1 (none), 2 (hflip), 4 (flips) or 8 (d4)"
            ))
        }),
    }
}

impl Default for PredictConfig {
    fn default() -> Self {
        Self {
            views: PredictViews::Auto,
        }
    }
}

/// The configuration of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The seed that every random stream is derived from.
    pub seed: Seed,
    /// How patches are read.
    pub data: DataConfig,
    /// How patches are divided.
    pub split: SplitConfig,
    /// What the backbone is.
    pub backbone: BackboneConfig,
    /// How training patches are changed at random.
    pub augment: AugmentConfig,
    /// How weights are trained.
    pub train: TrainConfig,
    /// How patches are judged.
    pub predict: PredictConfig,
    /// How it decides.
    pub judge: JudgeConfig,
    /// What the run is an ensemble of.
    #[serde(skip_serializing_if = "EnsembleConfig::is_none")]
    pub ensemble: EnsembleConfig,
    /// Where embeddings are kept.
    pub cache: CacheConfig,
}

impl Config {
    /// The symmetries that a patch is judged under.
    pub const fn judged_symmetries(&self) -> Symmetries {
        self.predict.views.symmetries(self.augment.symmetry)
    }
}
