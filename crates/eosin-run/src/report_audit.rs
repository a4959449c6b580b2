//! `audit.json` and the search for an ensemble as the report shows them.

use std::path::Path;

use anyhow::Result;
use eosin_audit::Probed;
use eosin_report::{AuditSummary, Figure, OptimismReport, ShortcutFact, ShortcutsReport};
use eosin_store::{RunFolder, names};
use serde::Deserialize;

use crate::ensemble_findings::EnsembleFindings;

/// What is read of `audit.json`.
#[derive(Deserialize)]
struct Written {
    patches: usize,
    compared: usize,
    notes: Vec<String>,
    counts: Counts,
    shortcuts: Option<Shortcuts>,
}

#[derive(Deserialize)]
struct Counts {
    copies: u64,
    near_copies: u64,
    overlaps: u64,
    across_test: u64,
    across_folds: u64,
    labels_differ: u64,
}

#[derive(Deserialize)]
struct Shortcuts {
    model: String,
    model_score: Option<Probed>,
    facts: Vec<Fact>,
}

#[derive(Deserialize)]
struct Fact {
    name: String,
    score: Option<Probed>,
    warning: bool,
}

/// What `audit.json` says; that nothing was looked for, where there is none.
///
/// # Errors
/// When the file is damaged.
pub(crate) fn audit_summary(folder: &RunFolder, data: &Path) -> Result<AuditSummary> {
    let command = format!(
        "eosin audit --data {} --run {}",
        data.display(),
        folder.dir().display()
    );
    if !folder.has(names::AUDIT) {
        return Ok(AuditSummary {
            sentences: vec![
                "Copies and overlaps of patches were not looked for: train.doctor is off, the set is large, or an \
                 older version made the run."
                    .to_owned(),
            ],
            command,
            ..AuditSummary::default()
        });
    }
    let written: Written = folder.read_json(names::AUDIT)?;
    let Counts {
        copies,
        near_copies,
        overlaps,
        across_test,
        across_folds,
        labels_differ,
    } = written.counts;
    let mut sentences = vec![
        format!(
            "{} patches were searched for the same tissue, {} pairs laid on each other: {copies} copies, \
             {near_copies} near-copies, {overlaps} overlaps.",
            written.patches, written.compared
        ),
        format!(
            "On both sides of a fold: {across_folds}; of the test part: {across_test}; with different labels: \
             {labels_differ}."
        ),
    ];
    sentences.extend(written.notes.iter().map(|note| format!("{note}.")));
    Ok(AuditSummary {
        sentences,
        pairs: copies + near_copies + overlaps,
        labels_differ,
        shortcuts: written.shortcuts.map(shortcuts),
        command,
    })
}

fn shortcuts(of: Shortcuts) -> ShortcutsReport {
    let figure = |probed: Option<Probed>| {
        probed.map_or_else(Figure::default, |probed| Figure {
            value: Some(probed.auroc),
            interval: probed.interval,
        })
    };
    ShortcutsReport {
        model: of.model,
        model_score: figure(of.model_score),
        facts: of
            .facts
            .into_iter()
            .map(|fact| ShortcutFact {
                name: fact.name,
                score: figure(fact.score),
                is_near: fact.warning,
            })
            .collect(),
    }
}

/// What the choice among ensembles owes to luck, where there was one.
///
/// # Errors
/// When `ensemble.json` is damaged.
pub(crate) fn optimism(folder: &RunFolder) -> Result<Option<OptimismReport>> {
    if !folder.has(names::ENSEMBLE) {
        return Ok(None);
    }
    let findings: EnsembleFindings = folder.read_json(names::ENSEMBLE)?;
    Ok(findings.search.map(|search| {
        let nested = &search.nested;
        let interval = nested.ci_low.zip(nested.ci_high);
        OptimismReport {
            metric: search.search.select,
            tried: search.search.candidates.len() as u64,
            own: search.naive,
            repeated: Figure {
                value: nested.score,
                interval: interval
                    .map(|(ci_low, ci_high)| eosin_metrics::Interval { ci_low, ci_high }),
            },
            optimism: search.optimism,
            units: search.units as u64,
        }
    }))
}
