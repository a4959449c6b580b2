//! The search repeated without each fold.

use eosin_core::Seed;
use eosin_ensemble::{
    Combiner, EnsembleError, Labels, Method, Pool, SearchOptions, harmony, honest, out_of_fold,
    search,
};
use eosin_metrics::Metric;

use crate::support::{Made, equal_costs};

fn within_threads<T: Send>(threads: usize, of: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().expect("threads").install(of)
}

/// The pool with members in another order.
fn reordered(pool: &Pool, order: &[usize]) -> Pool {
    let members = order.iter().map(|at| pool.members()[*at].clone()).collect();
    Pool::new(members, pool.labels().clone()).expect("members fit")
}

fn three_classes() -> Pool {
    let pool = Made::of(&[0.9, 0.6, 0.3]).pool(5);
    let labels = pool.labels();
    // The third class is a part of the first that members tell a little.
    let is_third = |at: usize| labels.targets[at] == 0 && at.is_multiple_of(2);
    let targets = (0..pool.patches()).map(|at| if is_third(at) { 2 } else { labels.targets[at] });
    let member = |logits: &Vec<f32>| {
        let rows = logits.chunks_exact(2).enumerate();
        let third = |at: usize, row: &[f32]| 0.5 * row[1].sin() + f32::from(u8::from(is_third(at)));
        rows.flat_map(|(at, row)| [row[0], row[1], third(at, row)])
            .collect()
    };
    let members = pool.members().iter().map(member).collect();
    let labels = Labels {
        targets: targets.collect(),
        classes: 3,
        ..labels.clone()
    };
    Pool::new(members, labels).expect("members fit")
}

#[test]
fn nothing_of_a_fold_reaches_what_judges_it() {
    let pool = Made::of(&[0.7, 0.5, 0.3]).pool(2);
    for method in Method::COMBINING {
        let nested = out_of_fold(&pool, &[0, 2], method, Metric::Auroc).unwrap();
        assert_eq!(nested.combiners.len(), 5);
        for (part, combiner) in pool.parts().iter().zip(&nested.combiners) {
            let outside: Vec<usize> = (0..pool.patches())
                .filter(|at| !part.contains(at))
                .collect();
            let rows = |member: usize, patches: &[usize]| -> Vec<f32> {
                let logits = &pool.members()[member];
                patches
                    .iter()
                    .flat_map(|at| logits[at * 2..at * 2 + 2].to_vec())
                    .collect()
            };
            let [one, two] = [0, 2].map(|member| rows(member, &outside));
            let labels = pool.labels().pick(&outside);
            let alone = Combiner::fit(method, &[&one, &two], &labels, Metric::Auroc).unwrap();
            assert_eq!(&alone, combiner, "{method}");
            let [one, two] = [0, 2].map(|member| rows(member, part));
            let expected = alone.logits(&[&one, &two]).unwrap();
            for (patch, row) in part.iter().zip(expected.chunks_exact(2)) {
                let found = &nested.logits[patch * 2..patch * 2 + 2];
                let error = (found[1] - found[0]) - (row[1] - row[0]);
                assert!(error.abs() < 1e-4, "{method} {found:?} {row:?}");
            }
        }
    }
}

#[test]
fn targets_of_a_fold_do_not_change_the_choice_that_judges_it() {
    let pool = Made::of(&[0.3, 0.3, 0.2]).pool(8);
    let mut labels = pool.labels().clone();
    for patch in &pool.parts()[1] {
        labels.targets[*patch] = 1 - labels.targets[*patch];
    }
    let other = Pool::new(pool.members().to_vec(), labels).unwrap();
    let of =
        |pool: &Pool| honest(pool, &equal_costs(3), &SearchOptions::default(), Seed(1)).unwrap();
    let (one, two) = (of(&pool), of(&other));
    assert_eq!(one.choices[1], two.choices[1]);
    assert_ne!(one.nested, two.nested);
}

#[test]
fn threads_change_nothing() {
    let pool = Made::of(&[0.5, 0.4, 0.3]).pool(6);
    let of = || honest(&pool, &equal_costs(3), &SearchOptions::default(), Seed(1)).unwrap();
    assert_eq!(within_threads(1, of), within_threads(3, of));
    let of = || harmony(&pool, &[0, 1, 2], Metric::Auroc).unwrap();
    assert_eq!(within_threads(1, of), within_threads(3, of));
}

