//! The variance of an AUROC, or of the difference of two, where rows come in groups.

use eosin_core::prob_of;

use crate::distribution::Reference;
use crate::groups::Groups;
use crate::interval::Interval;
use crate::placements::Placements;

/// An AUROC, or the difference of two of the same rows, and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AurocEstimate {
    /// The AUROC or the difference.
    pub value: f64,
    /// Its variance, more than 0.
    pub variance: f64,
    /// What `value / sqrt(variance)` is held to.
    pub reference: Reference,
}

impl AurocEstimate {
    /// An AUROC; see [`estimate`] for the variance.
    pub fn of(positive: &[bool], placements: &Placements, groups: &Groups) -> Option<Self> {
        estimate(positive, placements, groups)
    }

    /// The difference `other - base` of the AUROCs of two models on the same rows. Undefined where
    /// both rank all rows alike.
    pub fn of_difference(
        positive: &[bool],
        base: &Placements,
        other: &Placements,
        groups: &Groups,
    ) -> Option<Self> {
        estimate(positive, &other.minus(base), groups)
    }

    /// `value / sqrt(variance)`.
    pub fn statistic(&self) -> f64 {
        self.value / self.variance.sqrt()
    }

    /// The chance of a value this far from 0 where there is no difference.
    pub fn p(&self) -> f64 {
        self.reference.two_sided_p(self.statistic())
    }

    /// The 95 % interval `value -+ q sqrt(variance)`: of a difference.
    pub fn interval(&self) -> Interval {
        let half = self.reference.quantile_95() * self.variance.sqrt();
        Interval {
            ci_low: self.value - half,
            ci_high: self.value + half,
        }
    }

    /// The 95 % interval of an AUROC: made for its logit, so that it stays within 0 and 1 and has the
    /// longer arm where there is more room (Pepe 2003, section 5.2.4). Undefined at 0 and 1.
    pub fn logit_interval(&self) -> Option<Interval> {
        let (value, spread) = (self.value, self.value * (1.0 - self.value));
        if spread <= 0.0 {
            return None;
        }
        let centre = (value / (1.0 - value)).ln();
        let half = self.reference.quantile_95() * self.variance.sqrt() / spread;
        Some(Interval {
            ci_low: prob_of(centre - half),
            ci_high: prob_of(centre + half),
        })
    }
}

/// Obuchowski's variance of an AUROC of rows that come in groups: with the sums over group `i` of
/// `V10 - A` of its positive rows, `a_i`, and of `V01 - A` of its negative rows, `b_i`,
///
/// ```text
/// S10 = I10 / ((I10 - 1) M) sum a_i^2     S01 = I01 / ((I01 - 1) N) sum b_i^2
/// S11 = I / (I - 1) sum a_i b_i           var = S10 / M + S01 / N + 2 S11 / (M N)
/// ```
///
/// for `M` positive rows in `I10` groups, `N` negative ones in `I01`, and `I` groups. Where each row
/// is a group of its own this is `DeLong`'s. Undefined with under two groups of either class, and where
/// it is not more than 0: perfect separation or no differences claim a certainty that the data do not
/// give.
///
/// Rows by themselves are held to the normal, groups to Student's t of the class that has the fewer
/// degrees of freedom, counted from how its sums spread: at most its groups less one, fewer where few of
/// them make up the variance. `examples/coverage.rs` measures how often the intervals hold the truth.
///
/// Sources: Obuchowski, Biometrics 1997; `DeLong` et al., Biometrics 1988.
fn estimate(positive: &[bool], placements: &Placements, groups: &Groups) -> Option<AurocEstimate> {
    let centre = placements.auroc();
    let off = |row: usize, class: bool| {
        if positive[row] == class {
            placements.of_rows()[row] - centre
        } else {
            0.0
        }
    };
    let a = groups.sums(|row| off(row, true));
    let b = groups.sums(|row| off(row, false));
    let of_positive = Side::new(&a, positive, true, groups)?;
    let of_negative = Side::new(&b, positive, false, groups)?;
    let all = groups.count_holding(|_| true) as f64;
    let both: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let covariance = all / (all - 1.0) * both / (of_positive.rows * of_negative.rows);
    let variance = of_positive.variance + of_negative.variance + 2.0 * covariance;
    let reference = if groups.are_rows() {
        Reference::Normal
    } else {
        of_positive.reference.wider(of_negative.reference)
    };
    (variance > 1e-20).then_some(AurocEstimate {
        value: centre,
        variance,
        reference,
    })
}

