//! The direction of dependencies between crates: lower never imports higher.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Every crate with the crates that it may import (ARCHITECTURE.md, crate table).
const ALLOWED: [(&str, &[&str]); 11] = [
    ("eosin-core", &[]),
    ("eosin-metrics", &[]),
    ("eosin-kernels", &[]),
    ("eosin-weights", &[]),
    ("eosin-data", &["eosin-core"]),
    (
        "eosin-models",
        &["eosin-core", "eosin-kernels", "eosin-weights"],
    ),
    ("eosin-store", &["eosin-core"]),
    ("eosin-hub", &["eosin-core", "eosin-store"]),
    (
        "eosin-train",
        &[
            "eosin-core",
            "eosin-data",
            "eosin-kernels",
            "eosin-metrics",
            "eosin-models",
            "eosin-store",
            "eosin-weights",
        ],
    ),
    (
        "eosin-report",
        &["eosin-core", "eosin-metrics", "eosin-store"],
    ),
    (
        "eosin",
        &[
            "eosin-core",
            "eosin-data",
            "eosin-hub",
            "eosin-metrics",
            "eosin-models",
            "eosin-report",
            "eosin-store",
            "eosin-train",
            "eosin-weights",
        ],
    ),
];

/// Crates in which Burn's tensors may appear.
const TENSORS: [&str; 3] = ["eosin-kernels", "eosin-models", "eosin-train"];

/// Reads every crate's `Cargo.toml` and refuses an import that the table does not allow.
pub fn check(root: &Path) -> Result<()> {
    for entry in std::fs::read_dir(root.join("crates"))? {
        let path = entry?.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let manifest: toml::Table = text
            .parse()
            .with_context(|| format!("in {}", path.display()))?;
        let name = manifest["package"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            bail!(
                "{name} is not in the crate table; add it to xtask/src/layers.rs and ARCHITECTURE.md"
            );
        };
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for import in dependencies.into_iter().flat_map(toml::Table::keys) {
            if import.starts_with("eosin") && !allowed.contains(&import.as_str()) {
                bail!("{name} must not import {import} (crate table in ARCHITECTURE.md)");
            }
            if import == "burn" && !TENSORS.contains(&name.as_str()) {
                bail!(
                    "{name} must not use tensors: burn belongs to {}",
                    TENSORS.join(", ")
                );
            }
        }
    }
    Ok(())
}
