//! Embeddings that cannot be used, and what cannot be done with those that can.

use std::collections::BTreeMap;
use std::fs;

use eosin_weights::{StateDict, StoredAs, to_safetensors};

use super::array::Array;
use crate::scratch::{JOB, Outcome, Scratch};

/// A phantom with its embeddings in `e.npy` and `e.csv`.
fn scratch() -> Scratch {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    scratch
}

/// A run on a file, which leaves nothing behind where it is refused.
fn run(scratch: &Scratch, words: &str) -> Outcome {
    let told = scratch.eosin(&format!(
        "run --data data --out run {JOB} --embeddings {words}"
    ));
    assert!(
        told.code == Some(0) || !scratch.path("run").exists(),
        "{}",
        told.stderr
    );
    told
}

#[test]
fn a_file_that_is_none_of_embeddings_is_refused() {
    let scratch = scratch();
    run(&scratch, "no.npy").refused(&["cannot read embeddings", "no.npy"]);
    run(&scratch, "e.csv").refused(&["ends neither in .safetensors nor in .npy", "numpy.save"]);
    scratch.write("t.npy", b"PK\x03\x04 not an array");
    run(&scratch, "t.npy").refused(&["does not begin with \\x93NUMPY"]);
    let bytes = scratch.read("e.npy");
    scratch.write("cut.npy", &bytes[..bytes.len() - 4]);
    fs::copy(scratch.path("e.csv"), scratch.path("cut.csv")).unwrap();
    run(&scratch, "cut.npy").refused(&["takes 393216 bytes, but 393212 follow"]);
    let as_text = |from: &str, to: &str| {
        let (head, rest) = bytes.split_at(128);
        let head = String::from_utf8_lossy(head).replace(from, to).into_bytes();
        // The magic word is no text.
        [&bytes[..8], &head[head.len() - 120..], rest].concat()
    };
    scratch.write("big.npy", as_text("<f4", ">f4"));
    run(&scratch, "big.npy").refused(&["its values are '>f4'", "astype('<f4')"]);
    scratch.write("int.npy", as_text("<f4", "<i4"));
    run(&scratch, "int.npy").refused(&["its values are '<i4'"]);
    scratch.write("turned.npy", as_text("False", "True "));
    run(&scratch, "turned.npy").refused(&["Fortran order", "numpy.ascontiguousarray"]);
    let mut flat = Array::read(&scratch, "e");
    flat.tensor.shape = vec![48 * 8 * 256];
    flat.write(&scratch, "flat");
    run(&scratch, "flat.npy").refused(&["shape [98304]", "[patches, views, width]"]);
}

#[test]
fn rows_without_patches_keys_or_numbers_are_refused() {
    let scratch = scratch();
    let array = Array::read(&scratch, "e");
    array.rows(3..48).write(&scratch, "few");
    run(&scratch, "few.npy").refused(&[
        "few.csv has no row for 3 of 48 patches: benign/P000-S0-0000.png",
        "the nearest key to benign/P000-S0-0000.png there is benign/P00",
    ]);
    array.rows((0..48).chain([5])).write(&scratch, "twice");
    run(&scratch, "twice.npy").refused(&[
        &format!("key '{}' stands twice in", array.keys[5]),
        "for rows 5 and 48",
    ]);
    let mut short = array.clone();
    short.keys.pop();
    short.write(&scratch, "short");
    run(&scratch, "short.npy").refused(&[
        "short.npy has 48 rows, and there are 47 keys in",
        "short.csv",
    ]);
    let mut ends = array.clone();
    for key in &mut ends.keys {
        *key = format!("a/{key}");
    }
    let mut both = ends.rows([0]);
    both.keys[0] = format!("b/{}", array.keys[0]);
    ends.tensor.values.extend(both.tensor.values);
    ends.tensor.shape[0] += 1;
    ends.keys.extend(both.keys);
    ends.write(&scratch, "ends");
    run(&scratch, "ends.npy").refused(&["fits 2 keys by the end of their paths"]);
    for value in [f32::NAN, f32::INFINITY] {
        let mut odd = array.clone();
        odd.tensor.values[7 * 8 * 256 + 300] = value;
        odd.write(&scratch, "odd");
        let told = format!("the embedding of '{}'", array.keys[7]);
        run(&scratch, "odd.npy").refused(&[&told, &format!("holds {value}")]);
        let tensors = StateDict::from([("embeddings".to_owned(), odd.tensor)]);
        let keys = serde_json::to_string(&array.keys).unwrap();
        let notes = BTreeMap::from([("keys".to_owned(), keys)]);
        scratch.write(
            "odd.safetensors",
            to_safetensors(&tensors, &notes, StoredAs::F32),
        );
        run(&scratch, "odd.safetensors").refused(&[&told, &format!("holds {value}")]);
    }
    array.write(&scratch, "bare");
    fs::remove_file(scratch.path("bare.csv")).unwrap();
    run(&scratch, "bare.npy").refused(&["nothing says which row of", "bare.csv", "'key'"]);
    scratch.write("bare.csv", "number,size\n1,2\n");
    run(&scratch, "bare.npy").refused(&["column 'key'"]);
    scratch.write("bare.txt", "key\n1\n");
    run(&scratch, "bare.npy").refused(&["bare.csv and", "bare.txt both could hold the keys"]);
}