#[test]
fn the_order_of_members_changes_only_their_places() {
    let (pool, order) = (Made::of(&[0.7, 0.5, 0.3, 0.4]).pool(6), [2, 0, 3, 1]);
    let options = SearchOptions::default();
    let of = |pool: &Pool| search(pool, &equal_costs(4), &options).unwrap();
    let (one, other) = (of(&pool), of(&reordered(&pool, &order)));
    let best = other.best();
    let mut members: Vec<usize> = best.members.iter().map(|at| order[*at]).collect();
    members.sort_unstable();
    assert_eq!(
        (members, best.method),
        (one.best().members.clone(), one.best().method)
    );
    let [one, other] = [one.best().score, best.score].map(Option::unwrap);
    assert!((one - other).abs() < 1e-3, "{one} {other}");
}

#[test]
fn greedy_selection_is_never_worse_than_the_best_member_on_what_it_selects_on() {
    for seed in 0..20 {
        let pool = Made::of(&[0.3, 0.2, 0.4, 0.0]).pool(seed);
        let members: Vec<&[f32]> = pool.members().iter().map(Vec::as_slice).collect();
        for metric in [Metric::Auroc, Metric::LogLoss, Metric::Accuracy] {
            let combiner = Combiner::fit(Method::Greedy, &members, pool.labels(), metric).unwrap();
            let logits = combiner.logits(&members).unwrap();
            let together = Pool::new(vec![logits], pool.labels().clone()).unwrap();
            let score = |pool: &Pool, member: usize| {
                out_of_fold(pool, &[member], Method::Soft, metric)
                    .unwrap()
                    .score
            };
            let greedy = score(&together, 0);
            for member in 0..4 {
                assert!(
                    !metric.is_better(score(&pool, member), greedy),
                    "{metric} {seed}"
                );
            }
        }
    }
}

#[test]
fn a_member_that_is_much_better_is_told_and_equal_ones_are_not() {
    let options = SearchOptions::default();
    let told = |made: &Made| {
        let found = honest(&made.pool(1), &equal_costs(3), &options, Seed(1)).unwrap();
        found.comparison.unwrap()
    };
    let independent = told(&Made::of(&[0.6, 0.6, 0.6]));
    assert!(independent.can_be_told_apart && independent.difference.score.unwrap() > 0.0);
    let alone = told(&Made::of(&[0.8, 0.0, 0.0]));
    assert!(!alone.can_be_told_apart, "{alone:?}");
}

#[test]
fn every_metric_and_more_classes_have_an_honest_score() {
    for (pool, classes) in [(Made::of(&[0.9, 0.6]).pool(5), 2), (three_classes(), 3)] {
        for &select in Metric::ALL {
            let methods = vec![
                Method::Soft,
                Method::Weighted,
                Method::Logistic,
                Method::Ridge,
            ];
            let options = SearchOptions {
                methods,
                select,
                ..SearchOptions::default()
            };
            let costs = equal_costs(pool.members().len());
            let found = honest(&pool, &costs, &options, Seed(1)).unwrap();
            let (score, low, high) = (
                found.nested.score,
                found.nested.ci_low,
                found.nested.ci_high,
            );
            assert!(
                low < score && score < high,
                "{select} {classes} {:?}",
                found.nested
            );
        }
    }
}

#[test]
fn too_few_folds_and_missing_classes_are_refused() {
    let pool = |folds: usize| {
        Made {
            folds,
            ..Made::of(&[0.9, 0.6])
        }
        .pool(5)
    };
    let options = SearchOptions::default();
    let of = |folds: usize| honest(&pool(folds), &equal_costs(2), &options, Seed(1));
    assert_eq!(
        of(2).unwrap_err().to_string(),
        "2 fold(s) of patches, but 3 are needed to judge a choice among fitted methods; \
         cross-validate with 3 folds or more"
    );
    assert!(of(3).is_ok());
    let unfitted = SearchOptions {
        methods: vec![Method::Soft],
        ..options
    };
    assert!(honest(&pool(2), &equal_costs(2), &unfitted, Seed(1)).is_ok());
    let mut labels = pool(3).labels().clone();
    for (target, fold) in labels.targets.iter_mut().zip(&labels.folds) {
        *target = usize::from(*fold == 0);
    }
    let pool = Pool::new(pool(3).members().to_vec(), labels).unwrap();
    let error = out_of_fold(&pool, &[0, 1], Method::Ridge, Metric::Auroc).unwrap_err();
    let (method, class) = (Method::Ridge, 1);
    assert_eq!(error, EnsembleError::ClassMissing { method, class });
}
