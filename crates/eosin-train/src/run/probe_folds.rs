//! The heads of one cross-validation: a penalty chosen for each on inner folds, then solved.

use std::collections::BTreeMap;

use eosin_core::config::HeadKind;
use eosin_heads::{
    Accuracy, Beginning, Choice, ClosedForm, Group, HeadError, InnerFolds, InnerModel, Judging,
    Optimum, Penalties, Problem, Table, TrainingPart, choose, solve,
};

use super::Run;
use crate::check::fix_for_classes;
use crate::error::TrainError;
use crate::event::Event;
use crate::model::classifier::Classifier;
use crate::train::job::TrainJob;
use crate::train::probe::{ChosenBy, ProbeRecord, TriedStrength};
use crate::train::rows::FoldRows;
use crate::train::session::Session;

/// Parts of a cross-validation that penalties are chosen on, at most: of more folds several are one
/// part.
const MOST_PARTS: usize = 10;
/// With fewer folds, the training part of each is divided anew: models without two of them would see
/// too little.
const LEAST_FOLDS: usize = 5;

/// What the metrics of configurations that are solved side by side may take: two matrices each.
const METRIC_BYTES: usize = 1 << 30;

/// Folds of one cross-validation that share embeddings, and all that their heads are solved on.
pub(super) struct ProbeFolds<'a> {
    pub run: &'a Run<'a>,
    pub job: TrainJob<'a>,
    pub table: &'a Table<'a>,
    pub folds: Vec<&'a FoldRows>,
    /// All folds of the cross-validation.
    pub all: Vec<&'a FoldRows>,
    /// Place of each pool row in the manifest.
    pub places: &'a [usize],
}

/// A fold with its head.
pub(super) struct SolvedFold<'a> {
    pub fold: &'a FoldRows,
    pub head: Classifier,
    pub record: ProbeRecord,
}

/// Inner folds, and which of their choices is each fold's.
pub(super) struct InnerPlan {
    pub inner: InnerFolds,
    pub choice_of: Vec<usize>,
}

/// A penalty.
#[derive(Clone, Copy, Debug)]
struct Penalty {
    /// scikit-learn's `C`.
    c: f64,
    by: ChosenBy,
}

/// The heads of every fold, in order, under each of some configurations that share a table. Those whose
/// penalty is given are columns of one product; each is the same bits as by itself.
pub(super) fn solve_together<'a>(
    all: &[ProbeFolds<'a>],
    session: &Session<'_>,
) -> Result<Vec<Vec<SolvedFold<'a>>>, TrainError> {
    let given = |probes: &&ProbeFolds<'_>| {
        let logistic = closed_form(probes.job.config.head).is_none();
        logistic && probes.job.given_strength().is_some()
    };
    let columns: Vec<&ProbeFolds<'a>> = all.iter().filter(given).collect();
    let mut solved = Vec::new();
    let width = all.first().map_or(1, |probes| probes.table.width());
    let together = (METRIC_BYTES / (2 * size_of::<f32>() * width * width)).max(1);
    for some in columns.chunks(together) {
        solved.extend(solve_columns(some, session)?);
    }
    let mut solved = solved.into_iter();
    let of_each = all.iter().map(|probes| {
        let column = if given(&probes) { solved.next() } else { None };
        column.map_or_else(|| probes.solve(session), Ok)
    });
    of_each.collect()
}

/// The same where every penalty is given.
fn solve_columns<'a>(
    all: &[&ProbeFolds<'a>],
    session: &Session<'_>,
) -> Result<Vec<Vec<SolvedFold<'a>>>, TrainError> {
    let Some(first) = all.first() else {
        return Ok(Vec::new());
    };
    let (mut parts, mut groups) = (Vec::new(), Vec::new());
    for probes in all {
        let places: Vec<usize> = (0..probes.folds.len()).collect();
        parts.extend(probes.parts(&places)?);
        groups.push(Group {
            models: places.len(),
            c: probes.penalty(None).c,
        });
    }
    let problem = Problem {
        table: first.table,
        targets: first.job.head_targets(first.table.patches()),
        parts: &parts,
    };
    let optima = watched(session, |pulse| {
        solve(&problem, &groups, None, Accuracy::FULL, pulse)
    })?;
    let mut optima = optima.into_iter();
    let of_each = all.iter().map(|probes| {
        let folds = probes.folds.iter().zip(&mut optima);
        let solved = folds.map(|(fold, optimum)| SolvedFold {
            fold,
            record: probes.record(None, &optimum),
            head: optimum.head.into(),
        });
        solved.collect()
    });
    Ok(of_each.collect())
}

