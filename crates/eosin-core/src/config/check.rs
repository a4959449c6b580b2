//! From a TOML text to a checked configuration.

use super::{ClassWeights, Config, LossKind, ScheduleKind, TrainConfig};
use crate::choice::nearest;

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
        )?;
        self.train.check_loss()
    }
}

impl TrainConfig {
    /// Settings of losses and schedules that contradict each other are refused, not ignored.
    fn check_loss(&self) -> Result<(), ConfigError> {
        let refuse = |wrong: bool, key, got: String, expected| {
            if wrong {
                Err(ConfigError::Range { key, got, expected })
            } else {
                Ok(())
            }
        };
        let clip = self.clip_norm;
        refuse(
            !(clip.is_finite() && clip >= 0.0),
            "train.clip_norm",
            clip.to_string(),
            "0 or more",
        )?;
        refuse(
            self.loss != LossKind::CrossEntropy && self.label_smoothing > 0.0,
            "train.label_smoothing",
            self.label_smoothing.to_string(),
            "0 with any loss but cross-entropy",
        )?;
        let gamma = self.focal_gamma;
        refuse(
            !(gamma == 0.0 || (gamma >= 1.0 && gamma.is_finite())),
            "train.focal_gamma",
            gamma.to_string(),
            "0, or at least 1",
        )?;
        refuse(
            !(self.gce_q > 0.0 && self.gce_q <= 1.0),
            "train.gce_q",
            self.gce_q.to_string(),
            "above 0, at most 1",
        )?;
        let weight = self.positive_weight;
        refuse(
            !(weight.is_finite() && weight > 0.0),
            "train.positive_weight",
            weight.to_string(),
            "above 0",
        )?;
        refuse(
            self.loss == LossKind::Binary && self.class_weights != ClassWeights::None,
            "train.class_weights",
            self.class_weights.to_string(),
            "none with the binary loss, which has train.positive_weight",
        )?;
        refuse(
            self.schedule == ScheduleKind::OneCycle && self.warmup_epochs > 0.0,
            "train.warmup_epochs",
            self.warmup_epochs.to_string(),
            "0 with the one-cycle schedule, which warms up by itself",
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
