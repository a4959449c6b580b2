//! The metric that selects, as fast as a search needs it.

use eosin_metrics::{Confusion, Metric, MetricError, Probs, auprc, ece};

use crate::methods::hard::likeliest;
use crate::methods::rank::log_odds;
use crate::pool::Labels;

/// Scores logits of some patches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruler<'a> {
    pub metric: Metric,
    pub labels: &'a Labels,
}

impl Ruler<'_> {
    /// The metric of logits `[patches, classes]`, as [`MetricSet`](eosin_metrics::MetricSet) has it of their softmax; `None`
    /// where it is undefined.
    pub fn score(&self, logits: &[f32]) -> Result<Option<f64>, MetricError> {
        let Labels {
            targets, classes, ..
        } = self.labels;
        match self.metric {
            Metric::Auroc => Ok(self.over_classes(|class| self.auroc_of(logits, class))),
            Metric::Auprc => self.auprc(logits),
            Metric::LogLoss => Ok(Some(log_loss(targets, &softmax(logits, *classes)))),
            Metric::Brier => Ok(Some(brier(targets, &softmax(logits, *classes)))),
            Metric::Ece => {
                let probs = Probs::new(targets, &softmax(logits, *classes), *classes)?;
                Ok(Some(ece(targets, &probs, ECE_BINS)))
            }
            _ => self.of_preds(logits),
        }
    }

    /// Whether it is the AUROC of two classes, for which there are shorter ways.
    pub fn is_two_class_auroc(&self) -> bool {
        self.metric == Metric::Auroc && self.labels.classes == 2
    }

    /// Of the positive class of two, or the mean over more; `None` where one is.
    fn over_classes(&self, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        over_classes(self.labels.classes, self.labels.positive, of)
    }

    /// Metrics of the likeliest classes.
    fn of_preds(&self, logits: &[f32]) -> Result<Option<f64>, MetricError> {
        let classes = self.labels.classes;
        let preds: Vec<usize> = logits.chunks_exact(classes).map(likeliest).collect();
        let confusion = Confusion::new(&self.labels.targets, &preds, classes)?;
        Ok(self.metric.of_confusion(&confusion, self.labels.positive))
    }

    fn auprc(&self, logits: &[f32]) -> Result<Option<f64>, MetricError> {
        let classes = self.labels.classes;
        let probs = softmax(logits, classes);
        let of_class = |class: usize| {
            let targets = self.labels.targets.iter();
            let positive: Vec<bool> = targets.map(|target| *target == class).collect();
            let scores: Vec<f64> = probs.iter().skip(class).step_by(classes).copied().collect();
            auprc(&positive, &scores)
        };
        let each: Result<Vec<Option<f64>>, MetricError> = (0..classes).map(of_class).collect();
        let each = each?;
        Ok(self.over_classes(|class| each[class]))
    }

    /// One class against all others, by log odds and not by probabilities, which rank alike but for
    /// those that rounding makes 1.
    fn auroc_of(&self, logits: &[f32], class: usize) -> Option<f64> {
        let rows = logits.chunks_exact(self.labels.classes);
        let rows = rows.zip(&self.labels.targets);
        let scored = rows.map(|(row, target)| Scored {
            score: log_odds(row, class),
            positive: *target == class,
        });
        auroc(scored)
    }
}

/// Of the positive class of two, or the mean over more; `None` where one is.
fn over_classes(classes: usize, positive: usize, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    if classes == 2 {
        return of(positive);
    }
    let each: Option<Vec<f64>> = (0..classes).map(of).collect();
    each.map(|each| each.iter().sum::<f64>() / classes as f64)
}

/// Bins of the expected calibration error, as metric sets have them.
const ECE_BINS: usize = 15;

