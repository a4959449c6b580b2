//! Flags as settings of the configuration.

use anyhow::{Context as _, Result};
use eosin_core::Config;
use eosin_run::{Setting, parse_settings};
use serde::Serialize;

use crate::args::JobArgs;

/// The configuration that `args` asks for: defaults, then the file, then `--set` and flags, which
/// may not name one key twice, then factors.
///
/// # Errors
/// When the file cannot be read, a key or value is wrong, or a key is given two values.
pub fn resolve(args: &JobArgs) -> Result<Config> {
    let mut typed = parse_settings("--set", &args.set)?;
    typed.extend(flags(args)?);
    let factors = parse_settings("--factor", &args.factor)?;
    eosin_run::resolve(args.config.as_deref(), &typed, &factors)
}

/// Every flag that was typed, as the key that it is another name for.
fn flags(args: &JobArgs) -> Result<Vec<Setting>> {
    let skip_bad = args.skip_bad.then_some(true);
    let all = [
        flag("--seed", "seed", args.seed.as_ref())?,
        flag("--layout", "data.layout", args.layout.as_ref())?,
        flag("--size", "data.size_px", args.size.as_ref())?,
        flag("--skip-bad", "data.skip_bad", skip_bad.as_ref())?,
        flag("--folds", "split.folds", args.folds.as_ref())?,
        flag("--group", "split.group", args.group.as_ref())?,
        flag("--backbone", "backbone.name", args.backbone.as_ref())?,
        flag("--weights", "backbone.weights", args.weights.as_ref())?,
        flag(
            "--weights-key",
            "backbone.weights_key",
            args.weights_key.as_ref(),
        )?,
        flag(
            "--weights-prefix",
            "backbone.weights_prefix",
            args.weights_prefix.as_ref(),
        )?,
        flag(
            "--embeddings",
            "backbone.embeddings",
            args.embeddings.as_ref(),
        )?,
        flag("--normalise", "backbone.normalise", args.normalise.as_ref())?,
        flag("--mode", "train.mode", args.mode.as_ref())?,
        flag("--head", "train.head", args.head.as_ref())?,
        flag("--epochs", "train.epochs", args.epochs.as_ref())?,
        flag("--batch-size", "train.batch_size", args.batch_size.as_ref())?,
        flag(
            "--learning-rate",
            "train.learning_rate",
            args.learning_rate.as_ref(),
        )?,
        flag("--augment", "augment.symmetry", args.augment.as_ref())?,
        flag("--select", "train.select", args.select.as_ref())?,
        flag("--calibrate", "judge.calibrate", args.calibrate.as_ref())?,
        flag("--threshold", "judge.threshold", args.threshold.as_ref())?,
        flag("--cache", "cache.dir", args.cache.as_ref())?,
    ];
    Ok(all.into_iter().flatten().collect())
}

fn flag<T: Serialize>(flag: &str, key: &str, value: Option<&T>) -> Result<Option<Setting>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let value = toml::Value::try_from(value).with_context(|| format!("{flag} ({key})"))?;
    Ok(Some(Setting {
        typed: match &value {
            toml::Value::Boolean(_) => flag.to_owned(),
            toml::Value::String(word) => format!("{flag} {word}"),
            number => format!("{flag} {number}"),
        },
        key: key.to_owned(),
        value,
    }))
}
