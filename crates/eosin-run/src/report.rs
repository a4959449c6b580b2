//! A run folder to `report.html`, and to its model card.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use eosin_core::Split;
use eosin_core::config::Keep;
use eosin_data::{Folds, Manifest, Patches};
use eosin_report::{
    DataSummary, Fact, PageOne, PairsReport, Report, SplitCounts, Timing, model_card, render,
};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_train::{Event, RunMetrics, predictions_from_csv};

use crate::audit::{AuditOfRun, PairsAcross, Pictures, audit_of_run};
use crate::ensemble_report::ensemble_report;
use crate::gallery::Gallery;
use crate::record::{seen_warning, task_of};
use crate::report_again::ReportAsked;
use crate::report_audit::{audit_summary, optimism};
use crate::report_decision::{deciding, findings};
use crate::report_evaluations::evaluations;
use crate::report_facts::{input, reproducibility, stain};
use crate::report_folds::{chosen, fold_reports, kept, strength_name, trained_on};
use crate::report_listed::{listed, no_patches};
use crate::report_page_one::{Known, page_one};
use crate::report_study::study;
use crate::robustness::robustness_report;
use crate::settings::config_of_run;
use crate::slices::slices_report;
use crate::speaking::speaking;
use crate::timings::Timings;

/// Pairs across folds shown with thumbnails.
const PAIRS_SHOWN: usize = 12;

/// The pictures of a run, where they are to be had.
pub(crate) struct Pictured<'a> {
    /// Its patches; `None`: they are gone, or others.
    pub patches: Option<&'a Patches>,
    /// Where they are, or were.
    pub source: &'a Path,
    /// Why there are none.
    pub missing: Option<&'a str>,
}

/// Writes `report.html` and the model card from the files of a finished run.
///
/// # Errors
/// When a file is missing or damaged, or the report cannot be written.
pub fn write(folder: &RunFolder, patches: &Patches, source: &Path) -> Result<()> {
    // As 'eosin report' finds it noted.
    let source = std::path::absolute(source)?;
    let pictured = Pictured {
        patches: Some(patches),
        source: &source,
        missing: None,
    };
    let report = report_of(folder, &pictured, &ReportAsked::of(folder)?)?;
    folder.write(names::REPORT, render(&report))?;
    folder.write(names::MODEL_CARD, model_card(&report))?;
    Ok(())
}

