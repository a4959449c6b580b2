//! From a configuration file and flags to a checked configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::Config;
use eosin_store::{RunFolder, names};
use serde::Serialize;

use crate::args::JobArgs;

/// The configuration that `args` asks for: defaults, then the file, then `--set` and flags, which
/// may not name one key twice, then factors.
///
/// # Errors
/// When the file cannot be read, a key or value is wrong, or a key is given two values.
pub fn resolve(args: &JobArgs) -> Result<Config> {
    let text = match &args.config {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read configuration {}", path.display()))?,
        None => String::new(),
    };
    let origin = args
        .config
        .as_ref()
        .map_or("--set".to_owned(), |path| path.display().to_string());
    let mut typed = settings("--set", &args.set)?;
    typed.extend(flags(args)?);
    let text = with_settings(&text, &typed)?;
    let mut config = Config::parse(&text).with_context(|| format!("in {origin}"))?;
    if !args.factor.is_empty() {
        let text = with_settings(&config.to_toml(), &settings("--factor", &args.factor)?)?;
        config = Config::parse(&text)?;
    }
    config.check()?;
    config
        .train
        .select
        .parse::<eosin_metrics::Metric>()
        .context("train.select")?;
    absolute_weights(&mut config);
    Ok(config)
}

/// The resolved configuration of a run.
///
/// # Errors
/// When the run folder lacks it, or it is damaged.
pub fn of_run(folder: &RunFolder) -> Result<Config> {
    Config::from_toml(&folder.read_text(names::CONFIG)?)
        .with_context(|| format!("in {}", folder.path(names::CONFIG).display()))
}

/// A value for a key of the configuration, as it was typed.
struct Setting {
    /// What was typed, such as `--epochs 2`.
    typed: String,
    /// The key, such as `train.epochs`.
    key: String,
    value: toml::Value,
}

/// What was typed as `key=value` behind `flag`.
fn settings(flag: &str, typed: &[String]) -> Result<Vec<Setting>> {
    let setting = |text: &String| {
        let Some((key, value)) = text.split_once('=') else {
            bail!("{flag} {text} has no '='; write {flag} train.epochs=30");
        };
        Ok(Setting {
            typed: format!("{flag} {text}"),
            key: key.trim().to_owned(),
            value: parse_value(value.trim()),
        })
    };
    typed.iter().map(setting).collect()
}

/// Every flag that was typed, as the key that it is another name for.
fn flags(args: &JobArgs) -> Result<Vec<Setting>> {
    let skip_bad = args.skip_bad.then_some(true);
    let all = [
        flag("--seed", "seed", args.seed.as_ref())?,
        flag("--size", "data.size_px", args.size.as_ref())?,
        flag("--skip-bad", "data.skip_bad", skip_bad.as_ref())?,
        flag("--folds", "split.folds", args.folds.as_ref())?,
        flag("--group", "split.group", args.group.as_ref())?,
        flag("--backbone", "backbone.name", args.backbone.as_ref())?,
        flag("--weights", "backbone.weights", args.weights.as_ref())?,
        flag("--normalise", "backbone.normalise", args.normalise.as_ref())?,
        flag("--mode", "train.mode", args.mode.as_ref())?,
        flag("--epochs", "train.epochs", args.epochs.as_ref())?,
        flag("--batch-size", "train.batch_size", args.batch_size.as_ref())?,
        flag(
            "--learning-rate",
            "train.learning_rate",
            args.learning_rate.as_ref(),
        )?,
        flag("--augment", "augment.symmetry", args.augment.as_ref())?,
        flag("--select", "train.select", args.select.as_ref())?,
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

/// Adds settings to a TOML text.
fn with_settings(text: &str, settings: &[Setting]) -> Result<String> {
    refuse_two_values(settings)?;
    let mut table: toml::Table = text.parse().context("the configuration is no TOML")?;
    for Setting { typed, key, value } in settings {
        let mut at = &mut table;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.to_owned(), value.clone());
                break;
            }
            let next = at
                .entry(part)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let Some(next) = next.as_table_mut() else {
                bail!("{typed}: '{part}' is a value, not a table");
            };
            at = next;
        }
    }
    Ok(toml::to_string(&table)?)
}

/// One key, one value: which of two was meant is not for a program to say, and the same value twice
/// is no better than a mistake that has not happened yet.
fn refuse_two_values(settings: &[Setting]) -> Result<()> {
    for (place, later) in settings.iter().enumerate() {
        let clash = |earlier: &&Setting| {
            let within = |inner: &str, outer: &str| {
                let rest = inner.strip_prefix(outer);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            within(&later.key, &earlier.key) || within(&earlier.key, &later.key)
        };
        if let Some(earlier) = settings[..place].iter().find(clash) {
            bail!(
                "'{}' and '{}' both set {}: leave one of them out",
                earlier.typed,
                later.typed,
                later.key
            );
        }
    }
    Ok(())
}

/// A TOML value, or else the text as it is.
fn parse_value(text: &str) -> toml::Value {
    let parsed: Option<toml::Table> = format!("v = {text}").parse().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

/// A run must be repeatable from anywhere.
fn absolute_weights(config: &mut Config) {
    let weights = &mut config.backbone.weights;
    if is_weight_path(weights) {
        *weights = std::path::absolute(Path::new(weights))
            .map_or_else(|_| weights.clone(), |path| path.display().to_string());
    }
}

/// Whether `weights` is a file's path, and not a name, `random` or nothing: it has a separator or a
/// weight file's ending, or is a file.
pub fn is_weight_path(weights: &str) -> bool {
    let path = Path::new(weights);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let known = ["safetensors", "pth", "pt", "bin"];
    path.components().count() > 1
        || ending.is_some_and(|ending| known.contains(&ending))
        || (weights != "random" && path.is_file())
}

/// The cache folder: the one named, else `EOSIN_CACHE`, else the user's.
///
/// # Errors
/// When none is named and the user has no home.
pub fn cache_dir(named: &str) -> Result<PathBuf> {
    if named.is_empty() {
        Ok(eosin_store::cache::default_cache_dir()?)
    } else {
        Ok(PathBuf::from(named))
    }
}
