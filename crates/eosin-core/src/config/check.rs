//! From a TOML text to a checked configuration.

use std::fmt::Display;

use super::error::ConfigError;
use super::values::check_values;
use super::{
    ClassWeights, Config, HeadKind, Keep, LossKind, Precision, Sampling, ScheduleKind, TrainConfig,
    TrainMode,
};
use crate::choice::nearest;

impl Config {
    /// Parses and checks a TOML text; absent keys have their defaults.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown, or a value has the wrong type or range.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config = Self::parse(text)?;
        config.check()?;
        Ok(config)
    }

    /// As [`from_toml`](Self::from_toml), for a text that flags will change before it is checked.
    ///
    /// # Errors
    /// When the text is no TOML, a key is unknown, or a value has the wrong type.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::Syntax(error.to_string()))?;
        check_keys(&table, &all_keys(), "")?;
        check_values(&table)?;
        toml::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))
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
        let split = &self.split;
        if let Some(folds) = split.folds {
            require(
                (2..=MOST).contains(&folds),
                "split.folds",
                folds,
                "from 2 to 1000000",
            )?;
            let expected = "left out with split.holdout, which makes one validation part";
            require(split.holdout.is_none(), "split.folds", folds, expected)?;
        }
        let ok = (1..=MOST_REPEATS).contains(&split.repeats);
        require(ok, "split.repeats", split.repeats, "from 1 to 1000")?;
        if let Some(share) = split.holdout {
            let ok = (LEAST..1.0).contains(&share);
            let expected = "from 1e-6 to less than 1";
            require(ok, "split.holdout", share, expected)?;
        }
        if let Some(size) = self.data.size_px {
            let ok = (1..=8192).contains(&size);
            require(ok, "data.size_px", size, "from 1 to 8192")?;
        }
        let side = self.data.max_side_px;
        let ok = (1..=MOST_SIDE).contains(&side);
        require(ok, "data.max_side_px", side, "from 1 to 65535")?;
        if let Some(mpp) = self.data.mpp {
            let ok = (LEAST..=1000.0).contains(&mpp);
            require(ok, "data.mpp", mpp, "from 1e-6 to 1000")?;
        }
        let freezes = !matches!(self.train.mode, TrainMode::Full | TrainMode::HeadThenFull);
        require(
            freezes || self.backbone.precision == Precision::F32,
            "backbone.precision",
            self.backbone.precision,
            "f32 with train.mode full and head-then-full, which train everything; or choose probe, \
             head, last-block or last-n",
        )?;
        self.check_embeddings()?;
        self.check_ensemble()?;
        self.train.check_ranges()?;
        self.train.check_head()?;
        self.train.check_loss()?;
        self.train.check_steps()?;
        self.augment.check(&self.train)
    }
}

/// Counts of epochs, patches and the like: beyond it nothing is meant.
const MOST: usize = 1_000_000;
/// Cross-validations.
const MOST_REPEATS: usize = 1000;
/// Pixels of a side: what decoders can hold.
const MOST_SIDE: usize = 65_535;
/// Units of a hidden layer, whose weights every fold holds several times.
const MOST_HIDDEN: usize = 65_536;
/// What is above nothing must not round to it in single precision, in which it is computed with.
pub(super) const LEAST: f64 = 1e-6;
/// Beyond these a penalty is all, or nothing.
const LEAST_STRENGTH: f64 = 1e-12;
const MOST_STRENGTH: f64 = 1e12;

