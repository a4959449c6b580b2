//! The tape's gradients equal Burn's, for every network that it takes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use burn::tensor::{Tensor, TensorData};
use eosin_core::{BackboneName, Seed};
use eosin_models::{
    Architecture as _, Backbone, BackboneSpec, BurnEngine, Recording, Tape, Workspace, cpu,
    gradient_dict, init_state, load_state, state_dict, tensor_names,
};
use eosin_weights::StateDict;

use BackboneName as B;

/// One of each family is compared over the whole network, the others over their last stage.
const WHOLE: [BackboneName; 8] = [
    B::EosinMini,
    B::ResNet18,
    B::EfficientNetB0,
    B::TfEfficientNetLite0,
    B::RexNet100,
    B::MobileNetV3Large,
    B::DenseNet121,
    B::SqueezeNet11,
];
/// With a fully connected layer of 100 million weights, as `vgg16` has it.
const LARGE: [BackboneName; 2] = [B::Vgg16Bn, B::Vgg19];

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

/// A network whose batch norms are no identity.
fn network(name: BackboneName, size: usize) -> Backbone {
    let network = init_state(Backbone::new(name, 3, size, &cpu(true)), Seed(4));
    let mut state = state_dict(&network);
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
    load_state(network, &state).unwrap()
}

/// Logits and gradients of the sum of logits times `weights`.
fn by_burn(
    network: &Backbone,
    cut: usize,
    [n, height, width, channels]: [usize; 4],
    maps: &[f32],
    weights: &[f32],
) -> (Vec<f32>, StateDict) {
    let device = cpu(true);
    let data = TensorData::new(maps.to_vec(), [n, height, width, channels]);
    let x = Tensor::<4>::from_data(data, &device).permute([0, 3, 1, 2]);
    let logits = network.tail_logits(&BurnEngine::evaluating(), cut, x, 0.0);
    let weights = TensorData::new(weights.to_vec(), logits.dims());
    let weights = Tensor::<2>::from_data(weights, &device);
    let gradients = (logits.clone() * weights).sum().backward();
    let values = logits.into_data().try_to_vec().unwrap();
    (values, gradient_dict(network, &gradients))
}

fn by_tape(
    network: &Backbone,
    tape: &mut Tape,
    n: usize,
    maps: &[f32],
    weights: &[f32],
) -> (Vec<f32>, StateDict) {
    let (names, state) = (tensor_names(network), state_dict(network));
    let values = |id: u64| &state[&names[&id]].values[..];
    // Folding anew must change nothing.
    tape.set_weights(values);
    let mut workspace = Workspace::default();
    let logits = tape.forward(n, maps, &mut workspace).to_vec();
    let found = tape.backward(n, weights, &workspace);
    let mut gradients = StateDict::new();
    tape.parameter_gradients(&found, values, |id, found| {
        let mut tensor = state[&names[&id]].clone();
        tensor.values = found.to_vec();
        gradients.insert(names[&id].clone(), tensor);
    });
    (logits, gradients)
}

/// Length of the difference over that of the expected values. The two engines round differently
/// (one folds batch norms), which turns a `ReLU` here and there in a deep network.
fn error(got: &[f32], expected: &[f32]) -> f64 {
    let pairs = got.iter().zip(expected);
    let square = |value: f64| value * value;
    let difference: f64 = pairs.map(|(a, b)| square(f64::from(a - b))).sum();
    let length: f64 = expected.iter().map(|value| square(f64::from(*value))).sum();
    (difference / length.max(1e-12)).sqrt()
}

#[test]
fn gradients_equal_those_of_burn_from_every_cut() {
    let mut taken = 0;
    for name in BackboneName::ALL
        .iter()
        .filter(|name| !LARGE.contains(name))
    {
        let spec = BackboneSpec::of(*name);
        let size = spec.min_size_px.max(if *name == BackboneName::BaselineCnn {
            512
        } else {
            40
        });
        let size = size.next_multiple_of(spec.size_step_px);
        let network = network(*name, size);
        let stages = network.stages().len();
        let cuts = if WHOLE.contains(name) {
            vec![0, stages - 1]
        } else {
            vec![stages - 1]
        };
        for cut in cuts {
            let map = Recording::prefix_shape(&network, cut, size).output_shape();
            let Some(mut tape) = Tape::tail_logits(&network, cut, map) else {
                continue;
            };
            taken += 1;
            let maps = noise(2 * map.iter().product::<usize>(), 77);
            let weights = noise(6, 78);
            let shape = [2, map[0], map[1], map[2]];
            let (burn_logits, burn) = by_burn(&network, cut, shape, &maps, &weights);
            let (logits, own) = by_tape(&network, &mut tape, 2, &maps, &weights);
            assert!(
                error(&logits, &burn_logits) < 1e-3,
                "{name} {cut}: {logits:?} {burn_logits:?}"
            );
            let keys = |dict: &StateDict| dict.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&own), keys(&burn), "{name} {cut}");
            // Over a whole network a few turned kinks show; over one stage they hardly do.
            let tolerance = if cut == 0 { 5e-2 } else { 5e-3 };
            for (key, tensor) in &own {
                let error = error(&tensor.values, &burn[key].values);
                assert!(error < tolerance, "{name} {cut} {key}: {error}");
            }
        }
    }
    // All but ResNeSt, ConvNeXt and the transformers; the baseline drops values out everywhere.
    assert_eq!(taken, 32);
}