impl<'a> ProbeFolds<'a> {
    /// The head of every fold, in order.
    fn solve(&self, session: &Session<'_>) -> Result<Vec<SolvedFold<'a>>, TrainError> {
        match closed_form(self.job.config.head) {
            Some(form) => self.fit(form, session),
            None => self.solve_logistic(session),
        }
    }

    /// The head of every fold as logistic regression.
    fn solve_logistic(&self, session: &Session<'_>) -> Result<Vec<SolvedFold<'a>>, TrainError> {
        let choices = self.choices(session)?;
        let mut by_c: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, choice) in choices.iter().enumerate() {
            let c = self.penalty(choice.as_ref()).c.to_bits();
            by_c.entry(c).or_default().push(at);
        }
        let mut solved = BTreeMap::new();
        for (c, places) in by_c {
            let optima = self.optima(f64::from_bits(c), &places, &choices, session)?;
            solved.extend(places.into_iter().zip(optima));
        }
        let fold = |(at, optimum): (usize, Optimum)| {
            let choice = choices[at].as_ref();
            SolvedFold {
                fold: self.folds[at],
                record: self.record(choice, &optimum),
                head: optimum.head.into(),
            }
        };
        Ok(solved.into_iter().map(fold).collect())
    }

    fn record(&self, choice: Option<&Choice>, optimum: &Optimum) -> ProbeRecord {
        let Penalty { c, by } = self.penalty(choice);
        let tried = choice.iter().flat_map(|choice| &choice.tried);
        ProbeRecord {
            head: self.job.config.head,
            strength: c,
            by,
            kept: choice.map_or(1.0, |choice| choice.kept),
            tried: tried.map(TriedStrength::from).collect(),
            relative_gap: optimum.relative_gap,
            passes: optimum.passes,
            spread: None,
        }
    }

    /// Rows that a fold is trained on, at most.
    pub(super) fn training_rows(&self) -> usize {
        let trained = self.folds.iter().map(|fold| fold.train.len()).max();
        trained.unwrap_or(0) * self.table.views()
    }

    /// The penalty of a fold, and who says so.
    fn penalty(&self, choice: Option<&Choice>) -> Penalty {
        match (choice, self.job.given_strength()) {
            (Some(choice), _) => Penalty {
                c: choice.c,
                by: ChosenBy::InnerFolds,
            },
            (None, Some(given)) => Penalty {
                c: given,
                by: ChosenBy::Setting,
            },
            (None, None) => Penalty {
                c: Penalties::unchosen(self.training_rows()),
                by: ChosenBy::Nothing,
            },
        }
    }

    /// What the folds at `places` are trained on.
    pub(super) fn parts(&self, places: &[usize]) -> Result<Vec<TrainingPart>, TrainError> {
        let pool = self.table.patches();
        let targets = self.job.head_targets(pool);
        let part = |place: &usize| {
            let fold = self.folds[*place];
            let part = self.job.head_part(&fold.train, pool, [fold.stream, 0]);
            match part.missing_class(&targets) {
                Some(class) => Err(TrainError::ClassMissing {
                    fold: fold.id,
                    class: self.job.task.classes[class].clone(),
                    fix: fix_for_classes(self.run.folds.method),
                }),
                None => Ok(part),
            }
        };
        places.iter().map(part).collect()
    }

    /// The heads of the folds at `places`, under one penalty.
    fn optima(
        &self,
        c: f64,
        places: &[usize],
        choices: &[Option<Choice>],
        session: &Session<'_>,
    ) -> Result<Vec<Optimum>, TrainError> {
        let targets = self.job.head_targets(self.table.patches());
        let parts = self.parts(places)?;
        let problem = Problem {
            table: self.table,
            targets,
            parts: &parts,
        };
        let chosen = || places.iter().map(|place| choices[*place].as_ref());
        let weights = chosen().map(|choice| Some(choice?.start.clone())).collect();
        let begin = |weights| Beginning {
            weights,
            gram: chosen().flatten().find_map(|choice| choice.gram.clone()),
        };
        let begin = Option::map(weights, begin);
        let mut optima = watched(session, |pulse| {
            let all = Group {
                models: parts.len(),
                c,
            };
            solve(&problem, &[all], begin, Accuracy::FULL, pulse)
        })?;
        for ((optimum, place), part) in optima.iter_mut().zip(places).zip(&parts) {
            if let Some(choice) = &choices[*place] {
                let head = optimum.head.clone();
                optimum.head = head.shrunk(choice.kept, &part.prior(&targets));
            }
        }
        Ok(optima)
    }

    /// The penalty of each fold; none where `train.strength` says it.
    fn choices(&self, session: &Session<'_>) -> Result<Vec<Option<Choice>>, TrainError> {
        if self.job.given_strength().is_some() {
            return Ok(vec![None; self.folds.len()]);
        }
        let InnerPlan { inner, choice_of } = self.inner_plan();
        let penalties = Penalties::of(self.training_rows(), self.table.width());
        let targets = self.job.head_targets(self.table.patches());
        let chosen = watched(session, |pulse| {
            choose(self.table, targets, &inner, penalties, pulse)
        });
        let chosen = chosen?;
        Ok(choice_of
            .iter()
            .map(|choice| chosen[*choice].clone())
            .collect())
    }

    /// What penalties are chosen on. Inner folds are made of outer folds where there are enough, so
    /// that they keep groups together as these do.
    pub(super) fn inner_plan(&self) -> InnerPlan {
        let judged: usize = self.all.iter().map(|fold| fold.val.len()).sum();
        let divides = judged == self.table.patches() && self.all.len() >= LEAST_FOLDS;
        if divides && self.folds.len() == self.all.len() {
            return self.pairs();
        }
        let mut inner = InnerFolds::default();
        for (choice, fold) in self.folds.iter().enumerate() {
            let parts = if divides {
                let others = self.all.iter().filter(|other| other.id != fold.id);
                joined(&others.copied().collect::<Vec<_>>())
            } else {
                self.run.divided(fold, self.places)
            };
            for at in 0..parts.len() {
                let rest = parts.iter().enumerate().filter(|(other, _)| *other != at);
                let rest: Vec<usize> = rest.flat_map(|(_, rows)| rows.iter().copied()).collect();
                let position = [fold.stream, 1 + at as u64];
                inner.models.push(InnerModel {
                    part: self.job.head_part(&rest, self.table.patches(), position),
                    judges: vec![Judging {
                        choice,
                        patches: parts[at].clone(),
                    }],
                });
            }
        }
        inner.choices = self.folds.len();
        InnerPlan {
            inner,
            choice_of: (0..self.folds.len()).collect(),
        }
    }

    /// A model without each two parts of the cross-validation.
    fn pairs(&self) -> InnerPlan {
        let parts = joined(&self.folds);
        let (mut models, stream) = (0, self.folds[0].stream);
        let part = |rows: &[usize]| -> TrainingPart {
            models += 1;
            self.job
                .head_part(rows, self.table.patches(), [stream, models])
        };
        InnerPlan {
            inner: InnerFolds::of_pairs(&parts, part),
            choice_of: (0..self.folds.len())
                .map(|fold| fold % parts.len())
                .collect(),
        }
    }
}

/// The judged rows of folds, as [`MOST_PARTS`] parts at most.
fn joined(folds: &[&FoldRows]) -> Vec<Vec<usize>> {
    let mut parts = vec![Vec::new(); folds.len().min(MOST_PARTS)];
    let count = parts.len();
    for (at, fold) in folds.iter().enumerate() {
        parts[at % count].extend_from_slice(&fold.val);
    }
    parts
}

/// The head in closed form that a configuration means, if it means one.
const fn closed_form(head: HeadKind) -> Option<ClosedForm> {
    match head {
        HeadKind::Ridge => Some(ClosedForm::Ridge),
        HeadKind::Lda => Some(ClosedForm::Lda),
        HeadKind::Prototypes => Some(ClosedForm::Prototypes),
        HeadKind::Knn => Some(ClosedForm::Neighbours),
        HeadKind::Logistic | HeadKind::Mlp => None,
    }
}

/// Solves while whoever watches may end the work.
pub(super) fn watched<T>(
    session: &Session<'_>,
    work: impl FnOnce(&mut dyn FnMut() -> Result<(), HeadError>) -> Result<T, HeadError>,
) -> Result<T, TrainError> {
    let mut stopped = None;
    let result = work(&mut || {
        session.tell_or_stop(&Event::Pulse).map_err(|error| {
            stopped = Some(error);
            HeadError::Interrupted
        })
    });
    result.map_err(|error| stopped.unwrap_or(TrainError::Head(error)))
}
