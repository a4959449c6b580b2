//! `eosin evaluate`: a run's metrics again, from its predictions.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use eosin_core::Decision;
use eosin_data::Folds;
use eosin_metrics::PredictiveValues;
use eosin_run::{check_prevalence, config_of_run, slices_of_run, task_of};
use eosin_store::{Existing, RunFolder, RunRecord, names};
use eosin_train::{PatchGroups, RunMetrics, evaluate, held_predictions};

use crate::args::EvaluateArgs;
use crate::metrics_table::{predictive_words, print_metrics};
use crate::output::{note, say, say_json};
use crate::slice_tables::print_slices;

/// Recomputes `metrics.json` and prints it; says so when it differs from what the run had.
///
/// # Errors
/// When the folder is no run or a file in it is damaged.
pub fn run(args: &EvaluateArgs, json: bool) -> Result<ExitCode> {
    if let Some(share) = args.prevalence {
        check_prevalence(share)?;
    }
    RunFolder::open(&args.run)?;
    let folder = RunFolder::create(&args.run, Existing::Resume)?;
    let record: RunRecord = folder.record()?;
    let config = config_of_run(&folder)?;
    // Before anything is computed: a run of an older version has none.
    let slices = args.slices.then(|| slices_of_run(&folder)).transpose()?;
    let rows = held_predictions(&folder, &record)?;
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let groups = PatchGroups::of_run(&folder, &record, folds.group)?;
    let (task, select) = (task_of(&record)?, config.train.select.parse()?);
    let metrics = evaluate(&rows, &task, select, &groups, config.seed)?;
    // As text: read back, a number of JSON may differ in its last digit.
    let before = folder.read_text(names::METRICS).unwrap_or_default();
    if serde_json::to_string_pretty(&metrics)? != before.trim_end() {
        // Intervals said nothing of themselves before they were made by groups.
        note(if before.contains("\"intervals_by\"") {
            "metrics.json did not agree with predictions.csv; it has been replaced"
        } else {
            "metrics.json was not of this version of eosin or did not agree with predictions.csv; it has \
             been replaced"
        });
        folder.write_json(names::METRICS, &metrics)?;
    }
    if task.decision != Decision::MostProbable {
        note(&format!(
            "note: {} counts from another threshold on in this run; metrics, and predictive values at another \
             prevalence, are of the likeliest class, and 'eosin report' says them at the run's threshold",
            record.positive
        ));
    }
    let at_prevalence = args.prevalence.map(|share| predictive_of(&metrics, share));
    if json {
        let mut all = serde_json::to_value(&metrics)?;
        if let Some(values) = at_prevalence {
            all["at_prevalence"] = serde_json::to_value(values)?;
        }
        if let Some(slices) = slices {
            all["slices"] = serde_json::to_value(slices)?;
        }
        say_json(&all)?;
    } else {
        print_metrics(&record.classes, &record.positive, &metrics);
        for (part, values) in at_prevalence.into_iter().flatten() {
            let told = values.as_ref().map_or_else(
                || "predictive values at another prevalence are undefined here".to_owned(),
                predictive_words,
            );
            say(&format!("{part}: {told}"));
        }
        if let Some(slices) = &slices {
            print_slices(slices);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What answers are worth at a prevalence, out of fold (of the first cross-validation) and on test
/// patches; undefined of more than two classes, and where recall or specificity is.
fn predictive_of(
    metrics: &RunMetrics,
    prevalence: f64,
) -> BTreeMap<&'static str, Option<PredictiveValues>> {
    let out_of_fold = metrics.out_of_fold.first().map(|set| ("out-of-fold", set));
    let test = metrics.test_average.as_ref().map(|set| ("test", set));
    let values = out_of_fold.into_iter().chain(test);
    values
        .map(|(part, set)| (part, set.at_prevalence(prevalence)))
        .collect()
}
