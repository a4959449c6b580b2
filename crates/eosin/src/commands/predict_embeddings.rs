//! `eosin predict --embeddings`: probabilities for rows of embeddings.

use std::time::Instant;

use anyhow::{Context as _, Result};
use eosin_core::Task;
use eosin_run::duration;
use eosin_train::OwnPredictor;

use crate::prediction_rows::PredictionRows;
use crate::progress::Progress;

/// Rows that are predicted before they are written.
const BATCH: usize = 1024;

/// Predicts batch by batch; what was written stays, whatever comes.
///
/// # Errors
/// When the file changes meanwhile, or rows cannot be written.
pub fn predict(predictor: &OwnPredictor, task: &Task, mut rows: PredictionRows<'_>) -> Result<()> {
    let keys = predictor.keys();
    let begun = Instant::now();
    let mut progress = Progress::new("predict", "patches");
    for from in (0..keys.len()).step_by(BATCH) {
        let batch = from..keys.len().min(from + BATCH);
        let probs = predictor
            .predict(batch.clone())
            .with_context(|| rows.left_behind())?;
        let each = probs.chunks_exact(task.classes.len());
        for (key, probs) in keys[batch.clone()].iter().zip(each) {
            rows.add(key, probs)?;
        }
        rows.flush()?;
        progress.update(batch.end, keys.len(), "");
    }
    progress.finish(&format!(
        "{} patches, {} view(s) of each, {}",
        keys.len(),
        predictor.views(),
        duration(begun.elapsed().as_secs_f64())
    ));
    rows.finish()
}
