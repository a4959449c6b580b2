//! The logits of a network, position by position.

use eosin_kernels::Activation;

use crate::layer::Layer;
use crate::recording::{Op, Recording, Step};

impl Recording {
    /// The same network without the mean over positions in front of its last layer: a map of
    /// `[height, width, classes]` whose mean over positions is the logits, since the mean of a linear
    /// function is that of the mean (class activation maps, Zhou et al. 2016, arXiv:1512.04150, here
    /// with the bias; the same as Grad-CAM and `HiResCAM` up to a factor and what these cut off below
    /// 0). `None` where a layer that is not linear follows the mean (`ConvNeXt`, `MobileNetV3`, hidden layers),
    /// there is no mean (vision transformers), or it is of one position (VGG).
    pub fn class_maps(mut self) -> Option<Self> {
        let last = &self.steps[self.output];
        let Op::Conv(conv) = &last.op else {
            return None;
        };
        let ([mean], Activation::Identity) = (last.inputs.as_slice(), conv.activation) else {
            return None;
        };
        let mean = self.without_flattening(*mean);
        let Op::Layer(Layer::Mean) = &self.steps[mean].op else {
            return None;
        };
        let map = self.steps[mean].inputs[0];
        let [height, width, _] = self.steps[map].shape;
        if height * width == 1 {
            return None;
        }
        let last = &mut self.steps[self.output];
        last.inputs = vec![map];
        last.shape[..2].copy_from_slice(&[height, width]);
        Some(self)
    }

    /// The step that is flattened in a step, where its one position makes that no change.
    fn without_flattening(&self, step: usize) -> usize {
        let Step { op, inputs, .. } = &self.steps[step];
        match op {
            Op::Layer(Layer::Flatten) if self.steps[inputs[0]].shape[..2] == [1, 1] => inputs[0],
            _ => step,
        }
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::BackboneName;
    use eosin_core::Seed;

    use crate::recording::Recording;
    use crate::{Backbone, BackboneSpec, Graph, StoredNetwork, Workspace};

    /// Families without them.
    const WITHOUT: [&str; 5] = ["convnext", "vit", "vgg", "mobilenetv3", "baseline"];
    /// Networks with more parameters have blocks of smaller ones, and take seconds each.
    const MOST_PARAMETERS: usize = 12_000_000;

    fn network(name: BackboneName) -> Backbone {
        Backbone::new(name, 3, side(name))
    }

    fn side(name: BackboneName) -> usize {
        BackboneSpec::of(name).min_size_px.max(64)
    }

    #[test]
    fn every_network_that_ends_in_a_mean_has_class_maps_and_no_other() {
        for name in BackboneName::ALL {
            let recording = Recording::of_shapes(side(*name), |recorder, images| {
                let network = network(*name);
                network.tail_logits(recorder, 0, images, 0.0).step()
            });
            let without = WITHOUT.iter().any(|word| name.as_str().contains(word));
            assert_eq!(recording.class_maps().is_none(), without, "{name}");
        }
    }

    /// The largest difference between a network's logits and the mean of its class maps, as a share of
    /// the largest logit; `None` where it has none.
    fn difference(name: BackboneName) -> Option<f32> {
        let size = side(name);
        let network = StoredNetwork::fresh(network(name), Seed(7));
        let maps = network.record_logits(size).unwrap().class_maps()?;
        let maps = Graph::new(maps).unwrap();
        let image: Vec<f32> = (0..size * size * 3)
            .map(|at| ((at * 7919) % 255) as f32 / 127.0 - 1.0)
            .collect();
        let mut workspace = Workspace::default();
        let values = maps.run(1, &image, &mut workspace).to_vec();
        let [height, width, classes] = maps.output_shape();
        assert_eq!(classes, 3);
        let mut workspace = Workspace::default();
        let logits = network.logits(size).unwrap();
        let logits = logits.run(1, &image, &mut workspace);
        let largest = logits
            .iter()
            .fold(0.0_f32, |most, logit| most.max(logit.abs()));
        let difference = logits.iter().enumerate().map(|(class, logit)| {
            let of_class = values.iter().skip(class).step_by(classes);
            let mean = of_class.sum::<f32>() / (height * width) as f32;
            (mean - logit).abs() / largest.max(1.0)
        });
        Some(difference.fold(0.0, f32::max))
    }

    #[test]
    fn the_mean_of_a_class_map_is_the_logit() {
        let small = |name: &&BackboneName| network(**name).parameter_count() < MOST_PARAMETERS;
        let differences = BackboneName::ALL.iter().filter(small).map(|name| {
            let difference = difference(*name);
            assert!(
                difference.is_none_or(|found| found < 1e-5),
                "{name}: {difference:?}"
            );
            usize::from(difference.is_some())
        });
        assert!(differences.sum::<usize>() > 10);
    }
}
