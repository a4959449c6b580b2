//! Temperature scaling.

use eosin_core::Calibrator;

use crate::error::{MetricError, check_classes, check_length};
use crate::undefined::Undefined;

/// Halvings of the range that holds the best temperature: to the last bits of it.
const STEPS: usize = 200;
/// An inverse temperature beyond which nothing is fitted but rounding.
const MOST: f64 = 1e12;

/// The temperature of least log loss: logits divided by it.
///
/// `logits` are row-major `n x class_count`, up to a constant a row (log probabilities will do). The loss
/// is convex in the inverse temperature, whose best is found by its slope: Newton's steps, kept within
/// halves of a range. Source: Guo et al., ICML 2017.
///
/// The inner result says why there is none: the same logits everywhere, no better than chance, or each
/// target the likeliest, for which the best temperature is 0.
///
/// # Errors
/// When there are no rows, a length or class is wrong, or a logit is not finite.
pub fn fit_temperature(
    targets: &[usize],
    logits: &[f64],
    class_count: usize,
) -> Result<Result<Calibrator, Undefined>, MetricError> {
    check_classes("target", targets, class_count)?;
    check_length("logits", logits.len(), targets.len() * class_count)?;
    if let Some(index) = logits.iter().position(|logit| !logit.is_finite()) {
        return Err(MetricError::ScoreNotFinite {
            index,
            value: logits[index],
        });
    }
    let rows: Vec<Row<'_>> = targets
        .iter()
        .zip(logits.chunks_exact(class_count))
        .map(|(target, logits)| Row::new(*target, logits))
        .collect();
    let inverse = best_inverse(&rows);
    Ok(inverse.map(|inverse| Calibrator::Temperature {
        temperature: 1.0 / inverse,
    }))
}

/// One patch.
struct Row<'a> {
    logits: &'a [f64],
    most: f64,
    /// Logit of its class.
    own: f64,
}

impl<'a> Row<'a> {
    fn new(target: usize, logits: &'a [f64]) -> Self {
        Self {
            most: logits.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            own: logits[target],
            logits,
        }
    }

    /// Slope and curvature of its loss by the inverse temperature: expected logit less its own, and the
    /// logit's variance.
    fn derivatives(&self, inverse: f64) -> [f64; 2] {
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for logit in self.logits {
            let below = logit - self.most;
            let weight = (inverse * below).exp();
            sum += weight;
            first += weight * below;
            second += weight * below * below;
        }
        let mean = first / sum;
        [mean + self.most - self.own, second / sum - mean * mean]
    }
}

fn best_inverse(rows: &[Row<'_>]) -> Result<f64, Undefined> {
    let at = |inverse: f64| {
        let each = rows.iter().map(|row| row.derivatives(inverse));
        let sum = each.fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
        sum.map(|value| value / rows.len() as f64)
    };
    if rows.iter().all(|row| row.derivatives(0.0)[1] <= 0.0) {
        return Err(Undefined::Constant);
    }
    #[expect(
        clippy::float_cmp,
        reason = "the logit of its class is the largest, or it is another"
    )]
    if rows.iter().all(|row| row.own == row.most) {
        return Err(Undefined::Separated);
    }
    if at(0.0)[0] >= 0.0 {
        return Err(Undefined::Backwards);
    }
    let (mut low, mut high) = (0.0, 1.0);
    while at(high)[0] < 0.0 {
        (low, high) = (high, high * 2.0);
        if high > MOST {
            return Err(Undefined::Separated);
        }
    }
    let mut inverse = f64::midpoint(low, high);
    for _ in 0..STEPS {
        let [slope, curvature] = at(inverse);
        if slope < 0.0 {
            low = inverse;
        } else {
            high = inverse;
        }
        let newton = inverse - slope / curvature;
        let next = if newton > low && newton < high {
            newton
        } else {
            f64::midpoint(low, high)
        };
        if (next - inverse).abs() <= f64::EPSILON * inverse {
            break;
        }
        inverse = next;
    }
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(targets: &[usize], logits: &[f64]) -> Result<Calibrator, Undefined> {
        fit_temperature(targets, logits, 2).unwrap()
    }

    #[test]
    fn three_of_four_right_at_odds_of_nine_want_odds_of_three() {
        let nine = 9.0_f64.ln();
        let logits = [0.0, nine].repeat(4);
        let found = fit(&[1, 1, 1, 0], &logits).unwrap();
        let Calibrator::Temperature { temperature } = found else {
            panic!("no temperature");
        };
        assert!((temperature - 2.0).abs() < 1e-12, "{temperature}");
    }

    #[test]
    fn what_has_no_best_temperature_is_told() {
        assert_eq!(
            fit(&[0, 1], &[1.0, 1.0, 2.0, 2.0]),
            Err(Undefined::Constant)
        );
        assert_eq!(
            fit(&[0, 1], &[2.0, 1.0, 1.0, 2.0]),
            Err(Undefined::Separated)
        );
        assert_eq!(
            fit(&[1, 0], &[2.0, 1.0, 1.0, 2.0]),
            Err(Undefined::Backwards)
        );
        assert!(fit_temperature(&[0], &[f64::NAN, 0.0], 2).is_err());
        assert!(fit_temperature(&[2], &[0.0, 0.0], 2).is_err());
    }
}
