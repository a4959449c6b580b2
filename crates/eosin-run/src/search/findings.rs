//! What a study came to.

use std::path::Path;

use anyhow::Result;
use eosin_core::Config;
use eosin_metrics::Metric;
use eosin_search::importance::importances;
use eosin_search::{Assignment, Goal, History};
use serde::Serialize;

use super::evaluator::config_of;
use super::hold_out::HeldOut;
use super::honest::{HonestScore, honest};
use super::keys::differing;
use super::outcome::Outcome;
use super::record::StudyRecord;
use super::study::look;
use super::trials::{Counted, Trials};

/// What a study came to.
#[derive(Clone, Debug, Serialize)]
pub struct SearchFindings {
    /// The metric that is searched for.
    pub metric: Metric,
    /// Which of its values are better.
    pub goal: Goal,
    /// Trials that were trained to the end.
    pub complete: usize,
    /// Trials that were ended early.
    pub pruned: usize,
    /// Trials whose values did not go together, or that diverged.
    pub failed: usize,
    /// All trials that ended, in the order of their numbers.
    pub trials: Vec<TrialRow>,
    /// The number of the best.
    pub winner: Option<u64>,
    /// Keys in which the winner differs from the base.
    pub changed: Vec<ChangedKey>,
    /// How much each key had to do with being among the best tenth: PED-ANOVA.
    pub importances: Vec<Share>,
    /// What the winner is worth beyond having been chosen.
    pub honest: Option<HonestScore>,
    /// What the winner came to on patches that no trial saw, where some were held out.
    pub held_out: Option<HeldOut>,
    /// The winner's configuration.
    #[serde(skip)]
    pub winner_config: Option<Config>,
}

/// A trial.
#[derive(Clone, Debug, Serialize)]
pub struct TrialRow {
    /// Its number.
    pub number: u64,
    /// Its values.
    pub assignment: Assignment,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Seconds that it took.
    pub secs: f64,
}

/// A key in which the winner differs from the base.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedKey {
    /// The key.
    pub key: String,
    /// Its value in the base, where it has one.
    pub base: Option<String>,
    /// Its value in the winner.
    pub winner: Option<String>,
}

/// How much a key mattered.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// The key.
    pub key: String,
    /// Its share of all.
    pub share: f64,
}

/// What the study in `dir` came to so far.
///
/// # Errors
/// When there is no study, or a line is damaged.
pub fn findings(dir: &Path) -> Result<SearchFindings> {
    let study = look(dir)?;
    let mut findings = of_trials(&study.record, &study.trials)?;
    findings.held_out = HeldOut::read(dir, findings.winner)?;
    Ok(findings)
}

/// The same of trials that were read before.
pub(super) fn of_trials(record: &StudyRecord, trials: &Trials) -> Result<SearchFindings> {
    let rows: Vec<TrialRow> = trials.counted().map(|counted| row(&counted)).collect();
    let count = |is: fn(&Outcome) -> bool| rows.iter().filter(|row| is(&row.outcome)).count();
    let best = trials.best(record.goal);
    let winner_config = best
        .map(|best| config_of(&record.base, &best.begun.assignment))
        .transpose()?;
    let changed = winner_config
        .as_ref()
        .map(|winner| differing(&record.base, winner));
    Ok(SearchFindings {
        metric: record.metric,
        goal: record.goal,
        complete: count(|outcome| matches!(outcome, Outcome::Complete(_))),
        pruned: count(|outcome| matches!(outcome, Outcome::Pruned { .. })),
        failed: count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        winner: best.map(|best| best.made.trial),
        changed: changed
            .unwrap_or_default()
            .into_iter()
            .map(|differing| ChangedKey {
                key: differing.key,
                base: differing.one,
                winner: differing.other,
            })
            .collect(),
        importances: shares(record, trials),
        honest: honest(record.goal, &by_folds(trials)),
        held_out: None,
        trials: rows,
        winner_config,
    })
}

fn row(counted: &Counted<'_>) -> TrialRow {
    TrialRow {
        number: counted.made.trial,
        assignment: counted.begun.assignment.clone(),
        outcome: counted.ended.outcome.clone(),
        secs: counted.ended.secs,
    }
}

/// Of trials that were trained to the end: what was ended early says little of the values of its keys.
fn shares(record: &StudyRecord, trials: &Trials) -> Vec<Share> {
    let complete = trials
        .counted()
        .filter(|counted| counted.ended.outcome.score().is_some());
    let history = History {
        trials: complete
            .map(|counted| eosin_search::SeenTrial {
                number: counted.made.trial,
                assignment: counted.begun.assignment.clone(),
                value: counted.ended.outcome.value(),
            })
            .collect(),
        goal: record.goal,
    };
    let all = importances(&record.space, &history).into_iter();
    all.map(|one| Share {
        key: one.key,
        share: one.share,
    })
    .collect()
}

/// The folds' values of the trials that have all of them.
fn by_folds(trials: &Trials) -> Vec<Vec<f64>> {
    let complete = trials.counted().filter_map(|counted| {
        let score = counted.ended.outcome.score()?;
        score.folds.iter().copied().collect::<Option<Vec<f64>>>()
    });
    complete.collect()
}
