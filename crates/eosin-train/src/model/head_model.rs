//! The last layers of a network, as something that is trained.

use std::sync::Arc;

use eosin_core::{Rng, Seed};
use rand::RngExt as _;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;
use crate::model::classifier::Classifier;
use crate::model::head::Head;
use crate::model::trainable::{Groups, LossOf, Trainable};
use crate::optimise::narrow;

/// A classifier of embeddings, trained by itself.
pub struct HeadModel {
    widths: Vec<usize>,
    dropout: f64,
    initial: Head,
    groups: Arc<Groups>,
}

impl HeadModel {
    /// A fresh head of these widths; see [`Head::init`].
    pub fn new(widths: &[usize], dropout: f64, seed: Seed, fold: u64) -> Self {
        Self {
            widths: widths.to_vec(),
            dropout,
            initial: Head::init(widths, seed, fold),
            groups: head_groups(widths),
        }
    }

    /// The head with these values.
    pub fn head(&self, values: &[f32]) -> Head {
        Head {
            widths: self.widths.clone(),
            values: values.to_vec(),
        }
    }
}

/// One group of all weights; biases are not decayed.
fn head_groups(widths: &[usize]) -> Arc<Groups> {
    let decays = widths.windows(2).flat_map(|pair| {
        let weights = std::iter::repeat_n(true, pair[0] * pair[1]);
        weights.chain(std::iter::repeat_n(false, pair[1]))
    });
    let decays: Vec<bool> = decays.collect();
    Arc::new(Groups {
        group: vec![0; decays.len()],
        decays,
        groups: 1,
    })
}

impl Trainable for HeadModel {
    fn groups(&self) -> &Arc<Groups> {
        &self.groups
    }

    fn initial(&self) -> Vec<f32> {
        self.initial.values.clone()
    }

    fn gradients(
        &mut self,
        state: &mut [f32],
        mut inputs: Vec<f32>,
        (mut dropout, _): (Rng, usize),
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64 {
        drop_out(&mut inputs, self.dropout, &mut dropout);
        let head = self.head(state);
        let logits = head.logits(&inputs);
        let mut derivatives = vec![0.0; logits.len()];
        let value = loss(&logits, &mut derivatives);
        head.gradients(&inputs, &derivatives, gradients);
        value
    }

    fn logits(
        &self,
        state: &[f32],
        source: &dyn InputSource,
        rows: &[usize],
        views: &[View],
    ) -> Result<Vec<f32>, TrainError> {
        Classifier::Layers(self.head(state)).orbit_logits(source, rows, views)
    }
}

/// Zeroes a share `rate` of the values and scales the rest up (Srivastava et al. 2014).
fn drop_out(values: &mut [f32], rate: f64, rng: &mut Rng) {
    if rate > 0.0 {
        let scale = narrow(1.0 / (1.0 - rate));
        for value in values {
            *value *= if rng.random::<f64>() < rate {
                0.0
            } else {
                scale
            };
        }
    }
}
