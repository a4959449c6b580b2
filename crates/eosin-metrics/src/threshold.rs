//! Thresholds, chosen by a score, a cost or a rate that must be reached.

use eosin_core::{Calibrator, CutRate, CutScore, ThresholdRule};

use crate::counts::Counts;
use crate::cut::mcc_of;
use crate::scored::ScoredRows;
use crate::{f1, khd, npv, precision, recall, specificity};

/// A threshold, and the decisions that it makes of the rows that it was chosen on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Positive from these log odds on: half way between two neighbouring rows.
    pub log_odds: f64,
    /// What that comes to.
    pub counts: Counts,
}

/// Why there is no threshold.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoCut {
    /// The rule is to have none.
    #[error("the most probable class counts, and no threshold is chosen")]
    NotAsked,
    /// There is nothing to tell apart.
    #[error("all patches are of one class")]
    OneClass,
    /// There is nothing between any two rows.
    #[error("all predictions are the same, so that no threshold tells patches apart")]
    Constant,
    /// Infinite log odds.
    #[error("some probabilities are 0 or 1, whose log odds are infinite")]
    Certain,
    /// A rate that no threshold reaches.
    #[error(
        "no threshold reaches {rate} {bound} with decisions for both classes; {}",
        most.map_or_else(|| "none has a value".to_owned(), |most| format!("the most is {most:.4}"))
    )]
    Unreached {
        /// Which rate.
        rate: CutRate,
        /// What it was to reach.
        bound: f64,
        /// The most that a threshold reaches.
        most: Option<f64>,
    },
}

/// Every threshold that decides some rows one way and some the other: half way between neighbours, from
/// the highest down.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuts {
    cuts: Vec<Cut>,
}

impl Cuts {
    /// Those of rows. Rows that `calibrator` gives one probability are never told apart.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(rows: &ScoredRows, calibrator: Option<&Calibrator>) -> Result<Self, NoCut> {
        if !rows.has_both() {
            return Err(NoCut::OneClass);
        }
        let ranking = rows.ranking().ok_or(NoCut::Certain)?;
        let shown = |z: f64| calibrator.map_or(z, |calibrator| calibrator.log_odds(z));
        let groups = ranking.groups();
        let mut cuts = Vec::new();
        let reached = ranking.cumulative();
        for ((_, positives, negatives), pair) in reached.zip(groups.windows(2)) {
            let (above, below) = (pair[0].score, pair[1].score);
            let log_odds = f64::midpoint(above, below);
            // Two neighbours in the last bit have nothing between them.
            if log_odds <= below || shown(above) <= shown(below) {
                continue;
            }
            cuts.push(Cut {
                log_odds,
                counts: Counts {
                    true_positives: positives,
                    false_positives: negatives,
                    false_negatives: ranking.positives() - positives,
                    true_negatives: ranking.negatives() - negatives,
                },
            });
        }
        if cuts.is_empty() {
            return Err(NoCut::Constant);
        }
        Ok(Self { cuts })
    }

    /// The best by a rule. Of equally good ones it is the one nearest to even odds.
    ///
    /// # Errors
    /// Why there is none.
    pub fn best(&self, rule: ThresholdRule) -> Result<Cut, NoCut> {
        if !rule.asks() {
            return Err(NoCut::NotAsked);
        }
        let mut best: Option<(f64, Cut)> = None;
        for cut in &self.cuts {
            let Some(worth) = worth(&cut.counts, rule) else {
                continue;
            };
            let is_better = best.is_none_or(|(most, nearest)| {
                let nearer = cut.log_odds.abs() < nearest.log_odds.abs();
                #[expect(clippy::float_cmp, reason = "equally good is equal")]
                let equal = worth == most;
                worth > most || (equal && nearer)
            });
            if is_better {
                best = Some((worth, *cut));
            }
        }
        best.map(|(_, cut)| cut).ok_or_else(|| self.unreached(rule))
    }

    fn unreached(&self, rule: ThresholdRule) -> NoCut {
        let ThresholdRule::AtLeast { rate, bound } = rule else {
            return NoCut::Constant;
        };
        let reached = self
            .cuts
            .iter()
            .filter_map(|cut| rate_of(&cut.counts, rate));
        NoCut::Unreached {
            rate,
            bound,
            most: reached.max_by(f64::total_cmp),
        }
    }
}

/// The best threshold of rows by a rule: see [`Cuts`].
///
/// # Errors
/// Why there is none.
pub fn choose_cut(
    rows: &ScoredRows,
    rule: ThresholdRule,
    calibrator: Option<&Calibrator>,
) -> Result<Cut, NoCut> {
    if !rule.asks() {
        return Err(NoCut::NotAsked);
    }
    Cuts::of(rows, calibrator)?.best(rule)
}

