//! A run folder to `report.html`.

use std::path::Path;

use anyhow::{Context as _, Result};
use eosin_core::Split;
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_data::{Folds, Manifest};
use eosin_report::{
    DataSummary, EpochPoint, Evaluation, Fact, FoldReport, Mime, Report, SplitCounts, Thumbnail,
    Timing, WrongPatch, render,
};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_train::{Event, Part, Prediction, RunMetrics, predictions_from_csv};

use crate::commands::run::Timings;
use crate::output::duration;

/// Wrong patches shown with thumbnails.
const WRONG_SHOWN: usize = 24;
/// Side of a thumbnail.
const THUMBNAIL_PX: u32 = 112;

/// Index of a run's positive class.
///
/// # Errors
/// When `run.json` names a class that it does not list.
pub fn positive(record: &RunRecord) -> Result<usize> {
    let choice = PositiveChoice {
        named: Some(&record.positive),
        written: "\"positive\": ",
    };
    positive_class(&record.classes, choice).context("run.json is damaged")
}

/// Writes `report.html` from the files of a finished run.
///
/// # Errors
/// When a file is missing or damaged, or the report cannot be written.
pub fn write(folder: &RunFolder, manifest: &Manifest, source: &Path) -> Result<()> {
    let record: RunRecord = folder.record()?;
    let metrics: RunMetrics = folder.read_json(names::METRICS)?;
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let path = folder.path(names::PREDICTIONS);
    let rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    let events: Vec<Event> = folder.events()?;
    let timings: Timings = folder.read_json(names::TIMINGS)?;
    let report = Report {
        title: source.file_name().map_or_else(
            || source.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        run_id: folder.dir().display().to_string(),
        created: record.created.clone(),
        eosin_version: record.eosin_version.clone(),
        classes: record.classes.clone(),
        positive: positive(&record)?,
        data: data_summary(manifest, &folds, source, &record),
        warnings: warnings(manifest, &record),
        selection: metrics.select,
        folds: fold_reports(&metrics, &folds, manifest, &events)?,
        best_fold: Some(record.best_fold),
        evaluations: evaluations(&rows, &record)?,
        most_wrong: most_wrong(&rows, manifest, &record),
        config_toml: folder.read_text(names::CONFIG)?,
        timings: timing_rows(&timings),
        reproducibility: reproducibility(&record),
        command: record.command.join(" "),
    };
    folder.write(names::REPORT, render(&report))?;
    Ok(())
}

fn data_summary(
    manifest: &Manifest,
    folds: &Folds,
    source: &Path,
    record: &RunRecord,
) -> DataSummary {
    let groups = |places: &[usize]| {
        let group = |place: &usize| manifest.patches[*place].group_by(folds.group);
        let known: std::collections::BTreeSet<&str> = places.iter().filter_map(group).collect();
        (!known.is_empty()).then_some(known.len() as u64)
    };
    let counts = |name: &str, places: Vec<usize>| SplitCounts {
        name: name.to_owned(),
        groups: groups(&places),
        patches: manifest
            .class_counts_of(places)
            .into_iter()
            .map(|n| n as u64)
            .collect(),
    };
    let mut splits = vec![counts("train", manifest.training_pool())];
    if manifest
        .patches
        .iter()
        .any(|patch| patch.split == Some(Split::Test))
    {
        splits.push(counts("test", manifest.test_part()));
    }
    let repeats = if folds.repeats > 1 {
        format!(", {} times", folds.repeats)
    } else {
        String::new()
    };
    DataSummary {
        source: source.display().to_string(),
        split_kind: format!(
            "{}, {} folds{repeats}, stratified, group: {}",
            folds.method, record.folds, folds.group
        ),
        splits,
        facts: vec![
            Fact::new("Patch size", format!("{0} x {0} px", record.size_px)),
            Fact::new("Layout", manifest.layout.to_string()),
        ],
    }
}

/// Says that the embedded weights know some of the patches already.
pub fn seen_warning(record: &RunRecord) -> Option<String> {
    let [pool, test] = record.seen_by_weights;
    (pool + test > 0).then(|| {
        format!(
            "{pool} training and {test} test patches were used to train the embedded weights of {}: \
             scores on them are too good. Use another '--backbone' to judge on this data.",
            record.backbone
        )
    })
}

/// What a reader must know before trusting a number.
fn warnings(manifest: &Manifest, record: &RunRecord) -> Vec<String> {
    let mut warnings: Vec<String> = seen_warning(record).into_iter().collect();
    let grouped = manifest
        .patches
        .iter()
        .any(|patch| patch.patient.is_some() || patch.slide.is_some() || patch.group.is_some());
    if !grouped {
        warnings.push(
            "No patient, slide or group is known: if patches of one slide are in several folds, \
             out-of-fold scores are too good. Give a manifest with a patient or slide column."
                .to_owned(),
        );
    }
    if record.folds > 1 {
        warnings.push(
            "Each fold's epoch was picked on its own validation part, which flatters out-of-fold \
             scores a little; test scores are free of this."
                .to_owned(),
        );
    }
    warnings
}

fn fold_reports(
    metrics: &RunMetrics,
    folds: &Folds,
    manifest: &Manifest,
    events: &[Event],
) -> Result<Vec<FoldReport>> {
    let resolved = folds.resolve(manifest)?;
    let mut reports = Vec::new();
    for judged in metrics.folds.iter().filter(|fold| fold.repeat == 0) {
        let mine = |event: &Event| match event {
            Event::Epoch {
                repeat,
                fold,
                record,
            } if (*repeat, *fold) == (0, judged.fold) => Some(record.clone()),
            _ => None,
        };
        let records: Vec<_> = events.iter().filter_map(mine).collect();
        let (mut best_epoch, mut best) = (0, None);
        for record in &records {
            if metrics.select.is_better(record.val_metric, best) {
                (best_epoch, best) = (record.epoch, record.val_metric);
            }
        }
        let number = |epoch: usize| u32::try_from(epoch + 1).unwrap_or(u32::MAX);
        let rows = resolved
            .iter()
            .find(|rows| (rows.repeat, rows.fold) == (0, judged.fold));
        reports.push(FoldReport {
            fold: judged.fold,
            train_count: rows.map_or(0, |rows| rows.train.len() as u64),
            metrics: judged.metrics.clone(),
            epochs: records
                .iter()
                .map(|record| EpochPoint {
                    epoch: number(record.epoch),
                    train_loss: record.train_loss,
                    val_loss: Some(record.val_loss),
                    val_metric: record.val_metric,
                })
                .collect(),
            best_epoch: number(best_epoch),
        });
    }
    Ok(reports)
}

fn evaluations(rows: &[Prediction], record: &RunRecord) -> Result<Vec<Evaluation>> {
    let parts = [
        (
            Part::OutOfFold,
            "Out-of-fold",
            "Every training patch, by the fold that did not see it.",
        ),
        (
            Part::TestAverage,
            "Test, fold average",
            "Mean of all folds' probabilities.",
        ),
        (
            Part::TestBest,
            "Test, best fold",
            "The fold that was best on its validation part.",
        ),
    ];
    let mut evaluations = Vec::new();
    for (part, name, note) in parts {
        let rows: Vec<&Prediction> = rows
            .iter()
            .filter(|row| row.part == part && row.target.is_some())
            .filter(|row| part != Part::OutOfFold || row.repeat == Some(0))
            .collect();
        if !rows.is_empty() {
            let targets: Vec<usize> = rows.iter().filter_map(|row| row.target).collect();
            let probs: Vec<f32> = rows
                .iter()
                .flat_map(|row| row.probs.iter().copied())
                .collect();
            let (classes, positive) = (record.classes.len(), positive(record)?);
            evaluations.push(Evaluation::new(
                name, note, &targets, &probs, classes, positive,
            )?);
        }
    }
    Ok(evaluations)
}

/// The wrong predictions held with most confidence, out-of-fold and on the test part.
fn most_wrong(rows: &[Prediction], manifest: &Manifest, record: &RunRecord) -> Vec<WrongPatch> {
    let mut wrong: Vec<(&Prediction, usize)> = rows
        .iter()
        .filter(|row| row.part != Part::TestBest && row.repeat.unwrap_or(0) == 0)
        .filter_map(|row| Some((row, row.target?)))
        .filter(|(row, target)| row.pred() != *target)
        .collect();
    let confidence = |row: &Prediction| row.probs[row.pred()];
    wrong.sort_by(|(a, _), (b, _)| {
        confidence(b)
            .total_cmp(&confidence(a))
            .then(a.key.cmp(&b.key))
    });
    let patch = |(row, target): (&Prediction, usize)| WrongPatch {
        key: row.key.clone(),
        target,
        pred: row.pred(),
        pred_prob: f64::from(confidence(row)),
        origin: match row.fold {
            Some(fold) => format!("fold {fold}"),
            None => "test".to_owned(),
        },
        thumbnail: manifest
            .position(&row.key)
            .and_then(|place| thumbnail(&manifest.patches[place].path, record.size_px)),
    };
    wrong.into_iter().take(WRONG_SHOWN).map(patch).collect()
}

/// A small JPEG of a patch; none when it can no longer be read, which is no reason to lose a
/// report.
fn thumbnail(path: &Path, size_px: usize) -> Option<Thumbnail> {
    let patch = eosin_data::decode_rgb(path, &eosin_data::DecodeLimits::default()).ok()?;
    let side = |px: usize| u32::try_from(px).ok();
    let image =
        image::RgbImage::from_raw(side(patch.width_px)?, side(patch.height_px)?, patch.pixels)?;
    let small = THUMBNAIL_PX.min(side(size_px)?.max(THUMBNAIL_PX / 2));
    let image = image::imageops::thumbnail(&image, small, small);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode_image(&image)
        .ok()?;
    Some(Thumbnail {
        mime: Mime::Jpeg,
        bytes,
    })
}

fn timing_rows(timings: &Timings) -> Vec<Timing> {
    let row = |stage: &str, wall_secs: f64, note: &str| Timing {
        stage: stage.to_owned(),
        wall_secs,
        note: note.to_owned(),
    };
    vec![
        row(
            "Embedding",
            timings.embed_secs,
            "decode, resize, forward passes that the cache lacked",
        ),
        row(
            "Training",
            timings.train_secs,
            "all folds and epochs, with their evaluation",
        ),
        row("Total", timings.total_secs, &duration(timings.total_secs)),
    ]
}

fn reproducibility(record: &RunRecord) -> Vec<Fact> {
    vec![
        Fact::new("Seed", record.seed.to_string()),
        Fact::new("Manifest hash", record.manifest_hash.clone()),
        Fact::new("Backbone", record.backbone.to_string()),
        Fact::new("Precision of its frozen part", record.precision.to_string()),
        Fact::new("Weights hash", record.weights_hash.clone()),
        Fact::new(
            "Device",
            format!("{}, {} threads", record.device, record.threads),
        ),
        Fact::new("eosin", record.eosin_version.clone()),
    ]
}
