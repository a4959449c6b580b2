//! What each member brings to one linear head on the embeddings of all.
//!
//! A logit of such a head is a sum over members, `b_c + sum_m W_mc e_m`, so that what a member says of a
//! patch can be taken out exactly: in its place stands its mean over the patches that the head was fitted
//! on, which says nothing of the patch. No head is fitted again: the others keep their weights, that were
//! found with the member beside them.

use eosin_metrics::Metric;
use serde::{Deserialize, Serialize};

use crate::error::EnsembleError;
use crate::harmony::MemberShare;
use crate::pool::{Labels, check_length};
use crate::score::Ruler;
use crate::shapley::Coalitions;

/// The logits of a head on all embeddings, taken apart; `[patches, classes]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedSums {
    /// What the head says where every member says its mean.
    pub base: Vec<f32>,
    /// What each member adds to it.
    pub members: Vec<Vec<f32>>,
}

/// What members bring to a head on all their embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JoinedShares {
    /// Of each member; `score` is that of the head where all others say their means.
    pub shares: Vec<MemberShare>,
    /// The metric of the head.
    pub together: Option<f64>,
    /// The metric where all say their means.
    pub empty: Option<f64>,
}

/// What each member brings to the metric of one head; `places` are those of the members in a pool.
///
/// # Errors
/// When lengths differ, there are more than 12 members, or the metric cannot be computed.
pub fn joined_shares(
    labels: &Labels,
    sums: &JoinedSums,
    places: &[usize],
    select: Metric,
) -> Result<JoinedShares, EnsembleError> {
    let JoinedSums { base, members } = sums;
    check_length("members", members.len(), places.len())?;
    check_length("logits", base.len(), labels.targets.len() * labels.classes)?;
    for member in members {
        check_length("logits of a member", member.len(), base.len())?;
    }
    let ruler = Ruler {
        metric: select,
        labels,
    };
    let coalitions = Coalitions::of(members.len(), select, |coalition| {
        let mut logits = base.clone();
        for (at, member) in members.iter().enumerate() {
            if coalition >> at & 1 == 1 {
                for (sum, value) in logits.iter_mut().zip(member) {
                    *sum += value;
                }
            }
        }
        Ok(ruler.score(&logits)?)
    })?;
    Ok(JoinedShares {
        shares: coalitions.shares(places),
        together: coalitions.all(),
        empty: coalitions.empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_worked_by_hand_and_sum_to_the_whole_gain() {
        let labels = Labels {
            targets: vec![0, 0, 1, 1],
            classes: 2,
            positive: 1,
            folds: vec![0, 0, 1, 1],
            groups: vec![0, 1, 2, 3],
        };
        let second = |values: [f32; 4]| values.iter().flat_map(|value| [0.0, *value]).collect();
        let sums = JoinedSums {
            base: vec![0.0; 8],
            // The first is right but for one pair, the second for another; together all are right.
            members: vec![second([-1.0, 0.6, 0.5, 2.0]), second([0.5, -2.0, 1.0, 0.4])],
        };
        let found = joined_shares(&labels, &sums, &[4, 7], Metric::Auroc).unwrap();
        assert_eq!((found.empty, found.together), (Some(0.5), Some(1.0)));
        let [one, other] = [0, 1].map(|at| found.shares[at]);
        assert_eq!(
            (one.member, one.score, one.leave_one_out),
            (4, Some(0.75), Some(0.25))
        );
        assert_eq!(
            (other.member, other.score, other.leave_one_out),
            (7, Some(0.75), Some(0.25))
        );
        // (0.25 alone + 0.25 beside the other) / 2.
        assert_eq!((one.shapley, other.shapley), (Some(0.25), Some(0.25)));
        let short = JoinedSums {
            base: vec![0.0; 6],
            ..sums
        };
        assert!(joined_shares(&labels, &short, &[4, 7], Metric::Auroc).is_err());
    }
}
