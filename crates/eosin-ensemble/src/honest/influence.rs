//! By how much each group of patches moves a score.
//!
//! To first order a score is its true value and a sum over independent units, so that the sum of the
//! squares of what they add is its variance, and that of a difference of two scores is the sum of
//! squared differences. For AUROC these are `DeLong`'s structural components (Biometrics 1988), summed
//! over the patches of a group (Obuchowski, Biometrics 1997); for metrics that are means over patches,
//! what each adds to the mean; for the rest, what leaving out a block of groups does (block jackknife,
//! Shao & Wu, Ann. Stat. 1989).

use std::collections::BTreeMap;
use std::ops::Range;

use eosin_metrics::{Metric, MetricError};
use rayon::prelude::*;

use crate::methods::hard::likeliest;
use crate::pool::Pool;
use crate::said::{narrow, rows_of};
use crate::score::{Ruler, softmax, squared_error};

use super::ruler::{pairs_of, told_apart};
use crate::methods::rank::log_odds;

/// Blocks of the jackknife at most.
const BLOCKS: usize = 120;

/// What moves a score independently: groups, or blocks of them.
pub(super) struct Units {
    /// Unit of each patch.
    pub of_patch: Vec<usize>,
    /// Fold of each unit, rising.
    pub folds: Vec<usize>,
    /// Whether each patch is a unit.
    pub are_patches: bool,
}

impl Units {
    pub fn new(pool: &Pool, metric: Metric) -> Self {
        let groups: Vec<usize> = pool.labels().groups.clone();
        let count = {
            let mut all = groups.clone();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        let together = if is_linear(metric) {
            1
        } else {
            count.div_ceil(BLOCKS)
        };
        let (mut of_patch, mut folds) = (vec![0; pool.patches()], Vec::new());
        for (fold, part) in pool.parts().iter().enumerate() {
            let mut places: BTreeMap<usize, usize> = BTreeMap::new();
            for patch in part {
                let next = places.len();
                places.entry(groups[*patch]).or_insert(next);
            }
            for patch in part {
                of_patch[*patch] = folds.len() + places[&groups[*patch]] / together;
            }
            let units = places.len().div_ceil(together);
            folds.extend(std::iter::repeat_n(fold, units));
        }
        Self {
            are_patches: folds.len() == pool.patches(),
            of_patch,
            folds,
        }
    }

    /// Units of each fold.
    pub fn ranges(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for fold in self.folds.chunk_by(|a, b| a == b) {
            let first = ranges.last().map_or(0, |range| range.end);
            ranges.push(first..first + fold.len());
        }
        ranges
    }

    pub const fn count(&self) -> usize {
        self.folds.len()
    }
}

/// Metrics that need no jackknife.
const fn is_linear(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Auroc | Metric::Accuracy | Metric::LogLoss | Metric::Brier
    )
}

/// What each unit adds to the score of logits of all patches, such that the sum of squares is the
/// score's variance.
pub(super) fn influence(
    pool: &Pool,
    metric: Metric,
    units: &Units,
    logits: &[f32],
) -> Result<Vec<f32>, MetricError> {
    let of_patches = match metric {
        Metric::Auroc => of_auroc(pool, units, logits),
        metric if is_linear(metric) => of_mean(pool, metric, logits),
        metric => return jackknife(pool, metric, units, logits),
    };
    let mut sums = vec![0.0; units.count()];
    for (unit, value) in units.of_patch.iter().zip(of_patches) {
        sums[*unit] += value;
    }
    // DeLong's own correction is in the components of patches.
    let factor = if units.are_patches && metric == Metric::Auroc {
        1.0
    } else {
        correction(units.count() as f64)
    };
    Ok(sums.into_iter().map(|sum| narrow(factor * sum)).collect())
}

/// What makes a variance about an estimated mean unbiased, as a factor of the deviations.
fn correction(count: f64) -> f64 {
    if count > 1.0 {
        (count / (count - 1.0)).sqrt()
    } else {
        1.0
    }
}

