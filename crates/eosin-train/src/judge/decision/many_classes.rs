//! Calibration of more than two classes, by temperature.

use std::collections::BTreeMap;

use eosin_core::config::CalibratorKind;
use eosin_core::{Calibrator, FoldId, Task};
use eosin_metrics::{MetricError, Undefined, fit_temperature};

use super::calibration::{CalibratorFindings, FoldCalibration};
use super::figures::CalibrationFigures;
use super::fitting::{Fitted, without};
use crate::predict::predictions::{Part, Prediction};

/// Labelled predictions of any number of classes.
#[derive(Clone, Default)]
struct Rows<'a> {
    targets: Vec<usize>,
    probs: Vec<&'a [f32]>,
}

impl<'a> Rows<'a> {
    fn of(rows: impl Iterator<Item = &'a Prediction>) -> Self {
        let labelled = rows.filter_map(|row| Some((row.target?, row.probs.as_slice())));
        let (targets, probs) = labelled.unzip();
        Self { targets, probs }
    }

    fn joined<'s>(parts: impl Iterator<Item = &'s Self>) -> Self
    where
        'a: 's,
    {
        parts.fold(Self::default(), |mut sum, part| {
            sum.targets.extend(&part.targets);
            sum.probs.extend(&part.probs);
            sum
        })
    }

    fn fit(&self, kind: CalibratorKind, classes: usize) -> Result<Fitted, MetricError> {
        if kind == CalibratorKind::None {
            return Ok(Ok(None));
        }
        if self.targets.is_empty() {
            return Ok(Err(Undefined::OneFold));
        }
        let tiny = f32::from_bits(1);
        let logit = |prob: &f32| f64::from(prob.max(tiny)).ln();
        let logits: Vec<f64> = self
            .probs
            .iter()
            .flat_map(|row| row.iter().map(logit))
            .collect();
        Ok(fit_temperature(&self.targets, &logits, classes)?.map(Some))
    }

    fn figures(
        &self,
        calibrator: Option<&Calibrator>,
        task: &Task,
    ) -> Result<CalibrationFigures, MetricError> {
        let shown = |row: &&[f32]| match calibrator {
            None => row.to_vec(),
            Some(calibrator) => calibrator.probs(row, task.positive),
        };
        let probs = self.probs.iter().flat_map(shown).map(f64::from);
        let probs: Vec<f64> = probs.collect();
        CalibrationFigures::of_probs(&self.targets, &probs, task.classes.len())
    }
}

/// What a calibrator of any number of classes comes to.
pub(super) fn findings(
    kind: CalibratorKind,
    rows: &[Prediction],
    task: &Task,
) -> Result<CalibratorFindings, MetricError> {
    let classes = task.classes.len();
    let mut by_fold: BTreeMap<FoldId, Vec<&Prediction>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.part == Part::OutOfFold) {
        if let Some(fold) = row.fold {
            by_fold.entry(fold).or_default().push(row);
        }
    }
    let parts = by_fold.into_iter();
    let parts: BTreeMap<FoldId, Rows<'_>> = parts
        .map(|(fold, rows)| (fold, Rows::of(rows.into_iter())))
        .collect();
    let stored = Rows::joined(parts.values()).fit(kind, classes)?;
    let mut honest = BTreeMap::new();
    let mut undefined = None;
    for fold in parts.keys() {
        let others = parts.iter();
        let others = others.filter(|(id, _)| id.repeat == fold.repeat && *id != fold);
        match Rows::joined(others.map(|(_, rows)| rows)).fit(kind, classes)? {
            Ok(calibrator) => drop(honest.insert(*fold, calibrator)),
            Err(why) => undefined = Some(without(*fold, why)),
        }
    }
    if undefined.is_some() {
        honest.clear();
    }
    let own = |(fold, calibrator): (&FoldId, &Option<Calibrator>)| {
        Ok(FoldCalibration {
            fold: *fold,
            figures: parts[fold].figures(calibrator.as_ref(), task)?,
        })
    };
    let test = Rows::of(rows.iter().filter(|row| row.part == Part::TestAverage));
    let test = match &stored {
        Ok(calibrator) if !test.targets.is_empty() => {
            Some(test.figures(calibrator.as_ref(), task)?)
        }
        _ => None,
    };
    Ok(CalibratorFindings {
        kind,
        folds: honest.iter().map(own).collect::<Result<_, MetricError>>()?,
        out_of_fold: pooled(&parts, &honest, task)?,
        out_of_fold_undefined: undefined,
        test,
        undefined: stored.as_ref().err().map(ToString::to_string),
        calibrator: stored.ok().flatten(),
    })
}

/// The folds of each cross-validation together, each by its own calibrator.
fn pooled(
    parts: &BTreeMap<FoldId, Rows<'_>>,
    honest: &BTreeMap<FoldId, Option<Calibrator>>,
    task: &Task,
) -> Result<Vec<CalibrationFigures>, MetricError> {
    let mut by_repeat: BTreeMap<usize, (Vec<usize>, Vec<f64>)> = BTreeMap::new();
    for (fold, calibrator) in honest {
        let (targets, probs) = by_repeat.entry(fold.repeat).or_default();
        let rows = &parts[fold];
        targets.extend(&rows.targets);
        for row in &rows.probs {
            let shown = match calibrator {
                None => row.to_vec(),
                Some(calibrator) => calibrator.probs(row, task.positive),
            };
            probs.extend(shown.into_iter().map(f64::from));
        }
    }
    let figures = by_repeat.values();
    figures
        .map(|(targets, probs)| CalibrationFigures::of_probs(targets, probs, task.classes.len()))
        .collect()
}
