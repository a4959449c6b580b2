//! The solver against scikit-learn, and against itself.

use eosin_heads::{
    Accuracy, Group, HeadError, InnerFolds, Optimum, Penalties, Problem, Table, Targets,
    TrainingPart, choose, solve,
};
use serde_json::Value;

use crate::support::{Golden, binary, folds, numbers, overlapping};

/// Made by `goldens/make.py` with the versions that it names.
const SCIKIT_LEARN: &str = include_str!("../goldens/scikit_learn.json");

fn solve_quietly(problem: &Problem<'_>, c: f64) -> Vec<Optimum> {
    solve_or_say(problem, c).expect("a test's own input")
}

/// All models under one penalty.
fn solve_or_say(problem: &Problem<'_>, c: f64) -> Result<Vec<Optimum>, HeadError> {
    let models = problem.parts.len();
    solve(
        problem,
        &[Group { models, c }],
        None,
        Accuracy::FULL,
        &mut || Ok(()),
    )
}

#[test]
fn a_group_of_models_is_the_same_bits_whatever_is_solved_beside_it() {
    for (width, count) in [(7, 2), (40, 2), (40, 3), (128, 2), (130, 2), (320, 2)] {
        let (rows, mut classes) = overlapping(90, width);
        for (patch, class) in classes.iter_mut().enumerate() {
            *class = (*class + patch / 40).min(count - 1);
        }
        let targets = Targets {
            classes_of: &classes,
            classes: count,
            label_smoothing: 0.0,
        };
        let table = Table::new(&rows).expect("a test's own input");
        let parts: Vec<TrainingPart> = (0..4)
            .flat_map(|group| (0..3).map(move |fold| (group, fold)))
            .map(|(group, fold)| {
                let held = |patch: &usize| patch % 3 != fold;
                let patches: Vec<usize> = (0..90).filter(held).collect();
                let mut part = TrainingPart::of(&patches, &targets);
                part.class_weights[1] += group as f32;
                part
            })
            .collect();
        let penalties = [0.01, 1.0, 1e6, 0.02];
        let groups = penalties.map(|c| Group { models: 3, c });
        let problem = |parts| Problem {
            table: &table,
            targets,
            parts,
        };
        let full = Accuracy::FULL;
        let together = solve(&problem(&parts), &groups, None, full, &mut || Ok(()));
        let together = together.expect("a test's own input");
        for (at, c) in penalties.iter().enumerate() {
            let own = at * 3..at * 3 + 3;
            let alone = solve_quietly(&problem(&parts[own.clone()]), *c);
            for (alone, together) in alone.iter().zip(&together[own]) {
                assert_eq!(
                    alone.weights, together.weights,
                    "{width} values, {count} classes, C {c}"
                );
                assert_eq!(alone.passes, together.passes);
            }
        }
    }
}

#[test]
fn coefficients_and_objective_equal_scikit_learn() {
    let goldens: Value = serde_json::from_str(SCIKIT_LEARN).expect("a test's own input");
    for case in goldens["cases"].as_array().expect("a test's own input") {
        let golden = Golden::new(case);
        let (rows, targets) = (&golden.rows, golden.targets());
        let table = Table::new(rows).expect("a test's own input");
        let problem = Problem {
            table: &table,
            targets,
            parts: &[golden.part()],
        };
        let c = case["c"].as_f64().expect("a test's own input");
        let [optimum] = &solve_quietly(&problem, c)[..] else {
            panic!("one model was asked for");
        };
        let width = rows.width;
        let (weight, bias) = (&optimum.head.weight, &optimum.head.bias);
        let (mut coefficients, mut intercepts) = (weight.clone(), bias.clone());
        if targets.classes == 2 {
            let difference = |values: &[f32], n: usize| -> Vec<f32> {
                (0..n).map(|at| values[n + at] - values[at]).collect()
            };
            (coefficients, intercepts) = (difference(weight, width), difference(bias, 1));
        }
        let expected = numbers(&case["coef"]);
        let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let apart = |got: &[f32], expected: &[f64]| {
            let parts = got.iter().zip(expected).map(|(a, b)| f64::from(*a) - b);
            norm(&parts.collect::<Vec<_>>()) / norm(expected)
        };
        let error = apart(&coefficients, &expected);
        assert!(error < 1e-3, "C {c}: coefficients differ by {error}");
        let error = apart(&intercepts, &numbers(&case["intercept"]));
        assert!(error < 1e-3, "C {c}: intercepts differ by {error}");
        let objective = case["objective"].as_f64().expect("a test's own input");
        let error = (optimum.value / objective - 1.0).abs();
        assert!(error < 1e-6, "C {c}: {} not {objective}", optimum.value);
        assert!(
            optimum.is_solved(Accuracy::FULL),
            "C {c}: {}",
            optimum.relative_gap
        );
    }
}

