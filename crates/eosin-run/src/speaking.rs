//! Patches that show how a run sees each class.

use std::collections::BTreeMap;

use eosin_core::{Decision, Task, log_odds};
use eosin_report::{SpeakingClass, SpeakingPatch, Thumbnail};
use eosin_store::RunRecord;
use eosin_train::{Part, Prediction};

/// Patches of a kind that are shown of each class, at most.
const SHOWN: usize = 4;
/// Patches of a kind that are shown of all classes together, where there are many.
const SHOWN_OF_ALL: usize = 48;

/// A labelled prediction.
#[derive(Clone, Copy)]
struct Said<'a> {
    row: &'a Prediction,
    target: usize,
    /// Probability of its own class.
    prob: f32,
}

/// Of each class that has patches the typical ones (right, their probability nearest to the median of those that
/// are) and those that the run is least sure of (nearest to being decided otherwise), out of fold and on the test part;
/// `small` gives the picture of a key.
pub(crate) fn speaking(
    rows: &[Prediction],
    record: &RunRecord,
    task: &Task,
    small: &dyn Fn(&str) -> Option<Thumbnail>,
) -> Vec<SpeakingClass> {
    // Of a patch that several cross-validations judged, what the first says.
    let mut said: BTreeMap<&str, Said<'_>> = BTreeMap::new();
    for row in rows {
        if let (Part::OutOfFold | Part::TestAverage, Some(target)) = (row.part, row.target) {
            let prob = row.probs[target];
            said.entry(&row.key).or_insert(Said { row, target, prob });
        }
    }
    let shown = |said: &Said<'_>| SpeakingPatch {
        key: said.row.key.clone(),
        pred: task.decision.decide(&said.row.probs),
        prob: f64::from(said.prob),
        origin: match said.row.fold {
            Some(fold) => format!("fold {}", record.fold_name(fold)),
            None => "test".to_owned(),
        },
        thumbnail: small(&said.row.key),
    };
    let most = (SHOWN_OF_ALL / task.classes.len().max(1)).clamp(1, SHOWN);
    let of_class = |class: usize| {
        let of_class: Vec<Said<'_>> = said
            .values()
            .filter(|said| said.target == class)
            .copied()
            .collect();
        (!of_class.is_empty()).then(|| SpeakingClass {
            class,
            typical: typical(&of_class, task)
                .iter()
                .take(most)
                .map(shown)
                .collect(),
            least_sure: least_sure(&of_class, task)
                .iter()
                .take(most)
                .map(shown)
                .collect(),
        })
    };
    (0..task.classes.len()).filter_map(of_class).collect()
}

/// Those that are right and nearest to the median of these.
fn typical<'a>(said: &[Said<'a>], task: &Task) -> Vec<Said<'a>> {
    let is_right = |said: &&Said<'_>| task.decision.decide(&said.row.probs) == said.target;
    let mut right: Vec<Said<'a>> = said.iter().filter(is_right).copied().collect();
    right.sort_by(|a, b| a.prob.total_cmp(&b.prob));
    let Some(median) = right.get(right.len() / 2).map(|said| said.prob) else {
        return right;
    };
    // Equal ones stay in the order of their keys, whatever the sort before.
    right.sort_by(|a, b| {
        let off = |said: &Said<'_>| (said.prob - median).abs();
        off(a).total_cmp(&off(b)).then(a.row.key.cmp(&b.row.key))
    });
    right.truncate(SHOWN);
    right
}

/// Those whose decision is nearest to another.
fn least_sure<'a>(said: &[Said<'a>], task: &Task) -> Vec<Said<'a>> {
    let mut all = said.to_vec();
    all.sort_by(|a, b| {
        let (one, other) = (margin(&a.row.probs, task), margin(&b.row.probs, task));
        one.total_cmp(&other).then(a.row.key.cmp(&b.row.key))
    });
    all.truncate(SHOWN);
    all
}

/// How far probabilities are from being decided otherwise.
fn margin(probs: &[f32], task: &Task) -> f64 {
    if let Decision::AtLeast {
        class,
        log_odds: least,
    } = task.decision
    {
        return (log_odds(probs, class) - least).abs();
    }
    let mut sorted = probs.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    match sorted[..] {
        [first, second, ..] => f64::from(first - second),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::FoldId;

    use super::*;

    fn row(at: usize, target: usize, prob: f32) -> Prediction {
        Prediction {
            key: format!("k{at}"),
            part: Part::OutOfFold,
            fold: Some(FoldId::new(0, 0)),
            target: Some(target),
            probs: vec![1.0 - prob, prob],
        }
    }

    fn said(rows: &[Prediction]) -> Vec<Said<'_>> {
        let said = |row| Said {
            row,
            target: 1,
            prob: row.probs[1],
        };
        rows.iter().map(said).collect()
    }

    fn task() -> Task {
        Task::new(vec!["benign".into(), "malignant".into()], 1)
    }

    fn keys(said: &[Said<'_>]) -> Vec<String> {
        said.iter().map(|said| said.row.key.clone()).collect()
    }

    #[test]
    fn typical_patches_are_right_and_as_sure_as_the_median_and_the_least_sure_near_the_threshold() {
        let probs = [0.99, 0.75, 0.71875, 0.8125, 0.65625, 0.55, 0.45, 0.1];
        let rows: Vec<Prediction> = (0..)
            .zip(probs)
            .map(|(at, prob)| row(at, 1, prob))
            .collect();
        let all = said(&rows);
        let typical = keys(&typical(&all, &task()));
        assert_eq!(
            typical,
            ["k1", "k2", "k3", "k4"].map(str::to_owned).to_vec()
        );
        assert_eq!(keys(&least_sure(&all, &task()))[..2], ["k5", "k6"]);
        let locked = Task {
            decision: Decision::AtLeast {
                class: 1,
                log_odds: (0.1_f64 / 0.9).ln(),
            },
            ..task()
        };
        assert_eq!(keys(&least_sure(&all, &locked))[0], "k7");
    }

    #[test]
    fn of_constant_predictions_all_wrong_there_is_no_typical_patch() {
        let rows: Vec<Prediction> = (0..6).map(|at| row(at, 1, 0.2)).collect();
        assert!(typical(&said(&rows), &task()).is_empty());
        assert_eq!(least_sure(&said(&rows), &task()).len(), SHOWN);
        assert!(least_sure(&[], &task()).is_empty());
    }
}
