//! The configuration of a run: every key, its default, and the checks that make it usable.

use serde::{Deserialize, Serialize};

use crate::choice::nearest;
use crate::model::BackboneName;
use crate::seed::Seed;

crate::choice::choices! {
    /// What the pixel values are scaled by before the backbone sees them.
    pub enum NormaliseMode {
        /// What the backbone's pretrained weights were made with.
        Backbone => "backbone",
        /// To 0..1 only.
        Unit => "unit",
        /// `ImageNet`'s channel means and standard deviations.
        ImageNet => "imagenet",
        /// Channel statistics of all training patches.
        Dataset => "dataset",
        /// Channel statistics of the training part of each fold alone.
        Fold => "fold",
    }
}

crate::choice::choices! {
    /// How images combine into one mean and standard deviation.
    pub enum StatisticsKind {
        /// Mean of each image's mean, and mean of each image's standard deviation, every image
        /// with the same weight. Leaves out the variation between images.
        PerImageMean => "image-mean",
        /// Mean and population standard deviation over all pixels together, so large images weigh
        /// more and the variation between images counts.
        PooledPixels => "pooled",
    }
}

crate::choice::choices! {
    /// The filter that computes new pixels. When shrinking, all but `nearest` widen with the scale,
    /// as Pillow's do.
    pub enum ResizeFilter {
        /// The nearest pixel.
        Nearest => "nearest",
        /// Mean over the area that a new pixel covers.
        Area => "area",
        /// Linear interpolation.
        Bilinear => "bilinear",
        /// Catmull-Rom cubic interpolation.
        Bicubic => "bicubic",
        /// Windowed sinc with three lobes.
        Lanczos3 => "lanczos3",
    }
}

crate::choice::choices! {
    /// What to do with a patch that is not square.
    pub enum ResizePolicy {
        /// Refuse it.
        Square => "square",
        /// Scale each side by its own factor.
        Stretch => "stretch",
        /// Scale by one factor, then centre on white.
        Pad => "pad",
    }
}

crate::choice::choices! {
    /// What may not be on both sides of a split.
    pub enum GroupBy {
        /// The coarsest that the manifest knows: patient, else slide, else group.
        Auto => "auto",
        /// Nothing: patches are split one by one.
        None => "none",
        /// The patient.
        Patient => "patient",
        /// The slide.
        Slide => "slide",
        /// The manifest's `group` column.
        Group => "group",
    }
}

crate::choice::choices! {
    /// Which weights are trained.
    pub enum TrainMode {
        /// The last layer, on cached embeddings.
        Head => "head",
        /// The whole network.
        Full => "full",
    }
}

crate::choice::choices! {
    /// Random changes to training patches.
    pub enum Augment {
        /// None.
        None => "none",
        /// One of the eight symmetries of the square, each patch and epoch anew.
        D4 => "d4",
    }
}

crate::choice::choices! {
    /// The rule that turns gradients into steps.
    pub enum OptimiserKind {
        /// Stochastic gradient descent with momentum.
        Sgd => "sgd",
        /// Adam, weight decay added to the gradient.
        Adam => "adam",
        /// Adam with decoupled weight decay.
        AdamW => "adamw",
    }
}

crate::choice::choices! {
    /// How the learning rate changes over a training.
    pub enum ScheduleKind {
        /// Not at all.
        Constant => "constant",
        /// Half a cosine from the full rate to zero.
        Cosine => "cosine",
        /// Divided by ten after each third of the epochs.
        Step => "step",
    }
}

crate::choice::choices! {
    /// Weights of the classes in the loss.
    pub enum ClassWeights {
        /// All one.
        None => "none",
        /// Inverse to the class's share of the training part, mean one over the patches.
        Balanced => "balanced",
    }
}

crate::choice::choices! {
    /// How cached embeddings are stored.
    pub enum CacheDtype {
        /// Single precision: exact.
        F32 => "f32",
        /// Half precision: half the disk, values rounded to 11 bits.
        F16 => "f16",
    }
}

