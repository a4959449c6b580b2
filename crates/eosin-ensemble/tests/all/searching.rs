//! The search.

use std::time::Instant;

use eosin_core::Seed;
use eosin_ensemble::{Method, SearchOptions, honest, out_of_fold, search};
use eosin_metrics::Metric;

use crate::support::{Made, equal_costs, tell};

#[test]
#[ignore = "it only tells how long a search takes"]
fn six_members_take_seconds() {
    let made = Made {
        patches: 8000,
        shared: 0.7,
        ..Made::of(&[1.0, 0.9, 0.8, 0.8, 0.7, 0.6])
    };
    let pool = made.pool(1);
    for method in Method::COMBINING {
        let begun = Instant::now();
        let options = SearchOptions {
            methods: vec![method],
            ..SearchOptions::default()
        };
        let found = search(&pool, &equal_costs(6), &options).unwrap();
        tell(&format!(
            "{method} {:?} {:?}",
            begun.elapsed(),
            found.best()
        ));
    }
    let begun = Instant::now();
    search(&pool, &equal_costs(6), &SearchOptions::default()).unwrap();
    tell(&format!("all {:?}", begun.elapsed()));
    for select in [Metric::Auroc, Metric::LogLoss, Metric::Khd] {
        let begun = Instant::now();
        let options = SearchOptions {
            select,
            ..SearchOptions::default()
        };
        let found = honest(&pool, &equal_costs(6), &options, Seed(0)).unwrap();
        tell(&format!(
            "honest {:?} {:?} {:?}",
            begun.elapsed(),
            found.nested,
            found.comparison
        ));
    }
}

#[test]
fn the_best_candidate_has_the_score_that_it_has_by_itself() {
    let pool = Made::of(&[0.6, 0.5, 0.4]).pool(3);
    let options = SearchOptions::default();
    let found = search(&pool, &equal_costs(3), &options).unwrap();
    assert_eq!(found.candidates.len(), 3 + 4 * Method::COMBINING.len());
    for one in &found.candidates {
        let alone = out_of_fold(&pool, &one.members, one.method, options.select).unwrap();
        assert_eq!(alone.score, one.score, "{one:?}");
    }
}
