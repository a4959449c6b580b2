//! Isotonic regression.

use eosin_core::{Calibrator, Knot};

use crate::scored::ScoredRows;
use crate::undefined::Undefined;

/// Rows pooled to one level.
#[derive(Clone, Copy)]
struct Level {
    low: f64,
    high: f64,
    positives: f64,
    rows: f64,
}

impl Level {
    fn prob(&self) -> f64 {
        self.positives / self.rows
    }
}

/// The rising curve of least squared error: neighbours that fall are pooled (PAV) until none does;
/// between levels the curve is straight, beyond the first and the last level. Rows of equal log odds
/// count as one of their mean. Sources: Ayer et al. 1955; Zadrozny & Elkan, KDD 2002. Reference:
/// scikit-learn's `IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")` on log odds.
///
/// The first level is often 0 and the last 1: one wrong patch beyond them then has an infinite log
/// loss (cut off as [`log_loss`](crate::log_loss()) says).
///
/// # Errors
/// Why there is none: one class, the same log odds everywhere, infinite ones, or one level, which tells
/// nothing apart.
pub fn fit_isotonic(rows: &ScoredRows) -> Result<Calibrator, Undefined> {
    if !rows.has_both() {
        return Err(Undefined::OneClass);
    }
    let ranking = rows.ranking().ok_or(Undefined::Certain)?;
    if ranking.groups().len() < 2 {
        return Err(Undefined::Constant);
    }
    let mut levels: Vec<Level> = Vec::new();
    for tied in ranking.groups().iter().rev() {
        let mut level = Level {
            low: tied.score,
            high: tied.score,
            positives: tied.positives as f64,
            rows: (tied.positives + tied.negatives) as f64,
        };
        while let Some(below) = levels.last().filter(|below| below.prob() >= level.prob()) {
            level.low = below.low;
            level.positives += below.positives;
            level.rows += below.rows;
            levels.pop();
        }
        levels.push(level);
    }
    if levels.len() < 2 {
        return Err(Undefined::Backwards);
    }
    let ends = |level: &Level| {
        let knot = |log_odds| Knot {
            log_odds,
            prob: level.prob(),
        };
        let high = (level.high > level.low).then(|| knot(level.high));
        std::iter::once(knot(level.low)).chain(high)
    };
    Ok(Calibrator::Isotonic {
        knots: levels.iter().flat_map(ends).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(positive: &[bool], z: &[f64]) -> Result<Calibrator, Undefined> {
        fit_isotonic(&ScoredRows::new(positive.into(), z.into(), None).unwrap())
    }

    #[test]
    fn neighbours_that_fall_are_pooled_and_ties_are_one() {
        let positive = [false, true, false, true, true, false];
        let found = fit(&positive, &[0.0, 1.0, 2.0, 3.0, 4.0, 3.0]).unwrap();
        let Calibrator::Isotonic { knots } = found else {
            panic!("no curve");
        };
        let knots: Vec<_> = knots
            .iter()
            .map(|knot| (knot.log_odds, knot.prob))
            .collect();
        assert_eq!(knots, [(0.0, 0.0), (1.0, 0.5), (3.0, 0.5), (4.0, 1.0)]);
    }

    #[test]
    fn what_tells_nothing_apart_has_no_curve() {
        assert_eq!(fit(&[true, false], &[0.0, 1.0]), Err(Undefined::Backwards));
        assert_eq!(fit(&[true, false], &[1.0, 1.0]), Err(Undefined::Constant));
        assert_eq!(fit(&[true, true], &[0.0, 1.0]), Err(Undefined::OneClass));
    }
}
