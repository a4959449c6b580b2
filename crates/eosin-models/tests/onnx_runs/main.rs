//! Every network as an ONNX file, run by an interpreter that knows the operators' specification and
//! nothing of eosin: the logits must be those of the graph that eosin runs.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod ensembles;
#[path = "../formula/mod.rs"]
mod formula;
mod interpreter;
mod proto;
mod tensor;
mod windows;

use std::collections::BTreeMap;

use eosin_core::config::Symmetries;
use eosin_core::{BackboneName, D4};
use eosin_models::{
    Backbone, BackboneSpec, OnnxInput, OnnxOptions, Param, StoredNetwork, Workspace, to_onnx,
};
use eosin_weights::{StateDict, StateTensor, StoredAs, to_lazy};
use formula::{Formula, channels_last};
use tensor::Tensor;

const CLASSES: usize = 3;

/// A network under weights that a formula gives, at the smallest side that it takes.
struct Case {
    name: BackboneName,
    size: usize,
    network: StoredNetwork,
    images: Vec<f32>,
}

impl Case {
    fn new(name: BackboneName) -> Self {
        Self::of(name, |network| network)
    }

    /// A network that `change` has made.
    fn of(name: BackboneName, change: impl FnOnce(Backbone) -> Backbone) -> Self {
        let spec = BackboneSpec::of(name);
        let size = spec.min_size_px.max(32).next_multiple_of(spec.size_step_px);
        let formula = Formula {
            salt: "",
            gain: 3.0,
        };
        let network = change(Backbone::new(name, CLASSES, size));
        let filled = |parameter: &Param| {
            let shape = parameter.shape().to_vec();
            let values = formula.fill(parameter.name(), &shape);
            (parameter.name().to_owned(), StateTensor { shape, values })
        };
        let tensors: StateDict = network.parameters().iter().map(filled).collect();
        Self {
            name,
            size,
            network: StoredNetwork::new(network, to_lazy(tensors)).unwrap(),
            images: formula.images(size),
        }
    }

    /// What eosin's own graph makes of the first image.
    fn logits(&self) -> Vec<f32> {
        let graph = self.network.logits(self.size).unwrap();
        let one = channels_last(self.first(), self.size);
        graph.run(1, &one, &mut Workspace::default()).to_vec()
    }

    fn first(&self) -> &[f32] {
        &self.images[..3 * self.size * self.size]
    }

    /// Logits and probabilities of the ONNX file, which is fed with `image`.
    fn in_onnx(&self, input: OnnxInput, stored_as: StoredAs, image: Vec<f64>) -> [Tensor; 2] {
        let options = OnnxOptions {
            size_px: self.size,
            input,
            views: &[D4::IDENTITY],
            stored_as,
        };
        self.run(&options, image)
    }

    fn run(&self, options: &OnnxOptions<'_>, image: Vec<f64>) -> [Tensor; 2] {
        let file = to_onnx(&self.network, options, &BTreeMap::new()).unwrap();
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        let images = image.len() / (3 * self.size * self.size);
        let shape = vec![images, 3, self.size, self.size];
        interpreter::run(&bytes, Tensor::new(shape, image))
    }

    fn scaled(&self) -> Vec<f64> {
        self.first().iter().map(|v| f64::from(*v)).collect()
    }
}

/// The largest difference as a share of the largest value.
fn difference(found: &[f64], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let most = expected
        .iter()
        .map(|v| f64::from(v.abs()))
        .fold(0.0, f64::max);
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(a, b)| (a - f64::from(*b)).abs())
        .fold(0.0, f64::max)
        / most
}

#[test]
fn every_network_computes_as_onnx_what_it_computes_here() {
    for name in BackboneName::ALL {
        let case = Case::new(*name);
        let [logits, probs] = case.in_onnx(OnnxInput::Scaled, StoredAs::F32, case.scaled());
        let off = difference(&logits.values, &case.logits());
        assert!(off < 1e-4, "{name} at {} px: {off:e}", case.size);
        let sum: f64 = probs.values.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12, "{name}: {sum}");
    }
}

