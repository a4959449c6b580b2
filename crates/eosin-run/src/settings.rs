//! From a configuration file and settings to a checked configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use eosin_core::config::{
    BackboneConfig, ConfigError, Symmetries, TrainConfig, TrainMode, Weights,
};
use eosin_core::{Config, D4};
use eosin_store::{RunFolder, names};
use eosin_train::{EmbeddingFile, check_views};

/// A value for a key of the configuration, as it was typed.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What was typed, such as `--epochs 2`.
    pub typed: String,
    /// The key, such as `train.epochs`.
    pub key: String,
    /// The value.
    pub value: toml::Value,
}

/// The configuration that was asked for: defaults, then the file, then settings, which may not name
/// one key twice, then factors, which win over all.
///
/// # Errors
/// When the file cannot be read, a key or value is wrong, or a key is given two values.
pub fn resolve(file: Option<&Path>, settings: &[Setting], factors: &[Setting]) -> Result<Config> {
    let table = match file {
        Some(path) => read_table(path)?,
        None => toml::Table::new(),
    };
    let of_file = |key: &str| file.filter(|_| has_key(&table, key));
    let text = with_settings(table.clone(), settings)?;
    let mut config = Config::parse(&text).map_err(|error| blame(error, settings, of_file))?;
    refuse_unused(&config, settings)?;
    follow_views(&text, &mut config)?;
    refuse_mode_untold(&text, &config).with_context(|| {
        let file = file.map(|path| path.display().to_string());
        format!("in {}", file.as_deref().unwrap_or("--set"))
    })?;
    if !factors.is_empty() {
        config = with_factors(&config, factors)?;
    }
    let typed = [factors, settings].concat();
    config
        .check()
        .map_err(|error| blame(error, &typed, of_file))?;
    config
        .train
        .select
        .parse::<eosin_metrics::Metric>()
        .context("train.select")?;
    if let Weights::File(path) = &mut config.backbone.weights {
        // A run must be repeatable from anywhere.
        *path = std::path::absolute(&*path)?;
    }
    Ok(config)
}

/// A configuration with some of its keys changed.
///
/// # Errors
/// When a value is wrong, or does not go with the others.
pub(crate) fn changed(base: &Config, factors: &[Setting]) -> Result<Config> {
    let config = with_factors(base, factors)?;
    config
        .check()
        .map_err(|error| blame(error, factors, |_| None))?;
    Ok(config)
}

fn with_factors(base: &Config, factors: &[Setting]) -> Result<Config> {
    let text = with_settings(base.to_toml().parse()?, factors)?;
    let mut config = Config::parse(&text).map_err(|error| blame(error, factors, |_| None))?;
    refuse_unused(&config, factors)?;
    follow_views(&text, &mut config)?;
    Ok(config)
}

fn read_table(path: &Path) -> Result<toml::Table> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read configuration {}", path.display()))?;
    text.parse()
        .with_context(|| format!("the configuration {} is no TOML", path.display()))
}

fn has_key(table: &toml::Table, key: &str) -> bool {
    let (first, rest) = match key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (key, None),
    };
    match (table.get(first), rest) {
        (None, _) => false,
        (Some(toml::Value::Table(inner)), Some(rest)) => has_key(inner, rest),
        (Some(_), _) => true,
    }
}

/// An error with what was typed for the key that it is about, else the file that holds the key.
fn blame<'a>(
    error: ConfigError,
    typed: &[Setting],
    of_file: impl FnOnce(&str) -> Option<&'a Path>,
) -> anyhow::Error {
    let Some(key) = error.key() else {
        return error.into();
    };
    let sets = |setting: &&Setting| is_within(key, &setting.key) || is_within(&setting.key, key);
    let whose = match typed.iter().find(sets) {
        Some(setting) => Some(format!("'{}'", setting.typed)),
        None => of_file(key).map(|path| format!("in {}", path.display())),
    };
    match whose {
        Some(whose) => anyhow::Error::new(error).context(whose),
        None => error.into(),
    }
}

