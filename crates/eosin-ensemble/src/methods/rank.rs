//! Means of ranks, for members whose probabilities have no common scale.

use serde::{Deserialize, Serialize};

use crate::error::EnsembleError;
use crate::said::{Said, log_of};

/// Knots that are kept of a class at most: ranks between them are read off a straight line.
const MOST_KNOTS: usize = 257;

/// The ranks that one member's probabilities of one class had among the patches that a method was
/// fitted on: midranks over their number, so that equal probabilities share one.
///
/// Log odds stand for probabilities, which they rank alike, since those of sure members are all 1 in
/// single precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knots {
    /// Log odds, rising.
    pub log_odds: Vec<f32>,
    /// Rank of each, rising, in 0 to 1.
    pub ranks: Vec<f32>,
}

impl Knots {
    fn new(mut log_odds: Vec<f32>) -> Self {
        let count = log_odds.len() as f32;
        log_odds.sort_unstable_by(f32::total_cmp);
        let (mut values, mut ranks, mut below) = (Vec::new(), Vec::new(), 0);
        #[expect(clippy::float_cmp, reason = "a tie is exact equality")]
        for tied in log_odds.chunk_by(|a, b| a == b) {
            values.push(tied[0]);
            ranks.push((below as f32 + 0.5 * tied.len() as f32) / count);
            below += tied.len();
        }
        if values.len() <= MOST_KNOTS {
            return Self {
                log_odds: values,
                ranks,
            };
        }
        let place = |knot: usize| knot * (values.len() - 1) / (MOST_KNOTS - 1);
        Self {
            log_odds: (0..MOST_KNOTS).map(|knot| values[place(knot)]).collect(),
            ranks: (0..MOST_KNOTS).map(|knot| ranks[place(knot)]).collect(),
        }
    }

    /// The rank of other log odds: between knots linear, beyond the last ones ever nearer to 0 or 1,
    /// so that no two that differ are alike.
    fn rank(&self, log_odds: f32) -> f32 {
        let above = self.log_odds.partition_point(|knot| *knot < log_odds);
        let last = self.log_odds.len() - 1;
        if above == 0 {
            return self.ranks[0] / (1.0 + self.log_odds[0] - log_odds);
        }
        if above > last {
            return 1.0 - (1.0 - self.ranks[last]) / (1.0 + log_odds - self.log_odds[last]);
        }
        let [low, high] = [self.log_odds[above - 1], self.log_odds[above]];
        let share = (log_odds - low) / (high - low);
        self.ranks[above - 1] * (1.0 - share) + self.ranks[above] * share
    }

    pub(crate) fn check(&self) -> Result<(), EnsembleError> {
        let rising = |values: &[f32]| {
            let finite = values.iter().all(|value| value.is_finite());
            finite && values.windows(2).all(|pair| pair[0] < pair[1])
        };
        let fits = !self.log_odds.is_empty() && self.log_odds.len() == self.ranks.len();
        if fits && rising(&self.log_odds) && self.ranks.iter().all(|rank| rank.is_finite()) {
            return Ok(());
        }
        Err(EnsembleError::Damaged {
            reason: "knots are not finite, or do not rise",
        })
    }
}

/// Knots of each member and class, `[members][classes]`.
pub(crate) fn fit(said: &Said) -> Vec<Vec<Knots>> {
    let members = said.log_probs.iter();
    members.map(|one| fit_member(one, said.classes)).collect()
}

/// Knots of each class, of a member's log probabilities `[patches, classes]`.
pub(crate) fn fit_member(log_probs: &[f32], classes: usize) -> Vec<Knots> {
    let of_class = |class| {
        let rows = log_probs.chunks_exact(classes);
        Knots::new(rows.map(|row| log_odds(row, class)).collect())
    };
    (0..classes).map(of_class).collect()
}

/// Ranks of a member's log probabilities, `[patches, classes]`.
pub(crate) fn ranks(knots: &[Knots], log_probs: &[f32]) -> Vec<f32> {
    let mut out = Vec::with_capacity(log_probs.len());
    for row in log_probs.chunks_exact(knots.len()) {
        let ranked = knots.iter().enumerate();
        out.extend(ranked.map(|(class, knots)| knots.rank(log_odds(row, class))));
    }
    out
}

/// `p_c ~ mean_m rank_mc`.
pub(crate) fn logits(said: &Said, knots: &[Vec<Knots>]) -> Vec<f32> {
    let members = knots.iter().zip(&said.log_probs);
    let ranked: Vec<Vec<f32>> = members.map(|(knots, one)| ranks(knots, one)).collect();
    logits_of_ranks(&ranked.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// The same of ranks, `[patches, classes]` of each member.
pub(crate) fn logits_of_ranks(ranked: &[&[f32]]) -> Vec<f32> {
    let share = 1.0 / ranked.len() as f32;
    let mut out = vec![0.0; ranked.first().map_or(0, |ranks| ranks.len())];
    for ranks in ranked {
        for (sum, rank) in out.iter_mut().zip(*ranks) {
            *sum += share * rank;
        }
    }
    for rank in &mut out {
        *rank = log_of(*rank);
    }
    out
}

/// `ln p_c - ln(1 - p_c)` of a row of log probabilities.
pub(crate) fn log_odds(row: &[f32], class: usize) -> f32 {
    if let [zero, one] = row {
        return if class == 0 { zero - one } else { one - zero };
    }
    let others = row.iter().enumerate().filter(|(at, _)| *at != class);
    let largest = others
        .clone()
        .fold(f32::NEG_INFINITY, |most, (_, value)| most.max(*value));
    let sum: f32 = others.map(|(_, value)| (value - largest).exp()).sum();
    row[class] - largest - sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_midranks_at_knots_linear_between_and_bounded_beyond() {
        let knots = Knots::new(vec![1.0, 3.0, 1.0, 5.0]);
        assert_eq!(knots.log_odds, [1.0, 3.0, 5.0]);
        assert_eq!(knots.ranks, [0.25, 0.625, 0.875]);
        assert!((knots.rank(3.0) - 0.625).abs() < 1e-6);
        assert!((knots.rank(4.0) - 0.75).abs() < 1e-6);
        assert!((knots.rank(0.0) - 0.125).abs() < 1e-6);
        assert!((knots.rank(6.0) - 0.9375).abs() < 1e-6);
    }

    #[test]
    fn thousands_of_values_leave_few_knots_and_ranks_within_a_thousandth() {
        let values: Vec<f32> = (0..5000_u16)
            .map(|at| (f32::from(at) / 700.0).sin())
            .collect();
        let exact = |value: f32| {
            let below = values.iter().filter(|other| **other < value).count() as f32;
            let equal = values.iter().filter(|other| **other <= value).count() as f32 - below;
            (below + 0.5 * equal) / 5000.0
        };
        let knots = Knots::new(values.clone());
        assert_eq!(knots.log_odds.len(), MOST_KNOTS);
        for value in values.iter().step_by(97) {
            assert!((knots.rank(*value) - exact(*value)).abs() < 1e-3);
        }
    }
}