/// How patches are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Side in pixels that patches are resized to; `None`: all must have one size already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_px: Option<usize>,
    /// Interpolation when `size_px` differs from a patch's own size.
    pub resize: ResizeFilter,
    /// What to do with a patch that is not square when it is resized.
    pub non_square: ResizePolicy,
    /// Largest side in pixels that is decoded.
    pub max_side_px: usize,
    /// Class names in the order of their indices; empty: sorted as found.
    pub classes: Vec<String>,
    /// The class whose probability the binary metrics are about; empty: the last.
    pub positive: String,
    /// Go on without patches that cannot be used, and record which.
    pub skip_bad: bool,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            size_px: None,
            resize: ResizeFilter::Bilinear,
            non_square: ResizePolicy::Square,
            max_side_px: 8192,
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
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Cross-validations, each with its own assignment.
    pub repeats: usize,
    /// What may not be on both sides of a split.
    pub group: GroupBy,
    /// Share of the training patches held out as one validation part instead of folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            folds: 10,
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
    /// A weight file; empty: the embedded weights, which only `eosin_mini` has; `random`: fresh
    /// ones from the seed.
    pub weights: String,
    /// Scaling of pixel values.
    pub normalise: NormaliseMode,
    /// How `dataset` and `fold` statistics are computed.
    pub statistics: StatisticsKind,
}

impl Default for BackboneConfig {
    fn default() -> Self {
        Self {
            name: BackboneName::EosinMini,
            weights: String::new(),
            normalise: NormaliseMode::Backbone,
            statistics: StatisticsKind::PooledPixels,
        }
    }
}

/// How weights are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Which weights are trained.
    pub mode: TrainMode,
    /// Passes over the training part.
    pub epochs: usize,
    /// Patches in one step.
    pub batch_size: usize,
    /// The rule that turns gradients into steps.
    pub optimiser: OptimiserKind,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Momentum of `sgd`.
    pub momentum: f64,
    /// Decay of weights (never of biases or batch-norm scales).
    pub weight_decay: f64,
    /// How the learning rate changes.
    pub schedule: ScheduleKind,
    /// Epochs over which the learning rate rises linearly from zero first.
    pub warmup_epochs: f64,
    /// Share of the target probability spread over all classes.
    pub label_smoothing: f64,
    /// Share of embedding values zeroed in training.
    pub dropout: f64,
    /// Weights of the classes in the loss.
    pub class_weights: ClassWeights,
    /// Random changes to training patches.
    pub augment: Augment,
    /// The metric that picks the best epoch and the best fold.
    pub select: String,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            mode: TrainMode::Head,
            epochs: 20,
            batch_size: 64,
            optimiser: OptimiserKind::AdamW,
            learning_rate: 1e-3,
            momentum: 0.9,
            weight_decay: 1e-2,
            schedule: ScheduleKind::Cosine,
            warmup_epochs: 0.0,
            label_smoothing: 0.1,
            dropout: 0.0,
            class_weights: ClassWeights::None,
            augment: Augment::D4,
            select: "auroc".to_owned(),
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
    /// How weights are trained.
    pub train: TrainConfig,
    /// Where embeddings are kept.
    pub cache: CacheConfig,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is no TOML, or a value has the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A key that does not exist.
    #[error("unknown key '{key}'{}", suggestion(.nearest.as_deref(), .known))]
    UnknownKey {
        /// The key, with its table.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// All keys of that table.
        known: String,
    },
    /// A value out of range.
    #[error("{key} is {got}; it must be {expected}")]
    Range {
        /// The key, with its table.
        key: &'static str,
        /// The value.
        got: String,
        /// What it must be.
        expected: &'static str,
    },
}

fn suggestion(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(key) => format!("; did you mean '{key}'?"),
        None => format!("; known keys are {known}"),
    }
}

