//! `eosin predict`: probabilities for new images.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use eosin_core::Task;
use eosin_data::PatchSource;
use eosin_run::{duration, task_of, weight_store};
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
    let task = task_of(&record)?;
    let store = weight_store(&folder)?;
    let folds = which_folds(args.fold.as_deref(), &record)?;
    let predictor = Predictor::load(&folder, &store, folds)?;
    let images = find_images(&args.images)?;
    let sources = images.iter().cloned().map(PatchSource::from);
    let begun = Instant::now();
    let probs = predictor.predict(&sources.collect::<Vec<_>>())?;
    note(&format!(
        "{} images, {} passes through the network each, {}",
        images.len(),
        predictor.passes(),
        duration(begun.elapsed().as_secs_f64())
    ));
    let probs: Vec<&[f32]> = probs.chunks_exact(task.classes.len()).collect();
    let text = if json {
        json_lines(&task, &images, &probs)
    } else if args.datathon {
        datathon_lines(&task, &images, &probs)
    } else {
        csv_table(&task, &images, &probs)?
    };
    match &args.out {
        Some(path) => {
            write_atomic(path, text.as_bytes())?;
            note(&format!(
                "{} predictions written to {}",
                images.len(),
                path.display()
            ));
        }
        None => say(text.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// `path,pred,prob_<class>...`
fn csv_table(task: &Task, images: &[PathBuf], probs: &[&[f32]]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = task.classes.iter().map(|class| format!("prob_{class}"));
    writer.write_record(
        ["path", "pred"]
            .map(str::to_owned)
            .into_iter()
            .chain(columns),
    )?;
    for (image, probs) in images.iter().zip(probs) {
        let fixed = [
            image.display().to_string(),
            task.classes[task.decision.decide(probs)].clone(),
        ];
        writer.write_record(fixed.into_iter().chain(probs.iter().map(f32::to_string)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// `<key> <class index>`, the key being the file's stem.
fn datathon_lines(task: &Task, images: &[PathBuf], probs: &[&[f32]]) -> String {
    let line = |(image, probs): (&PathBuf, &&[f32])| {
        let stem = image
            .file_stem()
            .map_or_else(String::new, |s| s.to_string_lossy().into());
        format!("{stem} {}\n", task.decision.decide(probs))
    };
    images
        .iter()
        .zip(probs)
        .map(line)
        .collect::<Vec<_>>()
        .concat()
}

/// One JSON object a line.
fn json_lines(task: &Task, images: &[PathBuf], probs: &[&[f32]]) -> String {
    let line = |(image, probs): (&PathBuf, &&[f32])| {
        let by_class: serde_json::Map<String, serde_json::Value> = task
            .classes
            .iter()
            .cloned()
            .zip(probs.iter().map(|p| (*p).into()))
            .collect();
        let pred = &task.classes[task.decision.decide(probs)];
        serde_json::json!({"path": image.display().to_string(), "pred": pred, "probs": by_class})
            .to_string()
            + "\n"
    };
    images
        .iter()
        .zip(probs)
        .map(line)
        .collect::<Vec<_>>()
        .concat()
}

/// The fold that `asked` names: a number, `REPEAT.FOLD`, or `best`; `None` is the mean of all.
///
/// # Errors
/// When the word is none of these.
pub fn which_folds(asked: Option<&str>, record: &RunRecord) -> Result<UseFolds> {
    match asked {
        None => Ok(UseFolds::Average),
        Some("best") => Ok(UseFolds::One(record.best)),
        Some(word) => match word.parse() {
            Ok(fold) => Ok(UseFolds::One(fold)),
            Err(_) => bail!(
                "--fold {word} is no fold: write a number from 0 to {}, 'best', or REPEAT.FOLD \
                 when the cross-validation was repeated",
                record.folds - 1
            ),
        },
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