/// What a threshold is worth by a rule, more is better; `None` where it has no value, or a rate is not
/// reached.
fn worth(counts: &Counts, rule: ThresholdRule) -> Option<f64> {
    match rule {
        ThresholdRule::Likeliest => None,
        ThresholdRule::Best(score) => match score {
            CutScore::Khd => Some(khd(counts)),
            CutScore::F1 => f1(counts),
            CutScore::Youden => {
                let both = recall(counts).zip(specificity(counts));
                both.map(|(one, other)| one + other - 1.0)
            }
            CutScore::Accuracy => Some((counts.true_positives + counts.true_negatives) as f64),
            CutScore::Mcc => mcc_of(counts),
        },
        ThresholdRule::Cost { of_missed } => {
            let missed = of_missed * counts.false_negatives as f64;
            Some(-(missed + counts.false_positives as f64))
        }
        ThresholdRule::AtLeast { rate, bound } => {
            let reached = rate_of(counts, rate).filter(|reached| *reached >= bound);
            reached.and_then(|_| match rate {
                CutRate::Sensitivity | CutRate::Npv => specificity(counts),
                CutRate::Specificity | CutRate::Precision => recall(counts),
            })
        }
    }
}

/// The value of a rate.
pub fn rate_of(counts: &Counts, rate: CutRate) -> Option<f64> {
    match rate {
        CutRate::Sensitivity => recall(counts),
        CutRate::Specificity => specificity(counts),
        CutRate::Precision => precision(counts),
        CutRate::Npv => npv(counts),
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::Knot;

    use super::*;

    fn rows(positive: &[bool], z: &[f64]) -> ScoredRows {
        ScoredRows::new(positive.into(), z.into(), None).unwrap()
    }

    fn ladder() -> ScoredRows {
        let positive = [false, false, true, false, true, true, false, true];
        let z: Vec<f64> = (0..8).map(|at| f64::from(at) - 3.5).collect();
        rows(&positive, &z)
    }

    fn chosen(rule: &str) -> Result<f64, NoCut> {
        choose_cut(&ladder(), rule.parse().unwrap(), None).map(|cut| cut.log_odds)
    }

    #[test]
    fn rules_choose_the_threshold_that_they_say() {
        // Positive from -2, -1, 0, 1, 2, 3 on; the rows are n n p n p p n p.
        assert_eq!(chosen("youden"), Ok(0.0));
        assert_eq!(chosen("sensitivity>=1"), Ok(-2.0));
        assert_eq!(chosen("sensitivity>=0.75"), Ok(0.0));
        assert_eq!(chosen("specificity>=1"), Ok(3.0));
        assert_eq!(chosen("precision>=0.8"), Ok(3.0));
        assert_eq!(chosen("npv>=1"), Ok(-2.0));
        assert_eq!(chosen("cost:100"), Ok(-2.0));
        assert_eq!(chosen("cost:0.01"), Ok(3.0));
    }

    #[test]
    fn what_no_threshold_does_is_told() {
        let said = |positive: &[bool], z: &[f64], rule: &str| {
            let found = choose_cut(&rows(positive, z), rule.parse().unwrap(), None);
            found.unwrap_err().to_string()
        };
        let never = said(&[true, false], &[0.0, 1.0], "precision>=0.9");
        assert!(
            never.contains("no threshold reaches precision 0.9"),
            "{never}"
        );
        assert!(never.contains("the most is 0.0000"), "{never}");
        assert!(said(&[true, false], &[1.0, 1.0], "khd").contains("are the same"));
        assert!(said(&[true, true], &[1.0, 2.0], "khd").contains("one class"));
        assert_eq!(chosen("likeliest"), Err(NoCut::NotAsked));
    }

    #[test]
    fn rows_of_one_calibrated_probability_are_decided_alike() {
        let knot = |log_odds, prob| Knot { log_odds, prob };
        let knots = vec![
            knot(-3.5, 0.1),
            knot(-2.5, 0.4),
            knot(1.5, 0.4),
            knot(3.5, 1.0),
        ];
        let flat = Calibrator::Isotonic { knots };
        let cut = choose_cut(&ladder(), "youden".parse().unwrap(), Some(&flat)).unwrap();
        assert!(cut.log_odds < -2.5 || cut.log_odds > 1.5, "{cut:?}");
    }

    #[test]
    fn a_cut_decides_the_rows_as_it_was_counted() {
        for rule in [
            "khd",
            "f1",
            "youden",
            "mcc",
            "accuracy",
            "cost:3",
            "specificity>=0.5",
        ] {
            let cut = choose_cut(&ladder(), rule.parse().unwrap(), None).unwrap();
            assert_eq!(crate::cut::counts_at(&ladder(), cut.log_odds), cut.counts);
        }
    }
}
