//! All that is found of how a run may decide.

use eosin_core::Task;
use eosin_core::config::{CalibratorKind, GroupBy, JudgeConfig};
use eosin_metrics::{DecisionPoint, MetricError, SampleSize, ScoredRows, decision_curve};
use eosin_store::DecisionRecord;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibration::{CalibratorFindings, honest, pooled};
use super::fitting::shown;
use super::judged::Judged;
use super::many_classes;
use super::thresholds::{Chooser, ThresholdFindings, shown_rules};
use crate::judge::patch_groups::PatchGroups;
use crate::predict::predictions::Prediction;

/// The contents of `decision.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionFindings {
    /// Version of this format.
    pub format: u32,
    /// What was asked for.
    pub asked: JudgeConfig,
    /// What predicting applies: as `run.json` has it.
    pub applied: DecisionRecord,
    /// Why what was asked for could not be done, sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<String>,
    /// What intervals are by; `none`: each patch counts by itself.
    pub group: GroupBy,
    /// The run as it is, and by each calibrator; of more than two classes by temperature only.
    pub calibration: Vec<CalibratorFindings>,
    /// Ways of choosing a threshold, under the calibrator that is applied; of two classes.
    pub thresholds: Vec<ThresholdFindings>,
    /// What decisions gain out of fold (in the first cross-validation), each fold calibrated by the
    /// others; of two classes.
    pub out_of_fold: Option<Usefulness>,
    /// The same of labelled test patches.
    pub test: Option<Usefulness>,
}

/// What decisions gain, and whether patches suffice to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usefulness {
    /// Net benefit by threshold.
    pub decision_curve: Vec<DecisionPoint>,
    /// Patches needed against those at hand.
    pub sample_size: SampleSize,
}

impl DecisionFindings {
    /// The format that this version writes; the first one had no intervals of thresholds.
    pub const FORMAT: u32 = 2;

    /// What was found of the threshold that was asked for.
    pub fn asked_threshold(&self) -> Option<&ThresholdFindings> {
        self.of_rule(self.asked.threshold)
    }

    /// What was found of a way of choosing.
    pub fn of_rule(&self, rule: eosin_core::ThresholdRule) -> Option<&ThresholdFindings> {
        self.thresholds.iter().find(|found| found.rule == rule)
    }

    /// What was found of a calibrator.
    pub fn of_kind(&self, kind: CalibratorKind) -> Option<&CalibratorFindings> {
        self.calibration.iter().find(|found| found.kind == kind)
    }
}

/// Fits every calibrator and chooses thresholds by every rule on out-of-fold predictions, and says what
/// each comes to; applies those that were asked for. Intervals are by what `groups` takes for independent among
/// all patches that were judged, as those of `metrics.json`.
///
/// # Errors
/// When there is no out-of-fold prediction, or probabilities are none.
pub fn decide(
    rows: &[Prediction],
    task: &Task,
    asked: JudgeConfig,
    groups: &PatchGroups,
) -> Result<DecisionFindings, MetricError> {
    let by = GroupBy::from(groups.unit(&rows.iter().map(|row| row.key.as_str())));
    let nothing = DecisionFindings {
        format: DecisionFindings::FORMAT,
        asked,
        applied: DecisionRecord {
            calibrator: None,
            threshold: None,
        },
        undone: Vec::new(),
        group: by,
        calibration: Vec::new(),
        thresholds: Vec::new(),
        out_of_fold: None,
        test: None,
    };
    let mut found = nothing;
    if task.classes.len() == 2 {
        let judged = Judged::new(rows, task, groups, by)?;
        let kinds = CalibratorKind::ALL.par_iter();
        let each = kinds.map(|kind| CalibratorFindings::of(*kind, &judged));
        found.calibration = each.collect::<Result<_, _>>()?;
        found.apply_calibrator();
        found.find_thresholds(&judged);
        found.find_use(&judged);
    } else {
        let kinds = [CalibratorKind::None, CalibratorKind::Temperature];
        let each = kinds.map(|kind| many_classes::findings(kind, rows, task));
        found.calibration = each.into_iter().collect::<Result<_, _>>()?;
        found.apply_calibrator();
    }
    Ok(found)
}

impl DecisionFindings {
    fn apply_calibrator(&mut self) {
        let kind = self.asked.calibrate;
        let fitted = self.of_kind(kind);
        let undefined = fitted.and_then(|fitted| fitted.undefined.clone());
        self.applied.calibrator = fitted.and_then(|fitted| fitted.calibrator.clone());
        self.undone.extend(undefined.map(|why| {
            format!(
                "judge.calibrate {kind} cannot be fitted: {why}; probabilities stay as they are"
            )
        }));
    }

    fn find_thresholds(&mut self, judged: &Judged) {
        let calibrator = self.applied.calibrator.clone();
        let chooser = Chooser::new(judged, self.applied_kind(), calibrator.as_ref());
        let rules = shown_rules(self.asked.threshold).into_par_iter();
        let findings = |rule| Some(chooser.as_ref()?.findings(rule));
        self.thresholds = rules.filter_map(findings).collect();
        let asked = self.asked.threshold;
        let found = self.asked_threshold();
        let threshold = found.and_then(|found| found.threshold);
        let undefined = found.and_then(|found| found.undefined.clone());
        // Where nothing moves even odds, the most probable class is what it always was.
        let moved = threshold.filter(|threshold| asked.asks() || threshold.log_odds != 0.0);
        self.applied.threshold = moved;
        self.undone.extend(undefined.map(|why| {
            format!(
                "judge.threshold {asked} cannot be chosen: {why}; the most probable class counts"
            )
        }));
    }

    /// The kind of calibrator that is applied.
    fn applied_kind(&self) -> CalibratorKind {
        match self.applied.calibrator {
            None => CalibratorKind::None,
            Some(_) => self.asked.calibrate,
        }
    }

    fn find_use(&mut self, judged: &Judged) {
        let calibrator = self.applied.calibrator.as_ref();
        let cut = self
            .applied
            .threshold
            .map_or(0.0, |threshold| threshold.log_odds);
        let cut = calibrator.map_or(cut, |calibrator| calibrator.log_odds(cut));
        let of = |rows: &ScoredRows| Usefulness {
            decision_curve: decision_curve(rows),
            sample_size: SampleSize::of(rows, cut),
        };
        let first = honest(self.applied_kind(), judged).map(|folds| pooled(&folds));
        let out_of_fold = first.ok().and_then(|pooled| pooled.first().map(of));
        let test = judged
            .test
            .as_ref()
            .map(|rows| of(&shown(rows, calibrator)));
        (self.out_of_fold, self.test) = (out_of_fold, test);
    }
}
