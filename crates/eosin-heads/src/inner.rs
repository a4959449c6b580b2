//! Inner folds: what a penalty is chosen on.

use crate::loss::Targets;
use crate::part::TrainingPart;

/// Patches that a model judges, for one choice of a penalty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judging {
    /// Which choice.
    pub choice: usize,
    /// Patches that the model was not trained on, within the training part of that choice.
    pub patches: Vec<usize>,
}

/// A model without some patches.
#[derive(Clone, Debug, PartialEq)]
pub struct InnerModel {
    /// What it is trained on.
    pub part: TrainingPart,
    /// What it judges. Two choices can share a model: one that is trained on neither of two outer
    /// folds is an inner fold of both.
    pub judges: Vec<Judging>,
}

/// The inner folds of several choices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InnerFolds {
    /// Penalties to be chosen.
    pub choices: usize,
    /// All models.
    pub models: Vec<InnerModel>,
}

impl InnerFolds {
    /// Of folds that divide all patches: for every two of them a model that is trained on neither.
    /// Choice `f` is judged by the models without `f`, each on its other fold; `part` makes the
    /// training part of the patches that are left.
    pub fn of_pairs(folds: &[Vec<usize>], mut part: impl FnMut(&[usize]) -> TrainingPart) -> Self {
        let mut models = Vec::new();
        for one in 0..folds.len() {
            for other in one + 1..folds.len() {
                let rest = folds.iter().enumerate();
                let rest = rest.filter(|(fold, _)| *fold != one && *fold != other);
                let rows: Vec<usize> = rest.flat_map(|(_, rows)| rows.iter().copied()).collect();
                let judging = |choice: usize, patches: usize| Judging {
                    choice,
                    patches: folds[patches].clone(),
                };
                models.push(InnerModel {
                    part: part(&rows),
                    judges: vec![judging(one, other), judging(other, one)],
                });
            }
        }
        Self {
            choices: folds.len(),
            models,
        }
    }

    /// Without the models that lack a class, which have no optimum.
    pub(crate) fn usable(&self, targets: &Targets<'_>) -> Vec<&InnerModel> {
        let models = self.models.iter();
        models
            .filter(|model| model.part.missing_class(targets).is_none())
            .collect()
    }
}