#[test]
fn models_side_by_side_equal_models_by_themselves() {
    let (rows, classes) = overlapping(90, 20);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let without = |fold: usize| {
        let rows: Vec<usize> = (0..90).filter(|patch| patch % 5 != fold).collect();
        TrainingPart::of(&rows, &targets)
    };
    let parts: Vec<TrainingPart> = (0..5).map(without).collect();
    let problem = |parts| Problem {
        table: &table,
        targets,
        parts,
    };
    let together = solve_quietly(&problem(&parts), 0.3);
    for (fold, optimum) in together.iter().enumerate() {
        let alone = solve_quietly(&problem(&parts[fold..=fold]), 0.3);
        for (a, b) in optimum.head.weight.iter().zip(&alone[0].head.weight) {
            assert!((a - b).abs() < 1e-4, "fold {fold}: {a} {b}");
        }
    }
}

#[test]
fn the_same_bytes_come_out_whatever_the_number_of_threads() {
    let (rows, classes) = overlapping(700, 30);
    let targets = binary(&classes);
    let train: Vec<usize> = (0..700).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a test's own input");
        pool.install(|| {
            let table = Table::new(&rows).expect("a test's own input");
            let problem = Problem {
                table: &table,
                targets,
                parts: &[TrainingPart::of(&train, &targets)],
            };
            solve_quietly(&problem, 0.1)[0].weights.clone()
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn more_values_than_rows_are_solved() {
    let (rows, classes) = overlapping(20, 150);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let train: Vec<usize> = (0..20).collect();
    let problem = Problem {
        table: &table,
        targets,
        parts: &[TrainingPart::of(&train, &targets)],
    };
    for c in [1e-6, 1.0, 10.0] {
        let optimum = &solve_quietly(&problem, c)[0];
        assert!(
            optimum.is_solved(Accuracy::FULL),
            "C {c}: {}",
            optimum.relative_gap
        );
    }
}

#[test]
fn embeddings_without_a_number_or_a_difference_are_errors() {
    let (mut rows, _) = overlapping(20, 5);
    rows.values[33] = f32::NAN;
    let error = Table::new(&rows)
        .err()
        .expect("a test's own input")
        .to_string();
    assert!(error.contains("view 0 of patch 3"), "{error}");
    rows.values.fill(7.0);
    let error = Table::new(&rows)
        .err()
        .expect("a test's own input")
        .to_string();
    assert!(
        error.contains("all 20 patches have the same embedding"),
        "{error}"
    );
}

#[test]
fn a_training_part_without_a_class_is_an_error_that_names_it() {
    let (rows, classes) = overlapping(20, 5);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let benign: Vec<usize> = (0..20).filter(|patch| classes[*patch] == 0).collect();
    let problem = Problem {
        table: &table,
        targets,
        parts: &[TrainingPart::of(&benign, &targets)],
    };
    let error = solve_or_say(&problem, 1.0).expect_err("it must be refused");
    assert!(error.to_string().contains("class 1"), "{error}");
}

#[test]
fn a_penalty_is_chosen_without_what_it_will_be_judged_on() {
    let (rows, mut classes) = overlapping(60, 12);
    let folds: Vec<Vec<usize>> = (0..6)
        .map(|fold| (fold * 10..fold * 10 + 10).collect())
        .collect();
    let chosen = |classes: &[usize]| {
        let targets = binary(classes);
        let table = Table::new(&rows).expect("a test's own input");
        let inner = InnerFolds::of_pairs(&folds, |rows| TrainingPart::of(rows, &targets));
        let penalties = Penalties::of(120, 12);
        let choices = choose(&table, targets, &inner, penalties, &mut || Ok(()));
        let choices = choices.expect("a test's own input").into_iter();
        let choices = choices.map(|choice| choice.expect("enough patches"));
        choices.collect::<Vec<_>>()
    };
    let before = chosen(&classes);
    // What fold 2 is labelled must not matter to its own choice.
    for patch in &folds[2] {
        classes[*patch] = 1 - classes[*patch];
    }
    let after = chosen(&classes);
    for tried in &before[2].tried {
        let same = after[2]
            .tried
            .iter()
            .find(|other| other.strength.to_bits() == tried.strength.to_bits());
        if let Some(same) = same {
            assert!(
                (same.log_loss - tried.log_loss).abs() < 1e-3,
                "{tried:?} {same:?}"
            );
        }
    }
    assert!(
        (before[2].c - after[2].c).abs() < 1e-12,
        "{} {}",
        before[2].c,
        after[2].c
    );
}

#[test]
fn labels_by_chance_are_answered_with_the_shares_of_the_classes() {
    let (mut rows, classes) = overlapping(120, 40);
    // Nothing in the embeddings tells of the class.
    let stride = rows.views * rows.width;
    rows.values.rotate_left(stride * 7);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(120, 5), |rows| TrainingPart::of(rows, &targets));
    let penalties = Penalties::of(240, 40);
    let choices =
        choose(&table, targets, &inner, penalties, &mut || Ok(())).expect("a test's own input");
    // A third of the patches are of class 1.
    let prior = -(1.0_f64 / 3.0 * (1.0_f64 / 3.0).ln() + 2.0 / 3.0 * (2.0_f64 / 3.0).ln());
    for choice in choices.into_iter().flatten() {
        let best = choice
            .tried
            .iter()
            .map(|tried| tried.log_loss)
            .fold(f64::INFINITY, f64::min);
        assert!(best < prior + 0.03, "{best} against {prior}");
    }
}

#[test]
fn a_class_that_every_inner_fold_loses_leaves_nothing_chosen() {
    let (rows, mut classes) = overlapping(12, 5);
    classes.fill(0);
    classes[0] = 1;
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(12, 4), |rows| TrainingPart::of(rows, &targets));
    let penalties = Penalties::of(24, 5);
    let choices =
        choose(&table, targets, &inner, penalties, &mut || Ok(())).expect("a test's own input");
    assert!(choices.iter().all(Option::is_none));
}

#[test]
fn classes_that_can_be_separated_are_solved_under_weak_penalties() {
    // More values than rows, and ten models whose nearest rows are not the same.
    let (rows, classes) = overlapping(60, 150);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let part = |fold: usize| {
        let rows: Vec<usize> = (0..60).filter(|patch| patch % 10 != fold).collect();
        TrainingPart::of(&rows, &targets)
    };
    let parts: Vec<TrainingPart> = (0..10).map(part).collect();
    let problem = |parts| Problem {
        table: &table,
        targets,
        parts,
    };
    for c in [1.0, 1e2, 1e4] {
        let together = solve_quietly(&problem(&parts), c);
        for (at, optimum) in together.iter().enumerate() {
            let gap = optimum.relative_gap;
            assert!(optimum.is_solved(Accuracy::FULL), "C {c}, {at}: {gap}");
            let alone = &solve_quietly(&problem(&parts[at..=at]), c)[0];
            let apart = (optimum.value / alone.value - 1.0).abs();
            assert!(apart < 1e-5, "C {c}, {at}: {apart}");
        }
    }
}

#[test]
fn no_penalty_ends_in_a_panic() {
    let (rows, classes) = overlapping(60, 20);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let problem = Problem {
        table: &table,
        targets,
        parts: &[TrainingPart::of(&(0..60).collect::<Vec<_>>(), &targets)],
    };
    for step in -320..=308 {
        let c = 10_f64.powi(step);
        match solve_or_say(&problem, c) {
            Ok(optima) => assert!(optima[0].weights.iter().all(|weight| weight.is_finite())),
            Err(HeadError::TooWeakPenalty { c: said }) => {
                assert_eq!(said.to_bits(), c.to_bits());
                assert!(step > 12, "1e{step}");
            }
            Err(error) => panic!("1e{step}: {error}"),
        }
    }
}
