//! Page one of the report: figures at the locked threshold, and what the data cannot tell.

use eosin_core::Task;
use eosin_data::Manifest;
use eosin_metrics::{
    ClassMetrics, Counts, CutFigures, CutIntervals, Interval, Metric, MetricSet, Share, Unit,
    predictive_values,
};
use eosin_report::{ClassFigures, Counted, Figure, PageOne};
use eosin_store::RunRecord;
use eosin_train::{DecisionFindings, RunMetrics};

use crate::record::seen_warning;
use crate::report_again::ReportAsked;

/// Groups below which a reader is told that there are few.
const FEW_GROUPS: u64 = 30;
/// Patches of a class below which a reader is told so.
const FEW_PATCHES: u64 = 30;
/// Patches that one of two models must get right alone, all of them, for `McNemar`'s exact test to tell them
/// apart: `2 / 2^6 < .05`.
const LEAST_TOLD: f64 = 6.0;

/// What page one is made from.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub record: &'a RunRecord,
    pub task: &'a Task,
    pub metrics: &'a RunMetrics,
    pub decided: &'a DecisionFindings,
    pub manifest: &'a Manifest,
    pub asked: &'a ReportAsked,
}

/// What the figures are of.
enum JudgedOn {
    Test,
    OutOfFold,
    /// The patches that the threshold was chosen on.
    Chosen,
}

/// Page one of a finished run.
pub(crate) fn page_one(known: Known<'_>) -> PageOne {
    let (on, set) = judged_on(known);
    let Some(set) = set else {
        return PageOne {
            intended_use: known.asked.intended_use.clone(),
            judged: "No labelled patch was judged".to_owned(),
            decided: decided(known),
            ..PageOne::default()
        };
    };
    let figures = figures(known, &on, set);
    let counted = set.intervals_by.as_ref().map(|basis| Counted {
        by: basis.by,
        groups: basis.groups,
    });
    PageOne {
        intended_use: known.asked.intended_use.clone(),
        judged: judged(known, &on),
        decided: decided(known),
        is_moved: known.decided.applied.threshold.is_some(),
        patches: set.count,
        cannot_tell: cannot_tell(known, counted, &figures),
        counted,
        figures,
        prevalence: known.asked.prevalence,
        ..PageOne::default()
    }
}

/// The test part where there is one, else what is out of fold in the first cross-validation.
fn judged_on(known: Known<'_>) -> (JudgedOn, Option<&MetricSet>) {
    if let Some(set) = &known.metrics.test_average {
        return (JudgedOn::Test, Some(set));
    }
    let set = known.metrics.out_of_fold.first();
    let threshold = known.decided.asked_threshold();
    let is_moved = known.decided.applied.threshold.is_some();
    match threshold {
        Some(found) if is_moved && found.out_of_fold.is_none() => (JudgedOn::Chosen, set),
        _ => (JudgedOn::OutOfFold, set),
    }
}

fn judged(known: Known<'_>, on: &JudgedOn) -> String {
    match on {
        JudgedOn::Test => {
            "Figures are of the test part, which no fold was trained on, by all folds together".to_owned()
        }
        JudgedOn::OutOfFold if known.record.repeats > 1 => format!(
            "Figures are out of fold: each patch by the fold that did not see it (the first of {} \
             cross-validations)",
            known.record.repeats
        ),
        JudgedOn::OutOfFold => {
            "Figures are out of fold: each patch by the fold that did not see it; there is no test part".to_owned()
        }
        JudgedOn::Chosen => {
            "Figures are of the patches that the threshold was chosen on, which flatters them".to_owned()
        }
    }
}

/// How a patch is decided on, a sentence.
fn decided(known: Known<'_>) -> String {
    let positive = &known.record.positive;
    match known.decided.applied.threshold {
        Some(threshold) => format!(
            "A patch counts as {positive} from a probability of {:.4} on, the threshold that was locked by {}.",
            threshold.prob, threshold.rule
        ),
        None if known.task.classes.len() == 2 => format!(
            "A patch counts as {positive} when that is the likelier class, from a probability of 0.5 on."
        ),
        None => "A patch counts as its most probable class.".to_owned(),
    }
}

fn figures(known: Known<'_>, on: &JudgedOn, set: &MetricSet) -> Vec<ClassFigures> {
    let stated = known.asked.prevalence;
    if known.task.classes.len() > 2 {
        let of = |class: &ClassMetrics| of_class(set, class, stated);
        return set.per_class.iter().map(of).collect();
    }
    let positive = known.task.positive;
    if known.decided.applied.threshold.is_none() {
        return vec![of_positive(set, positive, stated)];
    }
    let found = known.decided.asked_threshold();
    let found = found.and_then(|found| match on {
        JudgedOn::Test => Some((found.test?, found.test_intervals)),
        JudgedOn::OutOfFold => Some((found.out_of_fold?, found.out_of_fold_intervals)),
        JudgedOn::Chosen => Some((found.chosen_on?, None)),
    });
    let of_cut = |(cut, intervals): (CutFigures, Option<CutIntervals>)| {
        of_cut(positive, &cut, &intervals.unwrap_or_default(), stated)
    };
    found.map(of_cut).into_iter().collect()
}

/// The four figures of a class.
#[derive(Clone, Copy)]
struct Four {
    sensitivity: Figure,
    specificity: Figure,
    ppv: Figure,
    npv: Figure,
}