/// `w_k (V - A) / n` of the patches of fold `k`, `V` the share of the fold's patches of the other kind
/// that are on the right side, `n` the fold's patches of the same kind.
fn of_auroc(pool: &Pool, units: &Units, logits: &[f32]) -> Vec<f64> {
    let classes = told_apart(pool);
    let mut all = vec![0.0; pool.patches()];
    for class in &classes {
        let pairs = pool.parts().iter();
        let pairs: f64 = pairs.map(|part| pairs_of(pool, part, *class)).sum();
        if pairs <= 0.0 {
            continue;
        }
        let factors = Kinds::new(pool, units, *class);
        let (mut shares, mut wins) = (Vec::new(), 0.0);
        for part in pool.parts() {
            let here = components(pool, part, *class, logits);
            let won = here.iter().filter(|one| one.is_positive);
            wins += won.map(|one| one.share * one.others).sum::<f64>();
            shares.extend(here);
        }
        let auroc = wins / pairs;
        for one in shares {
            let factor = if one.is_positive {
                factors.positive
            } else {
                factors.negative
            };
            // Pairs of the fold over all pairs, over patches of the same kind, is this.
            let weight = one.others / pairs;
            all[one.patch] += factor * weight * (one.share - auroc) / classes.len() as f64;
        }
    }
    all
}

/// `DeLong`'s corrections.
struct Kinds {
    positive: f64,
    negative: f64,
}

impl Kinds {
    /// None where groups of patches are units, which have one of their own.
    fn new(pool: &Pool, units: &Units, class: usize) -> Self {
        let targets = pool.labels().targets.iter();
        let positives = targets.filter(|target| **target == class).count() as f64;
        let of_kind = |count| {
            if units.are_patches {
                correction(count)
            } else {
                1.0
            }
        };
        Self {
            positive: of_kind(positives),
            negative: of_kind(pool.patches() as f64 - positives),
        }
    }
}

/// A structural component.
struct Component {
    patch: usize,
    is_positive: bool,
    /// Share of the fold's patches of the other kind that are on the right side, ties by half.
    share: f64,
    /// How many of them there are.
    others: f64,
}

fn components(pool: &Pool, part: &[usize], class: usize, logits: &[f32]) -> Vec<Component> {
    let labels = pool.labels();
    let mut rows: Vec<(f32, usize)> = part
        .iter()
        .map(|patch| {
            let row = &logits[patch * labels.classes..][..labels.classes];
            (log_odds(row, class) + 0.0, *patch)
        })
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let is_positive = |patch: usize| labels.targets[patch] == class;
    let all = rows.len() as f64;
    let positives = rows.iter().filter(|row| is_positive(row.1)).count() as f64;
    let negatives = all - positives;
    let (mut positives_below, mut negatives_below) = (0.0, 0.0);
    let mut found = Vec::with_capacity(rows.len());
    #[expect(clippy::float_cmp, reason = "a tie is exact equality")]
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let won = tied.iter().filter(|row| is_positive(row.1)).count() as f64;
        let lost = tied.len() as f64 - won;
        for (_, patch) in tied {
            let is_positive = is_positive(*patch);
            let (right, others) = if is_positive {
                (negatives_below + 0.5 * lost, negatives)
            } else {
                (positives - positives_below - 0.5 * won, positives)
            };
            found.push(Component {
                patch: *patch,
                is_positive,
                share: if others > 0.0 { right / others } else { 0.0 },
                others,
            });
        }
        positives_below += won;
        negatives_below += lost;
    }
    found
}

/// `(x - mean) / n` of what the metric is the mean of.
fn of_mean(pool: &Pool, metric: Metric, logits: &[f32]) -> Vec<f64> {
    let labels = pool.labels();
    let probs = softmax(logits, labels.classes);
    let of_patch = |(row, target): (&[f64], &usize)| match metric {
        Metric::LogLoss => -row[*target].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln(),
        Metric::Brier => squared_error(row, *target),
        _ => {
            let row: Vec<f32> = row.iter().map(|prob| narrow(*prob)).collect();
            f64::from(u8::from(likeliest(&row) == *target))
        }
    };
    let rows = probs.chunks_exact(labels.classes).zip(&labels.targets);
    let values: Vec<f64> = rows.map(of_patch).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values
        .into_iter()
        .map(|value| (value - mean) / count)
        .collect()
}

