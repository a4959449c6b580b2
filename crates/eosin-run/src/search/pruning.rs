//! Ending trials early.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use eosin_core::config::TrainMode;
use eosin_core::{Flow, FoldId, Watch, WatchError};
use eosin_search::halving::{Rungs, bracket, goes_on};
use eosin_search::wilcoxon::{Verdict, compare};
use eosin_search::{Goal, Space, Value};
use eosin_train::Event;

use super::args::Prune;
use super::record::TrialEvent;
use super::seen::Try;
use super::study::Study;
use crate::event::{RunEvent, WatchRun};

/// Refuses a way of ending trials early that the modes searched cannot have.
pub(super) fn refuse_impossible(prune: Prune, base: TrainMode, space: &Space) -> Result<()> {
    let searched = space
        .parameter("train.mode")
        .map(|parameter| parameter.domain.grid());
    let searched = searched.flatten().unwrap_or_default();
    let words = searched.iter().filter_map(|value| match value {
        Value::Text(word) => word.parse().ok(),
        _ => None,
    });
    let mut modes: Vec<TrainMode> = words.collect();
    if modes.is_empty() {
        modes.push(base);
    }
    for mode in modes {
        let side_by_side = matches!(mode, TrainMode::Probe | TrainMode::Head);
        match prune {
            Prune::Folds if side_by_side => bail!(
                "--prune folds ends nothing early with train.mode {mode}, which trains all folds side \
                 by side; leave it out{}",
                if mode == TrainMode::Head {
                    ", or take '--prune halving'"
                } else {
                    ""
                }
            ),
            Prune::Halving | Prune::Hyperband if mode != TrainMode::Head => bail!(
                "--prune {prune} looks at all folds after some epochs, and train.mode {mode} {}; take \
                 '--mode head', or another '--prune'",
                if mode == TrainMode::Probe {
                    "has no epochs"
                } else {
                    "trains one fold after another"
                }
            ),
            _ => {}
        }
    }
    Ok(())
}

/// Watches a trial, and ends it when it promises nothing.
pub(super) struct Pruner<'a> {
    watch: &'a dyn WatchRun,
    plan: Plan,
    made: Try,
    folds: usize,
    goal: Goal,
    /// The metric after each epoch of each fold.
    state: Mutex<State<'a>>,
}

struct State<'a> {
    study: &'a mut Study,
    epochs: BTreeMap<FoldId, Vec<Option<f64>>>,
    ended: Option<EndedEarly>,
    failure: Option<anyhow::Error>,
}

/// A trial that was ended early.
#[derive(Clone, Debug)]
pub(super) struct EndedEarly {
    pub predicted: f64,
    pub why: String,
}

enum Plan {
    None,
    Folds { epochs: usize, best: Vec<f64> },
    Rungs(Rungs),
}

/// What was seen of a trial.
pub(super) struct Watched {
    /// Whether, and why, it was ended early.
    pub ended: Option<EndedEarly>,
    /// The metric of each fold after its last epoch.
    pub last_epochs: Vec<Option<f64>>,
}

impl<'a> Pruner<'a> {
    /// Watches the try `made`, of so many folds and epochs.
    pub fn new(study: &'a mut Study, made: Try, sizes: Sizes, watch: &'a dyn WatchRun) -> Self {
        let goal = study.record.goal;
        let Sizes { folds, epochs } = sizes;
        let prune = study.record.prune;
        let plan = match rungs(prune, made.trial, epochs) {
            Some(rungs) => Plan::Rungs(rungs),
            None if prune == Prune::Folds => Plan::Folds {
                epochs,
                best: best_folds(study),
            },
            None => Plan::None,
        };
        Self {
            watch,
            plan,
            made,
            folds,
            goal,
            state: Mutex::new(State {
                study,
                epochs: BTreeMap::new(),
                ended: None,
                failure: None,
            }),
        }
    }

    /// What was seen.
    ///
    /// # Errors
    /// When the study could not be read or written meanwhile.
    pub fn finish(self) -> Result<Watched> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        let last = state
            .epochs
            .values()
            .map(|epochs| epochs.last().copied().flatten());
        Ok(Watched {
            ended: state.ended,
            last_epochs: last.collect(),
        })
    }

    fn epoch(&self, fold: FoldId, value: Option<f64>) -> Result<Flow> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.epochs.entry(fold).or_default().push(value);
        let ended = match &self.plan {
            Plan::None => None,
            Plan::Folds { epochs, best } => ended_by_folds(self.goal, &state.epochs, *epochs, best),
            Plan::Rungs(rungs) => self.ended_on_rung(state, rungs)?,
        };
        if ended.is_some() {
            state.ended = ended;
            return Ok(Flow::Stop);
        }
        Ok(Flow::GoOn)
    }

    /// When all folds have come to a rung.
    fn ended_on_rung(&self, state: &mut State<'_>, rungs: &Rungs) -> Result<Option<EndedEarly>> {
        let epochs = state.epochs.values().map(Vec::len).min().unwrap_or(0);
        let all = state.epochs.len() == self.folds;
        let together = state.epochs.values().all(|fold| fold.len() == epochs);
        if !(all && together && rungs.at(epochs).is_some()) {
            return Ok(None);
        }
        let reached = state
            .epochs
            .values()
            .map(|fold| fold.last().copied().flatten());
        let Some(reached) = reached.collect::<Option<Vec<f64>>>() else {
            return Ok(None);
        };
        on_rung(state.study, self.made, epochs, &reached)
    }
}

