//! What turns the probabilities of a run into calibrated ones.

use serde::{Deserialize, Serialize};

use crate::task::log_odds;

/// What turns probabilities into calibrated ones. It never ranks two patches the other way round.
///
/// Two classes are seen by the log odds `z` of the positive one, `ln(p / (1 - p))`, which is the
/// difference of the two logits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Calibrator {
    /// Logits divided by `temperature`, whatever the number of classes. Source: Guo et al., "On
    /// calibration of modern neural networks", ICML 2017.
    Temperature {
        /// Above 0; above 1 where the run is too sure.
        temperature: f64,
    },
    /// `1 / (1 + exp(-(slope z + intercept)))`, of two classes. Source: Platt 1999.
    Platt {
        /// Above 0; below 1 where the run is too sure.
        slope: f64,
        /// Log odds at even odds of the run.
        intercept: f64,
    },
    /// Straight lines between `knots`, and level beyond the first and the last, of two classes.
    /// Source: Zadrozny & Elkan, KDD 2002.
    Isotonic {
        /// At least one; both values rise from each to the next.
        knots: Vec<Knot>,
    },
}

/// A point of an isotonic curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knot {
    /// Log odds of the run.
    pub log_odds: f64,
    /// Calibrated probability of the positive class.
    pub prob: f64,
}

impl Calibrator {
    /// The calibrated log odds of the positive one of two classes, from the run's; infinite where an
    /// isotonic curve says 0 or 1.
    pub fn log_odds(&self, z: f64) -> f64 {
        match self {
            Self::Temperature { temperature } => z / temperature,
            Self::Platt { slope, intercept } => slope * z + intercept,
            Self::Isotonic { knots } => {
                let prob = between(knots, z);
                (prob / (1.0 - prob)).ln()
            }
        }
    }

    /// Calibrated probabilities of one patch from the run's, one a class; `positive` is the class that
    /// two classes are seen by.
    pub fn probs(&self, probs: &[f32], positive: usize) -> Vec<f32> {
        match (self, probs) {
            (Self::Temperature { temperature }, [_, _, _, ..]) => heated(probs, *temperature),
            (_, [_, _]) => {
                let z = self.log_odds(log_odds(probs, positive));
                let mut calibrated = vec![narrow(prob_of(-z)); 2];
                calibrated[positive] = narrow(prob_of(z));
                calibrated
            }
            // Curves of two classes say nothing of others: nobody fits them there.
            _ => probs.to_vec(),
        }
    }
}

/// The probability that log odds stand for: `1 / (1 + exp(-z))`.
pub fn prob_of(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The softmax of logits divided by a temperature.
fn heated(probs: &[f32], temperature: f64) -> Vec<f32> {
    let tiny = f64::from(f32::from_bits(1));
    let logit = |prob: &f32| f64::from(*prob).max(tiny).ln() / temperature;
    let logits: Vec<f64> = probs.iter().map(logit).collect();
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|part| narrow(part / sum)).collect()
}

/// The curve through `knots` at `z`.
fn between(knots: &[Knot], z: f64) -> f64 {
    let after = knots.partition_point(|knot| knot.log_odds < z);
    let (Some(first), Some(last)) = (knots.first(), knots.last()) else {
        return prob_of(z);
    };
    match after {
        0 => first.prob,
        after if after == knots.len() => last.prob,
        after => {
            let (low, high) = (knots[after - 1], knots[after]);
            let share = (z - low.log_odds) / (high.log_odds - low.log_odds);
            low.prob + share * (high.prob - low.prob)
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "probabilities are written in single precision, as the run's own are"
)]
const fn narrow(prob: f64) -> f32 {
    prob as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_of_one_changes_nothing_and_a_high_one_takes_all_certainty() {
        let one = Calibrator::Temperature { temperature: 1.0 };
        let hot = Calibrator::Temperature { temperature: 1e9 };
        for probs in [vec![0.9_f32, 0.1], vec![0.7, 0.2, 0.1]] {
            let same = one.probs(&probs, 1);
            let even = hot.probs(&probs, 1);
            for (at, prob) in probs.iter().enumerate() {
                assert!((same[at] - prob).abs() < 1e-6, "{same:?}");
                assert!(
                    (even[at] - 1.0 / probs.len() as f32).abs() < 1e-6,
                    "{even:?}"
                );
            }
        }
    }

    #[test]
    fn the_positive_class_keeps_its_place() {
        let platt = Calibrator::Platt {
            slope: 1.0,
            intercept: 2.0,
        };
        let raised = 1.0 / (1.0 + (-2.0_f32).exp());
        assert!((platt.probs(&[0.5, 0.5], 0)[0] - raised).abs() < 1e-6);
        assert!((platt.probs(&[0.5, 0.5], 1)[1] - raised).abs() < 1e-6);
    }

    #[test]
    fn an_isotonic_curve_is_straight_between_knots_and_level_beyond() {
        let knot = |log_odds, prob| Knot { log_odds, prob };
        let knots = vec![knot(-1.0, 0.0), knot(1.0, 0.5), knot(2.0, 1.0)];
        for (z, prob) in [
            (-5.0, 0.0),
            (-1.0, 0.0),
            (0.0, 0.25),
            (1.5, 0.75),
            (9.0, 1.0),
        ] {
            assert!((between(&knots, z) - prob).abs() < 1e-12, "{z}");
        }
        let curve = Calibrator::Isotonic { knots };
        assert!(curve.log_odds(-3.0).is_infinite() && curve.log_odds(-3.0) < 0.0);
        assert_eq!(curve.probs(&[0.0, 1.0], 1), [0.0, 1.0]);
    }
}
