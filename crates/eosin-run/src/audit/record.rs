//! `audit.json`.

use std::path::PathBuf;

use eosin_audit::PairKind;
use serde::{Deserialize, Serialize};

use super::groups::Linked;
use super::labels::LabelsRecord;
use super::pseudo::PseudoRecord;
use super::shortcuts::ShortcutRecord;
use crate::job::Job;
use crate::other_folds::FoldsCompared;

/// Keys that a note names.
const NAMED: usize = 5;

/// What an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct AuditRecord {
    /// Version of this format.
    pub format: u32,
    /// Version of eosin.
    pub eosin_version: String,
    /// The data.
    pub data: PathBuf,
    /// Patches that were looked at.
    pub patches: usize,
    /// Network whose embeddings named candidates.
    pub backbone: String,
    /// Pairs that were laid on each other.
    pub compared: usize,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// Number of copies, near-copies and overlaps.
    pub counts: PairCounts,
    /// Pairs of patches that show the same tissue.
    pub pairs: Vec<PairRecord>,
    /// Patches that are linked by pairs, where there are three and more; of each the keys.
    pub clusters: Vec<Vec<String>>,
    /// Training patches that `groups.csv` lacks, since they are linked with patches of the test part.
    pub left_out: Vec<String>,
    /// The score on folds that keep patches together beside that on random ones; `null` where only one is
    /// known, and of an audit without training.
    pub folds: Option<FoldsCompared>,
    /// Labels that the run contradicts; `null` without a run.
    pub labels: Option<LabelsRecord>,
    /// What facts beside the tissue say of the class; `null` where there are no folds or one class.
    pub shortcuts: Option<ShortcutRecord>,
    /// Patients guessed from stain and texture; `null` where patients, slides or groups are known, or
    /// nothing can be said.
    pub pseudo_patients: Option<PseudoRecord>,
    /// Patches in which there is nothing to compare, such as empty glass; only their bytes were.
    pub bare: Vec<String>,
}

/// Pairs by kind, and those that matter most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairCounts {
    /// The same bytes, or the same pixels under a symmetry.
    pub copies: usize,
    /// Written, coloured or sized anew.
    pub near_copies: usize,
    /// Crops and shifts.
    pub overlaps: usize,
    /// Of all those with one patch in the test part and one in another.
    pub across_test: usize,
    /// Those on both sides of a fold.
    pub across_folds: usize,
    /// Those whose labels differ.
    pub labels_differ: usize,
}

/// Two patches that show the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairRecord {
    /// The key of the first, in whose pixels offsets are.
    pub a: String,
    /// The key of the second.
    pub b: String,
    /// What they are.
    pub kind: PairKind,
    /// What turns `b` as `a` is.
    pub symmetry: String,
    /// Where the upper left corner of `b`, turned, lies in `a`: right and down, in pixels of `a`.
    pub offset_px: [f64; 2],
    /// Pixels of `a` that a pixel of `b` is.
    pub scale: f64,
    /// Share of `a` that `b` covers.
    pub covered: f64,
    /// Correlation of haematoxylin there.
    pub correlation: f64,
    /// One less the share of pairs at least as strong that chance is expected to make; 1 where bytes or
    /// pixels are the same.
    pub confidence: f64,
    /// Parts (`train/test`) and folds (`fold 2`) that have one of them in training and one in what is
    /// judged.
    pub across: Vec<String>,
    /// Whether both have a label, and not the same.
    pub labels_differ: bool,
}

impl AuditRecord {
    pub(super) fn new(job: &Job) -> Self {
        Self {
            format: 1,
            eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
            data: job.data.clone(),
            patches: job.manifest().patches.len(),
            backbone: job.config.backbone.name.to_string(),
            compared: 0,
            notes: Vec::new(),
            counts: PairCounts::default(),
            pairs: Vec::new(),
            clusters: Vec::new(),
            left_out: Vec::new(),
            folds: None,
            labels: None,
            shortcuts: None,
            pseudo_patients: None,
            bare: Vec::new(),
        }
    }

    pub(super) fn count(&mut self) {
        let of_kind = |kind| self.pairs.iter().filter(|pair| pair.kind == kind).count();
        let crossing = |what: &dyn Fn(&str) -> bool| {
            let crosses = |pair: &&PairRecord| pair.across.iter().any(|across| what(across));
            self.pairs.iter().filter(crosses).count()
        };
        self.counts = PairCounts {
            copies: of_kind(PairKind::Copy),
            near_copies: of_kind(PairKind::NearCopy),
            overlaps: of_kind(PairKind::Overlap),
            across_test: crossing(&|across| across.contains("test")),
            across_folds: crossing(&|across| across.starts_with("fold")),
            labels_differ: self.pairs.iter().filter(|pair| pair.labels_differ).count(),
        };
    }

    pub(super) fn take_bare(&mut self, job: &Job, bare: &[usize]) {
        self.bare = keys(job, bare);
        if !bare.is_empty() {
            self.notes.push(format!(
                "{} show nothing that could be compared (empty glass, one colour): only their bytes were: {}",
                counted(bare.len(), "patch", "patches"),
                listed(&self.bare)
            ));
        }
    }

    /// Says what was guessed of patients.
    pub(super) fn take_pseudo(&mut self, pseudo: Option<PseudoRecord>) {
        if let Some(pseudo) = &pseudo {
            self.notes.push(format!(
                "no patient, slide or group is known: {} guessed from stain and texture (mean silhouette {:.2} \
                 of 1); scores under them: 'eosin run --data .../pseudo_groups.csv'",
                counted(pseudo.patients, "patient is", "patients are"),
                pseudo.silhouette
            ));
        }
        self.pseudo_patients = pseudo;
    }

    pub(super) fn take_clusters(&mut self, job: &Job, linked: &Linked) {
        let clusters = linked.clusters.iter();
        self.clusters = clusters.map(|cluster| keys(job, cluster)).collect();
    }

    /// Says which patches `groups.csv` lacks.
    pub(super) fn take_left_out(&mut self, job: &Job, linked: &Linked) {
        self.left_out = keys(job, &linked.left_out);
        if !linked.left_out.is_empty() {
            self.notes.push(format!(
                "groups.csv leaves out {} that are linked with patches of the test part, since no run takes a \
                 group on both sides: {}",
                counted(linked.left_out.len(), "training patch", "training patches"),
                listed(&self.left_out)
            ));
        }
    }
}

fn keys(job: &Job, places: &[usize]) -> Vec<String> {
    let patches = &job.manifest().patches;
    places
        .iter()
        .map(|place| patches[*place].key.clone())
        .collect()
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn listed(keys: &[String]) -> String {
    let shown = keys[..keys.len().min(NAMED)].join(", ");
    match keys.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
