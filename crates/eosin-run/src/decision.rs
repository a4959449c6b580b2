//! How a run decides, found when its folds are trained, and told.

use anyhow::Result;
use eosin_core::{Calibrator, Task};
use eosin_data::Folds;
use eosin_store::{DecisionRecord, RunRecord};
use eosin_train::{DecisionFindings, PatchGroups, RunResult, decide};

use crate::job::Job;

/// Finds how a trained run may decide, and how it does as the configuration asks.
pub(crate) fn decide_run(job: &Job, folds: &Folds, result: &RunResult) -> Result<DecisionFindings> {
    let groups = PatchGroups::of_manifest(job.manifest(), folds);
    let judge = job.config.judge;
    Ok(decide(&result.predictions, &job.task, judge, &groups)?)
}

/// What a run tells apart when it decides as was found.
pub(crate) fn decided_task(task: &Task, applied: &DecisionRecord) -> Task {
    Task {
        decision: applied.decision(task.positive),
        ..task.clone()
    }
}

/// How a run decides on new patches, as a sentence without an end; `None` where the most probable class
/// counts and probabilities are as they are.
pub fn decision_text(record: &RunRecord) -> Option<String> {
    let applied = record
        .decision
        .as_ref()
        .filter(|applied| !applied.is_usual())?;
    let calibrated = applied.calibrator.as_ref().map(|calibrator| {
        let how = match calibrator {
            Calibrator::Temperature { temperature } => {
                format!("temperature: logits divided by {temperature:.4}")
            }
            Calibrator::Platt { slope, intercept } => format!(
                "platt: log odds times {slope:.4}, {} {:.4}",
                if *intercept < 0.0 { "less" } else { "plus" },
                intercept.abs()
            ),
            Calibrator::Isotonic { knots } => format!("isotonic: a curve of {} knots", knots.len()),
        };
        format!("probabilities are calibrated ({how})")
    });
    let threshold = applied.threshold.map(|threshold| {
        let own = match applied.calibrator {
            None => String::new(),
            Some(_) => format!(", {:.4} before calibration", threshold.own_prob),
        };
        format!(
            "{} counts from a probability of {:.4} on (judge.threshold {}{own})",
            record.positive, threshold.prob, threshold.rule
        )
    });
    let parts: Vec<String> = calibrated.into_iter().chain(threshold).collect();
    Some(parts.join("; "))
}
