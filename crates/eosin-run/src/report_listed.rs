//! The patches of a finished run as its own `manifest.csv` lists them, whether or not they are still there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use eosin_core::Layout;
use eosin_data::{Manifest, Patch, PatchSource, Patches};
use eosin_store::{RunFolder, names};

/// What `manifest.csv` lists: classes by their places in `classes`, parts and groups. Keys are paths, unless a
/// table said otherwise.
///
/// # Errors
/// When the file is not there or damaged.
pub(crate) fn listed(folder: &RunFolder, classes: &[String]) -> Result<Manifest> {
    let bytes = folder.read(names::MANIFEST)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let told = || format!("{} is damaged", folder.path(names::MANIFEST).display());
    let head = reader.headers().with_context(told)?.clone();
    let mut patches = Vec::new();
    for row in reader.records() {
        let row = row.with_context(told)?;
        let values: BTreeMap<&str, &str> = head.iter().zip(row.iter()).collect();
        patches.push(patch(&values, classes).with_context(told)?);
    }
    Ok(Manifest {
        root: PathBuf::new(),
        layout: Layout::Manifest,
        classes: classes.to_vec(),
        patches,
        notes: Vec::new(),
    })
}

fn patch(values: &BTreeMap<&str, &str>, classes: &[String]) -> Result<Patch> {
    let value = |name: &str| values.get(name).copied().filter(|value| !value.is_empty());
    let text = |name: &str| value(name).map(str::to_owned);
    let path = value("path").context("a row without 'path'")?;
    let class = value("label").map(|label| {
        let place = classes.iter().position(|class| class == label);
        place.with_context(|| format!("'{label}' of {path} is none of the run's classes"))
    });
    let split = value("split").map(|split| {
        let known = split.parse();
        known.map_err(|_| anyhow::anyhow!("'{split}' of {path} is no part: train, val or test"))
    });
    Ok(Patch {
        key: text("key").unwrap_or_else(|| path.to_owned()),
        source: PatchSource::File(PathBuf::from(path)),
        class: class.transpose()?,
        patient: text("patient"),
        slide: text("slide"),
        group: text("group"),
        split: split.transpose()?,
        fold: text("fold"),
        site: text("site"),
    })
}

/// No patches: what stands for pictures that are gone.
pub(crate) fn no_patches(classes: &[String]) -> Patches {
    let manifest = Manifest {
        root: PathBuf::new(),
        layout: Layout::Manifest,
        classes: classes.to_vec(),
        patches: Vec::new(),
        notes: Vec::new(),
    };
    Patches::new(&manifest, Vec::new(), &BTreeSet::new())
}
