//! The 2020 datathon organisers' baseline network.
//!
//! Three blocks of 3x3 convolution (stride 2), batch norm, ReLU, dropout and max-pooling, then
//! fully connected layers of 64 and 32 and a classifier. Theirs had a softmax in front of the
//! cross-entropy and fed reshaped BGR images; those are faults of its training, not of the
//! network, and are not repeated here.

use eosin_kernels::{Activation, Pool};

use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder, Vector};

const DROPOUT: f64 = 0.5;
const POOL: Pool = Pool {
    kernel: 3,
    stride: 2,
    padding: 0,
    ceil: false,
};

/// The organisers' baseline: a network for images of one size.
#[derive(Debug)]
pub struct BaselineCnn {
    convs: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    fc1: Linear,
    fc1_norm: BatchNorm,
    fc2: Linear,
    fc2_norm: BatchNorm,
    fc: Linear,
}

module!(BaselineCnn {
    convs,
    norms,
    fc1,
    fc1_norm,
    fc2,
    fc2_norm,
    fc
});

impl BaselineCnn {
    const CHANNELS: [usize; 4] = [3, 6, 12, 15];

    /// The smallest image side that leaves something to classify.
    pub const MIN_SIZE: usize = 85;

    /// The first fully connected layer has the width that `size` x `size` images
    /// lead to (735 at 512 pixels).
    pub fn new(classes: usize, size: usize) -> Self {
        let side = (0..3).fold(size, |side, _| POOL.output_size(side.div_ceil(2)));
        let convs = Self::CHANNELS
            .windows(2)
            .map(|pair| Conv2d::new(pair[0], pair[1], 3).stride(2).with_bias())
            .collect();
        Self {
            convs,
            norms: Self::CHANNELS[1..]
                .iter()
                .map(|n| BatchNorm::new(*n))
                .collect(),
            fc1: Linear::new(Self::CHANNELS[3] * side * side, 64),
            fc1_norm: BatchNorm::new(64),
            fc2: Linear::new(64, 32),
            fc2_norm: BatchNorm::new(32),
            fc: Linear::new(32, classes),
        }
    }
}

impl Architecture for BaselineCnn {
    fn stages(&self) -> &'static [&'static str] {
        &["block1", "block2", "block3"]
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let (conv, norm) = (&self.convs[stage], &self.norms[stage]);
        let x = net.conv_norm(x, conv, norm, Activation::Relu);
        net.max_pool(net.dropout_map(x, DROPOUT), POOL)
    }

    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        let x = net.flatten(map);
        let x = net.linear(x, &self.fc1, Some(&self.fc1_norm), Activation::Relu);
        let x = net.dropout(x, DROPOUT);
        let x = net.linear(x, &self.fc2, Some(&self.fc2_norm), Activation::Relu);
        net.dropout(x, DROPOUT)
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eosin_core::{BackboneName, Seed};

    use crate::{Backbone, StoredNetwork, Workspace};

    #[test]
    fn datathon_images_become_735_values_and_32_features() {
        assert_eq!(BaselineCnn::new(2, 512).fc1.weight.shape(), [64, 735]);
        let network = Backbone::new(BackboneName::BaselineCnn, 2, 512);
        assert_eq!(network.classifier().weight.shape(), [2, 32]);
    }

    #[test]
    fn the_smallest_image_leaves_one_position() {
        let side = BaselineCnn::MIN_SIZE;
        assert_eq!(BaselineCnn::new(2, side).fc1.weight.shape(), [64, 15]);
        let network = Backbone::new(BackboneName::BaselineCnn, 2, side);
        let graph = StoredNetwork::fresh(network, Seed(0))
            .embedding(side)
            .unwrap();
        let image = vec![0.5; side * side * 3];
        assert_eq!(graph.run(1, &image, &mut Workspace::default()).len(), 32);
    }
}
