//! `decision.json` as the report shows it.

use anyhow::Result;
use eosin_core::config::{CalibratorKind, JudgeConfig};
use eosin_core::{Task, ThresholdRule};
use eosin_data::Folds;
use eosin_metrics::Unit;
use eosin_report::{
    CalibrationReport, CalibrationValues, DecidingReport, ThresholdReport, TwoClassCalibration,
    UsefulnessReport,
};
use eosin_store::{RunFolder, RunRecord, names};
use eosin_train::{
    CalibrationFigures, CalibratorFindings, DecisionFindings, PatchGroups, Prediction,
    ThresholdFindings, Usefulness, decide,
};
use serde::Deserialize;

/// What the parts are called.
pub(crate) const OUT_OF_FOLD: &str = "out of fold";
pub(crate) const ON_TEST: &str = "on test patches";

/// What every version wrote.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// What a finished run found of how it may decide: `decision.json`, or where an older version wrote none, or
/// one without all that is shown, the same from its predictions.
///
/// # Errors
/// When a file is damaged.
pub(crate) fn findings(
    folder: &RunFolder,
    record: &RunRecord,
    rows: &[Prediction],
    task: &Task,
    judge: JudgeConfig,
) -> Result<DecisionFindings> {
    if folder.has(names::DECISION) {
        let Format { format } = folder.read_json(names::DECISION)?;
        if format == DecisionFindings::FORMAT {
            return Ok(folder.read_json(names::DECISION)?);
        }
    }
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let groups = PatchGroups::of_run(folder, record, folds.group)?;
    Ok(decide(rows, task, judge, &groups)?)
}

/// All of it, as the report shows it.
pub(crate) fn deciding(found: &DecisionFindings) -> DecidingReport {
    let applied = match found.applied.calibrator {
        None => CalibratorKind::None,
        Some(_) => found.asked.calibrate,
    };
    let calibrations = |part: &'static str| {
        let shown = move |of: &CalibratorFindings| calibration(of, part, of.kind == applied);
        found.calibration.iter().filter_map(shown)
    };
    let useful = [(OUT_OF_FOLD, &found.out_of_fold), (ON_TEST, &found.test)];
    let usefulness = |(part, of): (&str, &Option<Usefulness>)| {
        let of = of.as_ref()?;
        Some(UsefulnessReport {
            part: part.to_owned(),
            curve: of.decision_curve.clone(),
            sample_size: of.sample_size.clone(),
        })
    };
    let unit = Unit::from(found.group);
    DecidingReport {
        undone: found.undone.clone(),
        by: (unit != Unit::Patch).then_some(unit),
        calibrations: calibrations(OUT_OF_FOLD)
            .chain(calibrations(ON_TEST))
            .collect(),
        thresholds: found
            .thresholds
            .iter()
            .map(|of| threshold(of, of.rule == locked_rule(found)))
            .collect(),
        usefulness: useful.into_iter().filter_map(usefulness).collect(),
    }
}

/// The rule that the run applies: what was asked for, where it could be done.
fn locked_rule(found: &DecisionFindings) -> ThresholdRule {
    let asked = found.asked_threshold();
    match asked.and_then(|of| of.threshold) {
        Some(_) => found.asked.threshold,
        None => ThresholdRule::Likeliest,
    }
}

/// A calibrator on a part (of several cross-validations the first); nothing where the part has no patches.
fn calibration(of: &CalibratorFindings, part: &str, is_applied: bool) -> Option<CalibrationReport> {
    let (figures, undefined) = if part == ON_TEST {
        (of.test.as_ref(), of.undefined.clone())
    } else {
        let undefined = of.out_of_fold_undefined.clone();
        (
            of.out_of_fold.first(),
            Some(undefined.unwrap_or_else(|| "there is no fold".to_owned())),
        )
    };
    let figures = match (figures, undefined) {
        (Some(figures), _) => Ok(values(figures)),
        (None, Some(why)) => Err(why),
        (None, None) => return None,
    };
    Some(CalibrationReport {
        calibrator: of.kind.to_string(),
        is_applied,
        part: part.to_owned(),
        figures,
    })
}

fn values(of: &CalibrationFigures) -> CalibrationValues {
    CalibrationValues {
        patches: of.patches,
        log_loss: of.log_loss,
        brier: of.brier,
        ece: of.ece,
        two_classes: of.two_classes.as_ref().map(|two| TwoClassCalibration {
            recalibration: two.recalibration,
            brier_parts: two.brier_parts,
            reliability: two.reliability.clone(),
        }),
    }
}

fn threshold(of: &ThresholdFindings, is_locked: bool) -> ThresholdReport {
    let why = of.undefined.clone().unwrap_or_default();
    ThresholdReport {
        rule: of.rule.to_string(),
        is_locked,
        prob: of.threshold.map(|threshold| threshold.prob).ok_or(why),
        chosen_on: of.chosen_on,
        out_of_fold: of.out_of_fold,
        test: of.test,
    }
}