/// What the rows of one class contribute.
struct Side {
    rows: f64,
    variance: f64,
    reference: Reference,
}

impl Side {
    fn new(sums: &[f64], positive: &[bool], class: bool, groups: &Groups) -> Option<Self> {
        let rows = positive.iter().filter(|is| **is == class).count() as f64;
        let holds = groups.holding(|row| positive[row] == class);
        let held: Vec<f64> = sums
            .iter()
            .zip(&holds)
            .filter(|(_, holds)| **holds)
            .map(|(sum, _)| *sum)
            .collect();
        if held.len() < 2 {
            return None;
        }
        let squares: f64 = held.iter().map(|sum| sum * sum).sum();
        let count = held.len() as f64;
        Some(Self {
            rows,
            variance: count / (count - 1.0) * squares / (rows * rows),
            reference: Reference::of_sums(held.into_iter()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ranking;

    const POSITIVE: [bool; 8] = [true, true, false, false, true, false, true, false];
    const SCORES: [f64; 8] = [0.9, 0.4, 0.5, 0.1, 0.7, 0.4, 0.3, 0.2];

    fn placements() -> Placements {
        Placements::new(&POSITIVE, &SCORES).unwrap().unwrap()
    }

    #[test]
    fn rows_by_themselves_have_delongs_variance() {
        let apart = AurocEstimate::of(&POSITIVE, &placements(), &Groups::apart(8)).unwrap();
        let ranking = Ranking::new(&POSITIVE, &SCORES).unwrap();
        let delong = ranking.auroc_variance().unwrap();
        assert!((apart.variance - delong).abs() < 1e-15);
        assert_eq!(Some(apart.value), ranking.auroc());
        assert_eq!(apart.reference, Reference::Normal);
    }

    #[test]
    fn a_class_in_one_group_only_has_no_variance() {
        let lone = Groups::named(&[0, 0, 1, 2, 0, 1, 0, 2]);
        assert_eq!(AurocEstimate::of(&POSITIVE, &placements(), &lone), None);
        let one = Groups::named(&[0; 8]);
        assert_eq!(AurocEstimate::of(&POSITIVE, &placements(), &one), None);
    }

    #[test]
    fn a_model_differs_from_itself_by_nothing_that_could_be_tested() {
        let groups = Groups::named(&[0, 0, 0, 1, 1, 1, 2, 2]);
        let same = placements();
        let found = AurocEstimate::of_difference(&POSITIVE, &same, &same, &groups);
        assert_eq!(found, None);
    }

    #[test]
    fn copies_of_rows_in_one_group_add_no_certainty() {
        let twice = |values: &[f64]| [values, values].concat();
        let positive = [POSITIVE, POSITIVE].concat();
        let names: Vec<usize> = (0..16).map(|row| row % 8).collect();
        let copied = Placements::new(&positive, &twice(&SCORES))
            .unwrap()
            .unwrap();
        let copied = AurocEstimate::of(&positive, &copied, &Groups::named(&names)).unwrap();
        let once = AurocEstimate::of(&POSITIVE, &placements(), &Groups::apart(8)).unwrap();
        assert!((copied.variance - once.variance).abs() < 1e-15);
        let df = copied.reference.df().unwrap();
        assert!(df > 2.0 && df <= 3.0, "{df}");
    }
}
