//! Exported networks in other programs: timm loads the safetensors strictly, ONNX Runtime runs the
//! ONNX files, and both give eosin's logits. Runs when `EOSIN_PYTHON` names a Python with the
//! packages that `exports/check_exports.py` lists, and says that it was skipped otherwise.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod formula;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use eosin_core::{BackboneName, D4};
use eosin_models::{
    Backbone, BackboneSpec, OnnxInput, OnnxOptions, Param, StoredNetwork, Workspace, to_onnx,
};
use eosin_weights::{StateDict, StateTensor, StoredAs, to_lazy, to_safetensors};
use formula::{Formula, channels_last};

/// Sides and gains under which activations keep their size, as in `goldens/make_goldens.py`.
fn formula_for(name: BackboneName) -> (usize, Formula<'static>) {
    let word = name.as_str();
    let goldens: serde_json::Value =
        serde_json::from_str(include_str!("goldens/goldens.json")).unwrap();
    let golden = goldens["models"]
        .as_array()
        .unwrap()
        .iter()
        .find(|golden| golden["arch"] == word);
    let (size, gain) = golden.map_or((96, 3.0), |golden| {
        (
            golden["size"].as_u64().unwrap(),
            golden["gain"].as_f64().unwrap(),
        )
    });
    (usize::try_from(size).unwrap(), Formula { salt: "", gain })
}

fn write(folder: &Path, name: BackboneName) {
    let (size, formula) = formula_for(name);
    let network = Backbone::new(name, 3, size);
    let filled = |parameter: &Param| {
        let shape = parameter.shape().to_vec();
        let values = formula.fill(parameter.name(), &shape);
        (parameter.name().to_owned(), StateTensor { shape, values })
    };
    let tensors: StateDict = network.parameters().iter().map(filled).collect();
    let stored = StoredNetwork::new(network, to_lazy(tensors.clone())).unwrap();
    let images = formula.images(size);
    let graph = stored.logits(size).unwrap();
    let logits = graph
        .run(2, &channels_last(&images, size), &mut Workspace::default())
        .to_vec();
    let spec = BackboneSpec::of(name);
    let (mean, std) = (spec.mean, spec.std);
    let facts = serde_json::json!({ "size": size, "logits": logits, "mean": mean, "std": std });
    let notes = BTreeMap::from([("architecture".to_owned(), name.to_string())]);
    let onnx = |input, stored_as| {
        let options = OnnxOptions {
            size_px: size,
            input,
            views: &[D4::IDENTITY],
            stored_as,
        };
        let file = to_onnx(&stored, &options, &notes).unwrap();
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        assert_eq!(bytes.len(), file.bytes());
        bytes
    };
    let file = |ending: &str| folder.join(format!("{name}.{ending}"));
    std::fs::write(file("json"), facts.to_string()).unwrap();
    let bytes: Vec<u8> = images
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    std::fs::write(file("bin"), bytes).unwrap();
    std::fs::write(
        file("safetensors"),
        to_safetensors(&tensors, &notes, StoredAs::F32),
    )
    .unwrap();
    std::fs::write(file("onnx"), onnx(OnnxInput::Scaled, StoredAs::F32)).unwrap();
    // VGG's half a gigabyte is written once.
    if spec.parameters < 100_000_000 {
        let pixels = OnnxInput::Pixels { mean, std };
        std::fs::write(file("pixels.onnx"), onnx(pixels, StoredAs::F32)).unwrap();
        std::fs::write(file("f16.onnx"), onnx(OnnxInput::Scaled, StoredAs::F16)).unwrap();
    }
}

#[test]
fn timm_and_onnx_runtime_give_the_logits_of_every_exported_network() {
    let Some(python) = eosin_testing::python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in BackboneName::ALL {
        write(folder.path(), *name);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/check_exports.py");
    let status = Command::new(python)
        .arg(script)
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "see the lines that say FAILED");
}
