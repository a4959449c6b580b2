//! Intervals of a whole table, by group.

use eosin_core::Seed;
use eosin_metrics::{Bootstrap, Groups, Interval, Metric, MetricSet, Sampling, Unit};

/// Patches of ten patients, of whom the even ones are of class 0; `classes` in turn else.
struct Rows {
    targets: Vec<usize>,
    probs: Vec<f64>,
    patients: Vec<usize>,
    classes: usize,
}

fn rows(classes: usize) -> Rows {
    let patients: Vec<usize> = (0..120).map(|row| row / 12).collect();
    let targets: Vec<usize> = patients.iter().map(|patient| patient % classes).collect();
    let prob = |row: usize, class: usize| {
        let noise = (row * 37 + class * 11) % 7 + (patients[row] * 13 + class * 5) % 17;
        let own = if targets[row] == class { 9.0 } else { 0.0 };
        1.0 + f64::from(u8::try_from(noise).unwrap()) + own
    };
    let probs = (0..120).flat_map(|row| {
        let sum: f64 = (0..classes).map(|class| prob(row, class)).sum();
        (0..classes).map(move |class| prob(row, class) / sum)
    });
    let probs = probs.collect();
    Rows {
        targets,
        probs,
        patients,
        classes,
    }
}

impl Rows {
    fn judged(&self, unit: Unit, groups: Groups) -> MetricSet {
        let sampling = Sampling {
            unit,
            groups,
            bootstrap: Bootstrap::new(Seed(4)),
        };
        MetricSet::sampled(&self.targets, &self.probs, self.classes, 1, &sampling).unwrap()
    }

    fn by_patient(&self) -> MetricSet {
        self.judged(Unit::Patient, Groups::named(&self.patients))
    }
}

fn width(interval: Option<Interval>) -> f64 {
    interval.map_or(f64::NAN, |interval| interval.ci_high - interval.ci_low)
}

#[test]
fn every_metric_has_an_interval_around_it_whatever_the_number_of_classes() {
    for classes in [2, 3, 4] {
        let set = rows(classes).by_patient();
        for metric in Metric::ALL {
            let (value, interval) = (set.get(*metric).unwrap(), set.interval(*metric));
            let interval = interval.unwrap_or_else(|| panic!("{classes} classes: {metric}"));
            assert!(interval.ci_low < interval.ci_high, "{metric}");
            // The limits of a biased metric may pass it by.
            if *metric != Metric::Ece {
                let holds = interval.ci_low <= value && value <= interval.ci_high;
                assert!(holds, "{metric}: {value} {interval:?}");
            }
        }
        let basis = set.intervals_by.unwrap();
        assert_eq!(
            (basis.by, basis.groups, basis.resamples),
            (Unit::Patient, 10, 2000)
        );
        assert_eq!(basis.methods.len(), Metric::ALL.len());
    }
}

#[test]
fn patients_make_intervals_wider_than_their_patches_do() {
    let rows = rows(2);
    let by_patch = rows.judged(Unit::Patch, Groups::apart(120));
    let by_patient = rows.by_patient();
    // Recall and specificity of patients who are alike are no less sure; of 5 each, t is wider.
    for metric in [
        Metric::Auroc,
        Metric::Accuracy,
        Metric::Recall,
        Metric::Specificity,
    ] {
        let (patch, patient) = (
            width(by_patch.interval(metric)),
            width(by_patient.interval(metric)),
        );
        assert!(patient > patch, "{metric}: {patient} {patch}");
    }
}

#[test]
fn the_same_seed_gives_the_same_intervals_with_any_number_of_threads() {
    let found = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| rows(3).by_patient())
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn one_group_has_no_interval_and_says_so() {
    let set = rows(2).judged(Unit::Slide, Groups::named(&[0; 120]));
    assert!(set.intervals.is_empty(), "{:?}", set.intervals);
    let note = set.intervals_by.unwrap().note();
    assert!(
        note.contains("by slide (1 slide)") && note.contains("there are none"),
        "{note}"
    );
}

#[test]
fn a_class_in_one_group_only_leaves_what_is_about_it_without_an_interval() {
    let rows = rows(2);
    let merged: Vec<usize> = rows
        .patients
        .iter()
        .map(|of| if of % 2 == 1 { 99 } else { *of })
        .collect();
    let set = rows.judged(Unit::Patient, Groups::named(&merged));
    for metric in [
        Metric::Auroc,
        Metric::Recall,
        Metric::Auprc,
        Metric::F1,
        Metric::BalancedAccuracy,
    ] {
        assert_eq!(set.interval(metric), None, "{metric}");
    }
    for metric in [Metric::Accuracy, Metric::Specificity, Metric::LogLoss] {
        assert!(set.interval(metric).is_some(), "{metric}");
    }
}

#[test]
fn constant_predictions_have_no_interval_where_nothing_varies() {
    let constant = Rows {
        probs: vec![0.5; 240],
        ..rows(2)
    };
    let set = constant.by_patient();
    assert_eq!(set.auroc, Some(0.5));
    for metric in [
        Metric::Auroc,
        Metric::LogLoss,
        Metric::Mcc,
        Metric::Precision,
    ] {
        assert_eq!(set.interval(metric), None, "{metric}");
    }
    assert!(set.interval(Metric::Accuracy).is_some());
}

#[test]
fn a_table_of_an_older_version_is_read_and_says_nothing_of_its_intervals() {
    let set = rows(2).by_patient();
    let mut json = serde_json::to_value(&set).unwrap();
    json.as_object_mut().unwrap().remove("intervals_by");
    let read: MetricSet = serde_json::from_value(json).unwrap();
    assert_eq!(read.intervals_by, None);
    assert_eq!(read.intervals, set.intervals);
}
