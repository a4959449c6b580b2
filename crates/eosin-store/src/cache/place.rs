//! Where new records go.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use super::recipe::ViewKey;

/// A slot for each key: its own damaged one, else any damaged one, else one from `end` on.
pub(super) fn choose(
    keys: &[ViewKey],
    damaged: &BTreeMap<usize, ViewKey>,
    end: usize,
) -> Vec<usize> {
    let own: HashMap<&ViewKey, usize> = damaged.iter().map(|(slot, key)| (key, *slot)).collect();
    let chosen: Vec<Option<usize>> = keys.iter().map(|key| own.get(key).copied()).collect();
    let taken: HashSet<usize> = chosen.iter().flatten().copied().collect();
    let spare = damaged.keys().filter(|slot| !taken.contains(slot));
    let mut free = spare.copied().chain(end..);
    chosen
        .into_iter()
        .filter_map(|slot| slot.or_else(|| free.next()))
        .collect()
}

/// Ranges of `order` whose slots follow one another, none longer than `limit`.
pub(super) fn runs(order: &[usize], slots: &[usize], limit: usize) -> Vec<RangeInclusive<usize>> {
    let mut runs: Vec<RangeInclusive<usize>> = Vec::new();
    for at in 0..order.len() {
        match runs.last_mut() {
            Some(run)
                if slots[order[at]] == slots[order[at - 1]] + 1 && at - run.start() < limit =>
            {
                *run = *run.start()..=at;
            }
            _ => runs.push(at..=at),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_takes_its_own_place_before_others_take_what_is_free() {
        let key = |byte| ViewKey::first([byte; 32]);
        let damaged = [(1, 1), (4, 4), (5, 5)].map(|(slot, byte)| (slot, key(byte)));
        let keys = [9, 4, 8, 7, 6].map(key);
        let slots = choose(&keys, &BTreeMap::from(damaged), 10);
        assert_eq!(slots, [1, 4, 5, 10, 11]);
        assert_eq!(choose(&[], &BTreeMap::from(damaged), 10), [0; 0]);
    }

    #[test]
    fn neighbouring_slots_are_written_together_up_to_the_limit() {
        let slots = [12, 4, 10, 11, 13];
        let order = [1, 2, 3, 0, 4];
        assert_eq!(runs(&order, &slots, 3), [0..=0, 1..=3, 4..=4]);
        assert_eq!(runs(&[], &[], 3), []);
    }
}