#[test]
fn a_hidden_layer_stands_in_place_of_the_last_one_under_its_name() {
    for (name, layer) in [
        (BackboneName::EosinMini, "fc"),
        (BackboneName::SqueezeNet11, "classifier.1"),
    ] {
        let case = Case::of(name, |network| network.with_hidden(5));
        let parameters = case.network.architecture().parameters().iter();
        let named: Vec<&str> = parameters
            .map(Param::name)
            .filter(|name| name.starts_with(layer))
            .collect();
        let expected =
            ["0.weight", "0.bias", "2.weight", "2.bias"].map(|leaf| format!("{layer}.{leaf}"));
        assert_eq!(named, expected);
        let [logits, _] = case.in_onnx(OnnxInput::Scaled, StoredAs::F32, case.scaled());
        let off = difference(&logits.values, &case.logits());
        assert!(off < 1e-4, "{name}: {off:e}");
        assert_eq!(logits.values.len(), CLASSES);
    }
}

#[test]
fn pixels_are_scaled_and_halves_are_cast_in_the_graph() {
    let case = Case::new(BackboneName::ResNet18);
    let spec = BackboneSpec::of(case.name);
    let (mean, std) = (spec.mean, spec.std);
    let plane = case.size * case.size;
    let pixel = |(at, value): (usize, f64)| {
        let channel = at / plane;
        (value * f64::from(std[channel]) + f64::from(mean[channel])) * 255.0
    };
    let pixels = case.scaled().into_iter().enumerate().map(pixel).collect();
    let input = OnnxInput::Pixels { mean, std };
    let [logits, _] = case.in_onnx(input, StoredAs::F32, pixels);
    let off = difference(&logits.values, &case.logits());
    assert!(off < 1e-4, "{off:e}");
    // Weights of 11 bits: near, and not the same.
    let [logits, _] = case.in_onnx(OnnxInput::Scaled, StoredAs::F16, case.scaled());
    let off = difference(&logits.values, &case.logits());
    assert!((1e-6..1e-2).contains(&off), "{off:e}");
}

/// The views of planes of `side` x `side`, by the definition of the symmetry.
fn seen(image: &[f64], side: usize, view: D4) -> Vec<f64> {
    let planes = image.chunks_exact(side * side);
    planes
        .flat_map(|plane| view.apply(plane, side, side, 1))
        .collect()
}

#[test]
fn the_mean_logits_over_symmetries_are_computed_in_the_graph() {
    let case = Case::new(BackboneName::EosinMini);
    let each = 3 * case.size * case.size;
    // Two images at once: the views of each are averaged with its own.
    let images: Vec<f64> = case.images[..2 * each]
        .iter()
        .map(|v| f64::from(*v))
        .collect();
    for symmetries in [
        Symmetries::HFlip,
        Symmetries::Flips,
        Symmetries::Rot90,
        Symmetries::D4,
    ] {
        let views = symmetries.members();
        let options = OnnxOptions {
            size_px: case.size,
            input: OnnxInput::Scaled,
            views,
            stored_as: StoredAs::F32,
        };
        let [logits, _] = case.run(&options, images.clone());
        for (image, found) in images
            .chunks_exact(each)
            .zip(logits.values.chunks_exact(logits.shape[1]))
        {
            let mut mean = vec![0.0; found.len()];
            for view in views {
                let image = seen(image, case.size, *view);
                let [logits, _] = case.in_onnx(OnnxInput::Scaled, StoredAs::F32, image);
                for (sum, logit) in mean.iter_mut().zip(&logits.values) {
                    *sum += logit / views.len() as f64;
                }
            }
            let off = mean
                .iter()
                .zip(found)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            assert!(off < 1e-6, "{symmetries}: {off:e}");
        }
    }
}
