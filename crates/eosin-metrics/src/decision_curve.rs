//! Decision curves.

use serde::{Deserialize, Serialize};

use crate::scored::ScoredRows;

/// A point of a decision curve, at the probability from which on one would act.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionPoint {
    /// The probability.
    pub threshold: f64,
    /// Net benefit of acting where the probability is at least the threshold.
    pub model: f64,
    /// Of acting always; of acting never it is 0.
    pub treat_all: f64,
    /// Actions that the model spares a row compared with acting always, at the same number of positive
    /// rows acted on.
    pub avoided: f64,
}

/// The net benefit `TP/n - FP/n t / (1 - t)` at thresholds `t` of .01, .02 to .99.
///
/// Empty where rows are of one class. Sources: Vickers & Elkin, Med Decis Making 2006. Reference: `dcurves` (Python),
/// which has the same net benefit, and `net_intervention_avoided` for `avoided`:
/// `(model - treat_all) (1 - t) / t`.
pub fn decision_curve(rows: &ScoredRows) -> Vec<DecisionPoint> {
    if !rows.has_both() {
        return Vec::new();
    }
    let probs = rows.probs();
    (1..100_u8)
        .map(|percent| point(rows, &probs, f64::from(percent) / 100.0))
        .collect()
}

fn point(rows: &ScoredRows, probs: &[f64], threshold: f64) -> DecisionPoint {
    let count = rows.len() as f64;
    let odds = threshold / (1.0 - threshold);
    let (mut hits, mut alarms) = (0_u64, 0_u64);
    for (positive, prob) in rows.positive().iter().zip(probs) {
        if *prob >= threshold {
            *if *positive { &mut hits } else { &mut alarms } += 1;
        }
    }
    let benefit = |hits: f64, alarms: f64| hits / count - alarms / count * odds;
    let positives = rows.positives() as f64;
    let model = benefit(hits as f64, alarms as f64);
    let treat_all = benefit(positives, count - positives);
    DecisionPoint {
        threshold,
        model,
        treat_all,
        avoided: (model - treat_all) / odds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_knows_all_gains_the_prevalence_and_one_class_has_no_curve() {
        let rows = |positive: Vec<bool>| {
            let z = positive.iter().map(|p| if *p { 50.0 } else { -50.0 });
            ScoredRows::new(positive.clone(), z.collect(), None).unwrap()
        };
        let curve = decision_curve(&rows(vec![true, false, false, false]));
        assert_eq!(curve.len(), 99);
        assert!(curve.iter().all(|point| (point.model - 0.25).abs() < 1e-12));
        // Acting always: .25 - .75 / 4 at .2.
        assert!((curve[19].treat_all - 0.0625).abs() < 1e-12);
        assert!(decision_curve(&rows(vec![true, true])).is_empty());
    }
}