impl Config {
    /// Parses and checks a TOML text; absent keys have their defaults.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown, or a value has the wrong type or range.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::Syntax(error.to_string()))?;
        check_keys(&table, &all_keys(), "")?;
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The whole configuration as TOML, defaults included.
    ///
    /// # Panics
    /// Never: every value has a TOML form.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a configuration has a TOML form")
    }

    /// Checks the range of every value.
    ///
    /// # Errors
    /// Names the first value that is out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let TrainConfig {
            epochs,
            batch_size,
            learning_rate,
            momentum,
            weight_decay,
            ..
        } = self.train;
        let fraction = |value: f64| (0.0..1.0).contains(&value);
        let range = |ok: bool, key, got: String, expected| {
            if ok {
                Ok(())
            } else {
                Err(ConfigError::Range { key, got, expected })
            }
        };
        range(
            self.split.folds >= 2,
            "split.folds",
            self.split.folds.to_string(),
            "2 or more",
        )?;
        range(
            self.split.repeats >= 1,
            "split.repeats",
            self.split.repeats.to_string(),
            "1 or more",
        )?;
        if let Some(share) = self.split.holdout {
            let ok = fraction(share) && share > 0.0;
            range(
                ok,
                "split.holdout",
                share.to_string(),
                "between 0 and 1, both excluded",
            )?;
        }
        if let Some(size) = self.data.size_px {
            range(
                (1..=8192).contains(&size),
                "data.size_px",
                size.to_string(),
                "from 1 to 8192",
            )?;
        }
        range(epochs >= 1, "train.epochs", epochs.to_string(), "1 or more")?;
        range(
            batch_size >= 1,
            "train.batch_size",
            batch_size.to_string(),
            "1 or more",
        )?;
        let rate_ok = learning_rate.is_finite() && learning_rate > 0.0;
        range(
            rate_ok,
            "train.learning_rate",
            learning_rate.to_string(),
            "above 0",
        )?;
        range(
            fraction(momentum),
            "train.momentum",
            momentum.to_string(),
            "at least 0, below 1",
        )?;
        let decay_ok = weight_decay.is_finite() && weight_decay >= 0.0;
        range(
            decay_ok,
            "train.weight_decay",
            weight_decay.to_string(),
            "0 or more",
        )?;
        let smoothing = self.train.label_smoothing;
        range(
            fraction(smoothing),
            "train.label_smoothing",
            smoothing.to_string(),
            "at least 0, below 1",
        )?;
        let dropout = self.train.dropout;
        range(
            fraction(dropout),
            "train.dropout",
            dropout.to_string(),
            "at least 0, below 1",
        )?;
        let warmup = self.train.warmup_epochs;
        range(
            warmup >= 0.0 && warmup <= epochs as f64,
            "train.warmup_epochs",
            warmup.to_string(),
            "from 0 to train.epochs",
        )
    }
}

/// A configuration with every optional key present, as a table: what keys there are.
fn all_keys() -> toml::Table {
    let mut config = Config::default();
    config.data.size_px = Some(1);
    config.split.holdout = Some(0.5);
    toml::Table::try_from(config).expect("a configuration has a TOML form")
}

fn check_keys(given: &toml::Table, known: &toml::Table, prefix: &str) -> Result<(), ConfigError> {
    for (key, value) in given {
        let path = format!("{prefix}{key}");
        let Some(expected) = known.get(key) else {
            let keys: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(ConfigError::UnknownKey {
                key: path,
                nearest: nearest(key, keys.iter().copied()).map(|key| format!("{prefix}{key}")),
                known: keys.join(", "),
            });
        };
        if let (toml::Value::Table(given), toml::Value::Table(known)) = (value, expected) {
            check_keys(given, known, &format!("{path}."))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_survives_a_round_trip() {
        let config = Config::default();
        assert_eq!(Config::from_toml(&config.to_toml()), Ok(config));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let error = Config::from_toml("[train]\nlabel_smothing = 0.1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown key 'train.label_smothing'; did you mean 'train.label_smoothing'?"
        );
        let error = Config::from_toml("[data]\nsize = 96").unwrap_err();
        assert!(error.to_string().contains("data.size_px"), "{error}");
    }

    #[test]
    fn a_word_that_is_no_choice_lists_the_choices() {
        let error = Config::from_toml("[train]\noptimiser = 'adamv'")
            .unwrap_err()
            .to_string();
        assert!(error.contains("choose one of sgd, adam, adamw"), "{error}");
        assert!(error.contains("did you mean 'adam"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let error = Config::from_toml("[split]\nfolds = 1").unwrap_err();
        assert_eq!(error.to_string(), "split.folds is 1; it must be 2 or more");
    }
}
