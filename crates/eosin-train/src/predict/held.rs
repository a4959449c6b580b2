//! `predictions.csv` held to what the folds said.

use std::collections::BTreeMap;

use eosin_core::FoldId;
use eosin_core::config::GroupBy;
use eosin_store::{FoldFile, RunFolder, RunRecord, names};

use crate::error::TrainError;
use crate::judge::patch_groups::GroupNames;
use crate::optimise::loss::softmax;
use crate::predict::fold_files::read_fold_file;
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
/// patches, and of the test patches together and in the best fold: each patch once, with its class and
/// its probabilities. Then those of one view, which the folds' files alone have.
///
/// # Errors
/// Names the first row that is missing, doubled or another than the folds said; or a file of a fold
/// that is not the one that it wrote, or cannot be read.
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
    let mut rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    // An older version wrote what one view says there, too.
    rows.retain(|row| !row.part.is_one_view());
    let Folds {
        mut expected,
        one_view,
    } = Folds::read(folder, record)?;
    for (at, row) in rows.iter().enumerate() {
        let line = at + 2;
        let place = (row.part, row.fold, row.key.clone());
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
    if let Some(((_, _, key), _)) = expected.into_iter().find(|(_, one)| !one.is_met) {
        return Err(fault(1, format!("'{key}' has no row")));
    }
    rows.extend(one_view);
    Ok(rows)
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
        let said = read_said(folder, record, fold)?;
        all.extend(
            said.groups(by)
                .map(|(key, group)| (key.clone(), group.clone())),
        );
    }
    Ok(all)
}

/// The patient, slide and group of each patch that the folds judged, by key.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn names_of_judged(
    folder: &RunFolder,
    record: &RunRecord,
) -> Result<BTreeMap<String, GroupNames>, TrainError> {
    let mut all = BTreeMap::new();
    for fold in record.fold_ids() {
        let said = read_said(folder, record, fold)?;
        all.extend(said.names().map(|(key, names)| (key.clone(), names)));
    }
    Ok(all)
}

/// What a fold says, as it wrote it.
fn read_said(
    folder: &RunFolder,
    record: &RunRecord,
    fold: FoldId,
) -> Result<FoldPredictions, TrainError> {
    let path = folder.path(&FoldFile::Predictions.of(fold));
    let bytes = read_fold_file(folder, fold, FoldFile::Predictions)?;
    FoldPredictions::from_bytes(&path, &bytes, &record.classes)
}

/// By part, fold and key.
type ByPatch = BTreeMap<(Part, Option<FoldId>, String), Expected>;

/// What the folds' own files say.
struct Folds {
    /// Of the rows that `predictions.csv` must have.
    expected: ByPatch,
    /// By one view of each patch, in the order of runs, where their mean over several counts.
    one_view: Vec<Prediction>,
}

impl Folds {
    fn read(folder: &RunFolder, record: &RunRecord) -> Result<Self, TrainError> {
        let mut this = Self {
            expected: ByPatch::new(),
            one_view: Vec::new(),
        };
        let (mut counting, mut upright) = (Vec::new(), Vec::new());
        for fold in record.fold_ids() {
            let said = read_said(folder, record, fold)?;
            let id = Some(fold);
            this.add(Part::OutOfFold, id, said.counting(FoldPart::Val), record);
            let one_view = said.upright(FoldPart::Val);
            this.add(Part::OutOfFoldOneView, id, one_view, record);
            if fold == record.best {
                this.add(Part::TestBest, id, said.counting(FoldPart::Test), record);
            }
            counting.push(said.counting(FoldPart::Test));
            upright.push(said.upright(FoldPart::Test));
        }
        this.add(Part::TestAverage, None, mean_said(&counting), record);
        this.add(Part::TestAverageOneView, None, mean_said(&upright), record);
        Ok(this)
    }

    fn add(&mut self, part: Part, fold: Option<FoldId>, said: Vec<Said>, record: &RunRecord) {
        let classes = &record.classes;
        for Said {
            key,
            target,
            logits: mut probs,
        } in said
        {
            softmax(&mut probs, classes.len());
            if part.is_one_view() {
                self.one_view.push(Prediction {
                    target: classes.iter().position(|class| *class == target),
                    key,
                    part,
                    fold,
                    probs,
                });
            } else {
                let expected = Expected {
                    target,
                    probs,
                    is_met: false,
                };
                self.expected.insert((part, fold, key), expected);
            }
        }
    }
}

/// The mean of what folds say of the same patches.
fn mean_said(folds: &[Vec<Said>]) -> Vec<Said> {
    let first = folds.first().map_or(&[][..], Vec::as_slice);
    let mean = |(at, one): (usize, &Said)| {
        let of_folds = folds
            .iter()
            .filter_map(|fold| Some(fold.get(at)?.logits.clone()));
        Said {
            key: one.key.clone(),
            target: one.target.clone(),
            logits: mean_of(&of_folds.collect::<Vec<_>>()),
        }
    };
    first.iter().enumerate().map(mean).collect()
}
