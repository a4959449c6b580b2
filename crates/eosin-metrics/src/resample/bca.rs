//! Intervals from the values of resamples.

use crate::distribution::{Reference, normal_cdf, normal_quantile};
use crate::interval::Interval;

/// The values of resamples, sorted.
pub(crate) struct SortedValues(Vec<f64>);

impl SortedValues {
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The plain percentiles, which are too narrow where groups are few.
    pub fn percentile(&self) -> Option<Interval> {
        Some(Interval {
            ci_low: self.quantile(0.025)?,
            ci_high: self.quantile(0.975)?,
        })
    }

    /// Bias-corrected and accelerated percentiles: the shares `Phi(z0 + (z0 -+ z) / (1 - a (z0 -+ z)))`,
    /// where `z0` says which share of resamples lies below the value itself, and `a` how the values lean
    /// when groups are left out one at a time.
    ///
    /// For `z` the normal's quantile stands Student's t of `groups - 1`, times
    /// `sqrt(groups / (groups - 1))`, which makes up for what percentiles of few groups lack.
    ///
    /// Sources: Efron, JASA 1987; Hesterberg, The American Statistician 2015 (the expanded percentile).
    pub fn bca(&self, point: f64, left_out: &[f64], groups: usize) -> Option<Interval> {
        if groups < 2 || self.0.is_empty() {
            return None;
        }
        let below = self.0.partition_point(|value| *value < point);
        let not_above = self.0.partition_point(|value| *value <= point);
        let count = self.0.len() as f64;
        let share = f64::midpoint(below as f64, not_above as f64) / count;
        let z0 = normal_quantile(share.clamp(1.0 / (count + 1.0), count / (count + 1.0)));
        let acceleration = acceleration(left_out);
        let ratio = groups as f64 / (groups - 1) as f64;
        let z = ratio.sqrt() * Reference::of_groups(groups).quantile_95();
        let share = |z: f64| {
            let moved = z0 + z;
            let scale = 1.0 - acceleration * moved;
            match (scale > 0.0, moved > 0.0) {
                (true, _) => normal_cdf(z0 + moved / scale),
                (false, true) => 1.0,
                (false, false) => 0.0,
            }
        };
        Some(Interval {
            ci_low: self.quantile(share(-z))?,
            ci_high: self.quantile(share(z))?,
        })
    }

    /// The value below which a share `at` of them lies, between neighbours linearly.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    fn quantile(&self, at: f64) -> Option<f64> {
        let place = at * self.0.len().checked_sub(1)? as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        let share = place - place.floor();
        Some(self.0[below] * (1.0 - share) + self.0[above] * share)
    }
}

/// `sum d^3 / (6 (sum d^2)^1.5)` over how far the mean lies above each value; 0 where they are the same.
fn acceleration(left_out: &[f64]) -> f64 {
    let mean = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let sum = |power: i32| {
        left_out
            .iter()
            .map(|value| (mean - value).powi(power))
            .sum::<f64>()
    };
    let squares = sum(2);
    if squares > 0.0 {
        sum(3) / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bias_or_lean_it_is_the_percentiles_and_a_little_wider() {
        let values = SortedValues::new((0..=1000).map(f64::from).collect());
        let plain = values.percentile().unwrap();
        assert_eq!((plain.ci_low, plain.ci_high), (25.0, 975.0));
        let leaning_none = [499.0, 501.0];
        let many = values.bca(500.0, &leaning_none, 100_000).unwrap();
        assert!((many.ci_low - 25.0).abs() < 0.1, "{many:?}");
        let few = values.bca(500.0, &leaning_none, 10).unwrap();
        assert!(few.ci_low < 10.0 && few.ci_high > 990.0, "{few:?}");
    }

    #[derive(serde::Deserialize)]
    struct Golden {
        point: f64,
        drawn: Vec<f64>,
        left_out: Vec<f64>,
        groups: usize,
        interval: [f64; 2],
    }

    #[derive(serde::Deserialize)]
    struct Goldens {
        bca: Golden,
    }

    /// See `tests/all/goldens/make_comparison_goldens.py`.
    #[test]
    fn the_limits_are_those_that_scipys_distributions_give() {
        let text = include_str!("../../tests/all/goldens/comparison.json");
        let Goldens { bca } = serde_json::from_str(text).unwrap();
        let values = SortedValues::new(bca.drawn);
        let found = values.bca(bca.point, &bca.left_out, bca.groups).unwrap();
        assert!((found.ci_low - bca.interval[0]).abs() < 1e-9, "{found:?}");
        assert!((found.ci_high - bca.interval[1]).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn nothing_comes_of_one_group_or_no_values() {
        assert_eq!(SortedValues::new(vec![1.0]).bca(1.0, &[1.0], 1), None);
        assert_eq!(SortedValues::new(Vec::new()).bca(1.0, &[], 9), None);
        assert_eq!(SortedValues::new(Vec::new()).percentile(), None);
    }
}
