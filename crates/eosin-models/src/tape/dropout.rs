//! What is dropped in training (Srivastava et al. 2014).
//!
//! A value is dropped if the word that is drawn for it is small; the others are scaled up, so that
//! their mean stays. Every value has its own place in the caller's stream, by layer, map and place
//! in the map: what is dropped does not depend on the parts that a batch is run in. Words are drawn
//! again on the way back rather than kept.

use std::collections::BTreeMap;

use eosin_core::Rng;
use rand::RngExt as _;

use crate::graph::Graph;
use crate::layer::Layer;
use crate::narrow::narrow;
use crate::recording::Op;

/// The masks of a forward pass, by node.
#[derive(Debug, Default)]
pub(super) struct Masks(BTreeMap<usize, Mask>);

/// The mask of one layer for all maps.
#[derive(Debug)]
struct Mask {
    rate: f64,
    /// Before the word of the first map's first value.
    rng: Rng,
    /// Values of a map.
    width: usize,
}

impl Masks {
    /// Those of the layers of `graph` from stage `first_stage` on, for `n` maps.
    pub fn new(graph: &Graph, first_stage: usize, n: usize, rng: &Rng) -> Self {
        let mut masks = BTreeMap::new();
        let mut word = rng.get_word_pos();
        for (node, step) in graph.nodes.iter().map(|node| &node.step).enumerate() {
            let Op::Layer(Layer::Dropout(rate)) = step.op else {
                continue;
            };
            if step.stage < first_stage {
                continue;
            }
            let (width, mut rng) = (step.shape.iter().product(), rng.clone());
            rng.set_word_pos(word);
            word += (n * width) as u128;
            masks.insert(node, Mask { rate, rng, width });
        }
        Self(masks)
    }

    /// What `n` maps are multiplied with, by each mask in turn.
    #[cfg(test)]
    pub fn drawn(&self, n: usize) -> Vec<Vec<f32>> {
        let drawn = |mask: &Mask| {
            let mut values = vec![1.0; n * mask.width];
            mask.apply(0, &mut values);
            values
        };
        self.0.values().map(drawn).collect()
    }

    /// Drops from `values` of maps from `first` on, if `node` drops any: its output, or the
    /// gradient of that.
    pub fn apply(&self, node: usize, first: usize, values: &mut [f32]) {
        if let Some(mask) = self.0.get(&node) {
            mask.apply(first, values);
        }
    }
}

impl Mask {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is at least 0 and below 1"
    )]
    fn apply(&self, first: usize, values: &mut [f32]) {
        /// Words that there are.
        const WORDS: f64 = 4_294_967_296.0;
        let dropped = (self.rate * WORDS) as u32;
        let scale = narrow(1.0 / (1.0 - self.rate));
        let mut rng = self.rng.clone();
        rng.set_word_pos(rng.get_word_pos() + (first * self.width) as u128);
        for value in values {
            *value *= if rng.random::<u32>() < dropped {
                0.0
            } else {
                scale
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};

    use super::*;

    #[test]
    fn a_share_is_dropped_and_the_mean_stays() {
        let rng = Seed(5).stream(Stream::Init, &[]);
        let (rate, width) = (0.3, 1000);
        let mask = Mask { rate, rng, width };
        let mut values = vec![1.0; 100 * width];
        mask.apply(0, &mut values);
        let dropped = values.iter().filter(|value| **value == 0.0).count();
        assert!((dropped as f64 / 1e5 - rate).abs() < 0.01, "{dropped}");
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_map_loses_the_same_values_in_whatever_part_it_is() {
        let rng = Seed(5).stream(Stream::Init, &[]);
        let (rate, width) = (0.5, 33);
        let mask = Mask { rate, rng, width };
        let mut whole = vec![1.0; 7 * width];
        mask.apply(0, &mut whole);
        for (map, expected) in whole.chunks_exact(width).enumerate() {
            let mut alone = vec![1.0; width];
            mask.apply(map, &mut alone);
            assert_eq!(alone, expected);
        }
        assert_ne!(whole[..width], whole[width..2 * width]);
    }
}
