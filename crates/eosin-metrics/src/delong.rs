//! `DeLong`'s interval of the AUROC.

use crate::interval::{Interval, Z_95};
use crate::ranking::Ranking;

impl Ranking {
    /// `DeLong`'s variance of the AUROC, `S10 / n+ + S01 / n-`, where `S10` is the sample variance
    /// over positives of `V10 = (share of negatives below, ties by half)` and `S01` that over
    /// negatives of `V01 = (share of positives above, ties by half)`.
    ///
    /// Undefined with under two rows of either class. The structural components come from the tie
    /// groups, which are the midranks of Sun and Xu, so the cost is that of sorting. Sources:
    /// `DeLong` et al., Biometrics 1988; Sun and Xu, IEEE Signal Processing
    /// Letters 2014.
    pub fn auroc_variance(&self) -> Option<f64> {
        let (positives, negatives) = (self.positives() as f64, self.negatives() as f64);
        if self.positives() < 2 || self.negatives() < 2 {
            return None;
        }
        let auroc = self.auroc()?;
        let (mut s10, mut s01) = (0.0, 0.0);
        for (group, positives_so_far, negatives_so_far) in self.cumulative() {
            let below = (self.negatives() - negatives_so_far) as f64;
            let above = (positives_so_far - group.positives) as f64;
            let v10 = (below + 0.5 * group.negatives as f64) / negatives;
            let v01 = (above + 0.5 * group.positives as f64) / positives;
            s10 += group.positives as f64 * (v10 - auroc).powi(2);
            s01 += group.negatives as f64 * (v01 - auroc).powi(2);
        }
        Some(s10 / (positives - 1.0) / positives + s01 / (negatives - 1.0) / negatives)
    }

    /// The 95 % Wald interval of the AUROC, `A -+ z sqrt(var)`, by `DeLong`'s variance, cut to
    /// 0 to 1 (no logit transform).
    ///
    /// Undefined where the variance is, and where it is estimated as zero (perfect separation, or
    /// every score tied): a width of zero would claim certainty that the data do not give.
    pub fn auroc_interval(&self) -> Option<Interval> {
        let (auroc, variance) = (self.auroc()?, self.auroc_variance()?);
        let half = Z_95 * variance.sqrt();
        (half > 0.0).then(|| Interval {
            ci_low: (auroc - half).max(0.0),
            ci_high: (auroc + half).min(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_separation_and_lone_rows_have_no_interval() {
        let perfect = Ranking::new(&[false, false, true, true], &[0.1, 0.2, 0.8, 0.9]).unwrap();
        assert_eq!(perfect.auroc_interval(), None);
        let lone = Ranking::new(&[false, false, true], &[0.1, 0.9, 0.8]).unwrap();
        assert_eq!(lone.auroc_interval(), None);
    }
}
