//! `eosin predict`: probabilities for new images.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_store::{RunFolder, RunRecord, write_atomic};
use eosin_train::{Predictor, UseFolds};

use crate::args::PredictArgs;
use crate::output::{note, say};

/// Endings of files taken from a folder.
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"];

/// Predicts and prints or writes one row an image.
///
/// # Errors
/// When the run or an image cannot be used.
pub fn run(args: &PredictArgs, json: bool) -> Result<ExitCode> {
    let folder = RunFolder::open(&args.run)?;
    let record: RunRecord = folder.record()?;
    let predictor = Predictor::load(&folder, which_folds(args.fold.as_deref(), &record)?)?;
    let images = find_images(&args.images)?;
    let paths: Vec<&Path> = images.iter().map(PathBuf::as_path).collect();
    let probs = predictor.predict(&paths)?;
    let rows = images.iter().zip(probs.chunks_exact(record.classes.len()));
    let mut lines = Vec::with_capacity(images.len() + 1);
    if !json && !args.datathon {
        let columns = record
            .classes
            .iter()
            .map(|class| format!(",{}", quote(&format!("prob_{class}"))));
        lines.push(format!("path,pred{}", columns.collect::<String>()));
    }
    for (image, probs) in rows {
        let pred = best(probs);
        let path = image.display().to_string();
        lines.push(if json {
            let probs: serde_json::Map<String, serde_json::Value> = record
                .classes
                .iter()
                .cloned()
                .zip(probs.iter().map(|p| (*p).into()))
                .collect();
            serde_json::json!({"path": path, "pred": record.classes[pred], "probs": probs})
                .to_string()
        } else if args.datathon {
            let stem = image
                .file_stem()
                .map_or_else(String::new, |s| s.to_string_lossy().into());
            format!("{stem} {pred}")
        } else {
            let probs = probs
                .iter()
                .map(|prob| format!(",{prob}"))
                .collect::<String>();
            format!("{},{}{probs}", quote(&path), quote(&record.classes[pred]))
        });
    }
    match &args.out {
        Some(path) => {
            write_atomic(path, (lines.join("\n") + "\n").as_bytes())?;
            note(&format!(
                "{} predictions written to {}",
                images.len(),
                path.display()
            ));
        }
        None => lines.iter().for_each(|line| say(line)),
    }
    Ok(ExitCode::SUCCESS)
}

fn which_folds(asked: Option<&str>, record: &RunRecord) -> Result<UseFolds> {
    match asked {
        None => Ok(UseFolds::Average),
        Some("best") => Ok(UseFolds::One {
            repeat: record.best_repeat,
            fold: record.best_fold,
        }),
        Some(word) => {
            let fold = word.parse().with_context(|| {
                format!(
                    "--fold {word} is no fold: write a number from 0 to {} or 'best'",
                    record.folds - 1
                )
            })?;
            Ok(UseFolds::One { repeat: 0, fold })
        }
    }
}

fn best(probs: &[f32]) -> usize {
    (0..probs.len()).fold(
        0,
        |best, at| if probs[at] > probs[best] { at } else { best },
    )
}

/// Quotes a CSV field where it must be.
fn quote(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Files as named, and the images of folders in the order of their names.
fn find_images(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = images.len();
            let entries = std::fs::read_dir(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let mut found = Vec::new();
            for entry in entries {
                let file = entry
                    .with_context(|| format!("cannot read {}", path.display()))?
                    .path();
                let ending = file.extension().map(|e| e.to_string_lossy().to_lowercase());
                if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
                    found.push(file);
                }
            }
            found.sort();
            images.extend(found);
            if images.len() == before {
                bail!("{} holds no image ({})", path.display(), ENDINGS.join(", "));
            }
        } else if path.exists() {
            images.push(path.clone());
        } else {
            bail!("{} does not exist", path.display());
        }
    }
    Ok(images)
}
