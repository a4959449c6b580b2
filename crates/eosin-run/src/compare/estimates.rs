//! The metrics of one run on a part.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_metrics::{
    Bootstrap, CountedRows, Groups, Metric, MetricSet, MetricValues, PredictiveValues, Resamples,
    Sampling, Share, predictive_values,
};
use eosin_train::{JudgedRows, SharedGroups};

use super::record::{Estimate, RunEstimates};

/// What is asked of every part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub positive: usize,
    pub bootstrap: Bootstrap,
    pub prevalence: Option<f64>,
}

/// Values and intervals of a run: those of its table, or of several cross-validations their means, all
/// from resamples.
pub(super) fn estimates(
    run: &str,
    rows: &[JudgedRows],
    shared: &SharedGroups,
    asked: Asked,
) -> Result<RunEstimates> {
    let metrics = match rows {
        [one] => of_one(one, shared, asked)?,
        several => of_several(several, shared, asked),
    };
    let at_prevalence = asked
        .prevalence
        .and_then(|prevalence| at_prevalence(&metrics, prevalence));
    Ok(RunEstimates {
        run: run.to_owned(),
        metrics,
        at_prevalence,
    })
}

fn of_one(
    rows: &JudgedRows,
    shared: &SharedGroups,
    asked: Asked,
) -> Result<BTreeMap<Metric, Estimate>> {
    let sampling = Sampling {
        unit: shared.unit,
        groups: shared.of(rows),
        bootstrap: asked.bootstrap,
    };
    let classes = rows.probs.class_count();
    let probs: Vec<f64> = rows.probs.rows().flatten().copied().collect();
    let set = MetricSet::sampled(&rows.targets, &probs, classes, asked.positive, &sampling)?;
    let estimate = |metric: &Metric| {
        let estimate = Estimate::new(set.get(*metric), set.interval(*metric));
        (*metric, estimate)
    };
    Ok(Metric::ALL.iter().map(estimate).collect())
}

fn of_several(
    rows: &[JudgedRows],
    shared: &SharedGroups,
    asked: Asked,
) -> BTreeMap<Metric, Estimate> {
    let counted = |rows: &JudgedRows| {
        let groups: Groups = shared.of(rows);
        CountedRows::new(&rows.targets, &rows.probs, asked.positive, &groups)
    };
    let counted: Vec<CountedRows> = rows.iter().map(counted).collect();
    let resamples = Resamples::new(shared.count(), asked.bootstrap, |times| {
        let each: Vec<MetricValues> = counted.iter().map(|rows| rows.values(times)).collect();
        MetricValues::mean(&each)
    });
    let estimate = |metric: &Metric| {
        let groups = counted.first().map_or(0, |rows| rows.groups_of(*metric));
        let interval = resamples.bca(*metric, groups);
        (
            *metric,
            Estimate::new(resamples.point().get(*metric), interval),
        )
    };
    Metric::ALL.iter().map(estimate).collect()
}

/// Undefined where sensitivity or specificity, or the interval of either, is.
fn at_prevalence(
    metrics: &BTreeMap<Metric, Estimate>,
    prevalence: f64,
) -> Option<PredictiveValues> {
    let share = |metric: Metric| {
        let estimate = metrics.get(&metric)?;
        Some(Share {
            value: estimate.value?,
            interval: estimate.interval()?,
        })
    };
    let (recall, specificity) = (share(Metric::Recall)?, share(Metric::Specificity)?);
    Some(predictive_values(recall, specificity, prevalence))
}
