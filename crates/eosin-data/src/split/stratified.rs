//! Stratified folds of independent patches.

use eosin_core::Rng;
use rand::seq::SliceRandom as _;

/// The fold of each patch, given each patch's class.
///
/// Each class is shuffled and dealt out in turn; the next class goes on where the last one ended,
/// so that folds differ by at most one patch in every class and in size.
pub(super) fn assign(classes: &[usize], n_classes: usize, k: usize, rng: &mut Rng) -> Vec<usize> {
    let mut fold_of = vec![0; classes.len()];
    let mut next = 0;
    for members in shuffled_by_class(classes, n_classes, rng) {
        for at in members {
            fold_of[at] = next;
            next = (next + 1) % k;
        }
    }
    fold_of
}

/// Positions of each class in random order.
pub(super) fn shuffled_by_class(
    classes: &[usize],
    n_classes: usize,
    rng: &mut Rng,
) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); n_classes];
    for (at, &class) in classes.iter().enumerate() {
        members[class].push(at);
    }
    for class in &mut members {
        class.shuffle(rng);
    }
    members
}
