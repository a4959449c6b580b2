//! `eosin embed --out`.

use eosin_weights::{LazyTensor as _, SafetensorsHead, WeightFile};

use super::array::Array;
use crate::run_files::rows;
use crate::scratch::{JOB, Scratch};

#[test]
fn embeddings_are_written_with_keys_labels_groups_and_views() {
    let scratch = Scratch::with_phantom();
    let told = scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    assert!(
        told.stdout
            .contains("48 patches x 8 views x 256 values in e.npy and e.csv"),
        "{}",
        told.stdout
    );
    // What numpy looks for: magic, version 1.0, a header of ASCII that ends 128 bytes in.
    let bytes = scratch.read("e.npy");
    let mut head = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (48, 8, 256), }".to_vec();
    head.resize(127, b' ');
    head.push(b'\n');
    assert_eq!(bytes[..128], head);
    assert_eq!(bytes.len(), 128 + 48 * 8 * 256 * 4);
    let table = rows(&scratch.text("e.csv"));
    let mut manifest = rows(&scratch.text("data/manifest.csv"));
    manifest.sort_by(|a, b| a["path"].cmp(&b["path"]));
    assert_eq!(table.len(), manifest.len());
    for (row, patch) in table.iter().zip(&manifest) {
        assert_eq!(row["key"], patch["path"]);
        for column in ["label", "patient", "slide", "split"] {
            assert_eq!(row[column], patch[column]);
        }
    }
}

#[test]
fn a_safetensors_file_holds_the_same_with_how_it_was_made() {
    let scratch = Scratch::with_phantom();
    for name in ["e.npy", "e.safetensors"] {
        scratch
            .eosin(&format!("embed --data data --out {name} {JOB}"))
            .done();
    }
    let array = Array::read(&scratch, "e");
    let file = WeightFile::open(&scratch.path("e.safetensors")).unwrap();
    let tensor = &file.tensors["embeddings"];
    assert_eq!(tensor.shape(), array.tensor.shape);
    assert!(*tensor.read_all().unwrap() == array.tensor.values);
    let notes = SafetensorsHead::open(&scratch.path("e.safetensors"))
        .unwrap()
        .metadata;
    let list = |name: &str| -> Vec<String> { serde_json::from_str(&notes[name]).unwrap() };
    assert_eq!(list("keys"), array.keys);
    assert_eq!(list("labels").len(), 48);
    assert_eq!(list("patients").len(), 48);
    assert_eq!(
        list("views")[..5],
        ["identity", "rot90", "rot180", "rot270", "hflip"]
    );
    assert_eq!(notes["backbone"], "eosin_mini");
    let recipe: serde_json::Value = serde_json::from_str(&notes["recipe"]).unwrap();
    assert_eq!(recipe["weights_hash"], notes["weights_blake3"].as_str());
    assert_eq!(recipe["preprocess"]["size_px"], 32);
}

#[test]
fn without_symmetries_one_view_is_written() {
    let scratch = Scratch::with_phantom();
    for (name, augment) in [("all", ""), ("one", "--augment none")] {
        let job = format!("embed --data data --out {name}.npy {JOB} {augment}");
        scratch.eosin(&job).done();
    }
    let [all, one] = ["all", "one"].map(|name| Array::read(&scratch, name));
    assert_eq!(one.tensor.shape, [48, 1, 256]);
    assert!(all.views(1).tensor == one.tensor);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_computed() {
    let scratch = Scratch::with_phantom();
    let embed = |words: &str| scratch.eosin(&format!("embed --data data {JOB} {words}"));
    for out in ["e.parquet", "e.h5", "e"] {
        embed(&format!("--out {out}")).refused(&["ends neither in .npy nor in .safetensors"]);
    }
    let told = embed("--out no/e.npy");
    assert!(!told.stderr.contains("embed  "), "{}", told.stderr);
    assert_eq!(told.stderr.matches("cannot write").count(), 0);
    told.refused(&["no/e.npy cannot be written: the folder no does not exist; make it"]);
    embed("--out data/e.npy").refused(&["data/e.npy lies in the data folder"]);
    embed("--out e.npy --mode last-block").refused(&["no one embedding", "--mode probe"]);
    embed("--out e.npy --normalise fold").refused(&["no one embedding", "--normalise dataset"]);
    let hue = "--set augment.hue=0.1 --set augment.views=2";
    embed(&format!("--out e.npy {hue}")).refused(&["no one embedding", "augment"]);
    assert!(!scratch.path("e.npy").exists() && !scratch.path("e.csv").exists());
    scratch.write("e.csv", "mine");
    embed("--out e.npy").refused(&["e.csv is there already", "--overwrite"]);
    assert_eq!(scratch.text("e.csv"), "mine");
    embed("--out e.npy --overwrite").done();
    embed("--out e.npy").refused(&["e.npy is there already"]);
}

#[test]
fn folds_are_neither_made_nor_warned_of() {
    let scratch = Scratch::new();
    for image in ["benign/1", "benign/2", "malignant/1", "malignant/2"] {
        scratch.write_png(&format!("data/{image}.png"), 32, 32);
    }
    // Ten folds cannot be made of four patches, and nobody asked for any.
    let told = scratch.eosin("embed --data data --out e.npy").done();
    assert!(!told.stderr.contains("fold"), "{}", told.stderr);
    assert_eq!(Array::read(&scratch, "e").tensor.shape, [4, 8, 256]);
}
