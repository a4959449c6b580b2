//! Heads in closed form against scikit-learn, and their strengths.

use eosin_heads::{
    ClosedForm, ClosedHead, EmbeddingRows as _, HeadError, InnerFolds, Problem, Strength, Table,
    TrainingPart, choose_strength, fit,
};
use serde_json::Value;

use crate::support::{Golden, Rows, binary, folds, numbers, overlapping};

/// Made by `goldens/make.py` with the versions that it names.
const SCIKIT_LEARN: &str = include_str!("../goldens/closed_forms.json");

const ALL: [ClosedForm; 4] = [
    ClosedForm::Ridge,
    ClosedForm::Lda,
    ClosedForm::Prototypes,
    ClosedForm::Neighbours,
];

fn form_of(case: &Value) -> ClosedForm {
    match case["form"].as_str().expect("a test's own input") {
        "ridge" => ClosedForm::Ridge,
        "lda" => ClosedForm::Lda,
        "prototypes" => ClosedForm::Prototypes,
        _ => ClosedForm::Neighbours,
    }
}

fn as_it_is(strength: f64) -> Strength {
    Strength {
        strength,
        kept: 1.0,
        tried: Vec::new(),
    }
}

/// The mean embedding of each patch.
fn means(rows: &Rows) -> Vec<f32> {
    let mut means = vec![0.0; rows.patches() * rows.width];
    for (row, values) in rows.values.chunks_exact(rows.width).enumerate() {
        let at = row / rows.views * rows.width;
        for (sum, value) in means[at..].iter_mut().zip(values) {
            *sum += value / rows.views as f32;
        }
    }
    means
}

/// Logits less their mean over classes, `[patches, classes]`.
fn logits(head: &ClosedHead, embeddings: &[f32], classes: usize) -> Vec<f64> {
    let mut all: Vec<f64> = match head {
        ClosedHead::Neighbours(head) => {
            head.logits(embeddings).into_iter().map(f64::from).collect()
        }
        ClosedHead::Linear(head) => {
            let width = head.weight.len() / classes;
            let of_row = |row: &[f32]| {
                let of_class = |class: usize| {
                    let weights = head.weight[class * width..][..width].iter();
                    let products = weights.zip(row).map(|(w, x)| f64::from(*w) * f64::from(*x));
                    products.sum::<f64>() + f64::from(head.bias[class])
                };
                (0..classes).map(of_class).collect::<Vec<_>>()
            };
            embeddings.chunks_exact(width).flat_map(of_row).collect()
        }
    };
    for row in all.chunks_exact_mut(classes) {
        let mean = row.iter().sum::<f64>() / classes as f64;
        for logit in row {
            *logit -= mean;
        }
    }
    all
}

#[test]
fn logits_equal_scikit_learn() {
    let goldens: Value = serde_json::from_str(SCIKIT_LEARN).expect("a test's own input");
    for case in goldens["cases"].as_array().expect("a test's own input") {
        let (golden, form) = (Golden::new(case), form_of(case));
        let (rows, targets) = (&golden.rows, golden.targets());
        let table = Table::new(rows).expect("a test's own input");
        let problem = Problem {
            table: &table,
            targets,
            parts: &[golden.part()],
        };
        let strength = case["strength"].as_f64().expect("a test's own input");
        let heads = fit(form, &problem, &[as_it_is(strength)], &mut || Ok(()));
        let heads = heads.expect("a test's own input");
        let got = logits(&heads[0], &means(rows), targets.classes);
        let expected = numbers(&case["logits"]);
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let apart = norm(&mut got.iter().zip(&expected).map(|(a, b)| a - b));
        let error = apart / norm(&mut expected.iter().copied());
        assert!(error < 1e-3, "{form:?} {strength}: {error}");
    }
}

