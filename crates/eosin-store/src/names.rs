//! Names of the files of a run.

use eosin_core::FoldId;

/// The resolved configuration.
pub const CONFIG: &str = "config.toml";
/// The patches, their labels and groups.
pub const MANIFEST: &str = "manifest.csv";
/// Which patch is in which fold.
pub const FOLDS: &str = "folds.json";
/// What happened, a JSON value a line.
pub const EVENTS: &str = "events.jsonl";
/// Out-of-fold and test predictions, from those of the folds.
pub const PREDICTIONS: &str = "predictions.csv";
/// Every metric.
pub const METRICS: &str = "metrics.json";
/// What the run says of itself; its presence makes a folder a run folder.
pub const RUN: &str = "run.json";
/// Durations, apart from the rest so that the rest is the same bytes run after run.
pub const TIMINGS: &str = "timings.json";
/// The weights that the run started from, as the file that they came from: only in a packed run.
pub const WEIGHTS: &str = "weights.bin";
/// Patches left out because they cannot be used, a key a line.
pub const SKIPPED: &str = "skipped.txt";
/// The report.
pub const REPORT: &str = "report.html";
/// The model card, as Markdown.
pub const MODEL_CARD: &str = "model-card.md";
/// The report, printed.
pub const REPORT_PDF: &str = "report.pdf";
/// What its author told the report.
pub const REPORT_ASKED: &str = "report.json";
/// How the run was started, for going on with it.
pub const START: &str = "start.json";
/// What the checks before training found.
pub const DOCTOR: &str = "doctor.json";
/// What fewer bits did to embeddings, where they were asked for.
pub const PRECISION: &str = "precision.json";
/// What patches were made like in stain, where they were, and which keep their own.
pub const STAIN: &str = "stain.json";
/// Pairs of patches that show the same tissue, as far as the run looked for them.
pub const AUDIT: &str = "audit.json";
/// How well calibrated the run is, and what thresholds come to.
pub const DECISION: &str = "decision.json";
/// How the run does on parts of its patches.
pub const SLICES: &str = "slices.json";
/// How the run does on patches that are stained, blurred or scaled otherwise, where that was measured.
pub const ROBUSTNESS: &str = "robustness.json";
/// Folder of checkpoints; gone when the run is complete.
pub const CHECKPOINTS: &str = "checkpoints";
/// Folder of finished folds, one folder each.
pub const FOLD_FOLDERS: &str = "folds";
/// Folder of what an ensemble needs of its members, one folder each, numbered from 0.
pub const MEMBERS: &str = "members";
/// What the search for an ensemble looked at, and how its members get along.
pub const ENSEMBLE: &str = "ensemble.json";
/// Folder of the complete run that an incomplete one takes the place of; gone when that is complete.
pub const REPLACED: &str = "replaced";
/// Locked by the process that writes, whose id it holds.
pub const LOCK: &str = "run.lock";

/// Every file with a fixed name that a run may write, the lock excepted.
pub const ALL: [&str; 23] = [
    CONFIG,
    MANIFEST,
    FOLDS,
    EVENTS,
    PREDICTIONS,
    METRICS,
    RUN,
    TIMINGS,
    WEIGHTS,
    SKIPPED,
    REPORT,
    REPORT_PDF,
    REPORT_ASKED,
    MODEL_CARD,
    START,
    DOCTOR,
    PRECISION,
    STAIN,
    AUDIT,
    DECISION,
    SLICES,
    ROBUSTNESS,
    ENSEMBLE,
];

/// A file of a finished fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldFile {
    /// The tensors that the fold trained.
    Weights,
    /// What it says of its validation and test patches, logits included.
    Predictions,
    /// What its training came to. Written last: a fold that has it is finished.
    Outcome,
}

impl FoldFile {
    /// Every one, [`Outcome`](Self::Outcome) first: what is left when it is gone is no finished
    /// fold.
    pub const ALL: [Self; 3] = [Self::Outcome, Self::Weights, Self::Predictions];

    /// The name within the fold's folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights.safetensors",
            Self::Predictions => "predictions.csv.gz",
            Self::Outcome => "outcome.json",
        }
    }

    /// The name within the run's folder, such as `folds/0.2/outcome.json`.
    pub fn of(self, fold: FoldId) -> String {
        format!("{FOLD_FOLDERS}/{}/{}", fold.stem(), self.name())
    }
}
