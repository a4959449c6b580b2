//! The metric by which choices of several folds are scored together.
//!
//! AUROC: for each class against all others, the share of pairs of patches *of the same fold* that are
//! in the right order, and the mean over classes where there are more than two. It is the mean of the
//! folds' AUROCs, weighted by their pairs. Other metrics: of all patches at once.

use eosin_metrics::{Metric, MetricError};

use crate::methods::rank::log_odds;
use crate::pool::Pool;
use crate::score::{Ruler, Scored, auroc};

/// The metric of logits of all patches, `[patches, classes]`; `None` where it is undefined.
pub(super) fn score(
    pool: &Pool,
    metric: Metric,
    logits: &[f32],
) -> Result<Option<f64>, MetricError> {
    if metric != Metric::Auroc {
        let labels = pool.labels();
        return Ruler { metric, labels }.score(logits);
    }
    let classes = told_apart(pool);
    let mut sum = 0.0;
    for class in &classes {
        let (mut wins, mut pairs) = (0.0, 0.0);
        for part in pool.parts() {
            let here = pairs_of(pool, part, *class);
            pairs += here;
            wins += here * auroc(scored(pool, part, *class, logits)).unwrap_or_default();
        }
        if pairs <= 0.0 {
            return Ok(None);
        }
        sum += wins / pairs;
    }
    Ok(Some(sum / classes.len() as f64))
}

/// Classes that are told from all others: the positive one of two, else each.
pub(super) fn told_apart(pool: &Pool) -> Vec<usize> {
    match pool.labels().classes {
        2 => vec![pool.labels().positive],
        classes => (0..classes).collect(),
    }
}

/// Pairs of a patch of a class and one of another, in a fold.
pub(super) fn pairs_of(pool: &Pool, part: &[usize], class: usize) -> f64 {
    let targets = &pool.labels().targets;
    let positives = part
        .iter()
        .filter(|patch| targets[**patch] == class)
        .count();
    (positives * (part.len() - positives)) as f64
}

pub(super) fn scored<'a>(
    pool: &'a Pool,
    part: &'a [usize],
    class: usize,
    logits: &'a [f32],
) -> impl Iterator<Item = Scored> + 'a {
    let labels = pool.labels();
    part.iter().map(move |patch| Scored {
        score: log_odds(&logits[patch * labels.classes..][..labels.classes], class),
        positive: labels.targets[*patch] == class,
    })
}

/// What each fold weighs in the metric: its share of pairs, or of patches.
pub(super) fn weights(pool: &Pool, metric: Metric) -> Vec<f64> {
    let parts = pool.parts().iter();
    if metric != Metric::Auroc {
        return parts
            .map(|part| part.len() as f64 / pool.patches() as f64)
            .collect();
    }
    let classes = told_apart(pool);
    let total = |class: usize| -> f64 {
        let parts = pool.parts().iter();
        parts.map(|part| pairs_of(pool, part, class)).sum()
    };
    let totals: Vec<f64> = classes.iter().map(|class| total(*class)).collect();
    let of_part = |part: &Vec<usize>| {
        let shares = classes.iter().zip(&totals);
        let shares = shares.map(|(class, total)| pairs_of(pool, part, *class) / total.max(1.0));
        shares.sum::<f64>() / classes.len() as f64
    };
    parts.map(of_part).collect()
}
