//! What is suggested.

use eosin_core::{Seed, Stream};
use eosin_search::{Assignment, Goal, History, Method, SeenTrial, Space, Value};
use proptest::prelude::*;

const SPACE: &str = "
[train]
head = { choice = ['logistic', 'ridge', 'lda'] }
strength = { float = [1e-4, 1e2], log = true, when = { train.head = ['logistic', 'ridge'] } }
dropout = { float = [0.0, 0.9] }
epochs = { integer = [1, 200], log = true }
hidden = { integer = [8, 64], step = 8 }
batch_size = { choice = [64] }
";

fn space() -> Space {
    Space::from_toml(SPACE).expect("a space")
}

/// Better near a strength of 1 with `ridge`, and with little dropout.
fn score(assignment: &Assignment) -> f64 {
    let number = |key: &str| assignment.get(key).and_then(Value::number);
    let strength = number("train.strength").map_or(-4.0, |at| -at.log10().abs());
    let ridge = f64::from(assignment["train.head"] == Value::Text("ridge".into()));
    strength + ridge - number("train.dropout").unwrap_or(0.0)
}

fn search(method: Method, seed: u64, trials: u64) -> History {
    let space = space();
    let mut history = History {
        trials: Vec::new(),
        goal: Goal::Maximise,
    };
    for number in 0..trials {
        let mut rng = Seed(seed).stream(Stream::Trial, &[number]);
        let assignment = method
            .suggest(&space, &history, number, &mut rng)
            .expect("a space that can be searched");
        assert!(space.holds(&assignment), "{assignment:?}");
        let value = Some(score(&assignment));
        history.trials.push(SeenTrial {
            number,
            assignment,
            value,
        });
    }
    history
}

fn best(history: &History) -> f64 {
    let values = history.trials.iter().filter_map(|trial| trial.value);
    values.fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn estimators_find_better_values_than_chance() {
    let (mut wins, mut gap) = (0, 0.0);
    for seed in 0..10 {
        let (tpe, random) = (
            search(Method::Tpe, seed, 60),
            search(Method::Random, seed, 60),
        );
        let gain = best(&tpe) - best(&random);
        wins += u32::from(gain > 0.0);
        gap += gain / 10.0;
    }
    assert!(wins >= 8 && gap > 0.05, "{wins} of 10, {gap}");
}

#[test]
fn the_same_seed_and_trials_give_the_same_suggestion() {
    let one = search(Method::Tpe, 3, 30);
    assert_eq!(one, search(Method::Tpe, 3, 30));
    assert_ne!(one, search(Method::Tpe, 4, 30));
}

#[test]
fn running_trials_push_the_next_one_away() {
    // Beside ten trials of the same values that run the next one moves off.
    let space = Space::from_toml("train.dropout = { float = [0.0, 0.9] }").unwrap();
    let trial = |number: u64, at: f64, value| SeenTrial {
        number,
        assignment: Assignment::from([("train.dropout".to_owned(), Value::Float(at))]),
        value,
    };
    let ended: Vec<SeenTrial> = (0..20)
        .map(|number| {
            let at = 0.045 * number as f64;
            trial(number, at, Some(-(at - 0.45).abs()))
        })
        .collect();
    let near = |trials: &[SeenTrial]| {
        let history = History {
            trials: trials.to_vec(),
            goal: Goal::Maximise,
        };
        let drawn = (0..40).filter(|number| {
            let mut rng = Seed(1).stream(Stream::Trial, &[*number]);
            let at = Method::Tpe.suggest(&space, &history, 99, &mut rng).unwrap();
            let at = at["train.dropout"].number().unwrap();
            (at - 0.45).abs() < 0.03
        });
        drawn.count()
    };
    let running = (20..30).map(|number| trial(number, 0.45, None));
    let with: Vec<SeenTrial> = ended.iter().cloned().chain(running).collect();
    let (alone, beside) = (near(&ended), near(&with));
    assert!(
        beside * 2 < alone,
        "{alone} near the best, {beside} beside running ones"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_suggestion_lies_in_the_space(seed: u64, values in prop::collection::vec(-1e3..1e3_f64, 0..60)) {
        let space = space();
        let mut trials = Vec::new();
        for (number, value) in values.into_iter().enumerate() {
            let mut rng = Seed(seed).stream(Stream::Trial, &[number as u64]);
            let assignment = eosin_search::suggest_at_random(&space, &mut rng);
            let value = (value > -900.0).then_some(value);
            trials.push(SeenTrial { number: number as u64, assignment, value });
        }
        let history = History { trials, goal: Goal::Minimise };
        let mut rng = Seed(seed).stream(Stream::Trial, &[1000]);
        let next = Method::Tpe.suggest(&space, &history, 1000, &mut rng).unwrap();
        prop_assert!(space.holds(&next), "{:?}", next);
    }
}
