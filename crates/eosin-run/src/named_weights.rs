//! Weights by name: the folder of `EOSIN_WEIGHTS`, the local cache, the hub.

use std::path::PathBuf;

use anyhow::{Result, bail};
use eosin_core::config::{BackboneConfig, Weights};
use eosin_hub::{Hub, HubSettings, Registry, Trust, WeightFile};
use eosin_train::NamedWeights;
use serde::{Deserialize, Serialize};

use crate::event::{RunEvent, WatchRun, note, tell};

/// How weights are found by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubOptions {
    /// Fetch nothing.
    pub offline: bool,
    /// Fetch named weights even if no registry knows their SHA-256, and remember it from then on.
    pub trust_first_use: bool,
    /// More weights by name.
    pub weights_registry: Option<PathBuf>,
}

/// The hub as the environment and `options` set it up.
///
/// # Errors
/// When a setting or a registry file is wrong.
pub fn open_hub(options: &HubOptions) -> Result<Hub> {
    let mut settings = HubSettings::from_vars(|name| std::env::var_os(name))?;
    settings.offline |= options.offline;
    let mut registry = Registry::built_in()?;
    if let Some(path) = &options.weights_registry {
        registry = registry.with_file(path)?;
    }
    Ok(Hub::new(settings, registry)?)
}

/// The weights called `name`, or the default ones of the backbone called so.
fn full_name<'a>(hub: &'a Hub, name: &'a str) -> &'a str {
    let default = hub.registry().of_architecture(name).next();
    default.map_or(name, |entry| entry.name.as_str())
}

/// Finds weights by name, and fetches them when they are nowhere here.
///
/// # Errors
/// When the name is unknown, or the file cannot be had or is not what the registry says.
pub fn resolve_weights(
    hub: &Hub,
    name: &str,
    options: &HubOptions,
    watch: &dyn WatchRun,
) -> Result<WeightFile> {
    let name = full_name(hub, name);
    let trust = if options.trust_first_use {
        Trust::FirstUse
    } else {
        Trust::Registered
    };
    let mut failure = None;
    let mut progress = |got: eosin_hub::Progress| {
        let told = tell(
            watch,
            &RunEvent::Fetching {
                name,
                received: got.received_bytes,
                total: got.total_bytes,
            },
        );
        failure = failure.take().or(told.err());
    };
    let file = hub.resolve(name, trust, &mut progress)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let bytes = file.bytes;
    tell(watch, &RunEvent::Fetched { name, bytes })?;
    Ok(file)
}

/// The weight file that `config` names; `None` when it names a path, `random` or nothing.
///
/// # Errors
/// As [`resolve_weights`], and when the weights are another backbone's.
pub(crate) fn find(
    config: &BackboneConfig,
    options: &HubOptions,
    watch: &dyn WatchRun,
) -> Result<Option<NamedWeights>> {
    let Weights::Named(name) = &config.weights else {
        return Ok(None);
    };
    let hub = open_hub(options)?;
    if std::path::Path::new(name).is_file() && hub.registry().get(full_name(&hub, name)).is_none() {
        bail!(
            "'{name}' would be the name of published weights; if the file is meant, write './{name}'"
        );
    }
    let known = hub.registry().get(full_name(&hub, name));
    if let Some(entry) = known.filter(|entry| entry.architecture != config.name.as_str()) {
        bail!(
            "the weights {} are those of {}, not of {}: add '--backbone {}'",
            entry.name,
            entry.architecture,
            config.name,
            entry.architecture
        );
    }
    let file = resolve_weights(&hub, name, options, watch)?;
    let (path, origin) = (file.path.display(), &file.origin);
    note(watch, &format!("weights: {path} from the {origin}"))?;
    Ok(Some(NamedWeights {
        name: full_name(&hub, name).to_owned(),
        path: file.path,
        mean: file.entry.as_ref().map(|entry| entry.mean),
        std: file.entry.map(|entry| entry.std),
    }))
}