/// Writes down what a try has reached on a rung, and ends it when others did better there.
pub(super) fn on_rung(
    study: &mut Study,
    made: Try,
    epochs: usize,
    folds: &[f64],
) -> Result<Option<EndedEarly>> {
    let value = folds.iter().sum::<f64>() / folds.len() as f64;
    let Try { trial, claim } = made;
    study.refresh()?;
    let others = study.trials.on_rung(epochs, trial);
    study.write(&TrialEvent::Rung {
        trial,
        claim,
        epochs,
        value,
    })?;
    Ok(
        (!goes_on(study.record.goal, value, &others)).then(|| EndedEarly {
            predicted: value,
            why: format!(
                "not of the best third of {} after {epochs} epochs",
                others.len() + 1
            ),
        }),
    )
}

/// The rungs of a trial of so many epochs; none where trials are not ended so.
pub(super) fn rungs(prune: Prune, trial: u64, epochs: usize) -> Option<Rungs> {
    match prune {
        Prune::None | Prune::Folds => None,
        Prune::Halving => Some(Rungs::below(epochs, 0)),
        Prune::Hyperband => Some(Rungs::below(epochs, bracket(trial, epochs))),
    }
}

/// Folds and epochs of a trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub folds: usize,
    pub epochs: usize,
}

/// The folds of the best trial so far.
fn best_folds(study: &Study) -> Vec<f64> {
    let best = study.trials.best(study.record.goal);
    let score = best.and_then(|best| best.ended.outcome.score());
    let folds = score.and_then(|score| score.last_epochs.iter().copied().collect());
    folds.unwrap_or_default()
}

/// When a fold has ended.
fn ended_by_folds(
    goal: Goal,
    all: &BTreeMap<FoldId, Vec<Option<f64>>>,
    epochs: usize,
    best: &[f64],
) -> Option<EndedEarly> {
    let whole = all.values().filter(|fold| fold.len() == epochs);
    let folds: Option<Vec<f64>> = whole.map(|fold| fold.last().copied().flatten()).collect();
    let folds = folds?;
    // The last fold has nothing to save, and one that is under way says nothing yet.
    let under_way = all.values().any(|fold| fold.len() < epochs);
    if under_way || folds.len() >= best.len() {
        return None;
    }
    match compare(goal, &folds, best) {
        Verdict::Open => None,
        Verdict::Worse { predicted, chance } => Some(EndedEarly {
            predicted,
            why: format!(
                "worse than the best on {} paired folds (p {chance:.3})",
                folds.len()
            ),
        }),
    }
}

impl Watch<Event> for Pruner<'_> {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        match event {
            Event::Epoch { fold, record } => match self.epoch(*fold, record.val_metric) {
                Ok(Flow::GoOn) => self.watch.event(&RunEvent::Training(&Event::Pulse)),
                Ok(Flow::Stop) => Ok(Flow::Stop),
                Err(error) => {
                    let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.failure = Some(error);
                    Ok(Flow::Stop)
                }
            },
            other => Quiet(self.watch).event(other),
        }
    }
}

/// Passes on what takes long, and chances to stop: what else a single trial does is not for the
/// terminal.
pub(super) struct Quiet<'a>(pub &'a dyn WatchRun);

impl Watch<Event> for Quiet<'_> {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        match event {
            Event::Cost { .. } | Event::Precision { .. } | Event::Embedding { .. } => {
                self.0.event(&RunEvent::Training(event))
            }
            Event::Embedded { computed, .. } if *computed > 0 => {
                self.0.event(&RunEvent::Training(event))
            }
            Event::Embedded { .. }
            | Event::Examined { .. }
            | Event::Stained { .. }
            | Event::Step { .. }
            | Event::Epoch { .. }
            | Event::Solved { .. }
            | Event::Pulse => self.0.event(&RunEvent::Training(&Event::Pulse)),
        }
    }
}
