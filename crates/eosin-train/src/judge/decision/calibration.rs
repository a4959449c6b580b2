//! What each calibrator comes to.

use eosin_core::config::CalibratorKind;
use eosin_core::{Calibrator, FoldId};
use eosin_metrics::{MetricError, ScoredRows, Undefined};
use serde::{Deserialize, Serialize};

use super::figures::{CalibrationFigures, Diagram};
use super::fitting::{fit, shown, without};
use super::judged::Judged;

/// What a calibrator comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibratorFindings {
    /// Which one; `none` is the run as it is.
    pub kind: CalibratorKind,
    /// As fitted on all out-of-fold predictions: what would be stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrator: Option<Calibrator>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
    /// Each fold, by a calibrator that was fitted on the other folds of its cross-validation.
    pub folds: Vec<FoldCalibration>,
    /// The same of all folds together, for each cross-validation; empty where it has no value.
    pub out_of_fold: Vec<CalibrationFigures>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_fold_undefined: Option<String>,
    /// Labelled test patches, by the calibrator that is fitted on all.
    pub test: Option<CalibrationFigures>,
}

/// How well calibrated a fold is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldCalibration {
    /// Which fold.
    #[serde(flatten)]
    pub fold: FoldId,
    /// How well.
    #[serde(flatten)]
    pub figures: CalibrationFigures,
}

/// A fold by a calibrator that did not see it.
pub(super) struct HonestFold {
    pub fold: FoldId,
    pub rows: ScoredRows,
}

/// Each fold by a calibrator that was fitted on the others; why not, with the fold, as a sentence.
pub(super) fn honest(kind: CalibratorKind, judged: &Judged) -> Result<Vec<HonestFold>, String> {
    let each = judged.folds.iter().map(|own| {
        let fitted = match (kind, judged.others(own.fold)) {
            (CalibratorKind::None, _) => Ok(None),
            (_, None) => Err(Undefined::OneFold),
            (_, Some(others)) => fit(kind, &others),
        };
        let calibrator = fitted.map_err(|why| without(own.fold, why))?;
        Ok(HonestFold {
            fold: own.fold,
            rows: shown(&own.rows, calibrator.as_ref()),
        })
    });
    each.collect()
}

/// The folds of each cross-validation together.
pub(super) fn pooled(folds: &[HonestFold]) -> Vec<ScoredRows> {
    let by_repeat = folds.chunk_by(|one, other| one.fold.repeat == other.fold.repeat);
    let rows = |folds: &[HonestFold]| {
        ScoredRows::joined(&folds.iter().map(|fold| &fold.rows).collect::<Vec<_>>())
    };
    by_repeat.filter_map(rows).collect()
}

impl CalibratorFindings {
    pub(super) fn of(kind: CalibratorKind, judged: &Judged) -> Result<Self, MetricError> {
        let all = judged.all().ok_or(MetricError::Empty)?;
        let stored = fit(kind, &all);
        let honest = honest(kind, judged);
        let folds = honest.as_ref().map_or(&[][..], Vec::as_slice);
        let of_fold = |own: &HonestFold| {
            Ok(FoldCalibration {
                fold: own.fold,
                figures: CalibrationFigures::of(&own.rows, Diagram::Without)?,
            })
        };
        let with_diagram = |rows: &ScoredRows| CalibrationFigures::of(rows, Diagram::With);
        let test = judged.test.as_ref().zip(stored.as_ref().ok());
        let test = test.map(|(rows, calibrator)| with_diagram(&shown(rows, calibrator.as_ref())));
        Ok(Self {
            kind,
            folds: folds
                .iter()
                .map(of_fold)
                .collect::<Result<_, MetricError>>()?,
            out_of_fold: pooled(folds)
                .iter()
                .map(with_diagram)
                .collect::<Result<_, MetricError>>()?,
            test: test.transpose()?,
            out_of_fold_undefined: honest.err(),
            undefined: stored.as_ref().err().map(ToString::to_string),
            calibrator: stored.ok().flatten(),
        })
    }
}
