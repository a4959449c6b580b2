//! torchvision's networks: the same tensor names, and the same logits from a file under those
//! names. The numbers are in `goldens/goldens.json`.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod formula;

use std::collections::BTreeMap;

use eosin_core::{BackboneName, Seed};
use eosin_models::{
    Backbone, Graph, Naming, StoredNetwork, Workspace, fresh_weights, load_weights,
    torchvision_name,
};
use eosin_weights::{StateDict, StateTensor, StoredAs, WeightFile, read_all, to_safetensors};
use serde::Deserialize;

use formula::{Formula, channels_last};

#[derive(Deserialize)]
struct Goldens {
    torchvision: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    arch: String,
    size: usize,
    gain: f64,
    keys_blake3: String,
    logits: Vec<Vec<f64>>,
}

/// Our name of torchvision's network.
fn name_of(arch: &str) -> BackboneName {
    match arch {
        "mobilenet_v2" => BackboneName::MobileNetV2,
        "mobilenet_v3_large" => BackboneName::MobileNetV3Large,
        same => same.parse().unwrap(),
    }
}

/// torchvision's shape of a tensor.
fn torchvision_shape(name: &str, shape: &[usize]) -> Vec<usize> {
    match name {
        "classifier.0.weight" | "classifier.3.weight" if shape.len() == 4 => {
            vec![shape[0], shape[1..].iter().product()]
        }
        _ if name.ends_with("layer_scale") => vec![shape[0], 1, 1],
        _ => shape.to_vec(),
    }
}

fn check(arch: &str) {
    let goldens: Goldens = serde_json::from_str(include_str!("goldens/goldens.json")).unwrap();
    let golden = goldens
        .torchvision
        .into_iter()
        .find(|golden| golden.arch == arch)
        .unwrap();
    let name = name_of(arch);
    let network = Backbone::new(name, 3, golden.size);
    let formula = Formula {
        salt: "",
        gain: golden.gain,
    };
    let tensors: StateDict = network
        .parameters()
        .iter()
        .map(|parameter| {
            let key = parameter.name();
            let theirs = torchvision_name(name, key).unwrap_or_else(|| key.to_owned());
            let shape = torchvision_shape(&theirs, parameter.shape());
            let values = formula.fill(&theirs, &shape);
            (theirs, StateTensor { shape, values })
        })
        .collect();
    let lines: Vec<String> = tensors
        .iter()
        .map(|(key, tensor)| format!("{key} {:?}", tensor.shape))
        .collect();
    let mut lines = lines;
    lines.sort();
    let digest = blake3::hash(lines.join("\n").as_bytes())
        .to_hex()
        .to_string();
    assert_eq!(digest, golden.keys_blake3, "names and shapes of {arch}");

    let bytes = to_safetensors(&tensors, &BTreeMap::new(), StoredAs::F32);
    let file = WeightFile::parse(arch, &bytes).unwrap().into_lazy();
    let fresh = fresh_weights(&network, Seed(0));
    let loaded = load_weights(network, &fresh, name, &file, None).unwrap();
    let renamed = torchvision_name(
        name,
        &format!("{}weight", eosin_models::BackboneSpec::of(name).classifier),
    )
    .is_some();
    assert_eq!(loaded.naming == Naming::Torchvision, renamed);
    let graph = Graph::new(loaded.network.record_logits(golden.size).unwrap()).unwrap();
    let images = channels_last(&formula.images(golden.size), golden.size);
    let logits = graph.run(2, &images, &mut Workspace::default()).to_vec();
    let expected = golden.logits.concat();
    let scale = expected
        .iter()
        .fold(0.0_f64, |largest, logit| largest.max(logit.abs()));
    for (got, expected) in logits.iter().zip(expected) {
        let error = (f64::from(*got) - expected).abs();
        assert!(
            error < 1e-4 * scale,
            "{arch}: {got}, torchvision has {expected}"
        );
    }
}

macro_rules! equal_torchvision {
    ($($test:ident: $arch:literal;)+) => {
        $(#[test]
        fn $test() {
            check($arch);
        })+
    };
}

equal_torchvision! {
    resnet18_equals_torchvision: "resnet18";
    resnet50_equals_torchvision: "resnet50";
    mobilenet_v2_equals_torchvision: "mobilenet_v2";
    mobilenet_v3_large_equals_torchvision: "mobilenet_v3_large";
    vgg16_equals_torchvision: "vgg16";
    vgg16_bn_equals_torchvision: "vgg16_bn";
    vgg19_equals_torchvision: "vgg19";
    efficientnet_b0_equals_torchvision: "efficientnet_b0";
    efficientnet_b1_equals_torchvision: "efficientnet_b1";
    efficientnet_b2_equals_torchvision: "efficientnet_b2";
    efficientnet_b3_equals_torchvision: "efficientnet_b3";
    efficientnet_b4_equals_torchvision: "efficientnet_b4";
    densenet121_equals_torchvision: "densenet121";
    convnext_tiny_equals_torchvision: "convnext_tiny";
}

#[test]
fn the_dotted_names_of_old_densenet_files_are_understood() {
    let name = BackboneName::DenseNet121;
    let network = Backbone::new(name, 2, 32);
    let dotted = |key: &str| {
        let after = key
            .find("denselayer")
            .map_or(0, |at| at + "denselayer".len());
        let (before, rest) = key.split_at(after);
        let rest = ["norm1", "norm2", "conv1", "conv2"]
            .iter()
            .fold(rest.to_owned(), |rest, layer| {
                rest.replace(layer, &format!("{}.{}", &layer[..4], &layer[4..]))
            });
        if after == 0 {
            key.to_owned()
        } else {
            format!("{before}{rest}")
        }
    };
    let own = StoredNetwork::fresh(network.clone(), Seed(1));
    let own = read_all(own.weights()).unwrap();
    let tensors: StateDict = own
        .iter()
        .map(|(key, tensor)| (dotted(key), tensor.clone()))
        .collect();
    assert!(tensors.contains_key("features.denseblock1.denselayer1.norm.1.weight"));
    let bytes = to_safetensors(&tensors, &BTreeMap::new(), StoredAs::F32);
    let file = WeightFile::parse("old", &bytes).unwrap().into_lazy();
    let fresh = fresh_weights(&network, Seed(0));
    let loaded = load_weights(network, &fresh, name, &file, None).unwrap();
    assert_eq!(loaded.naming, Naming::OldTorchvision);
    assert_eq!(read_all(loaded.network.weights()).unwrap(), own);
}
