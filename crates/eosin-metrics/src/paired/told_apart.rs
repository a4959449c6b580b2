//! A difference in patches, and how many it takes.

use serde::{Deserialize, Serialize};

use crate::distribution::Reference;
use crate::groups::Groups;
use crate::paired::mcnemar::{exact_p, mcnemar};

/// How many more rows one of two models gets right, and how many it would take to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightRows {
    /// Rows that the other gets right, less those of the base.
    pub difference: i64,
    /// The least difference, in either direction, that could be told from chance given how the two
    /// differ here; undefined with under two groups.
    pub told_from: Option<u64>,
}

/// Counts; `groups` says which rows are not independent.
///
/// Of rows by themselves it takes the least difference for which [`mcnemar`]'s exact p is at most 0.05
/// among as many rows on which one alone is right, and six where these are too few. Of groups, with the
/// difference `d_i` within group `i` of `G`, it takes `t sqrt(G / (G - 1) sum (d_i - mean)^2)` for the
/// quantile `t` of Student's t of `G - 1`, and no less than of rows by themselves.
///
/// # Panics
/// When the lengths differ.
pub fn right_rows(base_right: &[bool], other_right: &[bool], groups: &Groups) -> RightRows {
    let found = mcnemar(base_right, other_right);
    let of_rows = told_from(found.lost + found.won);
    let signed =
        |row: usize| f64::from(u8::from(other_right[row])) - f64::from(u8::from(base_right[row]));
    RightRows {
        difference: found.won.cast_signed() - found.lost.cast_signed(),
        told_from: if groups.are_rows() {
            Some(of_rows)
        } else {
            told_from_by_groups(&groups.sums(signed)).map(|of_groups| of_groups.max(of_rows))
        },
    }
}

/// The least difference among so many rows.
fn told_from(rows: u64) -> u64 {
    let differences = (0..=rows).rev().step_by(2);
    let telling = differences.take_while(|more| {
        let fewer = (rows - more) / 2;
        exact_p(fewer, rows - fewer) <= 0.05
    });
    telling.last().unwrap_or(6)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of patches, rounded up"
)]
fn told_from_by_groups(differences: &[f64]) -> Option<u64> {
    let groups = differences.len();
    if groups < 2 {
        return None;
    }
    let count = groups as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (count / (count - 1.0) * squares).sqrt();
    Some((Reference::of_groups(groups).quantile_95() * spread).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_six_patches_that_all_speak_for_one_model_and_more_where_many_differ() {
        assert_eq!(told_from(0), 6);
        assert_eq!(told_from(6), 6);
        assert!(exact_p(40, 60) > 0.05 && told_from(100) > 20);
        let least = told_from(100);
        assert!(exact_p((100 - least) / 2, u64::midpoint(100, least)) <= 0.05);
        let less = least - 2;
        assert!(exact_p((100 - less) / 2, u64::midpoint(100, less)) > 0.05);
    }

    #[test]
    fn patches_of_a_patient_that_go_together_take_more() {
        let base: Vec<bool> = (0..200).map(|row| row / 20 % 2 == 0).collect();
        let other: Vec<bool> = (0..200).map(|row| row / 20 % 2 == 1 || row < 20).collect();
        let names: Vec<usize> = (0..200).map(|row| row / 20).collect();
        let by_patch = right_rows(&base, &other, &Groups::apart(200));
        let by_patient = right_rows(&base, &other, &Groups::named(&names));
        assert_eq!(by_patch.difference, by_patient.difference);
        assert_eq!(by_patch.difference, 20);
        assert!(by_patient.told_from > by_patch.told_from.map(|rows| 3 * rows));
        let lone = right_rows(&base, &other, &Groups::named(&[0; 200]));
        assert_eq!(lone.told_from, None);
    }
}
