//! A calibrator of each kind, fitted to rows of two classes.

use eosin_core::config::CalibratorKind;
use eosin_core::{Calibrator, FoldId};
use eosin_metrics::{ScoredRows, Undefined, fit_isotonic, fit_platt, fit_temperature};

/// A calibrator; `None` where probabilities stay as they are.
pub(super) type Fitted = Result<Option<Calibrator>, Undefined>;

/// Fits a calibrator to rows.
pub(super) fn fit(kind: CalibratorKind, rows: &ScoredRows) -> Fitted {
    match kind {
        CalibratorKind::None => Ok(None),
        CalibratorKind::Platt => fit_platt(rows).map(Some),
        CalibratorKind::Isotonic => fit_isotonic(rows).map(Some),
        CalibratorKind::Temperature => {
            if !rows.has_both() {
                return Err(Undefined::OneClass);
            }
            let targets: Vec<usize> = rows.positive().iter().copied().map(usize::from).collect();
            let logits: Vec<f64> = rows.log_odds().iter().flat_map(|z| [0.0, *z]).collect();
            match fit_temperature(&targets, &logits, 2) {
                Ok(fitted) => fitted.map(Some),
                // Only log odds that are not finite are refused.
                Err(_) => Err(Undefined::Certain),
            }
        }
    }
}

/// Why nothing is fitted without a fold, as a sentence.
pub(super) fn without(fold: FoldId, why: Undefined) -> String {
    match why {
        Undefined::OneFold => why.to_string(),
        why => format!("without fold {fold}: {why}"),
    }
}

/// The rows as a calibrator shows them.
pub(super) fn shown(rows: &ScoredRows, calibrator: Option<&Calibrator>) -> ScoredRows {
    calibrator.map_or_else(|| rows.clone(), |calibrator| rows.calibrated(calibrator))
}

/// Beyond it no log odds of two probabilities in single precision are.
const BEYOND: f64 = 105.0;

/// Log odds from which on the positive class is the likelier one by the calibrated probability (or as
/// likely); beyond all others where that is always or never so.
pub(super) fn even_odds(calibrator: Option<&Calibrator>) -> f64 {
    match calibrator {
        None | Some(Calibrator::Temperature { .. }) => 0.0,
        Some(Calibrator::Platt { slope, intercept }) => (-intercept / slope).clamp(-BEYOND, BEYOND),
        Some(Calibrator::Isotonic { knots }) => {
            match knots.iter().position(|knot| knot.prob >= 0.5) {
                None => BEYOND,
                Some(0) => -BEYOND,
                Some(at) => {
                    let (low, high) = (knots[at - 1], knots[at]);
                    let share = (0.5 - low.prob) / (high.prob - low.prob);
                    low.log_odds + share * (high.log_odds - low.log_odds)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::Knot;

    use super::*;

    #[test]
    fn even_odds_are_where_the_calibrated_probability_is_a_half() {
        let platt = Calibrator::Platt {
            slope: 2.0,
            intercept: -1.0,
        };
        assert!((even_odds(Some(&platt)) - 0.5).abs() < 1e-12);
        let knot = |log_odds, prob| Knot { log_odds, prob };
        let curve = |knots| even_odds(Some(&Calibrator::Isotonic { knots }));
        assert!((curve(vec![knot(-1.0, 0.25), knot(1.0, 0.75)])).abs() < 1e-12);
        assert!((curve(vec![knot(-1.0, 0.6), knot(1.0, 0.75)]) + BEYOND).abs() < 1e-12);
        assert!((curve(vec![knot(-1.0, 0.1), knot(1.0, 0.2)]) - BEYOND).abs() < 1e-12);
    }
}