/// What the files of a finished run say, with pictures where there are some.
///
/// # Errors
/// When a file is missing or damaged.
pub(crate) fn report_of(
    folder: &RunFolder,
    pictured: &Pictured<'_>,
    asked: &ReportAsked,
) -> Result<Report> {
    let source = pictured.source;
    let record: RunRecord = folder.record()?;
    let manifest = &listed(folder, &record.classes)?;
    let none = no_patches(&record.classes);
    let patches = pictured.patches.unwrap_or(&none);
    let task = task_of(&record)?;
    let metrics: RunMetrics = folder.read_json(names::METRICS)?;
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let path = folder.path(names::PREDICTIONS);
    let rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    let events: Vec<Event> = folder.events()?;
    let timings: Timings = folder.read_json(names::TIMINGS)?;
    let config = config_of_run(folder)?;
    let keep = config.train.keep;
    let AuditOfRun {
        across: pairs,
        folds: other_folds,
    } = audit_of_run(folder)?;
    let pictures = Pictures::of(patches, &config);
    let decided = findings(folder, &record, &rows, &task, config.judge)?;
    let known = Known {
        record: &record,
        task: &task,
        metrics: &metrics,
        decided: &decided,
        manifest,
        asked,
    };
    let why = kept(&events, keep, metrics.select);
    let mut warnings = warnings(manifest, &record, &events, keep);
    warnings.extend(
        pictured
            .missing
            .map(|why| format!("This report has no pictures: {why}.")),
    );
    warnings.extend(pairs.as_ref().map(|pairs| format!("{}.", pairs.text)));
    warnings.extend(other_folds.map(|text| format!("{text}.")));
    let gallery = Gallery {
        folder,
        patches,
        record: &record,
        task: &task,
    };
    Ok(Report {
        title: source.file_name().map_or_else(
            || source.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        run_id: folder.dir().display().to_string(),
        created: record.created.clone(),
        eosin_version: record.eosin_version.clone(),
        classes: record.classes.clone(),
        positive: task.positive,
        page_one: PageOne {
            no_pictures: pictured
                .missing
                .map(|why| format!("Without pictures: {why}.")),
            missed: gallery.missed(&rows),
            ..page_one(known)
        },
        study: study(
            folder,
            &record,
            &config,
            &folds,
            chosen(&why, &metrics, &record),
        )?,
        data: data_summary(known, &folds, pictured),
        ensemble: ensemble_report(folder)?,
        warnings,
        pairs: pairs.map(|pairs| pairs_report(&pairs, &pictures)),
        deciding: Some(deciding(&decided)),
        audit: audit_summary(folder, source)?,
        optimism: optimism(folder)?,
        selection: metrics.select,
        folds: fold_reports(folder, &metrics, &record, &trained_on(manifest, &folds))?,
        strength: strength_name(&events).map(str::to_owned),
        kept: why,
        best_fold: Some(metrics.best_fold),
        evaluations: evaluations(&rows, &record, &task, &metrics)?,
        slices: slices_report(folder)?,
        robustness: robustness_report(folder, &record)?,
        speaking: speaking(&rows, &record, &task, &|key| gallery.small(key)),
        most_wrong: gallery.most_wrong(&rows),
        config_toml: folder.read_text(names::CONFIG)?,
        timings: timing_rows(&timings),
        reproducibility: reproducibility(&record),
        command: record.command.join(" "),
    })
}

fn data_summary(known: Known<'_>, folds: &Folds, pictured: &Pictured<'_>) -> DataSummary {
    let Known {
        manifest, record, ..
    } = known;
    let groups = |places: &[usize]| {
        let group = |place: &usize| manifest.patches[*place].group_by(folds.group);
        let known: BTreeSet<&str> = places.iter().filter_map(group).collect();
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
    let drawn = if folds.method.is_drawn() {
        ", stratified"
    } else {
        ""
    };
    DataSummary {
        source: pictured.source.display().to_string(),
        split_kind: format!(
            "{}, {} folds{repeats}{drawn}, group: {}",
            folds.method, record.folds, folds.group
        ),
        splits,
        facts: [
            Some(input(record)),
            stain(record),
            pictured
                .patches
                .map(|patches| Fact::new("Layout", patches.manifest().layout.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// What a reader must know before trusting a number.
fn warnings(manifest: &Manifest, record: &RunRecord, events: &[Event], keep: Keep) -> Vec<String> {
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
    warnings.extend(events.iter().find_map(|event| match event {
        Event::Stained { fit } => fit.kept(),
        _ => None,
    }));
    let epochs = |event: &Event| matches!(event, Event::Epoch { .. });
    if keep == Keep::Best && record.folds > 1 && events.iter().any(epochs) {
        warnings.push(
            "Each fold's epoch was picked on its own validation part, which flatters out-of-fold \
             scores a little; test scores are free of this."
                .to_owned(),
        );
    }
    warnings
}

/// Patches on both sides of a fold or part, the first of them with their pictures.
fn pairs_report(across: &PairsAcross, pictures: &Pictures<'_>) -> PairsReport {
    let shown = across.pairs.iter().take(PAIRS_SHOWN);
    PairsReport {
        about: across.text.clone(),
        count: across.pairs.len(),
        shown: shown.map(|pair| pictures.card(pair)).collect(),
    }
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
        row(
            "Rest",
            (timings.total_secs - timings.embed_secs - timings.train_secs).max(0.0),
            "looking at patches and for copies, judging, writing",
        ),
    ]
}

/// `1.2 s`, `3 min 20 s`.
pub fn duration(secs: f64) -> String {
    if secs < 60.0 {
        format!("{secs:.1} s")
    } else {
        format!("{:.0} min {:.0} s", (secs / 60.0).floor(), secs % 60.0)
    }
}