fn class_figures(class: usize, counts: &Counts, four: Four, stated: Option<f64>) -> ClassFigures {
    let share = |figure: Figure| {
        Some(Share {
            value: figure.value?,
            interval: figure.interval?,
        })
    };
    let both = share(four.sensitivity).zip(share(four.specificity));
    let at = both.zip(stated);
    ClassFigures {
        class,
        targets: counts.positives(),
        others: counts.total() - counts.positives(),
        missed: counts.false_negatives,
        false_alarms: counts.false_positives,
        sensitivity: four.sensitivity,
        specificity: four.specificity,
        ppv: four.ppv,
        npv: four.npv,
        at_prevalence: at.map(|((found, spared), share)| predictive_values(found, spared, share)),
    }
}

fn figure(value: Option<f64>, interval: Option<Interval>) -> Figure {
    Figure { value, interval }
}

fn of_positive(set: &MetricSet, positive: usize, stated: Option<f64>) -> ClassFigures {
    let of = |metric: Metric| figure(set.get(metric), set.interval(metric));
    let four = Four {
        sensitivity: of(Metric::Recall),
        specificity: of(Metric::Specificity),
        ppv: of(Metric::Precision),
        npv: of(Metric::Npv),
    };
    class_figures(positive, &set.confusion.one_vs_rest(positive), four, stated)
}

fn of_class(set: &MetricSet, of: &ClassMetrics, stated: Option<f64>) -> ClassFigures {
    let four = Four {
        sensitivity: figure(of.recall, of.interval(Metric::Recall)),
        specificity: figure(of.specificity, of.interval(Metric::Specificity)),
        ppv: figure(of.precision, of.interval(Metric::Precision)),
        npv: figure(of.npv, of.interval(Metric::Npv)),
    };
    class_figures(of.class, &set.confusion.one_vs_rest(of.class), four, stated)
}

fn of_cut(
    positive: usize,
    cut: &CutFigures,
    intervals: &CutIntervals,
    stated: Option<f64>,
) -> ClassFigures {
    let four = Four {
        sensitivity: figure(cut.sensitivity, intervals.sensitivity),
        specificity: figure(cut.specificity, intervals.specificity),
        ppv: figure(cut.precision, intervals.precision),
        npv: figure(cut.npv, intervals.npv),
    };
    class_figures(positive, &cut.counts, four, stated)
}

/// What these data cannot tell, a sentence each.
fn cannot_tell(
    known: Known<'_>,
    counted: Option<Counted>,
    figures: &[ClassFigures],
) -> Vec<String> {
    let mut all = vec![
        "How it does elsewhere: no patch of another laboratory, scanner or data set was judged."
            .to_owned(),
    ];
    if known.metrics.test_average.is_none() {
        all.push(
            "How much choosing has flattered it: there is no test part, and whoever has tried settings has seen \
             these figures."
                .to_owned(),
        );
    }
    all.extend(groups(counted));
    all.extend(told_apart(known, counted));
    let few = figures.iter().filter(|one| one.targets < FEW_PATCHES);
    all.extend(few.map(|one| {
        format!(
            "Much of {}: there are {} patches of it.",
            known.task.classes[one.class], one.targets
        )
    }));
    all.extend(probabilities(known));
    if known.asked.prevalence.is_none() && known.task.classes.len() == 2 {
        all.push(format!(
            "What an answer is worth where {} is rarer or commoner than here: 'eosin report RUN --prevalence \
             SHARE' says.",
            known.record.positive
        ));
    }
    all.extend(seen_warning(known.record));
    all
}

/// Of how many patients figures are.
fn groups(counted: Option<Counted>) -> Option<String> {
    match counted {
        None | Some(Counted { by: Unit::Patch, .. }) => Some(
            "How it does on new patients: which patches are of one patient or slide is not known, so figures may \
             be too good and intervals too narrow."
                .to_owned(),
        ),
        Some(Counted { by, groups: 1 }) => Some(format!(
            "Anything of other {by}s: all patches are of one {by}, so there are no intervals."
        )),
        Some(Counted { by, groups }) if groups < FEW_GROUPS => Some(format!(
            "How it does on rarer kinds of {by}: there are {} only.",
            by.counted(groups)
        )),
        Some(_) => None,
    }
}

/// The least difference of two models that a test could tell here.
fn told_apart(known: Known<'_>, counted: Option<Counted>) -> Option<String> {
    let useful = known
        .decided
        .test
        .as_ref()
        .or(known.decided.out_of_fold.as_ref());
    let design = useful.map(|useful| useful.sample_size.design);
    let is_grouped = counted.is_some_and(|counted| counted.by != Unit::Patch);
    let effect = match design {
        Some(design) => design.effect?,
        None => 1.0,
    };
    let least = (LEAST_TOLD * effect).ceil();
    let how = match design {
        Some(_) if is_grouped => format!(", times the design effect of the groups, {effect:.2}"),
        None if is_grouped => {
            ", as if patches were independent: with groups it takes more".to_owned()
        }
        _ => String::new(),
    };
    Some(format!(
        "Whether another model is better, where it is right on fewer than {least:.0} patches more: no test can tell \
         (McNemar’s exact one needs {LEAST_TOLD} that all speak for one{how})."
    ))
}

/// Whether patches suffice to tell how right probabilities are.
fn probabilities(known: Known<'_>) -> Option<String> {
    let useful = known
        .decided
        .test
        .as_ref()
        .or(known.decided.out_of_fold.as_ref())?;
    let size = &useful.sample_size;
    let slope = size
        .needs
        .iter()
        .find(|need| need.criterion == eosin_metrics::Criterion::Slope)?;
    let needed = slope.rows.filter(|_| slope.is_met == Some(false))?;
    Some(format!(
        "How right its probabilities are: that takes about {needed} patches, and there are {}.",
        size.rows
    ))
}
