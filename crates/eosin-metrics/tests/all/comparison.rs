//! Two models on the same patches against R's `pROC`, `SciPy` and statsmodels:
//! `goldens/make_comparison_goldens.py` says how the file was made.

use eosin_metrics::{
    AurocEstimate, Groups, Placements, Ranking, Reference, Trials, clustered_wilson, corrected_t,
    holm, mcnemar, wilson,
};
use serde::Deserialize;

/// All compute in 64 bits; quantiles of t are found by iteration.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
    corrected_t: CorrectedT,
    holm: Holm,
    t_quantiles: Vec<[f64; 2]>,
    wilson: Vec<(u64, u64, f64, f64)>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    patients: Vec<u32>,
    targets: Vec<u8>,
    one: Vec<f64>,
    other: Vec<f64>,
    proc: Proc,
    clustered: Clustered,
    clustered_difference: Clustered,
    mcnemar_p: f64,
    share_interval: [f64; 2],
}

#[derive(Deserialize)]
struct Proc {
    auroc: f64,
    auroc_other: f64,
    variance: f64,
    covariance: f64,
    ci: [f64; 2],
    statistic: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Clustered {
    value: f64,
    variance: f64,
    df: f64,
}

#[derive(Deserialize)]
struct CorrectedT {
    differences: Vec<f64>,
    test_over_train: f64,
    statistic: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Holm {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

fn goldens() -> Goldens {
    let goldens: Goldens = serde_json::from_str(include_str!("goldens/comparison.json")).unwrap();
    assert!(goldens.cases.len() >= 5);
    goldens
}

#[track_caller]
fn assert_close(got: f64, expected: f64, what: &str) {
    let close = (got - expected).abs() <= TOLERANCE * expected.abs().max(1e-3);
    assert!(close, "{what}: got {got}, expected {expected}");
}

impl Case {
    fn positive(&self) -> Vec<bool> {
        self.targets.iter().map(|target| *target == 1).collect()
    }

    fn placements(&self) -> [Placements; 2] {
        [&self.one, &self.other]
            .map(|scores| Placements::new(&self.positive(), scores).unwrap().unwrap())
    }

    fn right(&self) -> [Vec<bool>; 2] {
        [&self.one, &self.other].map(|scores| {
            let pairs = scores.iter().zip(self.positive());
            pairs
                .map(|(score, positive)| (*score > 0.5) == positive)
                .collect()
        })
    }
}

#[test]
fn delong_of_patches_equals_rs_proc() {
    for case in goldens().cases {
        let (positive, proc) = (case.positive(), &case.proc);
        let apart = Groups::apart(positive.len());
        let [one, other] = case.placements();
        let of = |placements| AurocEstimate::of(&positive, placements, &apart).unwrap();
        assert_close(of(&one).value, proc.auroc, &case.name);
        assert_close(of(&other).value, proc.auroc_other, &case.name);
        assert_close(of(&one).variance, proc.variance, &case.name);
        let interval = Ranking::new(&positive, &case.one)
            .unwrap()
            .auroc_interval()
            .unwrap();
        assert_close(interval.ci_low, proc.ci[0], &case.name);
        assert_close(interval.ci_high, proc.ci[1], &case.name);
        let difference = AurocEstimate::of_difference(&positive, &one, &other, &apart).unwrap();
        let covariance = (of(&one).variance + of(&other).variance - difference.variance) / 2.0;
        assert!(
            (covariance - proc.covariance).abs() < 1e-12,
            "{}",
            case.name
        );
        assert_close(difference.statistic(), proc.statistic, &case.name);
        assert_close(difference.p(), proc.p, &case.name);
    }
}

#[test]
fn delong_of_patients_equals_obuchowskis_by_all_pairs() {
    for case in goldens().cases {
        let (positive, groups) = (case.positive(), Groups::named(&case.patients));
        let [one, other] = case.placements();
        let of_one = AurocEstimate::of(&positive, &one, &groups).unwrap();
        let difference = AurocEstimate::of_difference(&positive, &one, &other, &groups).unwrap();
        for (got, expected) in [
            (of_one, case.clustered),
            (difference, case.clustered_difference),
        ] {
            assert_close(got.value, expected.value, &case.name);
            assert_close(got.variance, expected.variance, &case.name);
            assert_close(got.reference.df().unwrap(), expected.df, &case.name);
        }
    }
}

#[test]
fn mcnemar_equals_statsmodels() {
    for case in goldens().cases {
        let [one, other] = case.right();
        assert_close(mcnemar(&one, &other).p, case.mcnemar_p, &case.name);
    }
}

#[test]
fn shares_of_patients_have_the_interval_of_their_definition_and_of_patches_statsmodels() {
    let goldens = goldens();
    for case in goldens.cases {
        let [right, _] = case.right();
        let patients = case
            .patients
            .iter()
            .max()
            .map_or(0, |last| *last as usize + 1);
        let mut trials = vec![Trials::default(); patients];
        for (patient, right) in case.patients.iter().zip(right) {
            trials[*patient as usize].trials += 1;
            trials[*patient as usize].hits += u64::from(right);
        }
        let interval = clustered_wilson(&trials).unwrap();
        assert_close(interval.ci_low, case.share_interval[0], &case.name);
        assert_close(interval.ci_high, case.share_interval[1], &case.name);
    }
    for (hits, trials, low, high) in goldens.wilson {
        let interval = wilson(hits, trials).unwrap();
        assert_close(interval.ci_low, low, "wilson");
        assert_close(interval.ci_high, high, "wilson");
    }
}

#[test]
fn tests_over_folds_and_over_many_equal_scipy_and_statsmodels() {
    let goldens = goldens();
    let expected = goldens.corrected_t;
    let found = corrected_t(&expected.differences, expected.test_over_train).unwrap();
    assert_close(found.statistic, expected.statistic, "corrected t");
    assert_close(found.p, expected.p, "corrected t");
    let ps: Vec<Option<f64>> = goldens.holm.p.iter().copied().map(Some).collect();
    for (got, expected) in holm(&ps).into_iter().zip(goldens.holm.adjusted) {
        assert_close(got.unwrap(), expected, "holm");
    }
    for [df, quantile] in goldens.t_quantiles {
        let reference = Reference::T { df };
        assert_close(reference.quantile_95(), quantile, "quantile of t");
        assert_close(reference.two_sided_p(quantile), 0.05, "p of t");
    }
    assert_close(
        Reference::Normal.two_sided_p(1.959_963_984_540_054),
        0.05,
        "p of the normal",
    );
}
