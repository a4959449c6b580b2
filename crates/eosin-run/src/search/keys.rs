//! Keys that stay the same in all trials.

use anyhow::{Result, bail};
use eosin_core::Config;
use eosin_search::Space;

/// Keys, or tables of them, that make patches, folds or the metric others, so that trials could not be
/// compared; or that leave all scores as they are.
const FIXED: [&str; 11] = [
    "seed",
    "split",
    "cache",
    "ensemble",
    "judge",
    "train.select",
    "train.doctor",
    "data.layout",
    "data.ids",
    "data.classes",
    "data.positive",
];

/// Refuses a space of keys that must stay the same.
pub(super) fn refuse_fixed(space: &Space) -> Result<()> {
    let within = |key: &str, table: &str| {
        let rest = key.strip_prefix(table);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for parameter in space.parameters() {
        let key = &parameter.key;
        if FIXED.iter().any(|fixed| within(key, fixed)) || key == "data.skip_bad" {
            bail!(
                "{key} cannot be searched: it changes seed, folds, patches, the metric or how a run decides, \
                 and trials on other folds cannot be compared; set it with '--set', or leave it out of the space"
            );
        }
    }
    Ok(())
}

/// A key whose value differs.
pub(super) struct Differing {
    pub key: String,
    pub one: Option<String>,
    pub other: Option<String>,
}

/// Keys of two configurations that differ, but for where things are kept and how often.
pub(super) fn differing(one: &Config, other: &Config) -> Vec<Differing> {
    let [one, other] = [one, other].map(flat);
    let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
    keys.sort();
    keys.dedup();
    let value = |key: &String| (one.get(key).cloned(), other.get(key).cloned());
    keys.into_iter()
        .filter(|key| {
            !["cache.dir", "cache.max_bytes", "train.checkpoint_secs"].contains(&key.as_str())
        })
        .map(|key| (key, value(key)))
        .filter(|(_, (one, other))| one != other)
        .map(|(key, (one, other))| Differing {
            key: key.clone(),
            one,
            other,
        })
        .collect()
}

/// Every key with its value as text.
fn flat(config: &Config) -> std::collections::BTreeMap<String, String> {
    fn gather(
        table: &toml::Table,
        prefix: &str,
        all: &mut std::collections::BTreeMap<String, String>,
    ) {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            match value {
                toml::Value::Table(inner) => gather(inner, &format!("{key}."), all),
                value => {
                    all.insert(key, value.to_string());
                }
            }
        }
    }
    let mut all = std::collections::BTreeMap::new();
    let table: toml::Table = config.to_toml().parse().unwrap_or_default();
    gather(&table, "", &mut all);
    all
}
