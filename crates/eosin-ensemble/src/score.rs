//! The metric that selects, as fast as a search needs it.

use eosin_metrics::{Metric, MetricError, MetricSet};

use crate::methods::rank::log_odds;
use crate::pool::Labels;

/// Scores logits of some patches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruler<'a> {
    pub metric: Metric,
    pub labels: &'a Labels,
}

impl Ruler<'_> {
    /// The metric of logits `[patches, classes]`, as [`MetricSet`] has it of their softmax; `None`
    /// where it is undefined.
    pub fn score(&self, logits: &[f32]) -> Result<Option<f64>, MetricError> {
        match self.metric {
            Metric::Auroc => Ok(self.auroc(logits)),
            metric => {
                let Labels {
                    targets,
                    classes,
                    positive,
                    ..
                } = self.labels;
                let probs = softmax(logits, *classes);
                Ok(MetricSet::new(targets, &probs, *classes, *positive)?.get(metric))
            }
        }
    }

    /// Whether it is the AUROC of two classes, for which there are shorter ways.
    pub fn is_two_class_auroc(&self) -> bool {
        self.metric == Metric::Auroc && self.labels.classes == 2
    }

    /// By log odds and not by probabilities, which rank alike but for those that rounding makes 1.
    fn auroc(&self, logits: &[f32]) -> Option<f64> {
        let classes = self.labels.classes;
        if classes == 2 {
            return self.auroc_of(logits, self.labels.positive);
        }
        let each: Option<Vec<f64>> = (0..classes)
            .map(|class| self.auroc_of(logits, class))
            .collect();
        each.map(|each| each.iter().sum::<f64>() / classes as f64)
    }

    /// One class against all others.
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
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
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
