//! Fresh weights, drawn when they are wanted.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use eosin_core::{Rng, Seed, Stream};
use eosin_weights::{LazyTensor, TensorDict, WeightsError};
use rand::RngExt as _;
use rayon::prelude::*;

use crate::backbone::Backbone;
use crate::param::Param;

/// Values that one thread draws at a time.
const PART: usize = 1 << 16;

/// Fresh weights for `network` from the seed's `init` stream, each tensor from its own draws; they
/// are drawn anew whenever they are read, and always alike.
///
/// Convolutions: normal with variance 2 / fan-out (He et al. 2015, arXiv:1502.01852, as timm);
/// fully connected: uniform in ±1/√fan-in; tokens and position embeddings: normal with deviation
/// 0.02; layer scales 1e-5; other scales and running variances one, the rest zero.
pub fn fresh_weights(network: &Backbone, seed: Seed) -> TensorDict {
    let shape = |param: &Param| (param.name().to_owned(), param.shape().to_vec());
    let mut shapes: Vec<_> = network.parameters().iter().map(shape).collect();
    // The index of a tensor is its place in the order of names.
    shapes.sort();
    let fresh = |(index, (name, shape)): (usize, (String, Vec<usize>))| {
        let law = Law::of(&name, &shape);
        let rng = seed.stream(Stream::Init, &[index as u64]);
        let tensor: Arc<dyn LazyTensor> = Arc::new(Fresh { shape, law, rng });
        (name, tensor)
    };
    shapes.into_iter().enumerate().map(fresh).collect()
}

/// How the values of a tensor are distributed.
#[derive(Clone, Copy, Debug)]
enum Law {
    /// Around zero with this deviation.
    Normal(f64),
    /// Within this of zero.
    Uniform(f32),
    Constant(f32),
}

impl Law {
    fn of(name: &str, shape: &[usize]) -> Self {
        match shape {
            [cout, cin, height, width] => {
                // A window over one channel is depthwise: each output has a single filter.
                let filters = if *cin == 1 { 1 } else { *cout };
                Self::Normal((2.0 / (filters * height * width) as f64).sqrt())
            }
            [_, inputs] => Self::Uniform(1.0 / (*inputs as f32).sqrt()),
            [_, _, _] => Self::Normal(0.02),
            _ if name.ends_with("running_var") || name.ends_with("weight") => Self::Constant(1.0),
            _ if name.ends_with("gamma") => Self::Constant(1e-5),
            _ => Self::Constant(0.0),
        }
    }

    /// Words of 32 bits that a value takes from the generator.
    const fn words(self) -> u128 {
        match self {
            Self::Normal(_) => 4,
            Self::Uniform(_) => 1,
            Self::Constant(_) => 0,
        }
    }

    fn fill(self, values: &mut [f32], rng: &mut Rng) {
        match self {
            Self::Normal(std) => values.fill_with(|| normal(rng, std)),
            Self::Uniform(bound) => {
                values.fill_with(|| bound * (2.0 * rng.random::<f32>() - 1.0));
            }
            Self::Constant(value) => values.fill(value),
        }
    }
}

/// A tensor that is drawn when it is wanted.
#[derive(Debug)]
struct Fresh {
    shape: Vec<usize>,
    law: Law,
    /// Before the first draw.
    rng: Rng,
}

impl LazyTensor for Fresh {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let each = self.row_values();
        let mut values = vec![0.0; rows.len() * each];
        let parts = values.par_chunks_mut(PART).enumerate();
        parts.for_each(|(part, values)| {
            let first = rows.start * each + part * PART;
            let mut rng = self.rng.clone();
            rng.set_word_pos(first as u128 * self.law.words());
            self.law.fill(values, &mut rng);
        });
        Ok(Cow::Owned(values))
    }
}

/// A normal variate by Box and Muller (1958).
#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
fn normal(rng: &mut Rng, std: f64) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos() * std) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_drawn_in_parts_are_those_drawn_in_one_go() {
        for law in [Law::Normal(0.5), Law::Uniform(0.1), Law::Constant(1.0)] {
            let rng = Seed(3).stream(Stream::Init, &[7]);
            let mut whole = vec![0.0; 1000 * 300];
            law.fill(&mut whole, &mut rng.clone());
            let shape = vec![1000, 300];
            let fresh = Fresh { shape, law, rng };
            assert_eq!(fresh.read_all().unwrap(), whole);
            for rows in [0..1, 3..5, 333..999, 999..1000] {
                let expected = &whole[rows.start * 300..rows.end * 300];
                assert_eq!(fresh.read(rows).unwrap(), expected);
            }
        }
    }
}
