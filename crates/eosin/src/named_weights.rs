//! Weights by name: the folder of `EOSIN_WEIGHTS`, the local cache, the hub.

use anyhow::{Result, bail};
use eosin_core::config::BackboneConfig;
use eosin_hub::{Hub, HubSettings, Registry, Trust, WeightFile};
use eosin_train::NamedWeights;

use crate::args::HubArgs;
use crate::output::{bytes, note};
use crate::progress::Progress;
use crate::settings::is_weight_path;

/// The hub as the environment and `args` set it up.
///
/// # Errors
/// When a setting or a registry file is wrong.
pub fn open(args: &HubArgs) -> Result<Hub> {
    let mut settings = HubSettings::from_vars(|name| std::env::var_os(name))?;
    settings.offline |= args.offline;
    let mut registry = Registry::built_in()?;
    if let Some(path) = &args.weights_registry {
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
pub fn resolve(hub: &Hub, name: &str, args: &HubArgs) -> Result<WeightFile> {
    let name = full_name(hub, name);
    let trust = if args.trust_first_use {
        Trust::FirstUse
    } else {
        Trust::Registered
    };
    let mut progress: Option<Progress> = None;
    let mut watch = |got: eosin_hub::Progress| {
        let shown = progress.get_or_insert_with(|| {
            note(&format!("fetching {name}"));
            Progress::new("fetch", "bytes")
        });
        let [done, total] = [
            got.received_bytes,
            got.total_bytes.unwrap_or(got.received_bytes),
        ]
        .map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        shown.update(done, total, "");
    };
    let file = hub.resolve(name, trust, &mut watch)?;
    if let Some(progress) = progress {
        progress.finish(&format!("{name}, {}", bytes(file.bytes)));
    }
    Ok(file)
}

/// The weight file that `config` names; `None` when it names a path, `random` or nothing.
///
/// # Errors
/// As [`resolve`], and when the weights are another backbone's.
pub fn find(config: &BackboneConfig, args: &HubArgs) -> Result<Option<NamedWeights>> {
    let name = config.weights.as_str();
    if name.is_empty() || name == "random" || is_weight_path(name) {
        return Ok(None);
    }
    let hub = open(args)?;
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
    let file = resolve(&hub, name, args)?;
    note(&format!(
        "weights: {} from the {}",
        file.path.display(),
        file.origin
    ));
    Ok(Some(NamedWeights {
        name: full_name(&hub, name).to_owned(),
        path: file.path,
        mean: file.entry.as_ref().map(|entry| entry.mean),
        std: file.entry.map(|entry| entry.std),
    }))
}
