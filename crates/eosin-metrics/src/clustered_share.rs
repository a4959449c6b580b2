//! The interval of a proportion where rows come in groups.

use crate::distribution::Reference;
use crate::interval::Interval;
use crate::wilson::score_interval;

/// How often something came true among the rows of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trials {
    /// Rows for which it did.
    pub hits: u64,
    /// Rows for which it could have.
    pub trials: u64,
}

/// The 95 % score interval of a proportion whose rows come in groups: Wilson's, with the number of
/// rows that would be worth as much if they were independent, and Student's t for the normal, with as
/// many degrees of freedom as the groups' parts of the variance have.
///
/// With hits `y_i` among `m_i` rows of group `i`, `p = sum y_i / sum m_i` and `G` groups that have any
/// rows, the variance of `p` is `v = G / (G - 1) sum (y_i - p m_i)^2 / (sum m_i)^2`, and the rows are
/// worth `p (1 - p) / v` of them, at most as many as they are. At 0 and 1, where `v` says nothing, they are
/// worth as many as there are groups. Undefined with under two groups.
///
/// Sources: the ratio estimator and the effective size of Korn and Graubard, Survey Methodology 1998;
/// with Wilson's interval: Dean and Pagano, J. Survey Statistics and Methodology 2015.
pub fn clustered_wilson(groups: &[Trials]) -> Option<Interval> {
    let held: Vec<&Trials> = groups.iter().filter(|group| group.trials > 0).collect();
    if held.len() < 2 {
        return None;
    }
    let count = held.len() as f64;
    let rows = held.iter().map(|group| group.trials).sum::<u64>() as f64;
    let hits = held.iter().map(|group| group.hits).sum::<u64>() as f64;
    let p = hits / rows;
    let off = |group: &&Trials| group.hits as f64 - p * group.trials as f64;
    let squares: f64 = held.iter().map(|group| off(group).powi(2)).sum();
    let variance = count / (count - 1.0) * squares / (rows * rows);
    let spread = p * (1.0 - p);
    let worth = if spread > 0.0 {
        (spread / variance).min(rows)
    } else {
        count
    };
    let quantile = Reference::of_sums(held.iter().map(off)).quantile_95();
    Some(score_interval(p, worth, quantile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wilson;

    fn groups(all: &[(u64, u64)]) -> Vec<Trials> {
        let group = |(hits, trials): &(u64, u64)| Trials {
            hits: *hits,
            trials: *trials,
        };
        all.iter().map(group).collect()
    }

    #[test]
    fn one_group_or_none_leaves_it_undefined() {
        assert_eq!(clustered_wilson(&groups(&[(3, 4)])), None);
        assert_eq!(clustered_wilson(&groups(&[(3, 4), (0, 0)])), None);
        assert_eq!(clustered_wilson(&[]), None);
    }

    #[test]
    fn many_groups_of_one_row_have_wilsons_interval() {
        let all: Vec<(u64, u64)> = (0..4000).map(|at| (u64::from(at % 5 > 0), 1)).collect();
        let [ours, plain] =
            [clustered_wilson(&groups(&all)), wilson(3200, 4000)].map(Option::unwrap);
        assert!(
            (ours.ci_low - plain.ci_low).abs() < 1e-4,
            "{ours:?} {plain:?}"
        );
        assert!((ours.ci_high - plain.ci_high).abs() < 1e-4);
    }

    #[test]
    fn groups_that_are_all_right_or_all_wrong_count_as_one_row_each() {
        let all = groups(&[
            (10, 10),
            (0, 10),
            (10, 10),
            (10, 10),
            (0, 10),
            (10, 10),
            (10, 10),
            (10, 10),
        ]);
        let ours = clustered_wilson(&all).unwrap();
        let plain = wilson(60, 80).unwrap();
        assert!(ours.ci_high - ours.ci_low > 2.5 * (plain.ci_high - plain.ci_low));
        let never_wrong = clustered_wilson(&groups(&[(10, 10); 8])).unwrap();
        assert!(never_wrong.ci_low < wilson(8, 8).unwrap().ci_low);
        assert!(never_wrong.ci_high >= 1.0);
    }
}
