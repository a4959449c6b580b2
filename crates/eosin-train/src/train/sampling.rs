//! Which patches make an epoch, and in which order.

use eosin_core::config::Sampling;
use eosin_core::{Rng, Seed, Stream};
use rand::seq::SliceRandom as _;

/// The rows of one epoch in the order of training.
///
/// `class` tells a row's class; `position` is the epoch's place in random streams. Every epoch of a
/// training has the same number of rows.
///
/// - `none`: every row once, shuffled;
/// - `under`: of each class as many as the rarest has, drawn without repetition, shuffled;
/// - `over`: of each class as many as the commonest has: every row as often as it goes, and a draw
///   for the rest, shuffled;
/// - `balanced-batches`: as many rows as there are, one class after another in turn; a class whose
///   rows are used up starts again in a new order.
pub fn epoch_order(
    sampling: Sampling,
    rows: &[usize],
    class: impl Fn(usize) -> usize,
    seed: Seed,
    position: [u64; 2],
) -> Vec<usize> {
    let mut draws = seed.stream(Stream::Sampler, &position);
    let mut order = match sampling {
        Sampling::None => rows.to_vec(),
        Sampling::Under => {
            let classes = by_class(rows, class);
            let count = classes.iter().map(Vec::len).min().unwrap_or(0);
            resized(classes, count, &mut draws)
        }
        Sampling::Over => {
            let classes = by_class(rows, class);
            let count = classes.iter().map(Vec::len).max().unwrap_or(0);
            resized(classes, count, &mut draws)
        }
        Sampling::BalancedBatches => {
            return in_turn(by_class(rows, class), rows.len(), &mut draws);
        }
    };
    order.shuffle(&mut seed.stream(Stream::Shuffle, &position));
    order
}

/// The rows of each class that occurs.
fn by_class(rows: &[usize], class: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for row in rows {
        let class = class(*row);
        if classes.len() <= class {
            classes.resize(class + 1, Vec::new());
        }
        classes[class].push(*row);
    }
    classes.retain(|rows| !rows.is_empty());
    classes
}

/// `count` rows of each class, each as often as any other or once more.
fn resized(classes: Vec<Vec<usize>>, count: usize, draws: &mut Rng) -> Vec<usize> {
    let mut order = Vec::with_capacity(classes.len() * count);
    for mut rows in classes {
        rows.shuffle(draws);
        order.extend(rows.iter().cycle().take(count));
    }
    order
}

/// `count` rows, one of each class in turn.
fn in_turn(mut classes: Vec<Vec<usize>>, count: usize, draws: &mut Rng) -> Vec<usize> {
    let mut used: Vec<usize> = classes.iter().map(Vec::len).collect();
    let kinds = classes.len();
    let mut order = Vec::with_capacity(count);
    for at in 0..count {
        let (rows, used) = (&mut classes[at % kinds], &mut used[at % kinds]);
        if *used == rows.len() {
            rows.shuffle(draws);
            *used = 0;
        }
        order.push(rows[*used]);
        *used += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(5);

    /// Rows 0 to 9 are of class 0, rows 10 to 12 of class 2; class 1 has none.
    fn class(row: usize) -> usize {
        if row < 10 { 0 } else { 2 }
    }

    fn order(sampling: Sampling, epoch: u64) -> Vec<usize> {
        let rows: Vec<usize> = (0..13).collect();
        epoch_order(sampling, &rows, class, SEED, [0, epoch])
    }

    fn counts(order: &[usize]) -> [usize; 13] {
        let mut counts = [0; 13];
        for row in order {
            counts[*row] += 1;
        }
        counts
    }

    #[test]
    fn without_sampling_every_row_comes_once() {
        assert_eq!(counts(&order(Sampling::None, 0)), [1; 13]);
    }

    #[test]
    fn under_sampling_draws_other_rows_of_the_common_class_each_epoch() {
        let (one, two) = (order(Sampling::Under, 0), order(Sampling::Under, 1));
        assert_eq!(one.len(), 6);
        assert_eq!(counts(&one)[10..], [1; 3]);
        assert_eq!(counts(&one)[..10].iter().sum::<usize>(), 3);
        assert_ne!(counts(&one), counts(&two));
        assert_eq!(one, order(Sampling::Under, 0));
    }

    #[test]
    fn over_sampling_repeats_rare_rows_evenly() {
        let order = order(Sampling::Over, 0);
        assert_eq!(order.len(), 20);
        assert_eq!(counts(&order)[..10], [1; 10]);
        assert!(
            counts(&order)[10..]
                .iter()
                .all(|count| (3..=4).contains(count))
        );
    }

    #[test]
    fn balanced_batches_take_each_class_in_turn() {
        let order = order(Sampling::BalancedBatches, 0);
        assert_eq!(order.len(), 13);
        for (at, row) in order.iter().enumerate() {
            assert_eq!(class(*row), if at % 2 == 0 { 0 } else { 2 });
        }
        // Three rows in six places: each twice, never again before the others.
        assert_eq!(counts(&order)[10..], [2; 3]);
    }
}
