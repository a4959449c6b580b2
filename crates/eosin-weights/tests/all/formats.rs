//! One state dict, however it was saved, is read alike.

use crate::common::{bytes, good, parse};
use eosin_weights::{ReadOptions, StateDict, WeightFile, WeightFormat};

const CONTAINERS: [(&str, WeightFormat); 2] = [
    ("zip.pth", WeightFormat::TorchZip),
    ("legacy.pth", WeightFormat::TorchLegacy),
];

fn plain() -> StateDict {
    good("plain.safetensors").tensors
}

#[test]
fn all_containers_types_and_protocols_give_the_same_tensors() {
    let expected = plain();
    assert_eq!(expected["0.weight"].shape, [2, 1, 1, 1]);
    assert_eq!(expected["0.weight"].values, [0.0, 0.25]);
    for (suffix, format) in CONTAINERS {
        let names = [
            "plain",
            "float16",
            "bfloat16",
            "float64",
            "protocol2",
            "protocol3",
        ];
        for name in names.into_iter().chain(["protocol4", "protocol5"]) {
            let file = good(&format!("{name}.{suffix}"));
            assert_eq!(file.tensors, expected, "{name}.{suffix}");
            assert_eq!(file.format, format);
            assert_eq!(file.left_out, ["1.num_batches_tracked"]);
            assert!(file.taken_from.is_empty());
        }
    }
    for name in ["float16", "bfloat16", "float64"] {
        assert_eq!(good(&format!("{name}.safetensors")).tensors, expected);
    }
}

#[test]
fn the_content_decides_and_not_the_extension() {
    let safetensors = good("really_safetensors.pth");
    assert_eq!(safetensors.format, WeightFormat::Safetensors);
    assert_eq!(safetensors.metadata["made by"], "eosin");
    assert_eq!(safetensors.left_out, ["1.num_batches_tracked"]);
    assert_eq!(
        good("really_zip.safetensors").format,
        WeightFormat::TorchZip
    );
    let bytes = bytes("saved/really_zip.safetensors");
    let hash = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!(good("plain.zip.pth").hash, hash);
}

#[test]
fn views_are_written_out_row_major() {
    let expected = good("layouts.safetensors").tensors;
    for (suffix, _) in CONTAINERS {
        let tensors = good(&format!("layouts.{suffix}")).tensors;
        assert_eq!(
            tensors.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        for (name, tensor) in &tensors {
            assert_eq!(tensor, &expected[name], "{name} of {suffix}");
        }
    }
}

#[test]
fn parameters_and_buffers_are_tensors() {
    for (suffix, _) in CONTAINERS {
        let old = good(&format!("parameters.{suffix}")).tensors;
        assert_eq!(old["fc.weight"].values, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
        assert_eq!(old["fc.bias"].shape, [2]);
        assert_eq!(good(&format!("parameters_protocol5.{suffix}")).tensors, old);
    }
}

#[test]
fn a_checkpoint_gives_its_model_and_says_where_it_was() {
    for (suffix, _) in CONTAINERS {
        for name in ["checkpoint", "checkpoint_protocol5"] {
            let file = good(&format!("{name}.{suffix}"));
            assert_eq!(file.tensors, plain());
            assert_eq!(file.taken_from, ["model"]);
            assert_eq!(file.other_candidates, ["."]);
        }
        let file = good(&format!("extra.{suffix}"));
        assert_eq!(file.left_out, ["config", "relative_position_index"]);
    }
}

#[test]
fn integers_are_passed_over_and_listed() {
    for (suffix, _) in CONTAINERS {
        for name in ["integers", "unsigned"] {
            let file = good(&format!("{name}.{suffix}"));
            assert_eq!(file.left_out.len(), 1, "{name}");
            assert!(file.tensors.keys().eq(["w"]), "{name}");
        }
    }
}

#[test]
fn names_stay_as_they_were_written() {
    for (suffix, _) in CONTAINERS {
        let file = parse(&format!("saved/wrapped.{suffix}")).unwrap();
        assert_eq!(file.taken_from, ["state_dict"]);
        let names = plain()
            .into_keys()
            .map(|name| format!("module._orig_mod.{name}"));
        assert!(names.eq(file.tensors.into_keys()));
    }
}

#[test]
fn the_caller_can_name_the_key() {
    let name = "saved/teacher.zip.pth";
    let file = parse(name).unwrap();
    assert_eq!(file.taken_from, ["teacher", "backbone"]);
    assert_eq!(file.other_candidates, ["student"]);
    assert_eq!(file.tensors["0.weight"].values, [1.0, 1.25]);
    let with = |key: &str| {
        let options = ReadOptions {
            key: Some(key.to_owned()),
        };
        WeightFile::parse_with(name, &bytes(name), &options)
    };
    assert_eq!(with("student").unwrap().tensors, plain());
    assert_eq!(with("teacher/backbone").unwrap().tensors, file.tensors);
    let error = with("pupil").unwrap_err().to_string();
    assert!(
        error.contains("no key 'pupil'; there are student, teacher, epoch"),
        "{error}"
    );
    let name = "saved/plain.safetensors";
    let options = ReadOptions {
        key: Some("model".to_owned()),
    };
    let error = WeightFile::parse_with(name, &bytes(name), &options).unwrap_err();
    assert!(error.to_string().contains("leave the key out"), "{error}");
}

#[test]
fn a_file_of_python_2_is_read() {
    let file = good("python2.legacy.pth");
    assert_eq!(file.tensors["fc.weight"].values, [0.75, 1.0]);
    assert_eq!(file.tensors["fc.bias"].values, [1.25, 1.5]);
}
