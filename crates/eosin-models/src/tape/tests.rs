//! Gradients against slopes of the same recording evaluated in `f64`, with smooth functions in the
//! place of those that have kinks; `tests/goldens.rs` holds the networks as they are.

use std::collections::BTreeMap;

use eosin_core::{BackboneName, Seed, Stream};
use eosin_kernels::{Activation, Padded};
use eosin_weights::{StateDict, StateTensor, read_all, to_lazy};

use super::*;
use crate::backbone::Backbone;
use crate::layer::Layer;
use crate::reference::{Point, Reference};
use crate::registry::BackboneSpec;

use BackboneName as B;

/// One of each family, and of each kind of block. VGG is too large for a reference by definition;
/// its layers are those of the baseline and of `SqueezeNet`.
const FAMILIES: [BackboneName; 13] = [
    B::EosinMini,
    B::ResNet18,
    B::ResNet50,
    B::EfficientNetB0,
    B::TfEfficientNetLite0,
    B::MobileNetV2,
    B::RexNet100,
    B::MobileNetV3Large,
    B::ResNest14d,
    B::DenseNet121,
    B::ConvNextTiny,
    B::SqueezeNet11,
    B::BaselineCnn,
];
const TRANSFORMERS: [BackboneName; 2] = [B::VitSmallPatch16, B::DinoV2Small];

/// Moves of the weights: of a tensor, by so much over the length of its gradient.
const STEP: f64 = 1e-6;

