//! The 2020 datathon organisers' baseline network.
//!
//! Three blocks of 3x3 convolution (stride 2), batch norm, ReLU, dropout and max-pooling, then
//! fully connected layers of 64 and 32 and a classifier. Theirs had a softmax in front of the
//! cross-entropy and fed reshaped BGR images; those are faults of its training, not of the
//! network, and are not repeated here.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::{Activation, Pool};

use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear};

const DROPOUT: f64 = 0.5;
const POOL: Pool = Pool {
    kernel: 3,
    stride: 2,
    padding: 0,
    ceil: false,
};

/// The organisers' baseline: a network for images of one size.
#[derive(Module, Debug)]
pub struct BaselineCnn {
    convs: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    fc1: Linear,
    fc1_norm: BatchNorm,
    fc2: Linear,
    fc2_norm: BatchNorm,
    fc: Linear,
}

impl BaselineCnn {
    const CHANNELS: [usize; 4] = [3, 6, 12, 15];

    /// The smallest image side that leaves something to classify.
    pub const MIN_SIZE: usize = 85;

    /// All weights zero; the first fully connected layer has the width that `size` x `size` images
    /// lead to (735 at 512 pixels).
    pub fn new(classes: usize, size: usize, device: &Device) -> Self {
        let side = (0..3).fold(size, |side, _| POOL.output_size(side.div_ceil(2)));
        let convs = Self::CHANNELS
            .windows(2)
            .map(|pair| {
                Conv2d::new(pair[0], pair[1], 3, device)
                    .stride(2)
                    .with_bias(device)
            })
            .collect();
        Self {
            convs,
            norms: Self::CHANNELS[1..]
                .iter()
                .map(|n| BatchNorm::new(*n, device))
                .collect(),
            fc1: Linear::new(Self::CHANNELS[3] * side * side, 64, device),
            fc1_norm: BatchNorm::new(64, device),
            fc2: Linear::new(64, 32, device),
            fc2_norm: BatchNorm::new(32, device),
            fc: Linear::new(32, classes, device),
        }
    }
}

impl Architecture for BaselineCnn {
    fn stages(&self) -> &'static [&'static str] {
        &["block1", "block2", "block3"]
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        let (conv, norm) = (&self.convs[stage], &self.norms[stage]);
        let x = engine.conv_norm(x, conv, norm, Activation::Relu);
        engine.max_pool(engine.dropout_map(x, DROPOUT), POOL)
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        let x = engine.flatten(map);
        let x = engine.linear(x, &self.fc1, Some(&self.fc1_norm), Activation::Relu);
        let x = engine.dropout(x, DROPOUT);
        let x = engine.linear(x, &self.fc2, Some(&self.fc2_norm), Activation::Relu);
        engine.dropout(x, DROPOUT)
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.fc
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn_engine::cpu;
    use crate::graph::{Graph, Workspace};

    #[test]
    fn datathon_images_become_735_values_and_32_features() {
        let network = BaselineCnn::new(2, 512, &cpu(false));
        assert_eq!(network.fc1.weight.dims(), [64, 735]);
        assert_eq!(Graph::embedding(&network, 512).output_width(), 32);
    }

    #[test]
    fn the_smallest_image_leaves_one_position() {
        let side = BaselineCnn::MIN_SIZE;
        let network = BaselineCnn::new(2, side, &cpu(false));
        assert_eq!(network.fc1.weight.dims(), [64, 15]);
        let graph = Graph::embedding(&network, side);
        let image = vec![0.5; side * side * 3];
        assert_eq!(graph.run(1, &image, &mut Workspace::default()).len(), 32);
    }
}