#[test]
fn parts_side_by_side_equal_parts_by_themselves() {
    let (rows, classes) = overlapping(90, 20);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    // Parts that divide the patches into few sets, and such as divide them into more than there are.
    for (count, turned) in [(5, 0), (2, 1)] {
        let part = |at: usize| {
            let taken = |patch: &usize| (patch / 18 + turned * patch) % 5 != at;
            TrainingPart::of(&(0..90).filter(taken).collect::<Vec<_>>(), &targets)
        };
        let parts: Vec<TrainingPart> = (0..count).map(part).collect();
        for form in ALL {
            let fitted = |parts: &[TrainingPart]| {
                let problem = Problem {
                    table: &table,
                    targets,
                    parts,
                };
                let strengths = vec![as_it_is(form.unchosen(180)); parts.len()];
                fit(form, &problem, &strengths, &mut || Ok(())).expect("a test's own input")
            };
            let together = fitted(&parts);
            for (at, head) in together.iter().enumerate() {
                let alone = fitted(&parts[at..=at]);
                let (a, b) = (
                    logits(head, &means(&rows), 2),
                    logits(&alone[0], &means(&rows), 2),
                );
                for (a, b) in a.iter().zip(&b) {
                    assert!((a - b).abs() < 1e-4, "{form:?}, part {at}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn a_strength_is_chosen_that_tells_more_than_the_shares_of_the_classes() {
    let (rows, classes) = overlapping(240, 12);
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(240, 5), |rows| TrainingPart::of(rows, &targets));
    // A third of the patches are of class 1.
    let prior = -(1.0_f64 / 3.0 * (1.0_f64 / 3.0).ln() + 2.0 / 3.0 * (2.0_f64 / 3.0).ln());
    for form in ALL {
        let strengths = form.strengths(320, 160);
        let chosen = choose_strength(form, &table, targets, &inner, &strengths, &mut || Ok(()));
        for chosen in chosen.expect("a test's own input") {
            let chosen = chosen.expect("enough patches");
            assert_eq!(chosen.tried.len(), strengths.len());
            let best = chosen
                .tried
                .iter()
                .map(|tried| tried.log_loss)
                .fold(f64::INFINITY, f64::min);
            let own = chosen
                .tried
                .iter()
                .find(|tried| tried.strength.to_bits() == chosen.strength.to_bits());
            assert!(best < prior - 0.02, "{form:?}: {best} against {prior}");
            assert!((own.expect("it was tried").log_loss - best).abs() < 1e-12);
        }
    }
}

#[test]
fn more_values_than_rows_and_values_that_never_change_are_fitted() {
    let (mut rows, classes) = overlapping(36, 150);
    // Values that hardly change but in a single patch, as those of a unit that is nearly dead.
    for (row, values) in rows.values.chunks_exact_mut(150).enumerate() {
        for (at, value) in values[10..60].iter_mut().enumerate() {
            let alone = row / rows.views == at % 36;
            *value = if alone { 3.0 } else { 1e-6 * *value };
        }
    }
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(36, 5), |rows| TrainingPart::of(rows, &targets));
    for form in ALL {
        let strengths = form.strengths(48, 20);
        let chosen = choose_strength(form, &table, targets, &inner, &strengths, &mut || Ok(()));
        for chosen in chosen.expect("a test's own input").into_iter().flatten() {
            let losses = chosen.tried.iter().map(|tried| tried.log_loss);
            assert!(
                losses.clone().all(f64::is_finite),
                "{form:?}: {:?}",
                chosen.tried
            );
        }
    }
}

#[test]
fn embeddings_that_tell_nothing_are_answered_with_the_shares_of_the_classes() {
    let (rows, mut classes) = overlapping(120, 12);
    // Every class is spread over all embeddings alike.
    for (patch, class) in classes.iter_mut().enumerate() {
        *class = usize::from(patch / 3 % 3 == 0);
    }
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(120, 5), |rows| TrainingPart::of(rows, &targets));
    for form in ALL {
        let strengths = form.strengths(144, 72);
        let chosen = choose_strength(form, &table, targets, &inner, &strengths, &mut || Ok(()));
        for chosen in chosen.expect("a test's own input").into_iter().flatten() {
            let best = chosen
                .tried
                .iter()
                .map(|tried| tried.log_loss)
                .fold(f64::INFINITY, f64::min);
            let prior = -(1.0_f64 / 3.0 * (1.0_f64 / 3.0).ln() + 2.0 / 3.0 * (2.0_f64 / 3.0).ln());
            assert!(best < prior + 0.03, "{form:?}: {best} against {prior}");
        }
    }
}

#[test]
fn a_strength_that_only_rounding_would_answer_is_an_error_and_is_not_chosen() {
    let (mut rows, classes) = overlapping(60, 40);
    // Values that say the same to the last digits of single precision.
    for values in rows.values.chunks_exact_mut(40) {
        for at in 0..10 {
            values[20 + at] = values[at] * (1.0 + 1e-7);
        }
    }
    let targets = binary(&classes);
    let table = Table::new(&rows).expect("a test's own input");
    let inner = InnerFolds::of_pairs(&folds(60, 5), |rows| TrainingPart::of(rows, &targets));
    let all: Vec<usize> = (0..60).collect();
    let problem = Problem {
        table: &table,
        targets,
        parts: &[TrainingPart::of(&all, &targets)],
    };
    for form in [ClosedForm::Ridge, ClosedForm::Lda] {
        let weak = 1e-12;
        let error = fit(form, &problem, &[as_it_is(weak)], &mut || Ok(())).expect_err("too weak");
        assert!(
            matches!(error, HeadError::TooWeak { .. }),
            "{form:?}: {error}"
        );
        let strengths = [form.unchosen(96), weak];
        let chosen = choose_strength(form, &table, targets, &inner, &strengths, &mut || Ok(()));
        for chosen in chosen.expect("a test's own input") {
            assert_eq!(chosen.expect("one is left").tried.len(), 1, "{form:?}");
        }
    }
}

#[test]
fn the_unit_of_the_embeddings_changes_nothing() {
    let (rows, classes) = overlapping(60, 12);
    let targets = binary(&classes);
    let all: Vec<usize> = (0..60).collect();
    let said = |unit: f32| {
        let rows = Rows {
            values: rows.values.iter().map(|value| unit * value).collect(),
            ..rows
        };
        let table = Table::new(&rows).expect("they differ, whatever their unit");
        let parts = [TrainingPart::of(&all, &targets)];
        let problem = Problem {
            table: &table,
            targets,
            parts: &parts,
        };
        ALL.map(|form| {
            let strengths = [as_it_is(form.unchosen(120))];
            let heads = fit(form, &problem, &strengths, &mut || Ok(())).expect("they differ");
            logits(&heads[0], &means(&rows), 2)
        })
    };
    // Powers of two: not a bit is rounded anew.
    let expected = said(1.0);
    for exponent in [-60, -24, 24] {
        let got = said(2.0_f32.powi(exponent));
        for (got, expected) in got.iter().flatten().zip(expected.iter().flatten()) {
            assert!(
                (got - expected).abs() < 1e-5,
                "2^{exponent}: {got} {expected}"
            );
        }
    }
}
