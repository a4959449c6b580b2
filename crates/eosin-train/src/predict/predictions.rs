//! `predictions.csv`: what the folds say of every patch.

use std::path::Path;

use eosin_core::choice::choices;
use eosin_core::{FoldId, Task};

use crate::error::TrainError;

choices! {
    /// Which model a prediction is by, and of which patches.
    pub enum Part {
        /// A training patch, by the fold that did not train on it.
        OutOfFold => "out-of-fold",
        /// A test patch, mean of all folds' logits.
        TestAverage => "test-average",
        /// A test patch, by the best fold alone.
        TestBest => "test-best",
        /// As `out-of-fold`, by one view of the patch, where several are judged.
        OutOfFoldOneView => "out-of-fold-one-view",
        /// As `test-average`, by one view of the patch, where several are judged.
        TestAverageOneView => "test-average-one-view",
    }
}

impl Part {
    /// Whether it is what one view of each patch says, where their mean over several counts.
    pub const fn is_one_view(self) -> bool {
        matches!(self, Self::OutOfFoldOneView | Self::TestAverageOneView)
    }
}

/// One row of `predictions.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The patch.
    pub key: String,
    /// Which model, which patches.
    pub part: Part,
    /// Which fold, for out-of-fold rows and the best fold.
    pub fold: Option<FoldId>,
    /// Class index, when known.
    pub target: Option<usize>,
    /// One probability a class.
    pub probs: Vec<f32>,
}

/// The mean, value by value.
pub(crate) fn mean_of(folds: &[Vec<f32>]) -> Vec<f32> {
    let count = folds.len() as f32;
    let len = folds.first().map_or(0, Vec::len);
    (0..len)
        .map(|at| folds.iter().map(|probs| probs[at]).sum::<f32>() / count)
        .collect()
}

const FIXED: [&str; 6] = ["key", "part", "repeat", "fold", "target", "pred"];

/// The text of `predictions.csv`: key, part, repeat, fold, target, pred, then `prob_<class>` for
/// each class. Probabilities are written with the digits that give back the same `f32`.
///
/// # Errors
/// Never in practice: writing to memory does not fail.
pub fn predictions_to_csv<'a>(
    rows: impl IntoIterator<Item = &'a Prediction>,
    task: &Task,
) -> Result<Vec<u8>, csv::Error> {
    let classes = &task.classes;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let probs = classes.iter().map(|class| format!("prob_{class}"));
    writer.write_record(FIXED.into_iter().map(str::to_owned).chain(probs))?;
    for row in rows {
        let number = |value: Option<usize>| value.map_or_else(String::new, |v| v.to_string());
        let fixed = [
            row.key.clone(),
            row.part.to_string(),
            number(row.fold.map(|fold| fold.repeat)),
            number(row.fold.map(|fold| fold.fold)),
            row.target
                .map_or_else(String::new, |target| classes[target].clone()),
            classes[task.decision.decide(&row.probs)].clone(),
        ];
        writer.write_record(
            fixed
                .into_iter()
                .chain(row.probs.iter().map(f32::to_string)),
        )?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// Reads `predictions.csv` back; `path` is named in errors.
///
/// # Errors
/// When a column is missing, or a value is no class, number or part.
pub fn predictions_from_csv(
    path: &Path,
    bytes: &[u8],
    classes: &[String],
) -> Result<Vec<Prediction>, TrainError> {
    let fault = |line: usize, problem: String| TrainError::Predictions {
        path: path.to_owned(),
        line,
        problem,
    };
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader
        .headers()
        .map_err(|error| fault(1, error.to_string()))?
        .clone();
    let column = |name: &str| {
        let known = header.iter().collect::<Vec<_>>().join(", ");
        header
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| fault(1, format!("has no column '{name}', only {known}")))
    };
    let fixed: Vec<usize> = FIXED.into_iter().map(column).collect::<Result<_, _>>()?;
    let probs: Vec<usize> = classes
        .iter()
        .map(|class| column(&format!("prob_{class}")))
        .collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|error| fault(line, error.to_string()))?;
        let row = parse_row(&record, &fixed, &probs, classes);
        rows.push(row.map_err(|problem| fault(line, problem))?);
    }
    Ok(rows)
}

fn parse_row(
    record: &csv::StringRecord,
    fixed: &[usize],
    probs: &[usize],
    classes: &[String],
) -> Result<Prediction, String> {
    let text = |at: usize| record.get(at).unwrap_or_default();
    let number = |at: usize| match text(at) {
        "" => Ok(None),
        word => word
            .parse()
            .map(Some)
            .map_err(|_| format!("'{word}' is no fold number")),
    };
    let target = match text(fixed[4]) {
        "" => None,
        word => Some(
            classes
                .iter()
                .position(|class| class == word)
                .ok_or_else(|| format!("'{word}' is none of the classes {}", classes.join(", ")))?,
        ),
    };
    let prob = |at: &usize| {
        let word = text(*at);
        word.parse()
            .map_err(|_| format!("'{word}' is no probability"))
    };
    Ok(Prediction {
        key: text(fixed[0]).to_owned(),
        part: text(fixed[1]).parse().map_err(|error| format!("{error}"))?,
        fold: number(fixed[2])?
            .zip(number(fixed[3])?)
            .map(|(repeat, fold)| FoldId { repeat, fold }),
        target,
        probs: probs.iter().map(prob).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        vec!["benign".into(), "malignant, grade 1".into()]
    }

    #[test]
    fn predictions_survive_the_file_to_the_last_bit() {
        let row = |target, prob: f32, fold: Option<usize>| Prediction {
            key: "a \"b\"/1,2.png".into(),
            part: Part::OutOfFold,
            fold: fold.map(|fold| FoldId::new(0, fold)),
            target,
            probs: vec![1.0 - prob, prob],
        };
        let rows = vec![row(Some(1), 0.1, Some(3)), row(None, 1.0e-8, None)];
        let bytes = predictions_to_csv(&rows, &Task::new(classes(), 1)).unwrap();
        let back = predictions_from_csv(Path::new("p.csv"), &bytes, &classes()).unwrap();
        assert_eq!(rows, back);
    }

    #[test]
    fn a_faulty_row_is_named_by_file_and_line() {
        let text = "key,part,repeat,fold,target,pred,prob_benign,\"prob_malignant, grade 1\"\n\
                    k,test-average,,,lymphoma,benign,0.5,0.5\n";
        let error = predictions_from_csv(Path::new("p.csv"), text.as_bytes(), &classes());
        assert_eq!(
            error.unwrap_err().to_string(),
            "p.csv, line 2: 'lymphoma' is none of the classes benign, malignant, grade 1"
        );
    }
}
