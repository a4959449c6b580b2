//! What a run was judged on, as the report shows it.

use anyhow::Result;
use eosin_core::Task;
use eosin_metrics::MetricSet;
use eosin_report::Evaluation;
use eosin_store::RunRecord;
use eosin_train::{Part, Prediction, RunMetrics};

/// Out-of-fold of each cross-validation, then the test part by each way of predicting it.
pub(crate) fn evaluations(
    rows: &[Prediction],
    record: &RunRecord,
    task: &Task,
    metrics: &RunMetrics,
) -> Result<Vec<Evaluation>> {
    let mut evaluations = Vec::new();
    for repeat in 0..record.repeats {
        let mine = |row: &&Prediction| {
            row.part == Part::OutOfFold && row.fold.is_some_and(|fold| fold.repeat == repeat)
        };
        let (name, note) = if record.repeats > 1 {
            (
                format!("Out-of-fold, repeat {repeat}"),
                "Every training patch, by the fold of this cross-validation that did not see it.",
            )
        } else {
            (
                "Out-of-fold".to_owned(),
                "Every training patch, by the fold that did not see it.",
            )
        };
        let of_repeat: Vec<&Prediction> = rows.iter().filter(mine).collect();
        let judged = metrics.out_of_fold.get(repeat);
        evaluations.extend(evaluation(name, note, &of_repeat, task, judged)?);
    }
    for (part, name, note, judged) in [
        (
            Part::TestAverage,
            "Test, fold average",
            "Mean of all folds' logits.",
            &metrics.test_average,
        ),
        (
            Part::TestBest,
            "Test, best fold",
            "The fold that was best on its validation part.",
            &metrics.test_best,
        ),
    ] {
        let of_part: Vec<&Prediction> = rows.iter().filter(|row| row.part == part).collect();
        let judged = judged.as_ref();
        evaluations.extend(evaluation(name.to_owned(), note, &of_part, task, judged)?);
    }
    Ok(evaluations)
}

/// The labelled ones of `rows`, judged together; nothing when there are none. The metrics and intervals
/// are those of `metrics.json`.
fn evaluation(
    name: String,
    note: &str,
    rows: &[&Prediction],
    task: &Task,
    judged: Option<&MetricSet>,
) -> Result<Option<Evaluation>> {
    let labelled = rows.iter().filter_map(|row| Some((row, row.target?)));
    let (rows, targets): (Vec<&&Prediction>, Vec<usize>) = labelled.unzip();
    if rows.is_empty() {
        return Ok(None);
    }
    let probs = rows.iter().flat_map(|row| row.probs.iter().copied());
    let probs: Vec<f32> = probs.collect();
    let classes = task.classes.len();
    let mut made = Evaluation::new(name, note, &targets, &probs, classes, task.positive)?;
    if let Some(judged) = judged {
        made.metrics = judged.clone();
    }
    Ok(Some(made))
}
