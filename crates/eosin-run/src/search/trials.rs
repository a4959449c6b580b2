//! What all processes wrote, put together.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_search::{Assignment, Goal, History, SeenTrial};

use super::outcome::Outcome;
use super::record::TrialEvent;
use super::seen::{self, Seen, Try};

/// All trials of a study.
#[derive(Debug, Default)]
pub(super) struct Trials {
    all: BTreeMap<u64, Trial>,
}

/// A trial: what was written under each of its claims.
#[derive(Debug, Default)]
pub(super) struct Trial {
    tries: BTreeMap<u32, TryState>,
}

/// What was written under one claim of a trial.
#[derive(Debug, Default)]
pub(super) struct TryState {
    pub begun: Option<Begun>,
    pub rungs: BTreeMap<usize, f64>,
    pub ended: Option<Ended>,
}

/// The values of a trial, and what they followed from.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub seen: Seen,
    pub assignment: Assignment,
}

/// What came of it, and how long it took.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub outcome: Outcome,
    pub secs: f64,
}

/// A trial that has ended, as it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub made: Try,
    pub begun: &'a Begun,
    pub ended: &'a Ended,
}

impl Trials {
    /// Takes in what was written.
    pub fn extend(&mut self, events: impl IntoIterator<Item = TrialEvent>) {
        for event in events {
            let (trial, claim) = match &event {
                TrialEvent::Begun { trial, claim, .. }
                | TrialEvent::Rung { trial, claim, .. }
                | TrialEvent::Ended { trial, claim, .. } => (*trial, *claim),
            };
            let state = self.all.entry(trial).or_default();
            let state = state.tries.entry(claim).or_default();
            match event {
                TrialEvent::Begun {
                    seen, assignment, ..
                } => state.begun = Some(Begun { seen, assignment }),
                TrialEvent::Rung { epochs, value, .. } => {
                    state.rungs.insert(epochs, value);
                }
                TrialEvent::Ended { outcome, secs, .. } => {
                    state.ended = Some(Ended { outcome, secs });
                }
            }
        }
    }

    /// The trials that have ended, each once. Where two processes computed one, as may happen in a
    /// folder that is seen late, the first claim counts.
    pub fn counted(&self) -> impl Iterator<Item = Counted<'_>> {
        self.all.iter().filter_map(|(trial, state)| {
            state.tries.iter().find_map(|(claim, state)| {
                Some(Counted {
                    made: Try {
                        trial: *trial,
                        claim: *claim,
                    },
                    begun: state.begun.as_ref()?,
                    ended: state.ended.as_ref()?,
                })
            })
        })
    }

    /// What came of a trial of these values that was trained to the end, or failed.
    pub fn outcome_of(&self, assignment: &Assignment) -> Option<&Outcome> {
        let mut same = self
            .counted()
            .filter(|counted| counted.begun.assignment == *assignment);
        let outcome = same.find(|counted| !matches!(counted.ended.outcome, Outcome::Pruned { .. }));
        outcome.map(|counted| &counted.ended.outcome)
    }

    /// Whether a trial has ended.
    pub fn has_ended(&self, trial: u64) -> bool {
        let state = self.all.get(&trial);
        state.is_some_and(|state| state.tries.values().any(|state| state.ended.is_some()))
    }

    /// The values of the last try of a trial that has begun.
    pub fn begun(&self, trial: u64) -> Option<&Begun> {
        let state = self.all.get(&trial)?;
        state
            .tries
            .values()
            .rev()
            .find_map(|state| state.begun.as_ref())
    }

    /// What was reached on a rung by other trials.
    pub fn on_rung(&self, epochs: usize, but: u64) -> Vec<f64> {
        let others = self.all.iter().filter(|(trial, _)| **trial != but);
        let value = |(_, state): (&u64, &Trial)| {
            state
                .tries
                .values()
                .find_map(|state| state.rungs.get(&epochs).copied())
        };
        others.filter_map(value).collect()
    }

    /// The tries that the next suggestion follows from, but for those of one trial.
    pub fn seen(&self, but: u64) -> Seen {
        let ended: Vec<Try> = self
            .counted()
            .filter(|counted| counted.made.trial != but && counted.ended.outcome.value().is_some())
            .map(|counted| counted.made)
            .collect();
        let running = self.all.iter().filter_map(|(trial, state)| {
            if *trial == but || self.has_ended(*trial) {
                return None;
            }
            let (claim, _) = state
                .tries
                .iter()
                .rev()
                .find(|(_, state)| state.begun.is_some())?;
            Some(Try {
                trial: *trial,
                claim: *claim,
            })
        });
        Seen {
            ended: seen::write(&ended),
            running: seen::write(&running.collect::<Vec<Try>>()),
        }
    }

    /// What a suggestion that saw these tries followed from.
    pub fn history(&self, goal: Goal, seen: &Seen) -> Result<History> {
        let mut trials = Vec::new();
        for made in seen::read(&seen.ended)? {
            let state = self.state(made);
            let ended = state.and_then(|state| state.ended.as_ref());
            let value = ended.and_then(|ended| ended.outcome.value());
            trials.extend(self.seen_trial(made, value));
        }
        for made in seen::read(&seen.running)? {
            trials.extend(self.seen_trial(made, None));
        }
        trials.sort_by_key(|trial| trial.number);
        Ok(History { trials, goal })
    }

    fn state(&self, made: Try) -> Option<&TryState> {
        self.all.get(&made.trial)?.tries.get(&made.claim)
    }

    fn seen_trial(&self, made: Try, value: Option<f64>) -> Option<SeenTrial> {
        Some(SeenTrial {
            number: made.trial,
            assignment: self.state(made)?.begun.as_ref()?.assignment.clone(),
            value,
        })
    }

    /// The best of the trials that were trained to the end; of equal ones the first.
    pub fn best(&self, goal: Goal) -> Option<Counted<'_>> {
        let mut best: Option<(Counted<'_>, f64)> = None;
        for counted in self.counted() {
            let Some(score) = counted.ended.outcome.score() else {
                continue;
            };
            if best.is_none_or(|(_, value)| goal.is_better(score.value, value)) {
                best = Some((counted, score.value));
            }
        }
        best.map(|(counted, _)| counted)
    }
}
