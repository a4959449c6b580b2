//! Percentiles: exact by selection, or by counting into narrow bins.

use super::tissue::within;

/// Which value a percentile between two ranks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Interpolated, as `NumPy`'s.
    Linear,
    /// The nearest rank, as torchstain's `kthvalue`.
    Nearest,
}

/// The value of which `percent` are below; reorders `values`. `None` of no values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank among the values"
)]
pub(super) fn percentile(values: &mut [f32], percent: f64, rank: Rank) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = percent / 100.0 * last as f64;
    if rank == Rank::Nearest {
        let at = place.round_ties_even() as usize;
        let (_, value, _) = values.select_nth_unstable_by(at, f32::total_cmp);
        return Some(f64::from(*value));
    }
    let below = place.floor() as usize;
    let (_, value, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let low = f64::from(*value);
    let high = above.iter().copied().min_by(f32::total_cmp);
    let high = high.map_or(low, f64::from);
    Some(low + (place - below as f64) * (high - low))
}

/// Number of bins of [`Counts`].
pub(super) const BINS: usize = 4096;

/// Values counted into bins of equal width, between which percentiles are interpolated: off by less than
/// a bin, and without memory of its own or sorting.
pub(super) struct Counts {
    /// The last is for values that do not count.
    bins: [u32; BINS + 1],
    low: f32,
    per_unit: f32,
}

/// Where a bit pattern of a float from 2^23 on is a whole number.
const WHOLE: f32 = 8_388_608.0;

impl Counts {
    /// Of values from `low` to `high`; those beyond count as these.
    #[expect(
        clippy::large_stack_arrays,
        reason = "16 KiB, and no allocation a patch"
    )]
    pub(super) const fn new(low: f32, high: f32) -> Self {
        Self {
            bins: [0; BINS + 1],
            low,
            per_unit: BINS as f32 / (high - low),
        }
    }

    /// The bin of a value; that of what does not count where `counts` is not 1. No branch, so that many
    /// are found at once.
    #[inline(always)]
    pub(super) fn bin(&self, value: f32, counts: f32) -> u32 {
        const LAST: f32 = (BINS - 1) as f32;
        let at = within((value - self.low) * self.per_unit - 0.5, 0.0, LAST);
        let at = if counts > 0.5 { at } else { BINS as f32 };
        (at + WHOLE).to_bits() & 0x1fff
    }

    /// Counts a value into its bin.
    #[inline(always)]
    pub(super) fn add(&mut self, bin: u32) {
        self.bins[bin as usize] += 1;
    }

    /// The value of which `percent` are below. `None` of no values.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        let total: u32 = self.bins[..BINS].iter().sum();
        let place = percent / 100.0 * f64::from(total.checked_sub(1)?) + 0.5;
        let mut below = 0.0;
        for (at, count) in self.bins[..BINS].iter().enumerate() {
            let count = f64::from(*count);
            if below + count > place {
                let within = (place - below) / count;
                let bins = at as f64 + within;
                return Some(f64::from(self.low) + bins / f64::from(self.per_unit));
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<f32> {
        (0_u32..10_000)
            .map(|at| ((at * 7919) % 10_007) as f32 / 10_007.0)
            .collect()
    }

    #[test]
    fn selection_is_numpys_percentile() {
        // numpy.percentile([3, 1, 2, 10], [1, 50, 99])
        let ranks = [1.0, 50.0, 99.0]
            .map(|percent| percentile(&mut [3.0, 1.0, 2.0, 10.0], percent, Rank::Linear).unwrap());
        let wanted = [1.03, 2.5, 9.79];
        assert!(ranks.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(percentile(&mut [], 50.0, Rank::Linear), None);
    }

    #[test]
    fn counting_is_off_by_less_than_a_bin() {
        let mut counts = Counts::new(-0.5, 1.5);
        for value in values() {
            counts.add(counts.bin(value, 1.0));
            counts.add(counts.bin(value, 0.0));
        }
        for percent in [0.0, 1.0, 50.0, 99.0] {
            let exact = percentile(&mut values(), percent, Rank::Linear).unwrap();
            let counted = counts.percentile(percent).unwrap();
            assert!((counted - exact).abs() < 2.0 / BINS as f64, "{percent}");
        }
        assert_eq!(Counts::new(0.0, 1.0).percentile(50.0), None);
    }
}