impl TrainConfig {
    fn check_ranges(&self) -> Result<(), ConfigError> {
        let least_one = [
            ("train.epochs", self.epochs),
            ("train.batch_size", self.batch_size),
            ("train.stages", self.stages),
            ("train.head_epochs", self.head_epochs),
            ("train.accumulate", self.accumulate),
            ("train.plateau_patience", self.plateau_patience),
        ];
        for (key, value) in least_one {
            require((1..=MOST).contains(&value), key, value, "from 1 to 1000000")?;
        }
        let counts = [
            ("train.lookahead", self.lookahead),
            ("train.patience", self.patience),
            ("train.unfreeze_epochs", self.unfreeze_epochs),
        ];
        for (key, value) in counts {
            require(value <= MOST, key, value, "from 0 to 1000000")?;
        }
        let fractions = [
            ("train.momentum", self.momentum),
            ("train.label_smoothing", self.label_smoothing),
            ("train.dropout", self.dropout),
            ("train.ema_decay", self.ema_decay),
        ];
        for (key, value) in fractions {
            require(
                (0.0..1.0).contains(&value),
                key,
                value,
                "at least 0, below 1",
            )?;
        }
        let not_negative = [
            ("train.weight_decay", self.weight_decay),
            ("train.clip_norm", self.clip_norm),
            ("train.sam_rho", self.sam_rho),
            ("train.checkpoint_secs", self.checkpoint_secs),
        ];
        for (key, value) in not_negative {
            let ok = (0.0..=1e6).contains(&value);
            require(ok, key, value, "from 0 to 1e6")?;
        }
        let rate = self.learning_rate;
        let ok = (1e-30..=1e30).contains(&rate);
        require(ok, "train.learning_rate", rate, "from 1e-30 to 1e30")?;
        let decay = self.layer_decay;
        let ok = (LEAST..=1.0).contains(&decay);
        require(ok, "train.layer_decay", decay, "from 1e-6 to 1")?;
        let warmup = self.warmup_epochs;
        let ok = warmup >= 0.0 && warmup <= self.epochs as f64;
        require(ok, "train.warmup_epochs", warmup, "from 0 to train.epochs")
    }

    /// What a solved head has no place for is refused, not ignored, and so is a head that the mode
    /// cannot make.
    fn check_head(&self) -> Result<(), ConfigError> {
        let ok = (1..=MOST_HIDDEN).contains(&self.hidden);
        require(ok, "train.hidden", self.hidden, "from 1 to 65536")?;
        let (head, strength) = (self.head, self.strength);
        let key = "train.strength";
        let ok = strength == 0.0 || (LEAST_STRENGTH..=MOST_STRENGTH).contains(&strength);
        let expected = "0 (chosen on inner folds), or from 1e-12 to 1e12";
        require(ok, key, strength, expected)?;
        if self.mode != TrainMode::Probe {
            let expected = "0 with any mode but probe, which has train.weight_decay";
            require(strength == 0.0, key, strength, expected)?;
            return self.check_head_of_epochs();
        }
        if head == HeadKind::Mlp {
            return Err(self.other_head(
                "trained in epochs, and train.mode is probe, which solves its heads; add '--mode head'",
            ));
        }
        let ok = head.strength().is_some() || strength == 0.0;
        require(
            ok,
            key,
            strength,
            "0 with train.head prototypes, which has none",
        )?;
        let ok = head != HeadKind::Lda || strength < 1.0;
        require(ok, key, strength, "a share below 1 with train.head lda")?;
        let ok = head != HeadKind::Knn || strength.fract() == 0.0;
        require(ok, key, strength, "a whole number with train.head knn")?;
        if head == HeadKind::Logistic {
            let ok = matches!(self.loss, LossKind::CrossEntropy | LossKind::Binary);
            let expected = "cross-entropy or binary with train.mode probe; or use '--mode head'";
            return require(ok, "train.loss", self.loss, expected);
        }
        let ok = self.loss == LossKind::CrossEntropy;
        let expected = "cross-entropy with this train.head, which minimises no loss";
        require(ok, "train.loss", self.loss, expected)?;
        let expected = "0 with this train.head, which minimises no loss";
        let smoothing = self.label_smoothing;
        require(
            smoothing == 0.0,
            "train.label_smoothing",
            smoothing,
            expected,
        )?;
        let ok = self.sampling == Sampling::None;
        let expected = "none with this train.head, which can weigh classes by train.class_weights";
        require(ok, "train.sampling", self.sampling, expected)
    }

    /// With epochs a head is one that can be trained in them, on what the mode gives it.
    fn check_head_of_epochs(&self) -> Result<(), ConfigError> {
        match (self.head, self.mode) {
            (HeadKind::Logistic, _) | (HeadKind::Mlp, TrainMode::Head) => Ok(()),
            (HeadKind::Mlp, mode) => Err(self.other_head(&format!(
                "trained on embeddings, and train.mode {mode} trains a part of the network, too; take \
                 '--mode head'"
            ))),
            (_, mode) => Err(self.other_head(&format!(
                "solved, and train.mode {mode} trains in epochs; take '--mode probe'"
            ))),
        }
    }

