//! Real `ImageNet` weights know what is on a photograph, as they do in timm. Skipped, and says so,
//! where `../shared/weights` is not there.

use std::path::Path;

use eosin_core::{BackboneName, Seed};
use eosin_models::{Backbone, Graph, LoadError, Loaded, Workspace, fresh_weights, load_weights};
use eosin_weights::{TensorDict, WeightFile};

const SIDE: usize = 224;

fn load(
    name: BackboneName,
    (classes, size): (usize, usize),
    file: &WeightFile<TensorDict>,
) -> Result<Loaded, LoadError> {
    let network = Backbone::new(name, classes, size);
    let fresh = fresh_weights(&network, Seed(0));
    load_weights(network, &fresh, name, file, None)
}

#[test]
fn a_temple_by_a_lake_is_a_bell_tower_a_palace_or_a_lakeside() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(weights) = eosin_testing::shared("weights/tf_efficientnet_lite0.timm.safetensors")
    else {
        return;
    };
    let name = BackboneName::TfEfficientNetLite0;
    let file = WeightFile::open(&weights).unwrap();
    let network = load(name, (1000, SIDE), &file).unwrap().network;
    let photograph = image::open(here.join("tests/photograph/china.jpg"))
        .unwrap()
        .to_rgb8();
    let pixels: Vec<f32> = photograph
        .as_raw()
        .iter()
        .map(|v| f32::from(*v) / 127.5 - 1.0)
        .collect();
    let graph = Graph::new(network.record_logits(SIDE).unwrap()).unwrap();
    let logits = graph.run(1, &pixels, &mut Workspace::default()).to_vec();
    let total: f32 = logits.iter().map(|logit| logit.exp()).sum();
    let mut ranked: Vec<(usize, f32)> = logits
        .iter()
        .map(|logit| logit.exp() / total)
        .enumerate()
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    // timm, whose JPEG decoder rounds a little otherwise.
    for ((class, prob), (timm_class, timm_prob)) in
        ranked
            .into_iter()
            .zip([(442, 0.449), (698, 0.332), (975, 0.041)])
    {
        assert_eq!(class, timm_class);
        assert!(
            (prob - timm_prob).abs() < 0.01,
            "class {class}: {prob}, timm has {timm_prob}"
        );
    }
}

#[test]
fn weights_of_another_architecture_are_refused_by_name() {
    let Some(weights) = eosin_testing::shared("weights/squeezenet1_1.torchvision.safetensors")
    else {
        return;
    };
    let name = BackboneName::ResNet18;
    let file = WeightFile::open(&weights).unwrap();
    let error = load(name, (2, 96), &file).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("does not hold the weights of resnet18"),
        "{text}"
    );
    assert!(text.contains("missing: conv1.weight"), "{text}");
    assert!(text.contains("unexpected"), "{text}");
    assert!(text.contains("use '--backbone squeezenet1_1'"), "{text}");
}

#[test]
fn torchvision_mobilenet_loads_under_timm_names() {
    let Some(weights) =
        eosin_testing::shared("weights/mobilenet_v2.torchvision.features.safetensors")
    else {
        return;
    };
    let name = BackboneName::MobileNetV2;
    let file = WeightFile::open(&weights).unwrap();
    let network = load(name, (2, 96), &file).unwrap().network;
    let graph = network.embedding(96).unwrap();
    let features = graph
        .run(1, &vec![0.1; 96 * 96 * 3], &mut Workspace::default())
        .to_vec();
    assert_eq!(features.len(), 1280);
    assert!(features.iter().all(|v| v.is_finite()) && features.iter().any(|v| *v > 0.0));
}

#[test]
fn the_embedded_weights_parse_and_fit_their_network() {
    let name = BackboneName::EosinMini;
    let file = eosin_models::embedded_weights(name).unwrap();
    load(name, (2, 96), &file).unwrap();
    assert!(eosin_models::embedded_weights(BackboneName::ResNet18).is_none());
}
