//! A finished run, written to its folder.

use eosin_core::Task;
use eosin_store::{RunFolder, RunRecord, names};

use super::RunResult;
use crate::error::TrainError;
use crate::predict::predictions::predictions_to_csv;

/// Writes predictions and metrics of a run, and `run.json` last: a folder that has it is complete.
/// What the folds trained was written as they ended.
///
/// # Errors
/// When a file cannot be written.
pub fn save_run(
    folder: &RunFolder,
    record: &RunRecord,
    task: &Task,
    result: &RunResult,
) -> Result<(), TrainError> {
    // What one view says is in the folds' own files, from which metrics can be made again.
    let counting = result.predictions.iter();
    let counting = counting.filter(|row| !row.part.is_one_view());
    let predictions =
        predictions_to_csv(counting, task).map_err(|error| TrainError::Csv(error.to_string()))?;
    folder.write(names::PREDICTIONS, predictions)?;
    folder.write_json(names::METRICS, &result.metrics)?;
    folder.write_json(names::RUN, record)?;
    Ok(())
}