    fn other_head(&self, why: &str) -> ConfigError {
        ConfigError::Clash {
            key: "train.head",
            got: self.head.to_string(),
            why: format!("which is {why}"),
        }
    }

    /// Settings of losses and schedules that contradict each other are refused, not ignored.
    fn check_loss(&self) -> Result<(), ConfigError> {
        let smoothing = self.label_smoothing;
        let ok = self.loss == LossKind::CrossEntropy || smoothing == 0.0;
        let expected = "0 with any loss but cross-entropy";
        require(ok, "train.label_smoothing", smoothing, expected)?;
        let gamma = self.focal_gamma;
        let ok = gamma == 0.0 || (1.0..=100.0).contains(&gamma);
        require(ok, "train.focal_gamma", gamma, "0, or from 1 to 100")?;
        let q = self.gce_q;
        require(
            (LEAST..=1.0).contains(&q),
            "train.gce_q",
            q,
            "from 1e-6 to 1",
        )?;
        let weight = self.positive_weight;
        let ok = (LEAST..=1e6).contains(&weight);
        require(ok, "train.positive_weight", weight, "from 1e-6 to 1e6")?;
        let ok = self.loss != LossKind::Binary || self.class_weights == ClassWeights::None;
        let expected = "none with the binary loss, which has train.positive_weight";
        require(ok, "train.class_weights", self.class_weights, expected)?;
        let picks = self.keep != Keep::Last;
        let expected = "0 with train.keep last, which looks at no epoch's score; or set \
                        train.keep=inner";
        require(
            picks || self.patience == 0,
            "train.patience",
            self.patience,
            expected,
        )?;
        let ok = picks || self.schedule != ScheduleKind::Plateau;
        let expected = "any but plateau with train.keep last, which looks at no epoch's score; or \
                        set train.keep=inner";
        require(ok, "train.schedule", self.schedule, expected)?;
        let ok = self.schedule != ScheduleKind::OneCycle || self.warmup_epochs == 0.0;
        let expected = "0 with the one-cycle schedule, which warms up by itself";
        require(ok, "train.warmup_epochs", self.warmup_epochs, expected)
    }

    /// Ways of stepping that contradict each other.
    fn check_steps(&self) -> Result<(), ConfigError> {
        let swa = self.swa_epochs;
        let ok = swa <= self.epochs;
        require(ok, "train.swa_epochs", swa, "from 0 to train.epochs")?;
        let expected = "0 with train.ema_decay: one average is kept, not two";
        let ok = swa == 0 || self.ema_decay == 0.0;
        require(ok, "train.swa_epochs", swa, expected)?;
        let expected = "0 where batch norms follow the batch: the average would need their \
                        statistics anew; set train.batch_norm=eval";
        let ok = swa == 0 || !self.trains_batch_norm();
        require(ok, "train.swa_epochs", swa, expected)?;
        let ok = self.unfreeze_epochs == 0 || self.mode == TrainMode::HeadThenFull;
        let expected = "0 with any mode but head-then-full";
        require(ok, "train.unfreeze_epochs", self.unfreeze_epochs, expected)
    }
}

/// An error unless `ok`.
pub(super) fn require(
    ok: bool,
    key: &'static str,
    got: impl Display,
    expected: &str,
) -> Result<(), ConfigError> {
    if ok {
        return Ok(());
    }
    let mut got = got.to_string();
    // Not three hundred zeros.
    if got.len() > 20
        && let Ok(value) = got.parse::<f64>()
    {
        got = format!("{value:e}");
    }
    Err(ConfigError::Range {
        key,
        got,
        expected: expected.to_owned(),
    })
}

