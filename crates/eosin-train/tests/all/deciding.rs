//! What judges a fold has not seen it, and what is stored has seen all.

use std::collections::BTreeMap;

use eosin_core::config::{CalibratorKind, GroupBy, JudgeConfig};
use eosin_core::{Calibrator, FoldId, Rng, Seed, Stream, Task, log_odds};
use eosin_metrics::{Counts, ScoredRows, choose_cut, counts_at, fit_platt};
use eosin_train::{DecisionFindings, GroupNames, Part, PatchGroups, Prediction, decide};
use rand::RngExt as _;

const FOLDS: usize = 4;
const ROWS: usize = 60;

fn task() -> Task {
    Task::new(["benign", "malignant"].map(str::to_owned).into(), 1)
}

/// A prediction that is twice too sure.
fn predicted(at: usize, part: Part, fold: Option<FoldId>, rng: &mut Rng) -> Prediction {
    let z = 6.0 * rng.random::<f32>() - 3.0;
    let prob = |z: f32| 1.0 / (1.0 + (-z).exp());
    let target = usize::from(rng.random::<f32>() < prob(z / 2.0));
    Prediction {
        key: format!("{at:03}"),
        part,
        fold,
        target: Some(target),
        probs: vec![prob(-z), prob(z)],
    }
}

/// Two cross-validations and a test part.
fn rows() -> Vec<Prediction> {
    let mut rng = Seed(4).stream(Stream::Shuffle, &[]);
    let mut rows = Vec::new();
    for repeat in 0..2 {
        for at in 0..FOLDS * ROWS {
            let fold = Some(FoldId::new(repeat, at / ROWS));
            rows.push(predicted(at, Part::OutOfFold, fold, &mut rng));
        }
    }
    rows.extend((900..980).map(|at| predicted(at, Part::TestAverage, None, &mut rng)));
    rows
}

fn scored<'a>(rows: impl Iterator<Item = &'a Prediction>) -> ScoredRows {
    let each = rows.map(|row| (row.target == Some(1), log_odds(&row.probs, 1)));
    let (positive, odds) = each.unzip();
    ScoredRows::new(positive, odds, None).expect("rows")
}

fn apart() -> PatchGroups {
    PatchGroups::new(GroupBy::None, BTreeMap::new())
}

fn found(rows: &[Prediction], threshold: &str) -> DecisionFindings {
    let asked = JudgeConfig {
        calibrate: CalibratorKind::Platt,
        threshold: threshold.parse().expect("a rule"),
    };
    decide(rows, &task(), asked, &apart()).expect("predictions")
}

#[test]
fn a_fold_is_judged_by_what_the_other_folds_of_its_cross_validation_give() {
    let rows = rows();
    let found = found(&rows, "f1");
    let platt = found.of_kind(CalibratorKind::Platt).unwrap();
    assert_eq!((platt.folds.len(), platt.out_of_fold.len()), (2 * FOLDS, 2));
    let mut counts = Counts::default();
    for judged in &platt.folds {
        let own = |row: &&Prediction| row.fold == Some(judged.fold);
        let is_other = |row: &&Prediction| {
            row.fold
                .is_some_and(|fold| fold.repeat == judged.fold.repeat && fold != judged.fold)
        };
        let others = scored(rows.iter().filter(is_other));
        let calibrator = fit_platt(&others).unwrap();
        let mine = scored(rows.iter().filter(own));
        let losses = mine
            .calibrated(&calibrator)
            .probs()
            .into_iter()
            .zip(mine.positive());
        let losses = losses.map(|(prob, positive)| -if *positive { prob } else { 1.0 - prob }.ln());
        let expected = losses.sum::<f64>() / mine.len() as f64;
        assert!((judged.figures.log_loss.unwrap() - expected).abs() < 1e-12);
        let cut = choose_cut(&others, "f1".parse().unwrap(), Some(&calibrator)).unwrap();
        counts = counts.plus(&counts_at(&mine, cut.log_odds));
    }
    let f1 = found.asked_threshold().unwrap();
    assert_eq!(f1.out_of_fold.unwrap().counts, counts);
    assert_ne!(f1.chosen_on.unwrap().counts, counts);
}

#[test]
fn what_is_stored_is_fitted_on_all_and_applied_to_the_test_part_untouched() {
    let rows = rows();
    let found = found(&rows, "f1");
    let all = scored(rows.iter().filter(|row| row.part == Part::OutOfFold));
    let stored = fit_platt(&all).unwrap();
    assert_eq!(found.applied.calibrator.as_ref(), Some(&stored));
    let Calibrator::Platt { slope, .. } = stored else {
        panic!("no sigmoid");
    };
    assert!((slope - 0.5).abs() < 0.15, "{slope}");
    let test = scored(rows.iter().filter(|row| row.part == Part::TestAverage));
    let threshold = found.applied.threshold.unwrap();
    let of_rule = found.asked_threshold().unwrap();
    assert_eq!(
        of_rule.test.unwrap().counts,
        counts_at(&test, threshold.log_odds)
    );
    // Nothing of the test part has a say.
    let mut other = rows.clone();
    for row in other.iter_mut().filter(|row| row.part == Part::TestAverage) {
        row.target = row.target.map(|target| 1 - target);
    }
    let again = self::found(&other, "f1");
    assert_eq!(again.applied, found.applied);
    assert_ne!(again.asked_threshold().unwrap().test, of_rule.test);
}

#[test]
fn a_calibrator_moves_the_most_probable_class_where_it_moves_even_odds() {
    let mut rows = rows();
    // All say 1.5 too much.
    for row in &mut rows {
        let odds = 1.5_f32.exp() * row.probs[1] / row.probs[0];
        row.probs = vec![1.0 / (1.0 + odds), odds / (1.0 + odds)];
    }
    let found = found(&rows, "likeliest");
    let threshold = found.applied.threshold.unwrap();
    assert!((threshold.prob - 0.5).abs() < 1e-9, "{threshold:?}");
    assert!((threshold.log_odds - 1.5).abs() < 0.5, "{threshold:?}");
    let nothing = JudgeConfig::default();
    let plain = decide(&rows, &task(), nothing, &apart()).unwrap();
    assert!(plain.applied.is_usual());
}

#[test]
fn intervals_are_by_group_where_groups_are_known() {
    let rows = rows();
    let by_ten = rows.iter().map(|row| {
        let slide = Some(row.key[..2].to_owned());
        let names = GroupNames {
            slide,
            ..GroupNames::default()
        };
        (row.key.clone(), names)
    });
    let by_ten = PatchGroups::new(GroupBy::Slide, by_ten.collect());
    let nothing = JudgeConfig::default();
    let plain = decide(&rows, &task(), nothing, &apart()).unwrap();
    let grouped = decide(&rows, &task(), nothing, &by_ten).unwrap();
    assert_eq!(grouped.group, GroupBy::Slide);
    let size = |found: &DecisionFindings| found.test.as_ref().unwrap().sample_size.design.groups;
    assert_eq!((size(&plain), size(&grouped)), (80, 8));
    let slope = |found: &DecisionFindings| {
        let figures = found.calibration[0].test.as_ref().unwrap();
        figures.two_classes.as_ref().unwrap().recalibration.slope
    };
    assert_eq!(slope(&plain).value, slope(&grouped).value);
    assert_ne!(slope(&plain).interval, slope(&grouped).interval);
}
