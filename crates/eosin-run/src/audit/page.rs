//! `audit.html`.

use eosin_core::D4;
use eosin_report::{AuditReport, LabelCard, ProbeRow, render_audit};

use super::cards::Pictures;
use super::labels::LabelRecord;
use super::record::{AuditRecord, counted};
use super::shortcuts::{FactRecord, shown};
use crate::job::Job;

/// Pairs with their pictures.
const PAIRS_SHOWN: usize = 120;
/// Labels with their pictures.
const LABELS_SHOWN: usize = 60;

/// The page of an audit.
pub(super) fn page(job: &Job, record: &AuditRecord) -> String {
    let first = record.pairs.len().min(PAIRS_SHOWN);
    let counts = &record.counts;
    let pictures = Pictures::of(&job.patches, &job.config);
    let report = AuditReport {
        title: job.data.display().to_string(),
        eosin_version: record.eosin_version.clone(),
        summary: format!(
            "{}: {} copies, {} near-copies, {} overlaps. Of these pairs {} are across the test part, {} across \
             folds, {} have labels that differ.",
            counted(record.patches, "patch", "patches"),
            counts.copies,
            counts.near_copies,
            counts.overlaps,
            counts.across_test,
            counts.across_folds,
            counts.labels_differ
        ),
        notes: record.notes.clone(),
        pairs: record.pairs[..first]
            .iter()
            .map(|pair| pictures.card(pair))
            .collect(),
        more_pairs: format!(
            "{first} of {}, those with labels that differ and those across parts first; audit.json has all. The \
             second patch is shown turned as the first is.",
            counted(record.pairs.len(), "pair", "pairs")
        ),
        labels: labels(&pictures, record),
        about_labels: about_labels(record),
        probes: probes(record),
        about_probes: about_probes(record),
    };
    render_audit(&report)
}

fn labels(pictures: &Pictures<'_>, record: &AuditRecord) -> Vec<LabelCard> {
    let ranked = record.labels.iter().flat_map(|labels| &labels.ranked);
    let card = |label: &LabelRecord| LabelCard {
        key: label.key.clone(),
        given: label.given.clone(),
        suggested: label.suggested.clone(),
        margin: label.margin,
        thumbnail: pictures.thumbnail(label.place, D4::IDENTITY),
    };
    ranked.take(LABELS_SHOWN).map(card).collect()
}

fn about_labels(record: &AuditRecord) -> String {
    let Some(labels) = &record.labels else {
        return String::new();
    };
    format!(
        "The run {} contradicts {} of {} labels; by confident learning about {} are wrong. Shown are the first {}, \
         the most contradicted first; audit.json has all.",
        labels.run.display(),
        labels.ranked.len(),
        labels.patches,
        labels.estimated,
        labels.ranked.len().min(LABELS_SHOWN)
    )
}

fn probes(record: &AuditRecord) -> Vec<ProbeRow> {
    let facts = record
        .shortcuts
        .iter()
        .flat_map(|shortcuts| &shortcuts.facts);
    let row = |fact: &FactRecord| ProbeRow {
        name: fact.name.clone(),
        auroc: fact
            .score
            .map_or_else(|| "the same of all patches".to_owned(), shown),
        warning: fact.warning,
    };
    facts.map(row).collect()
}

fn about_probes(record: &AuditRecord) -> String {
    match &record.shortcuts {
        None => "There are no folds, or one class: no fact was probed.".to_owned(),
        Some(shortcuts) => {
            let score = shortcuts.model_score;
            let score = score.map_or_else(|| "nothing that is defined".to_owned(), shown);
            format!(
                "{} reaches {score}. A fact that reaches about as much can stand for the class.",
                shortcuts.model
            )
        }
    }
}