/// A configuration with every optional key present, as a table: what keys there are.
pub(super) fn all_keys() -> toml::Table {
    let mut config = Config::default();
    config.data.size_px = Some(1);
    config.data.mpp = Some(0.5);
    config.data.stain_target = Some(String::new());
    config.backbone.weights_key = Some(String::new());
    config.backbone.weights_prefix = Some(String::new());
    config.backbone.embeddings = Some("e.npy".into());
    config.ensemble.members = vec!["run".into()];
    config.data.layout = Some(crate::Layout::CLASS_FOLDERS);
    config.split.folds = Some(2);
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
    fn keys_that_the_default_lacks_are_known() {
        for text in [
            "[data]\nsize_px = 96\nmpp = 0.5",
            "[split]\nholdout = 0.2",
            "[backbone]\nweights_key = 'teacher'\nweights_prefix = 'backbone.'",
            "[backbone]\nembeddings = 'e.npy'",
        ] {
            assert!(Config::from_toml(text).is_ok(), "{text}");
        }
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
        assert_eq!(
            error.to_string(),
            "split.folds is 1; it must be from 2 to 1000000"
        );
    }

    /// Every number of the configuration, with its table.
    fn numbers(table: &toml::Table, prefix: &str) -> Vec<(String, toml::Value)> {
        let mut all = Vec::new();
        for (key, value) in table {
            let path = format!("{prefix}{key}");
            match value {
                toml::Value::Table(inner) => all.extend(numbers(inner, &format!("{path}."))),
                toml::Value::Integer(_) | toml::Value::Float(_) => all.push((path, value.clone())),
                _ => {}
            }
        }
        all
    }

    #[test]
    fn no_number_may_be_beyond_all_meaning() {
        // Any seed is one, and a cache may be as large as disks get.
        let free = ["seed", "cache.max_bytes"];
        // A key that one of these has no place for is refused for that, whatever its value.
        let bases = [
            "",
            "[train]\nmode = 'head'\nkeep = 'inner'\n[augment]\nrotate_degrees = 10.0",
            "[train]\nmode = 'full'\nloss = 'generalised-cross-entropy'",
            "[train]\nmode = 'head-then-full'\nloss = 'focal'\n[augment]\nnoise = 0.1",
            "[train]\nmode = 'last-block'\nloss = 'binary'\n[augment]\nnoise = 0.1\nviews = 4",
            "[train]\nhead = 'knn'",
        ];
        let mut accepted = Vec::new();
        for base in bases {
            let base: toml::Table = base.parse().unwrap();
            let checked = |path: &str, value: toml::Value| {
                let mut table = base.clone();
                put(&mut table, path, value);
                Config::from_toml(&toml::to_string(&table).unwrap())
            };
            checked("seed", 1.into()).expect("each base is a configuration");
            for (path, value) in numbers(&all_keys(), "") {
                let extremes: Vec<toml::Value> = match value {
                    toml::Value::Integer(_) => {
                        vec![9_000_000_000_000_000_000_i64.into(), (-1).into()]
                    }
                    // What must not be nothing must not be nothing in single precision either.
                    _ if names_itself(checked(&path, 0.0.into()), &path) => {
                        [1e300, f64::INFINITY, f64::NAN, -1e300, 1e-46]
                            .map(Into::into)
                            .into()
                    }
                    _ => [1e300, f64::INFINITY, f64::NAN, -1e300]
                        .map(Into::into)
                        .into(),
                };
                for extreme in extremes {
                    let is_free = free.contains(&path.as_str()) && extreme != (-1).into();
                    let text = format!("{path} = {extreme} beside {base}");
                    match checked(&path, extreme) {
                        Ok(_) if is_free => {}
                        Ok(_) => accepted.push(text),
                        Err(error) => assert!(error.to_string().len() < 400, "{error}"),
                    }
                }
            }
        }
        assert_eq!(accepted, Vec::<String>::new());
    }

    /// Whether a value is refused for its own sake.
    fn names_itself(checked: Result<Config, ConfigError>, path: &str) -> bool {
        checked.is_err_and(|error| error.to_string().contains(path))
    }

    /// Sets the key at `path`, `table.key` or `key`.
    fn put(table: &mut toml::Table, path: &str, value: toml::Value) {
        let Some((name, key)) = path.split_once('.') else {
            table.insert(path.to_owned(), value);
            return;
        };
        let section = table
            .entry(name)
            .or_insert_with(|| toml::Table::new().into());
        section
            .as_table_mut()
            .unwrap()
            .insert(key.to_owned(), value);
    }
}
