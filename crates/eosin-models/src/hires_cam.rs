//! What each place of a network's last map brings to its logits.

use eosin_weights::WeightsError;
use rayon::prelude::*;

use crate::architecture::LastPlaces;
use crate::graph::{Graph, Workspace};
use crate::stored_network::StoredNetwork;
use crate::tape::MapTape;

/// `HiResCAM` (Draelos and Carin 2020, arXiv:2011.08891): the values of the last map whose places are told apart,
/// times the gradient of a logit with respect to them, summed over channels. Where the way from the map to the
/// logits is linear but for offsets, places sum up to the logit less these; here they are multiplied by their
/// number, so that their mean does, as that of [class maps](crate::Recording::class_maps). Nothing is cut off below
/// 0. Of a vision transformer the map is that in front of the last block, its class token left out.
#[derive(Debug)]
pub struct HiResCam {
    prefix: Graph,
    tape: MapTape,
    tokens: usize,
    /// Of places.
    sides: [usize; 2],
    workspaces: Vec<Workspace>,
}

/// Values place by place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceValues {
    /// Height, width and classes.
    pub shape: [usize; 3],
    /// `[height, width, classes]`.
    pub values: Vec<f32>,
    /// Of the image.
    pub logits: Vec<f32>,
}

impl HiResCam {
    /// For images of `size_px` x `size_px`; `None` where the last map is of one place.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn new(network: &StoredNetwork, size_px: usize) -> Result<Option<Self>, WeightsError> {
        let LastPlaces { cut, tokens } = network.architecture().last_places();
        let prefix = network.record_prefix(cut, size_px)?;
        let map = prefix.output_shape();
        let sides = match tokens {
            0 => [map[0], map[1]],
            _ => [(map[0] - tokens).isqrt(); 2],
        };
        if sides == [1, 1] {
            return Ok(None);
        }
        Ok(Some(Self {
            prefix: Graph::new(prefix)?,
            tape: MapTape::new(network, size_px, cut, map)?,
            tokens,
            sides,
            workspaces: Vec::new(),
        }))
    }

    /// Of images (`[height, width, channels]` each, normalised).
    pub fn run(&mut self, images: &[Vec<f32>]) -> Vec<PlaceValues> {
        let prefix = |workspace: &mut Workspace, image: &Vec<f32>| {
            self.prefix.run(1, image, workspace).to_vec()
        };
        let maps = images.par_iter().map_init(Workspace::default, prefix);
        let maps = maps.collect::<Vec<_>>().concat();
        let logits = self.tape.logits(&maps, &mut self.workspaces);
        let classes = logits.len() / images.len().max(1);
        let by_class: Vec<Vec<f32>> = (0..classes)
            .map(|class| {
                let mut of_logits = vec![0.0; logits.len()];
                let own = of_logits.iter_mut().skip(class).step_by(classes);
                own.for_each(|value| *value = 1.0);
                let gradients = self.tape.gradients(&of_logits, &mut self.workspaces);
                self.of_places(&maps, &gradients)
            })
            .collect();
        let places = self.sides[0] * self.sides[1];
        let image = |(image, logits): (usize, &[f32])| PlaceValues {
            shape: [self.sides[0], self.sides[1], classes],
            values: (0..places * classes)
                .map(|at| by_class[at % classes][image * places + at / classes])
                .collect(),
            logits: logits.to_vec(),
        };
        logits
            .chunks_exact(classes)
            .enumerate()
            .map(image)
            .collect()
    }

    /// `[n, places]` of maps and their gradients.
    fn of_places(&self, maps: &[f32], gradients: &[f32]) -> Vec<f32> {
        let [height, width, channels] = self.prefix.output_shape();
        let places = self.sides[0] * self.sides[1];
        let each = height * width * channels;
        let one = |(values, gradients): (&[f32], &[f32])| {
            let first = self.tokens * channels;
            let pairs = values[first..]
                .chunks_exact(channels)
                .zip(gradients[first..].chunks_exact(channels));
            let product = |(values, gradients): (&[f32], &[f32])| {
                let products = values
                    .iter()
                    .zip(gradients)
                    .map(|(value, slope)| value * slope);
                products.sum::<f32>() * places as f32
            };
            pairs.map(product).collect::<Vec<f32>>()
        };
        maps.chunks_exact(each)
            .zip(gradients.chunks_exact(each))
            .flat_map(one)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::{BackboneName as B, Seed};

    use super::*;
    use crate::{Backbone, BackboneSpec};

    fn network(name: B) -> (StoredNetwork, usize) {
        let least = if name == B::BaselineCnn { 224 } else { 128 };
        let size = BackboneSpec::of(name).min_size_px.max(least);
        let network = Backbone::new(name, 3, size);
        (StoredNetwork::fresh(network, Seed(7)), size)
    }

    fn image(size: usize) -> Vec<f32> {
        (0..size * size * 3)
            .map(|at| ((at * 7919) % 255) as f32 / 127.0 - 1.0)
            .collect()
    }

    #[test]
    fn where_a_mean_is_followed_by_a_linear_layer_it_is_the_class_map_less_the_bias() {
        for name in [B::ResNet18, B::MobileNetV2, B::DenseNet121, B::SqueezeNet11] {
            let (network, size) = network(name);
            let image = image(size);
            let mut cam = HiResCam::new(&network, size).unwrap().unwrap();
            let found = cam.run(std::slice::from_ref(&image)).remove(0);
            let maps = network.record_logits(size).unwrap().class_maps().unwrap();
            let maps = Graph::new(maps).unwrap();
            assert_eq!(maps.output_shape(), found.shape, "{name}");
            let mut workspace = Workspace::default();
            let values = maps.run(1, &image, &mut workspace);
            let bias = network.architecture().parameters().last().unwrap();
            let bias = network.weights()[bias.name()].read_all().unwrap();
            let largest = values
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            for (at, (one, other)) in found.values.iter().zip(values).enumerate() {
                let other = other - bias[at % 3];
                assert!(
                    (one - other).abs() < 1e-4 * largest,
                    "{name} {at}: {one} {other}"
                );
            }
        }
    }

    /// What a small step against the map's values changes in the logits is what the gradient says: of
    /// `values * gradient`, summed over all channels and places.
    #[test]
    fn the_values_are_slopes_of_the_logits() {
        for name in [
            B::MobileNetV3Large,
            B::ConvNextTiny,
            B::VitSmallPatch16,
            B::BaselineCnn,
        ] {
            let (network, size) = network(name);
            let mut cam = HiResCam::new(&network, size).unwrap().unwrap();
            let mut workspace = Workspace::default();
            let map = cam.prefix.run(1, &image(size), &mut workspace).to_vec();
            let mut slopes = Vec::new();
            for step in [1e-2_f32, -1e-2] {
                let moved: Vec<f32> = map.iter().map(|value| value * (1.0 + step)).collect();
                slopes.push(cam.tape.logits(&moved, &mut cam.workspaces));
            }
            let logits = cam.tape.logits(&map, &mut cam.workspaces);
            for class in 0..3 {
                let slope = (slopes[0][class] - slopes[1][class]) / 2e-2;
                let mut of_logits = vec![0.0; 3];
                of_logits[class] = 1.0;
                let gradient = cam.tape.gradients(&of_logits, &mut cam.workspaces);
                let sum: f32 = map
                    .iter()
                    .zip(&gradient)
                    .map(|(value, slope)| value * slope)
                    .sum();
                let scale = logits
                    .iter()
                    .fold(0.05_f32, |most, logit| most.max(logit.abs()));
                assert!(
                    (sum - slope).abs() < 0.02 * scale,
                    "{name} {class}: {sum} {slope}"
                );
            }
        }
    }
}
