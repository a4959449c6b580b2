//! Rows that an evaluation needs, against those that it has.

use serde::{Deserialize, Serialize};

use super::criteria::{Criterion, Expected};
use super::design_effect::DesignEffect;
use crate::cut::CutFigures;
use crate::scored::ScoredRows;

/// What one criterion asks for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Which figure's interval.
    pub criterion: Criterion,
    /// The width that it is to have at most.
    pub width: f64,
    /// Rows needed if all were independent; `None` where the criterion has no value.
    pub rows_independent: Option<u64>,
    /// Rows needed in groups as they are here; `None` also where nothing is known of groups.
    pub rows: Option<u64>,
    /// The width that the rows at hand give.
    pub width_here: Option<f64>,
    /// Whether the rows at hand suffice.
    pub is_met: Option<bool>,
}

/// How many rows an evaluation like this one needs for intervals of useful width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleSize {
    /// Rows at hand.
    pub rows: usize,
    /// Positive ones.
    pub positives: usize,
    /// What their groups cost.
    pub design: DesignEffect,
    /// Independent rows that they are worth.
    pub rows_worth: Option<f64>,
    /// What each criterion asks for.
    pub needs: Vec<Need>,
}

impl SampleSize {
    /// Of rows that were judged, the threshold as log odds. Prevalence, AUROC, sensitivity, specificity and the
    /// distribution of log odds are taken as they are here.
    pub fn of(rows: &ScoredRows, threshold: f64) -> Self {
        let cut = CutFigures::at(rows, threshold);
        let expected = Expected {
            prevalence: rows.positives() as f64 / rows.len() as f64,
            c_statistic: rows.ranking().and_then(|ranking| ranking.auroc()),
            log_odds: rows.log_odds().to_vec(),
            sensitivity: cut.sensitivity,
            specificity: cut.specificity,
            threshold: eosin_core::prob_of(threshold),
        };
        let design = DesignEffect::of(rows);
        let rows_worth = design.effect.map(|effect| rows.len() as f64 / effect);
        let need = |criterion: Criterion| {
            let width = criterion.width();
            let independent = expected.rows_for(criterion, width);
            let needed = independent
                .zip(design.effect)
                .map(|(rows, effect)| rows * effect);
            Need {
                criterion,
                width,
                rows_independent: independent.map(whole),
                rows: needed.map(whole),
                width_here: rows_worth.and_then(|worth| expected.width_of(criterion, worth)),
                is_met: needed.map(|needed| whole(needed) <= rows.len() as u64),
            }
        };
        Self {
            rows: rows.len(),
            positives: rows.positives(),
            rows_worth,
            needs: Criterion::ALL.into_iter().map(need).collect(),
            design,
        }
    }
}

/// The next whole number of rows.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of rows are finite and not below 0; beyond all rows is beyond all rows"
)]
fn whole(rows: f64) -> u64 {
    rows.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_raise_the_need_and_one_class_has_none() {
        let z: Vec<f64> = (0..300)
            .map(|at| f64::from((at * 53) % 97) / 16.0 - 3.0)
            .collect();
        let positive: Vec<bool> = z
            .iter()
            .enumerate()
            .map(|(at, z)| z + (at % 5) as f64 > 2.0)
            .collect();
        let of = |groups| {
            let rows = ScoredRows::new(positive.clone(), z.clone(), groups).unwrap();
            SampleSize::of(&rows, 0.0)
        };
        let (free, tied) = (of(None), of(Some((0..300).map(|row| row % 5).collect())));
        for (one, other) in free.needs.iter().zip(&tied.needs) {
            assert_eq!(one.rows, one.rows_independent);
            assert!(other.rows > one.rows, "{other:?}");
            assert!(other.width_here > one.width_here);
        }
        let rows = ScoredRows::new(vec![true; 4], vec![0.0, 1.0, 2.0, 3.0], None).unwrap();
        let none = SampleSize::of(&rows, 0.0);
        assert!(
            none.needs
                .iter()
                .all(|need| need.rows.is_none() && need.is_met.is_none())
        );
    }
}