/// As [`eosin_metrics::log_loss`] has it.
fn log_loss(targets: &[usize], probs: &[f64]) -> f64 {
    mean_over(targets, probs, |row, target| {
        -row[target].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// As [`eosin_metrics::brier`] has it.
fn brier(targets: &[usize], probs: &[f64]) -> f64 {
    mean_over(targets, probs, squared_error)
}

/// `sum_c (p_c - [c = target])^2`, of two classes half of it.
pub(crate) fn squared_error(row: &[f64], target: usize) -> f64 {
    let wanted = |class: usize| if class == target { 1.0 } else { 0.0 };
    let ways = row.iter().enumerate();
    let sum: f64 = ways
        .map(|(class, prob)| (prob - wanted(class)).powi(2))
        .sum();
    if row.len() == 2 { sum / 2.0 } else { sum }
}

fn mean_over(targets: &[usize], probs: &[f64], of: impl Fn(&[f64], usize) -> f64) -> f64 {
    let rows = probs.chunks_exact(probs.len() / targets.len());
    let sum: f64 = rows
        .zip(targets)
        .map(|(row, target)| of(row, *target))
        .sum();
    sum / targets.len() as f64
}

/// A score, and what it should tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub score: f32,
    pub positive: bool,
}

/// Chance that a positive row outranks a negative one, ties by half; `None` without either.
pub(crate) fn auroc(scored: impl Iterator<Item = Scored>) -> Option<f64> {
    // One number a row that sorts as its score does: comparing integers is what the time goes into.
    let keys = scored
        .map(|row| (u64::from(rising_bits(row.score)) << 1) | u64::from(row.positive))
        .collect();
    let keys = sorted(keys);
    let (mut positives, mut negatives, mut twice_wins) = (0_u64, 0_u64, 0_u64);
    for tied in keys.chunk_by(|a, b| a >> 1 == b >> 1) {
        let won = tied.iter().map(|key| key & 1).sum::<u64>();
        let lost = tied.len() as u64 - won;
        twice_wins += won * (2 * negatives + lost);
        positives += won;
        negatives += lost;
    }
    let pairs = positives * negatives;
    (pairs > 0).then(|| twice_wins as f64 / (2 * pairs) as f64)
}

/// Rows from which on sorting by digits is faster than by comparing.
const MANY: usize = 1000;
/// Bits of a digit.
const DIGIT: u32 = 11;

/// Keys of 33 bits, rising but for the last, which is no part of the score.
fn sorted(mut keys: Vec<u64>) -> Vec<u64> {
    if keys.len() < MANY {
        keys.sort_unstable();
        return keys;
    }
    let mut other = vec![0; keys.len()];
    for shift in [1, 1 + DIGIT, 1 + 2 * DIGIT] {
        let digit = |key: u64| (key >> shift & ((1 << DIGIT) - 1)) as usize;
        let mut places = [0_usize; 1 << DIGIT];
        for key in &keys {
            places[digit(*key)] += 1;
        }
        let mut sum = 0;
        for place in &mut places {
            (*place, sum) = (sum, sum + *place);
        }
        for key in &keys {
            let place = &mut places[digit(*key)];
            other[*place] = *key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

/// Bits that rise as numbers do; those of the two zeros are the same.
const fn rising_bits(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    }
}

/// Probabilities of logits, `[patches, classes]`.
pub(crate) fn softmax(logits: &[f32], classes: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(classes) {
        let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let exps = row.iter().map(|logit| (f64::from(*logit) - largest).exp());
        let sum: f64 = exps.clone().sum();
        out.extend(exps.map(|exp| exp / sum));
    }
    out
}

#[cfg(test)]
mod tests {
    use eosin_metrics::MetricSet;

    use super::*;

    fn logits(classes: usize) -> (Vec<f32>, Labels) {
        let targets: Vec<usize> = (0..60).map(|at| (at * 7 + at / 9) % classes).collect();
        let value = |at: usize, class: usize| {
            let noise = ((at * 37 + class * 11) % 23) as f32 / 6.0 - 2.0;
            noise + if targets[at] == class { 1.0 } else { 0.0 }
        };
        let rows = (0..60).flat_map(|at| (0..classes).map(move |class| (at, class)));
        let values = rows.map(|(at, class)| value(at, class)).collect();
        let labels = Labels {
            targets: targets.clone(),
            classes,
            positive: 1,
            folds: vec![0; 60],
            groups: (0..60).collect(),
        };
        (values, labels)
    }

    #[test]
    fn scores_equal_those_of_the_metric_set() {
        for classes in [2, 3] {
            let (logits, labels) = logits(classes);
            let probs = softmax(&logits, classes);
            let all = MetricSet::new(&labels.targets, &probs, classes, 1).unwrap();
            for &metric in Metric::ALL {
                let ruler = Ruler {
                    metric,
                    labels: &labels,
                };
                let (found, expected) = (ruler.score(&logits).unwrap(), all.get(metric));
                let error = found.unwrap() - expected.unwrap();
                assert!(error.abs() < 1e-12, "{metric} {found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn digits_sort_as_comparing_does() {
        let score = |at: u32| ((at.wrapping_mul(2_654_435_761) >> 9) % 5000) as f32 / 700.0 - 3.5;
        let scored = |count: u32| {
            (0..count).map(move |at| Scored {
                score: score(at),
                positive: at % 3 == 0,
            })
        };
        let rows: Vec<Scored> = scored(3000).collect();
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.score)).collect();
        let positive: Vec<bool> = rows.iter().map(|row| row.positive).collect();
        let expected = eosin_metrics::auroc(&positive, &scores).unwrap();
        assert_eq!(auroc(rows.into_iter()), expected);
    }

    #[test]
    fn ties_count_half_and_zeros_are_equal() {
        let rows = [(0.0, true), (-0.0, false), (-1.0, false), (2.0, true)];
        let scored = rows.map(|(score, positive)| Scored { score, positive });
        assert_eq!(auroc(scored.into_iter()), Some(0.875));
        assert_eq!(auroc(scored.into_iter().filter(|row| row.positive)), None);
    }
}
