//! From a configuration file and flags to a checked configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::{Config, Seed};

use crate::args::JobArgs;

/// The configuration that `args` asks for: defaults, then the file, then `--set`, then flags.
///
/// # Errors
/// When the file cannot be read, or a key or value is wrong.
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
    let text = with_settings(&text, &args.set)?;
    let mut config = Config::parse(&text).with_context(|| format!("in {origin}"))?;
    apply_flags(&mut config, args);
    if !args.factor.is_empty() {
        let text = with_settings(&config.to_toml(), &args.factor)?;
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

/// Adds `key=value` settings to a TOML text.
fn with_settings(text: &str, settings: &[String]) -> Result<String> {
    let mut table: toml::Table = text.parse().context("the configuration is no TOML")?;
    for setting in settings {
        let Some((key, value)) = setting.split_once('=') else {
            bail!("--set {setting} has no '='; write --set train.epochs=30");
        };
        let value = parse_value(value.trim());
        let mut at = &mut table;
        let mut parts = key.trim().split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.to_owned(), value);
                break;
            }
            let next = at
                .entry(part)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let Some(next) = next.as_table_mut() else {
                bail!("--set {setting}: '{part}' is a value, not a table");
            };
            at = next;
        }
    }
    Ok(toml::to_string(&table)?)
}

/// A TOML value, or else the text as it is.
fn parse_value(text: &str) -> toml::Value {
    let parsed: Option<toml::Table> = format!("v = {text}").parse().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn apply_flags(config: &mut Config, args: &JobArgs) {
    fn set<T: Clone>(target: &mut T, flag: Option<&T>) {
        if let Some(value) = flag {
            *target = value.clone();
        }
    }
    set(&mut config.seed, args.seed.map(Seed).as_ref());
    config.data.size_px = args.size.or(config.data.size_px);
    config.data.skip_bad |= args.skip_bad;
    set(&mut config.split.folds, args.folds.as_ref());
    set(&mut config.split.group, args.group.as_ref());
    set(&mut config.backbone.name, args.backbone.as_ref());
    set(&mut config.backbone.weights, args.weights.as_ref());
    set(&mut config.backbone.normalise, args.normalise.as_ref());
    set(&mut config.train.mode, args.mode.as_ref());
    set(&mut config.train.epochs, args.epochs.as_ref());
    set(&mut config.train.batch_size, args.batch_size.as_ref());
    set(&mut config.train.learning_rate, args.learning_rate.as_ref());
    set(&mut config.augment.symmetry, args.augment.as_ref());
    set(&mut config.train.select, args.select.as_ref());
    set(&mut config.cache.dir, args.cache.as_ref());
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
