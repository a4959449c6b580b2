//! `audit.html`.

use eosin_core::D4;
use eosin_data::RgbPatch;
use eosin_report::{AuditReport, LabelCard, Mime, PairCard, ProbeRow, Thumbnail, render_audit};

use super::labels::LabelRecord;
use super::looked::decoded;
use super::record::{AuditRecord, PairRecord, counted};
use super::shortcuts::{FactRecord, shown};
use crate::job::Job;

/// Pairs with their pictures.
const PAIRS_SHOWN: usize = 120;
/// Labels with their pictures.
const LABELS_SHOWN: usize = 60;
/// Side of a thumbnail.
const THUMBNAIL_PX: u32 = 112;

/// The page of an audit.
pub(super) fn page(job: &Job, record: &AuditRecord) -> String {
    let first = record.pairs.len().min(PAIRS_SHOWN);
    let counts = &record.counts;
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
            .map(|pair| card(job, pair))
            .collect(),
        more_pairs: format!(
            "{first} of {}, those with labels that differ and those across parts first; audit.json has all. The \
             second patch is shown turned as the first is.",
            counted(record.pairs.len(), "pair", "pairs")
        ),
        labels: labels(job, record),
        about_labels: about_labels(record),
        probes: probes(record),
        about_probes: about_probes(record),
    };
    render_audit(&report)
}

fn labels(job: &Job, record: &AuditRecord) -> Vec<LabelCard> {
    let ranked = record.labels.iter().flat_map(|labels| &labels.ranked);
    let card = |label: &LabelRecord| LabelCard {
        key: label.key.clone(),
        given: label.given.clone(),
        suggested: label.suggested.clone(),
        margin: label.margin,
        thumbnail: thumbnail(job, label.place, D4::IDENTITY),
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

fn card(job: &Job, pair: &PairRecord) -> PairCard {
    let symmetry = D4::all().find(|symmetry| symmetry.name() == pair.symmetry);
    let turns = [D4::IDENTITY, symmetry.unwrap_or(D4::IDENTITY)];
    let [x, y] = pair.offset_px;
    let mut pictures = pair
        .places
        .iter()
        .zip(turns)
        .map(|(place, turn)| thumbnail(job, *place, turn));
    PairCard {
        keys: [pair.a.clone(), pair.b.clone()],
        what: format!(
            "{}{}",
            pair.kind.as_str(),
            if pair.labels_differ {
                ", labels differ"
            } else {
                ""
            }
        ),
        how: format!(
            "{}, {x:.0} px right, {y:.0} px down, scale {:.2}, covers {:.0} %, confidence {:.3}",
            pair.symmetry,
            pair.scale,
            pair.covered * 100.0,
            pair.confidence
        ),
        across: pair.across.join(", "),
        thumbnails: [pictures.next().flatten(), pictures.next().flatten()],
    }
}

/// A small JPEG of a patch; none when it can no longer be read, which is no reason to lose a page.
pub(super) fn thumbnail(job: &Job, place: usize, turn: D4) -> Option<Thumbnail> {
    let patch = decoded(job, place).ok()?;
    let RgbPatch {
        width_px,
        height_px,
        pixels,
    } = patch;
    let pixels = turn.apply(pixels.as_chunks::<3>().0, height_px, width_px, 1);
    let (width, height) = if turn.swaps_sides() {
        (height_px, width_px)
    } else {
        (width_px, height_px)
    };
    let side = |px: usize| u32::try_from(px).ok();
    let image = image::RgbImage::from_raw(side(width)?, side(height)?, pixels.concat())?;
    let longest = side(width.max(height))?;
    let small = |px: usize| Some((side(px)? * THUMBNAIL_PX.min(longest) / longest).max(1));
    let image = image::imageops::thumbnail(&image, small(width)?, small(height)?);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode_image(&image)
        .ok()?;
    Some(Thumbnail {
        mime: Mime::Jpeg,
        bytes,
    })
}