/// Whether a key is another one, or stands in its table.
fn is_within(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Symmetries that nobody asked for are those that embeddings of one's own have: all, or none; others
/// must be there.
fn follow_views(text: &str, config: &mut Config) -> Result<()> {
    let Some(path) = &config.backbone.embeddings else {
        return Ok(());
    };
    let path = std::path::absolute(path)?;
    let views = EmbeddingFile::peek_views(&path)?;
    let table: toml::Table = text.parse()?;
    let augment = table.get("augment").and_then(toml::Value::as_table);
    if augment.is_none_or(|augment| !augment.contains_key("symmetry")) {
        config.augment.symmetry = match views {
            D4::COUNT => Symmetries::D4,
            _ => Symmetries::None,
        };
    }
    check_views(&path, views, config)?;
    config.backbone.embeddings = Some(path);
    Ok(())
}

/// What a run has no use for is refused, not ignored: settings of networks beside embeddings of one's
/// own, and those of epochs beside a probe, which has none.
fn refuse_unused(config: &Config, typed: &[Setting]) -> Result<()> {
    let of_network = |setting: &&Setting| {
        let key = setting.key.strip_prefix("backbone.");
        let of_backbone = key.is_some_and(|key| BackboneConfig::OF_NETWORKS.contains(&key));
        of_backbone || setting.key == "data.size_px"
    };
    if let (Some(path), Some(Setting { typed, key, .. })) =
        (&config.backbone.embeddings, typed.iter().find(of_network))
    {
        bail!(
            "'{typed}' sets {key}, which is about a network, and the embeddings in {} take its place: \
             leave one of them out",
            path.display()
        );
    }
    if config.train.mode != TrainMode::Probe {
        return Ok(());
    }
    let unused = |setting: &&Setting| {
        let key = setting.key.strip_prefix("train.");
        key.is_some_and(|key| TrainConfig::OF_EPOCHS.contains(&key))
    };
    match typed.iter().find(unused) {
        Some(Setting { typed, key, .. }) => bail!(
            "'{typed}' sets {key}, which train.mode probe has no use for: its heads are solved, not \
             trained in epochs; add '--mode head', or leave it out"
        ),
        None => Ok(()),
    }
}

/// Whoever writes of epochs and names no mode means one that has them; which one is not for a
/// program to say.
fn refuse_mode_untold(text: &str, config: &Config) -> Result<()> {
    let table: toml::Table = text.parse()?;
    let Some(train) = table.get("train").and_then(toml::Value::as_table) else {
        return Ok(());
    };
    let mut keys = train.keys();
    let of_epochs = keys.find(|key| TrainConfig::OF_EPOCHS.contains(&key.as_str()));
    match of_epochs {
        Some(key) if !train.contains_key("mode") => bail!(
            "train.{key} is set and train.mode is not: the default, {}, has no epochs; add \
             '--mode head', or leave train.{key} out",
            config.train.mode
        ),
        _ => Ok(()),
    }
}

/// The resolved configuration of a run.
///
/// # Errors
/// When the run folder lacks it, or it is damaged.
pub fn config_of_run(folder: &RunFolder) -> Result<Config> {
    Config::from_toml(&folder.read_text(names::CONFIG)?)
        .with_context(|| format!("in {}", folder.path(names::CONFIG).display()))
}

/// What was typed as `key=value` behind `flag`.
///
/// # Errors
/// When one has no `=`.
pub fn parse_settings(flag: &str, typed: &[String]) -> Result<Vec<Setting>> {
    let setting = |text: &String| {
        let Some((key, value)) = text.split_once('=') else {
            bail!("{flag} {text} has no '='; write {flag} train.epochs=30");
        };
        Ok(Setting {
            typed: format!("{flag} {text}"),
            key: key.trim().to_owned(),
            value: parse_value(key.trim(), value.trim()),
        })
    };
    typed.iter().map(setting).collect()
}

/// A table with settings added, as TOML.
fn with_settings(mut table: toml::Table, settings: &[Setting]) -> Result<String> {
    refuse_two_values(settings)?;
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
            is_within(&later.key, &earlier.key) || is_within(&earlier.key, &later.key)
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

/// A TOML value, or else the text as it is; where the key takes a text, `1` and `true` are one, too.
fn parse_value(key: &str, text: &str) -> toml::Value {
    let parsed: Option<toml::Table> = format!("v = {text}").parse().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .filter(|value| value.is_str() || !Config::takes_text(key))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
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
