//! The registry says of each backbone what the network itself says.

use eosin_core::{BackboneName, Seed};
use eosin_models::{
    Backbone, BackboneSpec, Param, Recording, StoredNetwork, Workspace, stage_of_tensors,
};

fn parameters(spec: &BackboneSpec, network: &Backbone) -> usize {
    let [outputs, inputs] = *network.classifier().weight.shape() else {
        unreachable!("a classifier has outputs and inputs");
    };
    assert_eq!(inputs, spec.embedding_width, "{}", spec.name);
    network.parameter_count() - outputs * (inputs + 1)
}

#[test]
fn parameters_multiply_adds_and_widths_are_as_stated() {
    let mut wrong = Vec::new();
    for name in BackboneName::ALL {
        let spec = BackboneSpec::of(*name);
        let network = Backbone::new(*name, 2, spec.native_size_px);
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
        let network = Backbone::new(*name, 2, spec.min_size_px);
        let shape = Recording::embedding_shape(&network, spec.min_size_px).output_shape();
        assert_eq!(shape, [1, 1, spec.embedding_width], "{name}");
    }
}

#[test]
fn a_network_cut_anywhere_gives_the_logits_of_the_whole() {
    for name in [
        BackboneName::ResNet18,
        BackboneName::MobileNetV3Large,
        BackboneName::RexNet100,
        BackboneName::DenseNet121,
        BackboneName::VitSmallPatch16,
    ] {
        let network = StoredNetwork::fresh(Backbone::new(name, 2, 32), Seed(3));
        let image: Vec<f32> = (0..32 * 32 * 3)
            .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
            .collect();
        let mut workspace = Workspace::default();
        let graph = network.logits(32).unwrap();
        let whole = graph.run(1, &image, &mut workspace).to_vec();
        for cut in 1..network.architecture().stages().len() {
            let prefix = network.prefix(cut, 32).unwrap();
            let map = prefix.run(1, &image, &mut workspace).to_vec();
            let tail = network.tail_logits(cut, prefix.output_shape()).unwrap();
            let tail = tail.run(1, &map, &mut workspace).to_vec();
            assert_eq!(whole, tail, "{name} cut at {cut}");
        }
    }
}

#[test]
fn every_tensor_belongs_to_one_stage_and_every_stage_but_pooling_has_some() {
    for name in BackboneName::ALL {
        let spec = BackboneSpec::of(*name);
        let size = spec.native_size_px;
        let network = Backbone::new(*name, 2, size);
        let of = stage_of_tensors(&network, size);
        let names = network.parameters().iter().map(Param::name);
        let missing: Vec<&str> = names.filter(|key| !of.contains_key(*key)).collect();
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
