//! The signed-rank test of paired differences (Wilcoxon 1945), as scipy computes it with
//! `zero_method = "zsplit"`, and what it says of a trial's folds.

use crate::history::Goal;
use crate::normal::upper_tail;

/// Below this probability a trial is held to be worse than the best: Optuna's default.
pub const THRESHOLD: f64 = 0.1;
/// Folds that must have been compared before a trial is ended.
pub const LEAST_FOLDS: usize = 3;
/// Differences at most whose ranks are tried under all signs, with ties and without.
const EXACT: [usize; 2] = [13, 50];

/// The probability of ranks as high as these, or higher, if positive and negative differences were
/// equally likely: exactly for up to 50 differences without ties and up to 13 with ties, else by the
/// normal distribution. `None` without any difference.
pub fn greater(differences: &[f64]) -> Option<f64> {
    let count = differences.len();
    if count == 0 {
        return None;
    }
    let ranks = twice_ranks(differences);
    // Twice a rank is a whole number; zeros count half on either side, so four times the sum is.
    let sum_of = |differences: &[f64]| -> u64 {
        let of_rank = |(difference, rank): (&f64, &u64)| match difference {
            difference if *difference > 0.0 => 2 * rank,
            difference if *difference < 0.0 => 0,
            _ => *rank,
        };
        differences.iter().zip(&ranks).map(of_rank).sum()
    };
    let seen = sum_of(differences);
    let has_zeros = differences.contains(&0.0);
    let has_ties = has_zeros || ranks_tie(&ranks);
    if count <= EXACT[usize::from(!has_ties)] {
        return Some(exactly(differences, &ranks, seen));
    }
    Some(normally(&ranks, seen))
}

/// Twice the ranks of absolute differences; equal ones share the mean of theirs.
fn twice_ranks(differences: &[f64]) -> Vec<u64> {
    let sizes: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
    let rank = |size: &f64| {
        let below = sizes.iter().filter(|other| *other < size).count() as u64;
        let equal = sizes
            .iter()
            .filter(|other| other.total_cmp(size).is_eq())
            .count() as u64;
        2 * below + equal + 1
    };
    sizes.iter().map(rank).collect()
}

fn ranks_tie(ranks: &[u64]) -> bool {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Counts the signs under which the sum is at least `seen`, as shares of all.
fn exactly(differences: &[f64], ranks: &[u64], seen: u64) -> f64 {
    let most: u64 = ranks.iter().map(|rank| 2 * rank).sum();
    let mut shares = vec![0.0; usize::try_from(most).unwrap_or(0) + 1];
    shares[0] = 1.0;
    for (difference, rank) in differences.iter().zip(ranks) {
        let rank = usize::try_from(*rank).unwrap_or(0);
        // A difference of none is the same under both signs.
        let steps = if *difference == 0.0 {
            [rank, rank]
        } else {
            [0, 2 * rank]
        };
        let mut next = vec![0.0; shares.len()];
        for (sum, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            for step in steps {
                next[sum + step] += 0.5 * share;
            }
        }
        shares = next;
    }
    let from = usize::try_from(seen).unwrap_or(0);
    shares[from..].iter().sum::<f64>().min(1.0)
}

/// The normal distribution of the same mean and variance, corrected for ties.
fn normally(ranks: &[u64], seen: u64) -> f64 {
    let count = ranks.len() as f64;
    let mean = count * (count + 1.0) / 4.0;
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let ties: f64 = sorted
        .chunk_by(|one, other| one == other)
        .map(|tied| (tied.len() as f64).powi(3) - tied.len() as f64)
        .sum();
    let variance = (count * (count + 1.0) * (2.0 * count + 1.0) - ties / 2.0) / 24.0;
    upper_tail((seen as f64 / 4.0 - mean) / variance.sqrt())
}

/// What paired folds say of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It may still be the best.
    Open,
    /// It is worse than the best.
    Worse {
        /// The value that it would have had: the best's, and the mean difference so far.
        predicted: f64,
        /// The probability of such differences by chance.
        chance: f64,
    },
}

/// Compares the first folds of a trial with those of the best so far. A trial whose mean is not below
/// the whole value of the best is never ended, as in Optuna.
pub fn compare(goal: Goal, trial: &[f64], best: &[f64]) -> Verdict {
    let folds = trial.len().min(best.len());
    let all = trial.iter().chain(best);
    if folds < LEAST_FOLDS || all.into_iter().any(|value| !value.is_finite()) {
        return Verdict::Open;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let losses: Vec<f64> = trial
        .iter()
        .zip(best)
        .map(|(one, other)| goal.loss(*one) - goal.loss(*other))
        .collect();
    let (own, whole) = (mean(trial), mean(best));
    match greater(&losses) {
        Some(chance) if chance < THRESHOLD && goal.is_better(whole, own) => Verdict::Worse {
            predicted: whole + mean(&trial[..folds]) - mean(&best[..folds]),
            chance,
        },
        _ => Verdict::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_folds_end_no_trial_and_many_worse_ones_do() {
        let best = [0.9, 0.8, 0.85, 0.9, 0.9];
        let worse: Vec<f64> = best
            .iter()
            .enumerate()
            .map(|(at, v)| v - 0.01 * (at + 1) as f64)
            .collect();
        assert_eq!(compare(Goal::Maximise, &worse[..2], &best), Verdict::Open);
        // Three of three have one chance in eight.
        assert_eq!(compare(Goal::Maximise, &worse[..3], &best), Verdict::Open);
        let Verdict::Worse { predicted, chance } = compare(Goal::Maximise, &worse[..4], &best)
        else {
            panic!("four of four folds are worse");
        };
        assert!((chance - 0.0625).abs() < 1e-12);
        assert!((predicted - (0.87 - 0.025)).abs() < 1e-12, "{predicted}");
        assert_eq!(compare(Goal::Minimise, &worse[..4], &best), Verdict::Open);
    }
}
