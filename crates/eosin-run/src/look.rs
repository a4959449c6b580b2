//! Finding patches and looking at them, told to whoever watches.

use std::path::Path;

use anyhow::Result;
use eosin_core::Config;
use eosin_data::{
    IngestOptions, InspectOptions, Inspected, Ledger, Manifest, NoLedger, read_manifest,
};
use eosin_train::decode_limits;

use crate::event::{RunEvent, WatchRun, note, tell};
use crate::ledger::FactsLedger;
use crate::settings::cache_dir;

/// Finds the patches of a folder or manifest file.
///
/// # Errors
/// When there is nothing usable, or it is ambiguous.
pub fn find_patches(data: &Path, config: &Config, watch: &dyn WatchRun) -> Result<Manifest> {
    let classes = &config.data.classes;
    let options = IngestOptions {
        classes: (!classes.is_empty()).then(|| classes.clone()),
        layout: config.data.layout,
        ids: config.data.ids,
        manifest: None,
    };
    let manifest = read_manifest(data, &options)?;
    for line in &manifest.notes {
        note(watch, &format!("note: {line}"))?;
    }
    Ok(manifest)
}

/// How closely patches are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// At their headers only.
    Headers,
    /// At every pixel, unless the cache's ledger knows the picture already.
    Whole,
}

/// What the cache knows of pictures. It only spares work: who has no cache, or none that can be
/// written, looks at every patch anew.
fn ledger(config: &Config, watch: &dyn WatchRun) -> Result<Option<FactsLedger>> {
    let Ok(dir) = cache_dir(&config.cache.dir) else {
        return Ok(None);
    };
    match FactsLedger::open(&dir) {
        Ok(ledger) => Ok(Some(ledger)),
        Err(error) => {
            note(
                watch,
                &format!("warning: {error:#}; every patch is decoded"),
            )?;
            Ok(None)
        }
    }
}

/// Looks at every patch.
///
/// # Errors
/// When `watch` fails or ends the work.
pub fn inspect(
    manifest: &Manifest,
    config: &Config,
    look: Look,
    watch: &dyn WatchRun,
) -> Result<Inspected> {
    let options = InspectOptions {
        decode: look == Look::Whole,
        limits: decode_limits(config.data.max_side_px),
        // Embeddings that were made elsewhere do not ask of what size the pictures are.
        sizes_may_differ: config.data.size_px.is_some() || config.backbone.embeddings.is_some(),
    };
    let ledger = match look {
        Look::Headers => None,
        Look::Whole => ledger(config, watch)?,
    };
    let known: &dyn Ledger = match &ledger {
        Some(ledger) => ledger,
        None => &NoLedger,
    };
    let failure = std::sync::Mutex::new(None);
    let progress = |done, total| {
        let told = tell(watch, &RunEvent::Inspecting { done, total });
        if let (Err(error), Ok(mut failure)) = (told, failure.lock()) {
            failure.get_or_insert(error);
        }
    };
    let found = eosin_data::inspect(manifest, &options, known, &progress);
    if let Some(Err(error)) = ledger.map(FactsLedger::close) {
        note(
            watch,
            &format!("warning: {error:#}; patches will be decoded again next time"),
        )?;
    }
    if let Ok(Some(error)) = failure.into_inner() {
        return Err(error);
    }
    tell(watch, &RunEvent::Inspected(&found.inspection))?;
    Ok(found)
}
