//! The heads of one cross-validation in closed form: a strength chosen for each on inner folds, then
//! fitted.

use eosin_heads::{ClosedForm, Problem, Strength, choose_strength, fit};

use super::probe_folds::{InnerPlan, ProbeFolds, SolvedFold, watched};
use crate::error::TrainError;
use crate::train::probe::{ChosenBy, ProbeRecord, TriedStrength};
use crate::train::session::Session;

impl<'a> ProbeFolds<'a> {
    /// The head of every fold, in order.
    pub(super) fn fit(
        &self,
        form: ClosedForm,
        session: &Session<'_>,
    ) -> Result<Vec<SolvedFold<'a>>, TrainError> {
        let chosen = self.strengths(form, session)?;
        let strengths: Vec<Strength> = chosen
            .iter()
            .map(|chosen| self.strength(form, chosen.as_ref()))
            .collect();
        let parts = self.parts(&(0..self.folds.len()).collect::<Vec<_>>())?;
        let problem = Problem {
            table: self.table,
            targets: self.job.head_targets(self.table.patches()),
            parts: &parts,
        };
        let heads = watched(session, |pulse| fit(form, &problem, &strengths, pulse))?;
        let given = self.job.given_strength();
        let folds = heads.into_iter().zip(strengths).zip(&chosen).enumerate();
        let solved = folds.map(|(at, ((head, strength), chosen))| SolvedFold {
            fold: self.folds[at],
            head: head.into(),
            record: ProbeRecord {
                head: self.job.config.head,
                strength: strength.strength,
                by: match chosen {
                    _ if given.is_some() => ChosenBy::Setting,
                    Some(_) => ChosenBy::InnerFolds,
                    None => ChosenBy::Nothing,
                },
                kept: strength.kept,
                tried: strength.tried.iter().map(TriedStrength::from).collect(),
                relative_gap: 0.0,
                passes: 0,
                spread: None,
            },
        });
        Ok(solved.collect())
    }

    /// What the inner folds of each fold choose: among all strengths, or where one is given, how much
    /// of the head is kept.
    fn strengths(
        &self,
        form: ClosedForm,
        session: &Session<'_>,
    ) -> Result<Vec<Option<Strength>>, TrainError> {
        let InnerPlan { inner, choice_of } = self.inner_plan();
        let patches = |model: &eosin_heads::InnerModel| {
            let weights = model.part.weights.iter();
            weights.filter(|weight| **weight > 0.0).count()
        };
        let least = inner.models.iter().map(patches).min().unwrap_or(0);
        let strengths = match self.job.given_strength() {
            Some(given) => vec![given],
            None => form.strengths(self.training_rows(), least),
        };
        let targets = self.job.head_targets(self.table.patches());
        let chosen = watched(session, |pulse| {
            choose_strength(form, self.table, targets, &inner, &strengths, pulse)
        })?;
        Ok(choice_of
            .iter()
            .map(|choice| chosen[*choice].clone())
            .collect())
    }

    fn strength(&self, form: ClosedForm, chosen: Option<&Strength>) -> Strength {
        let given = self.job.given_strength();
        chosen.cloned().unwrap_or_else(|| Strength {
            strength: given.unwrap_or_else(|| form.unchosen(self.training_rows())),
            kept: 1.0,
            tried: Vec::new(),
        })
    }
}