/// Values in -1..1 without a pattern.
fn noise(len: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A network whose norms and layer scales are no identity.
fn network(name: BackboneName, size: usize) -> (StoredNetwork, StateDict) {
    let fresh = StoredNetwork::fresh(Backbone::new(name, 3, size), Seed(4));
    let mut state = read_all(fresh.weights()).unwrap();
    for (index, (key, tensor)) in state.iter_mut().enumerate() {
        let shifts = noise(tensor.values.len(), index as u64 + 1);
        for (value, shift) in tensor.values.iter_mut().zip(shifts) {
            if key.ends_with("running_var") {
                *value = 1.0 + 0.5 * shift;
            } else if tensor.shape.len() == 1 {
                *value += 0.3 * shift;
            }
        }
    }
    let lent = state
        .iter()
        .map(|(key, tensor)| (key.clone(), tensor.clone()));
    let network = Backbone::new(name, 3, size);
    let stored = StoredNetwork::new(network, to_lazy(lent.collect())).unwrap();
    (stored, state)
}

fn smooth(activation: Activation) -> Activation {
    match activation {
        Activation::Relu => Activation::Gelu,
        Activation::Relu6 | Activation::HardSwish => Activation::Silu,
        Activation::HardSigmoid => Activation::Sigmoid,
        same => same,
    }
}

impl Recording {
    /// The same without kinks.
    fn smoothed(mut self) -> Self {
        for step in &mut self.steps {
            match &mut step.op {
                Op::Conv(conv) => conv.activation = smooth(conv.activation),
                Op::Layer(Layer::Scale(activation)) => *activation = smooth(*activation),
                Op::Layer(layer) => {
                    if let Layer::MaxPool(pool) = layer {
                        *layer = Layer::AvgPool(*pool, Padded::Left);
                    }
                }
            }
        }
        self
    }
}

/// Where a network is cut and what runs through it.
struct Case {
    name: BackboneName,
    size: usize,
    cut: usize,
    n: usize,
    norms: BatchStatistics,
    dropout: f64,
}

/// What a tape has found of the sum of logits times some weights.
struct Found {
    logits: Vec<f32>,
    gradients: StateDict,
    masks: Vec<Vec<f32>>,
}

impl Case {
    fn of(name: BackboneName, norms: BatchStatistics) -> Self {
        let spec = BackboneSpec::of(name);
        let (least, n) = match norms {
            BatchStatistics::Frozen => (32, 2),
            // Of two values a norm makes 1 and -1, whatever they are: rounding would decide.
            BatchStatistics::OfBatch => (64, 3),
        };
        let size = spec.min_size_px.max(least);
        Self {
            name,
            size: size.next_multiple_of(spec.size_step_px),
            cut: 0,
            n,
            norms,
            dropout: 0.0,
        }
    }

    fn map(&self, network: &StoredNetwork) -> [usize; 3] {
        Recording::prefix_shape(network.architecture(), self.cut, self.size).output_shape()
    }

    fn recording(&self, network: &StoredNetwork) -> Recording {
        let map = self.map(network);
        let recording = network.record_training(self.cut, map, self.dropout);
        recording.unwrap().smoothed()
    }

    fn maps(&self, network: &StoredNetwork) -> Vec<f32> {
        noise(self.n * self.map(network).iter().product::<usize>(), 77)
    }

    /// What the loss weighs the logits with.
    fn slopes(&self) -> Vec<f32> {
        noise(self.n * 3, 78)
    }

    fn by_tape(&self, network: &StoredNetwork, state: &StateDict, together: usize) -> Found {
        let mut tape = Tape::of(self.recording(network), self.norms, Sought::Weights).unwrap();
        let values = |name: &str| &state[name].values[..];
        // Folding anew must change nothing.
        tape.set_weights(values, self.cut);
        let mut parts = Vec::new();
        let rng = Seed(9).stream(Stream::Init, &[]);
        let logits = tape.forward(&self.maps(network), together, Some(rng), &mut parts);
        let found = tape.backward(&self.slopes(), &mut parts);
        let mut gradients = StateDict::new();
        tape.parameter_gradients(&found, values, |name, found| {
            let mut tensor = state[name].clone();
            tensor.values = found.to_vec();
            gradients.insert(name.to_owned(), tensor);
        });
        Found {
            logits,
            gradients,
            masks: tape.masks.drawn(self.n),
        }
    }
}

fn length(values: &[f32]) -> f64 {
    let squares = values.iter().map(|value| f64::from(*value).powi(2));
    squares.sum::<f64>().sqrt()
}

/// A way to go from some weights, and how much the loss then grows for each unit, in all.
struct Direction {
    moves: StateDict,
    slope: f64,
}

/// Every tensor along its gradient, or against it, so far that the loss changes alike: then a wrong
/// factor of any of them shows, however small its gradient is.
fn along(gradients: &BTreeMap<&String, &StateTensor>) -> Direction {
    let mut direction = Direction {
        moves: StateDict::new(),
        slope: 0.0,
    };
    let signs = noise(gradients.len(), 5);
    for ((name, gradient), sign) in gradients.iter().zip(signs) {
        let mut moves = (*gradient).clone();
        let square = length(&gradient.values).powi(2);
        for value in &mut moves.values {
            *value = crate::narrow::narrow(f64::from(sign.signum() * *value) / square);
        }
        direction.moves.insert((*name).clone(), moves);
        direction.slope += f64::from(sign.signum());
    }
    direction
}

fn check(case: &Case) {
    let (stored, state) = network(case.name, case.size);
    let found = case.by_tape(&stored, &state, 1);
    let recording = case.recording(&stored);
    let reference = Reference {
        recording: &recording,
        norms: case.norms,
        masks: found.masks,
    };
    let (maps, slopes) = (case.maps(&stored), case.slopes());
    let logits = |direction: &StateDict, by: f64| {
        let point = Point {
            state: &state,
            direction,
            by,
        };
        reference.run(&point, &maps)
    };
    let slope = |direction: &StateDict, step: f64| {
        let [ahead, behind] = [step, -step].map(|by| {
            let pairs = logits(direction, by).into_iter().zip(&slopes);
            pairs
                .map(|(logit, slope)| logit * f64::from(*slope))
                .sum::<f64>()
        });
        (ahead - behind) / (2.0 * step)
    };
    let exact = logits(&StateDict::new(), 0.0);
    let largest = exact
        .iter()
        .fold(0.0_f64, |most, logit| most.max(logit.abs()));
    for (got, exact) in found.logits.iter().zip(&exact) {
        let error = (f64::from(*got) - exact).abs();
        assert!(
            error < 1e-4 * largest,
            "{}: {got}, exactly {exact}",
            case.name
        );
    }

    let trained = |param: &&crate::Param| param.role() == crate::Role::Trained;
    let parameters = stored.architecture().parameters().iter().filter(trained);
    let of = crate::stage_of_tensors(stored.architecture(), case.size);
    let expected = parameters
        .filter(|param| of[param.name()] >= case.cut)
        .count();
    assert_eq!(found.gradients.len(), expected, "{}", case.name);

    let longest = found
        .gradients
        .values()
        .map(|tensor| length(&tensor.values));
    let longest = longest.fold(0.0, f64::max);
    // An offset in front of a batch norm has no gradient but rounding, nor have keys' offsets.
    let is_flat = |tensor: &StateTensor| length(&tensor.values) < 1e-5 * longest;
    let (flat, steep): (BTreeMap<_, _>, BTreeMap<_, _>) = found
        .gradients
        .iter()
        .partition(|(_, tensor)| is_flat(tensor));
    let direction = along(&steep);
    let exact = slope(&direction.moves, STEP);
    let error = (exact - direction.slope).abs() / (steep.len() as f64).sqrt();
    assert!(
        error < 1e-4,
        "{} from {}: slope {exact}, not {}, of {} tensors: {error:e}",
        case.name,
        case.cut,
        direction.slope,
        steep.len()
    );
    if flat.is_empty() {
        return;
    }
    let moves = flat.iter().enumerate().map(|(index, (name, tensor))| {
        let mut moves = (*tensor).clone();
        moves.values = noise(tensor.values.len(), index as u64);
        ((*name).clone(), moves)
    });
    let moves: StateDict = moves.collect();
    let moved = moves.values().map(|tensor| length(&tensor.values).powi(2));
    let exact = slope(&moves, 1e-4) / moved.sum::<f64>().sqrt();
    let names: Vec<_> = flat.keys().take(3).collect();
    assert!(
        exact.abs() < 1e-4 * longest,
        "{}: {exact:e} along {names:?}, which have no gradient",
        case.name
    );
}

#[test]
fn gradients_are_the_slopes_of_every_network() {
    for name in FAMILIES.into_iter().chain(TRANSFORMERS) {
        check(&Case::of(name, BatchStatistics::Frozen));
    }
}

#[test]
fn gradients_with_the_statistics_of_the_batch_are_slopes() {
    // Without batch norms, or made of the blocks of others.
    let others = [
        B::ConvNextTiny,
        B::SqueezeNet11,
        B::ResNet50,
        B::MobileNetV2,
    ];
    for name in FAMILIES.into_iter().filter(|name| !others.contains(name)) {
        check(&Case::of(name, BatchStatistics::OfBatch));
    }
}

#[test]
fn gradients_from_a_cut_and_with_values_dropped_are_slopes() {
    for (name, cut) in [
        (B::ResNet18, 4),
        (B::VitSmallPatch16, 12),
        (B::BaselineCnn, 1),
    ] {
        check(&Case {
            cut,
            dropout: 0.4,
            ..Case::of(name, BatchStatistics::OfBatch)
        });
    }
}

#[test]
fn what_is_dropped_does_not_depend_on_the_parts_of_a_batch() {
    let case = Case {
        n: 4,
        dropout: 0.5,
        ..Case::of(B::BaselineCnn, BatchStatistics::Frozen)
    };
    let (stored, state) = network(case.name, case.size);
    let [alone, together] = [1, 4].map(|together| case.by_tape(&stored, &state, together));
    assert_eq!(alone.masks, together.masks);
    assert_eq!(alone.masks.len(), 6);
    assert_eq!(alone.logits, together.logits);
}

#[test]
fn frozen_stages_have_no_gradient_and_change_none() {
    for name in [B::ResNet18, B::VitSmallPatch16, B::ConvNextTiny] {
        let case = Case::of(name, BatchStatistics::Frozen);
        let (stored, state) = network(case.name, case.size);
        let mut tape = Tape::of(case.recording(&stored), case.norms, Sought::Weights).unwrap();
        let values = |name: &str| &state[name].values[..];
        let mut gradients = |first_stage: usize| {
            tape.set_weights(values, first_stage);
            let mut parts = Vec::new();
            tape.forward(&case.maps(&stored), 1, None, &mut parts);
            let found = tape.backward(&case.slopes(), &mut parts);
            let mut gradients = BTreeMap::new();
            tape.parameter_gradients(&found, values, |name, found| {
                gradients.insert(name.to_owned(), found.to_vec());
            });
            gradients
        };
        let (all, some) = (gradients(0), gradients(3));
        let of = crate::stage_of_tensors(stored.architecture(), case.size);
        let expected = all.into_iter().filter(|(name, _)| of[name] >= 3).collect();
        assert_eq!(some, expected, "{name}");
    }
}
