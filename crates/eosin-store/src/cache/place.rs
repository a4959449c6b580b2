//! Where new records go.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use super::recipe::ImageHash;

/// A slot for each image: its own damaged one, else any damaged one, else one from `end` on.
pub(super) fn choose(
    images: &[ImageHash],
    damaged: &BTreeMap<usize, ImageHash>,
    end: usize,
) -> Vec<usize> {
    let own: HashMap<&ImageHash, usize> =
        damaged.iter().map(|(slot, image)| (image, *slot)).collect();
    let chosen: Vec<Option<usize>> = images.iter().map(|image| own.get(image).copied()).collect();
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
    fn an_image_takes_its_own_place_before_others_take_what_is_free() {
        let damaged = BTreeMap::from([(1, [1; 32]), (4, [4; 32]), (5, [5; 32])]);
        let images = [[9; 32], [4; 32], [8; 32], [7; 32], [6; 32]];
        assert_eq!(choose(&images, &damaged, 10), [1, 4, 5, 10, 11]);
        assert_eq!(choose(&[], &damaged, 10), [0; 0]);
    }

    #[test]
    fn neighbouring_slots_are_written_together_up_to_the_limit() {
        let slots = [12, 4, 10, 11, 13];
        let order = [1, 2, 3, 0, 4];
        assert_eq!(runs(&order, &slots, 3), [0..=0, 1..=3, 4..=4]);
        assert_eq!(runs(&[], &[], 3), []);
    }
}
