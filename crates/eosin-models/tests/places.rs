//! Where in a file a network is found: behind any prefix, under any naming, among other tensors.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::collections::BTreeMap;

use eosin_core::{BackboneName, Seed};
use eosin_models::{Backbone, LoadError, Loaded, Naming, fresh_weights, load_weights};
use eosin_weights::{StateDict, StateTensor, StoredAs, WeightFile, read_all, to_safetensors};

const SIZE_PX: usize = 64;

/// Tensors of a network with three classes, from a seed.
fn tensors(name: BackboneName, seed: u64) -> StateDict {
    let fresh = fresh_weights(&Backbone::new(name, 3, SIZE_PX), Seed(seed));
    read_all(&fresh).unwrap()
}

/// The same under other names.
fn renamed(tensors: StateDict, name: impl Fn(String) -> String) -> StateDict {
    let tensors = tensors.into_iter();
    tensors.map(|(key, tensor)| (name(key), tensor)).collect()
}

fn prefixed(prefix: &str, tensors: StateDict) -> StateDict {
    renamed(tensors, |key| format!("{prefix}{key}"))
}

fn one_value() -> StateTensor {
    StateTensor {
        shape: vec![1],
        values: vec![0.5],
    }
}

fn load(
    name: BackboneName,
    tensors: &StateDict,
    prefix: Option<&str>,
) -> Result<Loaded, LoadError> {
    let bytes = to_safetensors(tensors, &BTreeMap::new(), StoredAs::F32);
    let file = WeightFile::parse("file", &bytes).unwrap().into_lazy();
    let network = Backbone::new(name, 3, SIZE_PX);
    let fresh = fresh_weights(&network, Seed(7));
    load_weights(network, &fresh, name, &file, prefix)
}

fn loaded_tensors(loaded: &Loaded) -> StateDict {
    read_all(loaded.network.weights()).unwrap()
}

#[test]
fn any_prefix_is_taken_off_and_what_lies_outside_is_listed() {
    let own = tensors(BackboneName::SqueezeNet11, 1);
    for prefix in [
        "module.",
        "model.",
        "model.resnet.",
        "backbone.",
        "encoder_q.",
        "teacher.backbone.",
        "_orig_mod.module.",
        "visual.trunk.",
        "a.name.that.nobody.thought.of.",
    ] {
        let mut file = prefixed(prefix, own.clone());
        file.insert("loss.weight".to_owned(), one_value());
        file.insert("projector.0.weight".to_owned(), one_value());
        let loaded = load(BackboneName::SqueezeNet11, &file, None).unwrap();
        assert_eq!(loaded.prefix, prefix);
        assert_eq!(loaded.left_out, ["loss.weight", "projector.0.weight"]);
        assert_eq!(loaded_tensors(&loaded), own, "{prefix}");
    }
}

#[test]
fn a_network_that_is_there_twice_is_refused_until_one_is_chosen() {
    let name = BackboneName::SqueezeNet11;
    let (query, key) = (tensors(name, 1), tensors(name, 2));
    let mut file = prefixed("module.encoder_q.", query);
    file.extend(prefixed("module.encoder_k.", key.clone()));
    file.insert("module.queue".to_owned(), one_value());
    let error = load(name, &file, None).unwrap_err().to_string();
    assert_eq!(
        error,
        "file holds the weights of squeezenet1_1 more than once, behind the prefixes \
         'module.encoder_k.', 'module.encoder_q.'; choose one with '--weights-prefix \
         module.encoder_k.'"
    );
    let loaded = load(name, &file, Some("module.encoder_k.")).unwrap();
    assert_eq!(loaded_tensors(&loaded), key);
    let missing = load(name, &file, Some("encoder_k."));
    assert!(matches!(missing, Err(LoadError::Foreign { .. })));
}

/// The number of a child of torchvision's `ResNet` in `nn.Sequential(*network.children())`.
fn child(key: &str) -> String {
    let (first, rest) = key.split_once('.').unwrap();
    let number = match first {
        "conv1" => 0,
        "bn1" => 1,
        "fc" => 9,
        layer => {
            layer
                .strip_prefix("layer")
                .unwrap()
                .parse::<usize>()
                .unwrap()
                + 3
        }
    };
    format!("{number}.{rest}")
}

#[test]
fn numbers_for_names_are_understood_as_fastai_and_sequential_write_them() {
    let own = tensors(BackboneName::ResNet18, 1);
    let mut body = own.clone();
    body.retain(|key, _| !key.starts_with("fc."));
    let children = renamed(body, |key| child(&key));
    let mut fastai = prefixed("0.", children.clone());
    fastai.insert("1.8.weight".to_owned(), one_value());
    for (file, prefix, left_out) in [
        (children, "", vec![]),
        (fastai, "0.", vec!["1.8.weight".to_owned()]),
    ] {
        let loaded = load(BackboneName::ResNet18, &file, None).unwrap();
        assert_eq!(loaded.naming, Naming::Numbered);
        assert_eq!(
            (loaded.prefix.as_str(), &loaded.left_out),
            (prefix, &left_out)
        );
        let mut got = loaded_tensors(&loaded);
        got.retain(|key, _| !key.starts_with("fc."));
        assert!(got.iter().all(|(key, tensor)| own[key] == *tensor));
    }
}

#[test]
fn a_deeper_network_or_a_module_that_is_not_known_is_not_taken_for_this_one() {
    // Every tensor of ResNet18 is also one of ResNet34, with the same shape.
    let deeper = tensors(BackboneName::ResNet34, 1);
    for prefix in ["", "module."] {
        let file = prefixed(prefix, deeper.clone());
        let error = load(BackboneName::ResNet18, &file, None).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("unexpected: layer1.2."), "{error}");
        assert!(error.contains("use '--backbone resnet34'"), "{error}");
    }
    let mut registers = tensors(BackboneName::SqueezeNet11, 1);
    registers.insert("reg_token".to_owned(), one_value());
    let error = load(BackboneName::SqueezeNet11, &registers, None).unwrap_err();
    assert!(error.to_string().contains("1 unexpected: reg_token"));
}

#[test]
fn what_is_missing_is_told_behind_the_prefix_that_fits_best() {
    let mut file = prefixed("net.", tensors(BackboneName::SqueezeNet11, 1));
    file.remove("net.features.0.weight");
    let error = load(BackboneName::SqueezeNet11, &file, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "file does not hold the weights of squeezenet1_1 behind the prefix 'net.': 1 missing: \
         features.0.weight"
    );
}
