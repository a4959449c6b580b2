//! Platt's sigmoid.

use eosin_core::Calibrator;

use super::logistic::fit_line;
use crate::scored::ScoredRows;
use crate::undefined::Undefined;

/// The sigmoid of least log loss against Platt's targets: with `P` positive rows and `N` negative ones
/// `(P + 1) / (P + 2)` and `1 / (N + 2)` stand for 1 and 0, so that rows that are told apart without
/// an error have a finite slope, too. Sources: Platt 1999; Lin, Lin & Weng, Machine Learning 2007.
/// Reference: scikit-learn's `_SigmoidCalibration`.
///
/// # Errors
/// Why there is none: one class, the same log odds everywhere, or a slope that is not above 0.
pub fn fit_platt(rows: &ScoredRows) -> Result<Calibrator, Undefined> {
    if !rows.has_both() {
        return Err(Undefined::OneClass);
    }
    if rows.log_odds().iter().any(|z| z.is_infinite()) {
        return Err(Undefined::Certain);
    }
    let positives = rows.positives() as f64;
    let negatives = rows.len() as f64 - positives;
    let [yes, no] = [
        (positives + 1.0) / (positives + 2.0),
        1.0 / (negatives + 2.0),
    ];
    let target = |positive: &bool| if *positive { yes } else { no };
    let targets: Vec<f64> = rows.positive().iter().map(target).collect();
    let line = fit_line(&targets, rows.log_odds())?;
    if line.slope <= 0.0 {
        return Err(Undefined::Backwards);
    }
    Ok(Calibrator::Platt {
        slope: line.slope,
        intercept: line.intercept,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(positive: &[bool], z: &[f64]) -> Result<Calibrator, Undefined> {
        fit_platt(&ScoredRows::new(positive.into(), z.into(), None).unwrap())
    }

    #[test]
    fn what_cannot_be_fitted_is_told() {
        assert_eq!(fit(&[true, true], &[0.0, 1.0]), Err(Undefined::OneClass));
        assert_eq!(fit(&[true, false], &[0.3, 0.3]), Err(Undefined::Constant));
        let turned = fit(&[true, true, false, false], &[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(turned, Err(Undefined::Backwards));
        assert_eq!(
            fit(&[true, false], &[f64::INFINITY, 0.0]),
            Err(Undefined::Certain)
        );
    }

    #[test]
    fn separated_classes_have_a_finite_slope() {
        let Ok(Calibrator::Platt { slope, .. }) = fit(&[false, false, true], &[-1.0, 0.0, 9.0])
        else {
            panic!("no sigmoid");
        };
        assert!(slope > 0.0 && slope < 10.0, "{slope}");
    }
}