#[test]
fn tensors_and_notes_that_cannot_be_told_are_refused() {
    let scratch = scratch();
    let array = Array::read(&scratch, "e");
    let file = |names: &[&str], keys: &str| {
        let tensors = names
            .iter()
            .map(|name| ((*name).to_owned(), array.tensor.clone()));
        let notes = BTreeMap::from([("keys".to_owned(), keys.to_owned())]);
        let tensors: StateDict = tensors.collect();
        let bytes = to_safetensors(&tensors, &notes, StoredAs::F32);
        scratch.write("x.safetensors", bytes);
        run(&scratch, "x.safetensors")
    };
    file(&["a", "b"], "[]").refused(&["has no tensor 'embeddings'", "are a, b"]);
    file(&["embeddings"], "a.png, b.png").refused(&["the note 'keys'", "json.dumps"]);
    file(&["embeddings"], "[]").refused(&["has 48 rows, and there are 0 keys"]);
}

#[test]
fn notes_that_contradict_the_array_are_refused() {
    let scratch = scratch();
    let array = Array::read(&scratch, "e");
    let file = |note: &str, value: &str| {
        let tensors = StateDict::from([("embeddings".to_owned(), array.tensor.clone())]);
        let keys = serde_json::to_string(&array.keys).unwrap();
        let notes = [
            ("keys".to_owned(), keys),
            (note.to_owned(), value.to_owned()),
        ];
        let bytes = to_safetensors(&tensors, &BTreeMap::from(notes), StoredAs::F32);
        scratch.write("x.safetensors", bytes);
        run(&scratch, "x.safetensors")
    };
    file("labels", "[\"benign\"]").refused(&["the note 'labels'", "1 of them beside 48 rows"]);
    file("labels", "benign").refused(&["the note 'labels'", "json.dumps(labels)"]);
    file("views", "[\"identity\", \"hflip\"]").refused(&[
        "the note 'views'",
        "says identity, hflip, and the array has 8 view(s)",
    ]);
    let turned = "identity hflip rot90 rot180 rot270 hflip+rot90 hflip+rot180 hflip+rot270";
    let turned: Vec<&str> = turned.split(' ').collect();
    file("views", &serde_json::to_string(&turned).unwrap())
        .refused(&["all eight, in this order: identity, rot90, rot180"]);
    // Somebody's own note of that name.
    file("views", "from the east").done();
}

#[test]
fn columns_that_are_not_looked_at_are_said() {
    let scratch = scratch();
    let table = scratch.text("e.csv");
    assert!(table.starts_with("key,label,patient,"), "{table}");
    run(&scratch, "e.npy")
        .done()
        .says(&["note: patient, slide, split beside the embeddings is not looked at"]);
}

