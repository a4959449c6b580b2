//! Weights are in memory once: packed. One test: the allocator counts for all threads.

#[path = "../../eosin-weights/tests/counting/mod.rs"]
mod counting;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use counting::Counting;
use eosin_core::BackboneName;
use eosin_models::{Backbone, Param, StoredNetwork};
use eosin_weights::{LazyTensor, WeightsError};

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// A tensor that takes no memory until it is read.
#[derive(Debug)]
struct Constant(Vec<usize>);

impl LazyTensor for Constant {
    fn shape(&self) -> &[usize] {
        &self.0
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        Ok(Cow::Owned(vec![0.5; rows.len() * self.row_values()]))
    }
}

/// Bytes that a tensor takes packed: 3x3 windows over many channels are transformed to 6x6 points.
fn packed_bytes(shape: &[usize]) -> usize {
    let values: usize = shape.iter().product();
    match shape {
        [_, cin, 3, 3] if *cin >= 16 => 4 * values * 4,
        _ => 4 * values,
    }
}

#[test]
fn packing_a_network_takes_little_more_memory_than_the_packed_network() {
    let network = Backbone::new(BackboneName::Vgg16, 2, 32);
    let parameters = network.parameters();
    let packed: usize = parameters
        .iter()
        .map(|parameter| packed_bytes(parameter.shape()))
        .sum();
    let constant = |parameter: &Param| {
        let tensor: Arc<dyn LazyTensor> = Arc::new(Constant(parameter.shape().to_vec()));
        (parameter.name().to_owned(), tensor)
    };
    let weights = parameters.iter().map(constant).collect();
    ALLOCATOR.start();
    let network = StoredNetwork::new(network, weights).unwrap();
    let graph = network.embedding(32).unwrap();
    let peak = ALLOCATOR.peak();
    assert_eq!(graph.output_width(), 4096);
    assert!(
        peak < packed + packed / 20,
        "{} MB for {} MB of packed weights",
        peak / 1_000_000,
        packed / 1_000_000
    );
}
