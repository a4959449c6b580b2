//! `eosin weights`: find, fetch and look into weight files.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use eosin_core::config::TensorChoice;
use eosin_core::{BackboneName, Seed};
use eosin_hub::WeightEntry;
use eosin_models::{Backbone, BackboneSpec, LoadError, fresh_weights, load_weights, network_of};
use eosin_run::{open_hub, resolve_weights};
use eosin_weights::{LazyTensor, ReadOptions, StateMismatch, TensorDict, WeightFile};

use crate::args::{HubArgs, WeightsCommand};
use crate::output::{bytes, note, say, say_json, say_table};
use crate::terminal::Terminal;

/// Runs a weights command.
///
/// # Errors
/// When a file cannot be found, fetched or read.
pub fn run(command: &WeightsCommand, json: bool) -> Result<ExitCode> {
    match command {
        WeightsCommand::Ls { backbone, hub } => list(*backbone, hub, json)?,
        WeightsCommand::Fetch { names, hub } => fetch(names, hub, json)?,
        WeightsCommand::Show {
            file,
            weights_key,
            weights_prefix,
            backbone,
        } => {
            let choice = TensorChoice {
                key: weights_key.clone(),
                prefix: weights_prefix.clone(),
            };
            return show(file, &choice, *backbone, json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(backbone: Option<BackboneName>, args: &HubArgs, json: bool) -> Result<()> {
    let hub = open_hub(&args.options())?;
    let wanted = |entry: &&WeightEntry| {
        backbone.is_none_or(|backbone| entry.architecture == backbone.as_str())
    };
    let entries: Vec<&WeightEntry> = hub.registry().entries().iter().filter(wanted).collect();
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for entry in entries {
        // A file that is not what it should be is told, and does not hide the others.
        let here = match hub.locate(entry.name.as_str()) {
            Ok(found) => found.map_or("-".to_owned(), |file| file.origin.to_string()),
            Err(error) => {
                note(&error.to_string());
                "unusable".to_owned()
            }
        };
        let hash = entry.sha256.map_or("on first use", |_| "known");
        objects.push(serde_json::json!({
            "name": entry.name.as_str(), "architecture": entry.architecture,
            "repository": entry.repository, "revision": entry.revision, "file": entry.file,
            "sha256": entry.sha256.map(|hash| hash.to_string()), "licence": entry.licence,
            "size_px": entry.size_px, "mean": entry.mean, "std": entry.std, "here": here,
        }));
        rows.push(vec![
            entry.name.to_string(),
            entry.size_px.to_string(),
            entry.licence.clone(),
            hash.to_owned(),
            here,
        ]);
    }
    if json {
        return say_json(&serde_json::json!({ "weights": objects }));
    }
    say_table(&["weights", "size px", "licence", "sha256", "here"], rows);
    say("use one with '--backbone NAME --weights WEIGHTS'");
    Ok(())
}

fn fetch(names: &[String], args: &HubArgs, json: bool) -> Result<()> {
    let hub = open_hub(&args.options())?;
    let terminal = Terminal::default();
    let mut objects = Vec::new();
    for name in names {
        let file = resolve_weights(&hub, name, &args.options(), &terminal)?;
        if json {
            objects.push(serde_json::json!({
                "path": file.path, "bytes": file.bytes, "sha256": file.sha256.to_string(),
                "origin": file.origin.to_string(),
            }));
        } else {
            say(&format!(
                "{}  {}  sha256 {}",
                file.path.display(),
                bytes(file.bytes),
                file.sha256
            ));
        }
    }
    if json {
        return say_json(&serde_json::json!({ "weights": objects }));
    }
    Ok(())
}

fn show(
    path: &Path,
    choice: &TensorChoice,
    backbone: Option<BackboneName>,
    json: bool,
) -> Result<ExitCode> {
    let key = choice.key.clone();
    let file = WeightFile::open_with(path, &ReadOptions { key })?;
    if let Some(name) = backbone {
        return compare(&file, choice.prefix.as_deref(), name, json);
    }
    describe(path, &file, json)?;
    Ok(ExitCode::SUCCESS)
}

/// What of `file` does not fit `name`.
fn compare(
    file: &WeightFile<TensorDict>,
    prefix: Option<&str>,
    name: BackboneName,
    json: bool,
) -> Result<ExitCode> {
    let size = BackboneSpec::of(name).native_size_px;
    let network = Backbone::new(name, 2, size);
    let fresh = fresh_weights(&network, Seed(0));
    let mismatch = match load_weights(network, &fresh, name, file, prefix) {
        Ok(_) => StateMismatch::default(),
        Err(LoadError::Foreign { mismatch, .. }) => *mismatch,
        Err(error) => return Err(error.into()),
    };
    if json {
        say_json(&serde_json::json!({
            "backbone": name, "fits": mismatch.is_empty(), "missing": mismatch.missing,
            "unexpected": mismatch.unexpected, "misshaped": mismatch.misshaped,
        }))?;
    } else {
        for (what, names) in [
            ("missing", &mismatch.missing),
            ("unexpected", &mismatch.unexpected),
            ("of another shape", &mismatch.misshaped),
        ] {
            for name in names {
                say(&format!("{what}  {name}"));
            }
        }
        let fits = if mismatch.is_empty() {
            "fits"
        } else {
            "does not fit"
        };
        say(&format!("{} {fits} {name}", file.name));
    }
    Ok(ExitCode::from(u8::from(!mismatch.is_empty())))
}

fn describe(path: &Path, file: &WeightFile<TensorDict>, json: bool) -> Result<()> {
    let values: usize = file.tensors.values().map(LazyTensor::values).sum();
    let backbone = network_of(&file.tensors);
    if json {
        let shapes = file
            .tensors
            .iter()
            .map(|(name, tensor)| (name, tensor.shape()));
        let shapes: std::collections::BTreeMap<_, _> = shapes.collect();
        return say_json(&serde_json::json!({
            "path": path, "format": format!("{:?}", file.format), "blake3": file.hash,
            "backbone": backbone, "values": values, "taken_from": file.taken_from,
            "other_candidates": file.other_candidates, "left_out": file.left_out, "metadata": file.metadata, "tensors": shapes,
        }));
    }
    let rows = file.tensors.iter().map(|(name, tensor)| {
        let shape: Vec<String> = tensor.shape().iter().map(usize::to_string).collect();
        vec![name.clone(), shape.join(" x ")]
    });
    say_table(&["tensor", "shape"], rows.collect());
    let fits = backbone.map_or("no backbone that is known here".to_owned(), |name| {
        name.to_string()
    });
    say(&format!("format    {:?}", file.format));
    say(&format!(
        "tensors   {}, {values} values",
        file.tensors.len()
    ));
    say(&format!("fits      {fits}"));
    for (what, names) in [
        ("taken from", &file.taken_from),
        ("also there", &file.other_candidates),
        ("left out", &file.left_out),
    ] {
        if !names.is_empty() {
            say(&format!("{what}  {}", names.join(", ")));
        }
    }
    say(&format!("blake3    {}", file.hash));
    Ok(())
}