#[test]
fn views_that_are_not_there_are_refused() {
    let scratch = scratch();
    let array = Array::read(&scratch, "e");
    array.views(1).write(&scratch, "one");
    array.views(5).write(&scratch, "five");
    run(&scratch, "one.npy --augment d4").refused(&[
        "augment.symmetry is d4, and",
        "has 1 view(s)",
        "--augment none",
    ]);
    run(&scratch, "one.npy --set predict.views=d4").refused(&["predict.views is d4"]);
    run(&scratch, "five.npy --augment flips").refused(&["augment.symmetry is flips", "5 view(s)"]);
    run(&scratch, "five.npy --set predict.views=none").refused(&["predict.views is none", "all 5"]);
}

#[test]
fn what_needs_a_network_is_refused() {
    let scratch = scratch();
    for mode in ["last-block", "last-n", "full", "head-then-full"] {
        run(&scratch, &format!("e.npy --mode {mode}"))
            .refused(&[&format!("train.mode is {mode}"), "probe or head"]);
    }
    for words in [
        "--backbone eosin_mini",
        "--weights random",
        "--normalise dataset",
        "--size 64",
        "--set backbone.precision=int8",
    ] {
        run(&scratch, &format!("e.npy {words}")).refused(&[words, "is about a network"]);
    }
    run(&scratch, "e.npy --set augment.hue=0.1 --mode head").refused(&["augment", "no pixels"]);
    scratch
        .eosin(&format!(
            "embed --data data --embeddings e.npy --out f.npy {JOB}"
        ))
        .refused(&["there is nothing to embed"]);
    run(&scratch, "e.npy").done();
    scratch
        .eosin("export run --out model.onnx")
        .refused(&["there is no network", "e.npy"]);
    let image = format!("data/{}", scratch.keys()[0]);
    scratch
        .eosin(&format!("predict run {image}"))
        .refused(&["there is no network", "--embeddings FILE"]);
    scratch
        .eosin(&format!("run --data data --out of-network {JOB}"))
        .done();
    scratch
        .eosin("predict of-network --embeddings e.npy")
        .refused(&["trained on a network's own embeddings of images"]);
}

#[test]
fn labels_that_contradict_the_data_are_refused() {
    let scratch = scratch();
    let table = scratch.text("e.csv");
    let first = scratch.keys()[0].clone();
    assert!(first.starts_with("benign/"));
    let turned = table.replace(&format!("{first},benign"), &format!("{first},Malignant"));
    assert_ne!(table, turned);
    scratch.write("e.csv", &turned);
    run(&scratch, "e.npy").refused(&[
        &format!("patch '{first}' is 'benign' in the data and 'malignant' in"),
        "e.csv: mend whichever is wrong, or leave the labels out of",
    ]);
    // All of them the wrong way round.
    let swapped = table
        .replace(",benign", ",x")
        .replace(",malignant", ",benign")
        .replace(",x", ",malignant");
    scratch.write("e.csv", swapped);
    run(&scratch, "e.npy").refused(&["(and so 47 more patches)"]);
    // The same in the notes of a file.
    let array = Array::read(&scratch, "e");
    let json = |texts: &[String]| serde_json::to_string(texts).unwrap();
    let labels = vec!["malignant".to_owned(); 48];
    let notes = BTreeMap::from([
        ("keys".to_owned(), json(&array.keys)),
        ("labels".to_owned(), json(&labels)),
    ]);
    let tensors = StateDict::from([("embeddings".to_owned(), array.tensor)]);
    let bytes = to_safetensors(&tensors, &notes, StoredAs::F32);
    scratch.write("x.safetensors", bytes);
    run(&scratch, "x.safetensors").refused(&["x.safetensors (and so 27 more patches)"]);
    // Labels in other words cannot be held against the data's, which is said.
    let numbers = table.replace(",benign", ",0").replace(",malignant", ",1");
    scratch.write("e.csv", numbers);
    run(&scratch, "e.npy")
        .done()
        .says(&["the labels that stand beside 48 of the embeddings name no class of the data"]);
}
