//! Names of the files of a run.

/// The resolved configuration.
pub const CONFIG: &str = "config.toml";
/// The patches, their labels and groups.
pub const MANIFEST: &str = "manifest.csv";
/// Which patch is in which fold.
pub const FOLDS: &str = "folds.json";
/// What happened, a JSON value a line.
pub const EVENTS: &str = "events.jsonl";
/// Out-of-fold and test predictions.
pub const PREDICTIONS: &str = "predictions.csv";
/// Every metric.
pub const METRICS: &str = "metrics.json";
/// What the run says of itself; its presence makes a folder a run folder.
pub const RUN: &str = "run.json";
/// Durations, apart from the rest so that the rest is the same bytes run after run.
pub const TIMINGS: &str = "timings.json";
/// The backbone's weights.
pub const BACKBONE: &str = "backbone.safetensors";
/// The best fold's whole network.
pub const MODEL: &str = "model.safetensors";
/// Patches left out because they cannot be used, a key a line.
pub const SKIPPED: &str = "skipped.txt";
/// The report.
pub const REPORT: &str = "report.html";
/// How the run was started, for going on with it.
pub const START: &str = "start.json";
/// What the checks before training found.
pub const DOCTOR: &str = "doctor.json";
/// What fewer bits did to embeddings, where they were asked for.
pub const PRECISION: &str = "precision.json";
/// Folder of checkpoints; gone when the run is complete.
pub const CHECKPOINTS: &str = "checkpoints";
/// Locked by the process that writes, whose id it holds.
pub const LOCK: &str = "run.lock";

/// Every file with a fixed name that a run may write, the lock excepted.
pub const ALL: [&str; 15] = [
    CONFIG,
    MANIFEST,
    FOLDS,
    EVENTS,
    PREDICTIONS,
    METRICS,
    RUN,
    TIMINGS,
    BACKBONE,
    MODEL,
    SKIPPED,
    REPORT,
    START,
    DOCTOR,
    PRECISION,
];

/// The weights trained in fold `fold` of cross-validation `repeat`.
pub fn fold_weights(repeat: usize, fold: usize) -> String {
    format!("fold-{repeat}-{fold}.safetensors")
}

/// The cross-validation and fold that `name` is the weights of.
pub fn parse_fold_weights(name: &str) -> Option<(usize, usize)> {
    let (repeat, fold) = name
        .strip_prefix("fold-")?
        .strip_suffix(".safetensors")?
        .split_once('-')?;
    let parsed = (repeat.parse().ok()?, fold.parse().ok()?);
    // `fold-01-+2` parses too, but is not a name that eosin writes.
    (fold_weights(parsed.0, parsed.1) == name).then_some(parsed)
}
