//! The score of the 2020 breast pathology datathon (KHD).

use crate::counts::Counts;

/// What the evaluator added to every denominator.
const EPSILON: f64 = 0.001;

/// The datathon's score: the mean of accuracy, precision `P`, recall `R`, specificity, NPV and F1,
/// each with 0.001 added to its denominator; F1 is formed from the two values so softened:
///
/// ```text
/// P  = TP / (TP + FP + 0.001)      R    = TP / (TP + FN + 0.001)
/// SP = TN / (TN + FP + 0.001)      NPV  = TN / (TN + FN + 0.001)
/// F1 = 2 P R / (P + R + 0.001)     A    = (TP + TN) / (n + 0.001)
/// khd = (A + P + R + SP + NPV + F1) / 6
/// ```
///
/// In 0 to just under 1, and never undefined: a missing class gives its terms 0, as it did then. A
/// perfect score on 1,400 benign and 600 malignant patches is 0.9999156. Source: the rules of the
/// datathon, recovered from its published scores.
pub fn khd(counts: &Counts) -> f64 {
    let [tp, fp, fn_, tn] = as_floats(counts);
    let soft = |part: f64, whole: f64| part / (whole + EPSILON);
    let (precision, recall) = (soft(tp, tp + fp), soft(tp, tp + fn_));
    let terms = [
        soft(tp + tn, tp + fp + fn_ + tn),
        precision,
        recall,
        soft(tn, tn + fp),
        soft(tn, tn + fn_),
        soft(2.0 * precision * recall, precision + recall),
    ];
    terms.iter().sum::<f64>() / terms.len() as f64
}

/// The score by the official evaluator, which takes false negatives for false positives and the
/// other way round.
///
/// That exchanges precision with recall and specificity with NPV, so what it printed under those
/// names was the other one; the mean, and so the score, is the same as [`khd`].
pub fn khd_as_published(counts: &Counts) -> f64 {
    khd(&Counts {
        false_positives: counts.false_negatives,
        false_negatives: counts.false_positives,
        ..*counts
    })
}

fn as_floats(counts: &Counts) -> [f64; 4] {
    [
        counts.true_positives,
        counts.false_positives,
        counts.false_negatives,
        counts.true_negatives,
    ]
    .map(|count| count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(true_positives: u64, false_positives: u64) -> f64 {
        khd(&Counts {
            true_positives,
            false_positives,
            false_negatives: 600 - true_positives,
            true_negatives: 1400 - false_positives,
        })
    }

    fn close(got: f64, published: f64, digits: i32) {
        let tolerance = 0.5 * 10_f64.powi(-digits) * 1.000_001;
        assert!(
            (got - published).abs() <= tolerance,
            "{got} is not {published}"
        );
    }

    #[test]
    fn perfect_and_all_benign_score_what_the_datathon_published() {
        close(score(600, 0), 0.999_915_6, 7);
        close(score(0, 0), 0.399_999_76, 8);
    }

    #[test]
    fn the_leaderboard_is_reproduced_by_two_and_three_missed_malignant_patches() {
        close(score(598, 0), 0.998_677_335, 9);
        close(score(597, 0), 0.998_058_131_3, 10);
    }

    #[test]
    fn exchanging_false_negatives_and_false_positives_leaves_the_score() {
        for (false_positives, false_negatives) in [(0, 0), (3, 17), (1400, 0), (0, 600)] {
            let counts = Counts {
                true_positives: 600 - false_negatives,
                false_positives,
                false_negatives,
                true_negatives: 1400 - false_positives,
            };
            let (ours, theirs) = (khd(&counts), khd_as_published(&counts));
            assert!((ours - theirs).abs() < 1e-15, "{ours} {theirs}");
        }
    }
}
