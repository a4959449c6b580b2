//! Estimators, importances and tests against Optuna 5 and scipy.

use std::collections::BTreeMap;

use eosin_search::importance::importances;
use eosin_search::tpe::{Kernels, Mixture, Parts, best_candidate, places};
use eosin_search::{Assignment, Domain, Goal, History, Parameter, SeenTrial, Space, wilcoxon};
use serde::Deserialize;

#[derive(Deserialize)]
struct Goldens {
    space: String,
    cases: Vec<Case>,
    quantiles: Vec<Quantile>,
    wilcoxon: Vec<Paired>,
}

#[derive(Deserialize)]
struct Case {
    goal: Goal,
    trials: Vec<Recorded>,
    estimators: Vec<Estimators>,
    importances: Option<BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct Recorded {
    number: u64,
    assignment: Assignment,
    value: Option<f64>,
}

#[derive(Deserialize)]
struct Estimators {
    keys: Vec<String>,
    good: Vec<u64>,
    weights: [Vec<f64>; 2],
    kernels: [Vec<OptunasKernels>; 2],
    candidates: Vec<Vec<f64>>,
    log_densities: [Vec<f64>; 2],
    best: usize,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OptunasKernels {
    Normals { means: Vec<f64>, sigmas: Vec<f64> },
    Choices { rows: Vec<Vec<f64>> },
}

#[derive(Deserialize)]
struct Quantile {
    low: f64,
    high: f64,
    share: f64,
    at: f64,
}

#[derive(Deserialize)]
struct Paired {
    differences: Vec<f64>,
    chance: f64,
}

fn goldens() -> Goldens {
    serde_json::from_str(include_str!("../goldens/optuna.json")).expect("the script wrote it")
}

impl Case {
    fn history(&self) -> History {
        let seen = |trial: &Recorded| SeenTrial {
            number: trial.number,
            assignment: trial.assignment.clone(),
            value: trial.value,
        };
        History {
            trials: self.trials.iter().map(seen).collect(),
            goal: self.goal,
        }
    }
}

#[track_caller]
fn assert_near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        let near = (got - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        assert!(near, "{got} beside {expected}");
    }
}

#[test]
fn estimators_are_those_of_optuna() {
    let goldens = goldens();
    let space = Space::from_toml(&goldens.space).unwrap();
    for case in &goldens.cases {
        let history = case.history();
        for expected in &case.estimators {
            let parameters: Vec<&Parameter> = expected
                .keys
                .iter()
                .map(|key| space.parameter(key).unwrap())
                .collect();
            let parts = Parts::of(&history);
            let good: Vec<u64> = parts.good.iter().map(|trial| trial.number).collect();
            assert_eq!(good, expected.good);
            let mixtures = [&parts.good, &parts.rest]
                .map(|part| Mixture::over(&parameters, &places(&parameters, part)));
            for (at, mixture) in mixtures.iter().enumerate() {
                assert_near(&mixture.weights, &expected.weights[at]);
                assert_kernels(mixture, &expected.kernels[at]);
                let logs = expected
                    .candidates
                    .iter()
                    .map(|place| mixture.log_density(place));
                assert_near(&logs.collect::<Vec<_>>(), &expected.log_densities[at]);
            }
            let [good, rest] = &mixtures;
            assert_eq!(
                best_candidate(good, rest, &expected.candidates),
                expected.best
            );
        }
    }
}

#[track_caller]
fn assert_kernels(mixture: &Mixture, expected: &[OptunasKernels]) {
    for (kernels, expected) in mixture.kernels.iter().zip(expected) {
        match (kernels, expected) {
            (Kernels::Normals(normals), OptunasKernels::Normals { means, sigmas }) => {
                assert_near(&normals.means, means);
                assert_near(&normals.sigmas, sigmas);
            }
            (Kernels::Choices(rows), OptunasKernels::Choices { rows: expected }) => {
                assert_near(&rows.concat(), &expected.concat());
            }
            _ => panic!("kernels of another kind"),
        }
    }
}

#[test]
fn places_of_kernels_are_where_optuna_has_them() {
    for Quantile {
        low,
        high,
        share,
        at,
    } in goldens().quantiles
    {
        // The only kernel over no trial is the prior, whose middle is 0 and width 1 here.
        let domain = Domain::Float {
            low: -0.5,
            high: 0.5,
            scale: eosin_search::Scale::Linear,
            points: None,
        };
        let Kernels::Normals(mut normals) = Kernels::over(&domain, &[]) else {
            panic!("numbers have normal kernels");
        };
        (normals.low, normals.high) = (low, high);
        assert_near(&[Kernels::Normals(normals).quantile(0, share)], &[at]);
    }
}

#[test]
fn importances_are_those_of_optuna() {
    let goldens = goldens();
    let space = Space::from_toml(&goldens.space).unwrap();
    let mut compared = 0;
    for case in &goldens.cases {
        let Some(expected) = &case.importances else {
            continue;
        };
        for found in importances(&space, &case.history()) {
            assert_near(&[found.share], &[expected[&found.key]]);
            compared += 1;
        }
    }
    assert_eq!(compared, 12);
}

#[test]
fn paired_tests_are_those_of_scipy() {
    let cases = goldens().wilcoxon;
    assert!(cases.len() > 15);
    for Paired {
        differences,
        chance,
    } in cases
    {
        let got = wilcoxon::greater(&differences).unwrap();
        assert!(
            (got - chance).abs() < 1e-9,
            "{differences:?}: {got} beside {chance}"
        );
    }
}
