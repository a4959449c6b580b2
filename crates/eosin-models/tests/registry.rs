//! The registry says of each backbone what the network itself says.

use eosin_core::BackboneName;
use eosin_models::{
    Architecture as _, Backbone, BackboneSpec, Graph, Recording, Workspace, cpu, parameter_count,
    stage_of_tensors, state_dict,
};

fn parameters(spec: &BackboneSpec, network: &Backbone) -> usize {
    let classifier = network.classifier();
    let [outputs, inputs] = classifier.weight.dims();
    assert_eq!(inputs, spec.embedding_width, "{}", spec.name);
    parameter_count(network) - outputs * (inputs + 1)
}

#[test]
fn parameters_multiply_adds_and_widths_are_as_stated() {
    let mut wrong = Vec::new();
    for name in BackboneName::ALL {
        let spec = BackboneSpec::of(*name);
        let network = Backbone::new(*name, 2, spec.native_size_px, &cpu(false));
        let recording = Recording::embedding_shape(&network, spec.native_size_px);
        assert_eq!(
            recording.output_shape(),
            [1, 1, spec.embedding_width],
            "{name}"
        );
        let found = (
            parameters(&spec, &network),
            (recording.multiply_adds() + 500_000) / 1_000_000,
        );
        if found != (spec.parameters, spec.mega_multiply_adds) {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_backbone_runs_at_its_smallest_size() {
    for name in BackboneName::ALL {
        let spec = BackboneSpec::of(*name);
        assert_eq!(spec.native_size_px % spec.size_step_px, 0, "{name}");
        assert_eq!(spec.min_size_px % spec.size_step_px, 0, "{name}");
        let network = Backbone::new(*name, 2, spec.min_size_px, &cpu(false));
        let shape = Recording::embedding_shape(&network, spec.min_size_px).output_shape();
        assert_eq!(shape, [1, 1, spec.embedding_width], "{name}");
    }
}

#[test]
fn a_network_cut_anywhere_gives_the_embedding_of_the_whole() {
    use burn::tensor::{Tensor, TensorData};
    use eosin_core::Seed;
    use eosin_models::{BurnEngine, init_state};
    for name in [
        BackboneName::ResNet18,
        BackboneName::MobileNetV3Large,
        BackboneName::RexNet100,
        BackboneName::DenseNet121,
        BackboneName::VitSmallPatch16,
    ] {
        let network = init_state(Backbone::new(name, 2, 32, &cpu(false)), Seed(3));
        let image: Vec<f32> = (0..32 * 32 * 3)
            .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
            .collect();
        let mut workspace = Workspace::default();
        let whole = Graph::embedding(&network, 32)
            .run(1, &image, &mut workspace)
            .to_vec();
        for cut in 1..network.stages().len() {
            let prefix = Graph::prefix(&network, cut, 32);
            let [height, width, channels] = prefix.output_shape();
            let map = prefix.run(1, &image, &mut workspace).to_vec();
            let data = TensorData::new(map, [1, height, width, channels]);
            let map = Tensor::<4>::from_data(data, &cpu(false)).permute([0, 3, 1, 2]);
            let tail = network.tail(&BurnEngine::evaluating(), cut, map);
            let tail: Vec<f32> = tail.into_data().try_to_vec().expect("f32");
            let rms =
                |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
            let error = rms(&mut whole.iter().zip(&tail).map(|(a, b)| a - b));
            assert!(
                error < 1e-4 * rms(&mut whole.iter().copied()),
                "{name} cut at {cut}: {error}"
            );
        }
    }
}

#[test]
fn every_tensor_belongs_to_one_stage_and_every_stage_but_pooling_has_some() {
    for name in BackboneName::ALL {
        let spec = BackboneSpec::of(*name);
        let size = spec.native_size_px;
        let network = Backbone::new(*name, 2, size, &cpu(false));
        let of = stage_of_tensors(&network, size);
        let missing: Vec<String> = state_dict(&network)
            .into_keys()
            .filter(|key| !of.contains_key(key))
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
        let stages = network.stages();
        for (stage, title) in stages.iter().enumerate() {
            let count = of.values().filter(|of| **of == stage).count();
            assert!(count > 0, "{name}: {title} has no tensor");
        }
        let head = |key: &String| key.starts_with(spec.classifier);
        assert!(
            of.iter()
                .all(|(key, stage)| !head(key) || *stage == stages.len())
        );
    }
}
