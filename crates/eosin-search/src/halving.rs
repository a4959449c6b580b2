//! Successive halving (Jamieson 2016) without waiting (Li 2018), and Hyperband (Li 2017), on epochs.
//!
//! A trial is looked at after some epochs, its rungs; there it goes on when it is among the best third
//! of the trials that have been looked at there so far. As in Optuna no trial waits for others.

use serde::{Deserialize, Serialize};

use crate::history::Goal;

/// Of how many trials one goes on.
pub const FACTOR: usize = 3;

/// Epochs after which trials are looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rungs {
    /// Epochs of each, the fewest first.
    pub epochs: Vec<usize>,
}

impl Rungs {
    /// Rungs at 1, 3, 9, ... epochs, below `most`, the epochs of a whole trial; without the first
    /// `skipped` of them.
    pub fn below(most: usize, skipped: usize) -> Self {
        let all = std::iter::successors(Some(1_usize), |epochs| epochs.checked_mul(FACTOR));
        let epochs = all
            .take_while(|epochs| *epochs < most)
            .skip(skipped)
            .collect();
        Self { epochs }
    }

    /// The rung that is reached after so many epochs.
    pub fn at(&self, epochs: usize) -> Option<usize> {
        self.epochs.iter().position(|rung| *rung == epochs)
    }
}

/// Whether a trial with `value` goes on, beside the `others` that were looked at on the same rung
/// before.
pub fn goes_on(goal: Goal, value: f64, others: &[f64]) -> bool {
    if value.is_nan() {
        return false;
    }
    let better = others
        .iter()
        .filter(|other| goal.is_better(**other, value))
        .count();
    // The first ones go on when they are the best so far.
    let allowed = ((others.len() + 1) / FACTOR).max(1);
    better < allowed
}

/// How many kinds of rungs Hyperband takes turns with.
pub fn brackets(most: usize) -> usize {
    let all = std::iter::successors(Some(1_usize), |epochs| epochs.checked_mul(FACTOR));
    all.take_while(|epochs| *epochs <= most).count().max(1)
}

/// The bracket of a trial: how many of the first rungs it passes unseen. Of those that skip none there
/// are the most, in the proportions of Hyperband; which trial is in which follows from its number.
pub fn bracket(number: u64, most: usize) -> usize {
    let count = brackets(most);
    let size = |bracket: usize| {
        let left = count - 1 - bracket;
        let power = FACTOR.saturating_pow(u32::try_from(left).unwrap_or(u32::MAX));
        (count.saturating_mul(power)).div_ceil(left + 1) as u64
    };
    let all: u64 = (0..count).map(size).sum();
    let mut place = mixed(number) % all;
    for bracket in 0..count {
        match place.checked_sub(size(bracket)) {
            Some(rest) => place = rest,
            None => return bracket,
        }
    }
    count - 1
}

/// The number with its bits mixed (the finaliser of splitmix64), so that neighbours are not in one
/// bracket.
const fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_powers_of_three_below_the_whole() {
        assert_eq!(Rungs::below(20, 0).epochs, [1, 3, 9]);
        assert_eq!(Rungs::below(27, 1).epochs, [3, 9]);
        assert!(Rungs::below(1, 0).epochs.is_empty());
    }

    #[test]
    fn the_best_third_goes_on() {
        let others = [0.1, 0.2, 0.3, 0.4, 0.5];
        assert!(goes_on(Goal::Maximise, 0.45, &others));
        assert!(!goes_on(Goal::Maximise, 0.35, &others));
        assert!(goes_on(Goal::Minimise, 0.15, &others));
        assert!(goes_on(Goal::Maximise, 0.0, &[]));
        assert!(!goes_on(Goal::Maximise, f64::NAN, &[]));
    }

    #[test]
    fn brackets_have_the_shares_of_hyperband() {
        // 20 epochs: rungs at 1, 3 and 9; brackets of 9, 5 and 3 trials of 17.
        let mut counts = [0_usize; 3];
        for number in 0..17_000 {
            counts[bracket(number, 20)] += 1;
        }
        for (count, expected) in counts.iter().zip([9000, 5000, 3000]) {
            assert!(count.abs_diff(expected) < 300, "{counts:?}");
        }
    }
}
