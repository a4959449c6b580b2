//! Good trials and the rest, and how much each counts.

use crate::history::{History, SeenTrial};

/// Newest trials that count fully.
const NEWEST: usize = 25;

/// Of how many trials the good ones are made: a tenth, 25 at most.
pub const fn good_count(ended: usize) -> usize {
    let tenth = ended.div_ceil(10);
    if tenth < 25 { tenth } else { 25 }
}

/// What trials count, the oldest first: beyond the 25 newest less and less, down to 1 over their
/// number.
pub fn weights(trials: usize) -> Vec<f64> {
    let old = trials.saturating_sub(NEWEST);
    let least = 1.0 / trials as f64;
    let ramp = |at: usize| match old {
        1 => least,
        _ => least + (1.0 - least) * at as f64 / (old - 1) as f64,
    };
    (0..trials)
        .map(|at| if at < old { ramp(at) } else { 1.0 })
        .collect()
}

/// Trials in two parts, each in the order of their numbers.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The best of those that ended.
    pub good: Vec<&'a SeenTrial>,
    /// All others, those that run among them.
    pub rest: Vec<&'a SeenTrial>,
}

impl<'a> Parts<'a> {
    /// Parts the trials of a history; of equal ones the earlier is better.
    pub fn of(history: &'a History) -> Self {
        let mut ended: Vec<(&SeenTrial, f64)> = history
            .trials
            .iter()
            .filter_map(|trial| Some((trial, history.goal.loss(trial.value?))))
            .collect();
        ended.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        let count = good_count(ended.len());
        let mut good: Vec<&SeenTrial> = ended[..count].iter().map(|(trial, _)| *trial).collect();
        let running = history.trials.iter().filter(|trial| trial.value.is_none());
        let mut rest: Vec<&SeenTrial> = ended[count..]
            .iter()
            .map(|(trial, _)| *trial)
            .chain(running)
            .collect();
        for part in [&mut good, &mut rest] {
            part.sort_by_key(|trial| trial.number);
        }
        Self { good, rest }
    }
}