/// `sqrt((B - 1) / B) (mean - without)` of each block, `without` the metric of all patches but the
/// block's; 0 where that is undefined.
fn jackknife(
    pool: &Pool,
    metric: Metric,
    units: &Units,
    logits: &[f32],
) -> Result<Vec<f32>, MetricError> {
    let classes = pool.labels().classes;
    let without = (0..units.count()).into_par_iter().map(|unit| {
        let rest = (0..pool.patches()).filter(|patch| units.of_patch[*patch] != unit);
        let rest: Vec<usize> = rest.collect();
        if rest.is_empty() {
            return Ok(None);
        }
        let labels = pool.labels().pick(&rest);
        let rows = rows_of(logits, classes, &rest);
        let ruler = Ruler {
            metric,
            labels: &labels,
        };
        ruler.score(&rows)
    });
    let without: Result<Vec<Option<f64>>, MetricError> = without.collect();
    let without = without?;
    let defined = without.iter().flatten();
    let count = defined.clone().count() as f64;
    let mean = defined.sum::<f64>() / count.max(1.0);
    let factor = ((count - 1.0).max(0.0) / count.max(1.0)).sqrt();
    let of_unit = |without: Option<f64>| without.map_or(0.0, |without| factor * (mean - without));
    Ok(without.into_iter().map(of_unit).map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use eosin_metrics::Ranking;

    use super::*;
    use crate::pool::Labels;

    fn squares(influence: &[f32]) -> f64 {
        influence.iter().map(|one| f64::from(*one).powi(2)).sum()
    }

    fn variance(pool: &Pool, metric: Metric) -> f64 {
        let (units, logits) = (Units::new(pool, metric), &pool.members()[0]);
        squares(&influence(pool, metric, &units, logits).expect("both classes"))
    }

    fn pool(folds: usize, together: usize) -> Pool {
        let noise = |at: usize| ((at * at * 37 + at * 11) % 101) as f32 / 30.0 - 2.0;
        let targets: Vec<usize> = (0..90).map(|at| at * at % 7 % 2).collect();
        let logit = |at: usize| [0.0, noise(at) + targets[at] as f32];
        let members = vec![(0..90).flat_map(logit).collect()];
        let labels = Labels {
            classes: 2,
            positive: 1,
            folds: (0..90).map(|at| at / together % folds).collect(),
            groups: (0..90).map(|at| at / together).collect(),
            targets,
        };
        Pool::new(members, labels).expect("members fit")
    }

    #[test]
    fn of_one_fold_and_single_patches_the_variance_is_delongs() {
        let pool = pool(1, 1);
        let targets = pool.labels().targets.iter();
        let positive: Vec<bool> = targets.map(|one| *one == 1).collect();
        let rows = pool.members()[0].chunks_exact(2);
        let scores: Vec<f64> = rows.map(|row| f64::from(row[1])).collect();
        let ranking = Ranking::new(&positive, &scores).unwrap();
        let expected = ranking.auroc_variance().unwrap();
        let found = variance(&pool, Metric::Auroc);
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} {expected}");
    }

    #[test]
    fn the_variance_of_a_share_is_that_of_a_mean_and_of_a_jackknife() {
        let pool = pool(3, 1);
        let rows = pool.members()[0].chunks_exact(2);
        let rows = rows.zip(&pool.labels().targets);
        let right = rows.filter(|(row, target)| usize::from(row[1] > row[0]) == **target);
        let share = right.count() as f64 / 90.0;
        let expected = share * (1.0 - share) / 89.0;
        let found = variance(&pool, Metric::Accuracy);
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} {expected}");
        let (units, logits) = (Units::new(&pool, Metric::Accuracy), &pool.members()[0]);
        let blocks = jackknife(&pool, Metric::Accuracy, &units, logits).unwrap();
        let found = squares(&blocks);
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
    }

    #[test]
    fn groups_are_units_and_lie_in_one_fold() {
        let pool = pool(3, 5);
        let units = Units::new(&pool, Metric::Auroc);
        assert_eq!((units.count(), units.are_patches), (18, false));
        assert_eq!(units.ranges(), [0..6, 6..12, 12..18]);
        for (patch, unit) in units.of_patch.iter().enumerate() {
            assert_eq!(units.folds[*unit], pool.labels().folds[patch]);
        }
    }
}
