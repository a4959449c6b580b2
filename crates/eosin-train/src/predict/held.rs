//! `predictions.csv` held to what the folds said.

use std::collections::BTreeMap;

use eosin_core::FoldId;
use eosin_core::config::GroupBy;
use eosin_store::{FoldFile, RunFolder, RunRecord, names};

use crate::error::TrainError;
use crate::optimise::loss::softmax;
use crate::predict::fold_predictions::{FoldPredictions, Said};
use crate::predict::logits::FoldPart;
use crate::predict::predictions::{Part, Prediction, mean_of, predictions_from_csv};

/// What two probabilities of the same logits may differ by.
const ROUNDING: f32 = 1e-5;

/// A patch that must have a row.
struct Expected {
    target: String,
    probs: Vec<f32>,
    is_met: bool,
}

/// The rows of `predictions.csv`, which must be what the folds' own files say of their validation
/// patches, and of the test patches together: each patch once, with its class and its probabilities.
///
/// # Errors
/// Names the first row that is missing, doubled or another than the folds said; or a file that cannot
/// be read.
pub fn held_predictions(
    folder: &RunFolder,
    record: &RunRecord,
) -> Result<Vec<Prediction>, TrainError> {
    let path = folder.path(names::PREDICTIONS);
    let fault = |line: usize, problem: String| TrainError::Predictions {
        path: path.clone(),
        line,
        problem: format!(
            "{problem}; restore the file, or 'eosin run --resume {}' after removing run.json writes it \
             again",
            folder.dir().display()
        ),
    };
    let rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    let mut expected = expected(folder, record)?;
    for (at, row) in rows.iter().enumerate() {
        let fold = match row.part {
            Part::OutOfFold => row.fold,
            Part::TestAverage => None,
            _ => continue,
        };
        let line = at + 2;
        let place = (row.part == Part::TestAverage, fold, row.key.clone());
        let Some(one) = expected.get_mut(&place) else {
            return Err(fault(
                line,
                format!("no fold judged '{}' as {}", row.key, row.part),
            ));
        };
        let target = row.target.map_or("", |class| &record.classes[class]);
        if std::mem::replace(&mut one.is_met, true) {
            return Err(fault(line, format!("'{}' stands there twice", row.key)));
        }
        if target != one.target {
            let told = format!(
                "'{}' has target '{target}', and the fold judged it as '{}'",
                row.key, one.target
            );
            return Err(fault(line, told));
        }
        let mut pairs = row.probs.iter().zip(&one.probs);
        if !pairs.all(|(a, b)| (a - b).abs() <= ROUNDING) {
            let told = format!("'{}' has other probabilities than its fold gave", row.key);
            return Err(fault(line, told));
        }
    }
    match expected.into_iter().find(|(_, one)| !one.is_met) {
        Some(((_, _, key), _)) => Err(fault(1, format!("'{key}' has no row"))),
        None => Ok(rows),
    }
}

/// The group of each patch that the folds judged and that has one, by key.
///
/// # Errors
/// When a file cannot be read.
pub fn judged_groups(
    folder: &RunFolder,
    record: &RunRecord,
    by: GroupBy,
) -> Result<BTreeMap<String, String>, TrainError> {
    let mut all = BTreeMap::new();
    for fold in record.fold_ids() {
        let name = FoldFile::Predictions.of(fold);
        let bytes = folder.read(&name)?;
        let said = FoldPredictions::from_bytes(&folder.path(&name), &bytes, &record.classes)?;
        all.extend(
            said.groups(by)
                .map(|(key, group)| (key.clone(), group.clone())),
        );
    }
    Ok(all)
}

/// By whether it is a test patch, fold and key.
type ByPatch = BTreeMap<(bool, Option<FoldId>, String), Expected>;

fn expected(folder: &RunFolder, record: &RunRecord) -> Result<ByPatch, TrainError> {
    let mut all = ByPatch::new();
    let mut tests: Vec<Vec<Said>> = Vec::new();
    let probs = |mut logits: Vec<f32>| {
        softmax(&mut logits, record.classes.len());
        logits
    };
    for fold in record.fold_ids() {
        let name = FoldFile::Predictions.of(fold);
        let bytes = folder.read(&name)?;
        let said = FoldPredictions::from_bytes(&folder.path(&name), &bytes, &record.classes)?;
        for one in said.counting(FoldPart::Val) {
            let expected = Expected {
                target: one.target,
                probs: probs(one.logits),
                is_met: false,
            };
            all.insert((false, Some(fold), one.key), expected);
        }
        tests.push(said.counting(FoldPart::Test));
    }
    let count = tests.first().map_or(0, Vec::len);
    for at in 0..count {
        let of_folds: Vec<Vec<f32>> = tests
            .iter()
            .filter_map(|of_fold| Some(of_fold.get(at)?.logits.clone()))
            .collect();
        let expected = Expected {
            target: tests[0][at].target.clone(),
            probs: probs(mean_of(&of_folds)),
            is_met: false,
        };
        all.insert((true, None, tests[0][at].key.clone()), expected);
    }
    Ok(all)
}
