//! `eosin explain`: maps of what speaks for a class.

use serde_json::Value;

use crate::scratch::{JOB, Scratch};

/// A run in `run` on patches that are large enough for a map of several places.
fn with_run() -> Scratch {
    let scratch = Scratch::new();
    let options = "--patients 6 --test-patients 2 --slides 1 --patches 3 --size 96";
    scratch
        .eosin(&format!("phantom --out data {options}"))
        .done();
    scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    scratch
}

/// Values of a `.npy` file of single precision, and its shape as it is written there.
fn npy(bytes: &[u8]) -> (String, Vec<f32>) {
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (head, values) = bytes[10..].split_at(header);
    let head = String::from_utf8_lossy(head);
    let shape = head
        .split('(')
        .nth(1)
        .and_then(|rest| rest.split(')').next());
    let values = values
        .as_chunks::<4>()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes);
    (shape.expect("a shape").to_owned(), values.collect())
}

/// The mean over places of what speaks for a class.
fn mean_evidence(values: &[f32], class: usize) -> f64 {
    let places = values.as_chunks::<2>().0;
    let sum: f64 = places
        .iter()
        .map(|place| f64::from(place[class]) - f64::from(place[1 - class]))
        .sum();
    sum / places.len() as f64
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn the_mean_of_a_map_is_the_logit_that_the_run_predicts_with() {
    let scratch = with_run();
    let keys = scratch.keys_of("test");
    let images: Vec<String> = keys
        .iter()
        .take(3)
        .map(|key| format!("data/{key}"))
        .collect();
    let images = images.join(" ");
    let shown = scratch.eosin(&format!("explain run {images} --out maps --json"));
    let explained = shown.done().json();
    assert_eq!(explained, scratch.json("maps/explain.json"));
    let predicted = scratch
        .eosin(&format!("predict run {images} --json"))
        .done()
        .json_lines();
    let explained = explained["images"].as_array().expect("a list");
    assert_eq!(explained.len(), 3);
    for (one, row) in explained.iter().zip(&predicted) {
        assert_eq!(one["way"], "class-map");
        assert_eq!(one["class"], row["pred"], "{one} {row}");
        let class = one["class"].as_str().expect("a class");
        let (shape, values) = npy(&scratch.read(one["map"].as_str().expect("a path")));
        let sides: Vec<usize> = shape
            .split(", ")
            .map(|side| side.parse().unwrap())
            .collect();
        assert_eq!(sides.iter().product::<usize>(), values.len());
        assert!(
            sides[0] > 1 && sides[0] == sides[1] && sides[2] == 2,
            "{shape}"
        );
        let mean = mean_evidence(&values, usize::from(class == "malignant"));
        assert!(
            (mean - number(&one["evidence"])).abs() < 1e-4,
            "{mean} {one}"
        );
        // Embeddings are kept in half precision, maps are not.
        let prob = number(&one["prob"]);
        assert!(
            (prob - 1.0 / (1.0 + (-mean).exp())).abs() < 1e-5,
            "{prob} {mean}"
        );
        assert!(
            (prob - number(&row["probs"][class])).abs() < 5e-3,
            "{one} {row}"
        );
        let picture = scratch.read(one["overlay"].as_str().expect("a path"));
        let picture = image::load_from_memory(&picture).expect("a picture");
        // 96 px are shown three times as large.
        assert_eq!((picture.width(), picture.height()), (288 + 8 + 288, 288));
    }
}

#[test]
fn members_of_an_ensemble_explain_each_by_the_best_way_that_it_has() {
    let scratch = with_run();
    scratch
        .eosin(&format!(
            "run --data data --out hidden {JOB} --mode head --epochs 2 --set train.head=mlp --set train.hidden=8"
        ))
        .done();
    scratch
        .eosin("ensemble run hidden --method geometric --out both")
        .done();
    let image = format!("data/{}", scratch.keys_of("test")[0]);
    let outcome = scratch.eosin(&format!(
        "explain both {image} --class malignant --out maps"
    ));
    assert!(outcome.done().stdout.contains("written to"));
    let explained = scratch.json("maps/explain.json")["images"].clone();
    let ways: Vec<&Value> = (0..2).map(|at| &explained[at]["way"]).collect();
    assert_eq!(ways, ["class-map", "hires-cam"]);
    assert_eq!(explained[1]["member"], "hidden");
    assert_eq!(explained[0]["class"], "malignant");
    let (shape, values) = npy(&scratch.read(explained[1]["map"].as_str().expect("a path")));
    assert_eq!(shape, "3, 3, 2");
    // What offsets bring is no place's.
    let mean = mean_evidence(&values, 1);
    assert!(mean.abs() > 1e-6 && (mean - number(&explained[1]["evidence"])).abs() > 1e-6);
    let covered = scratch.eosin(&format!(
        "explain hidden {image} --way occlusion --out covered --json"
    ));
    let covered = covered.done().json()["images"][0].clone();
    let (shape, values) = npy(&scratch.read(covered["map"].as_str().expect("a path")));
    assert_eq!(shape, "8, 8, 2");
    assert!(values.iter().any(|value| *value != 0.0));
    // The same answer, looked at two ways.
    let given = explained[1].clone();
    let same = (number(&covered["prob"]) - number(&given["prob"])).abs();
    assert!(
        covered["class"] != given["class"] || same < 5e-3,
        "{covered} {given}"
    );
    scratch
        .eosin(&format!(
            "explain hidden {image} --way class-map --out other"
        ))
        .refused(&["hidden has no maps by '--way class-map'", "--way occlusion"]);
    scratch
        .eosin(&format!("explain run {image} --class tumour --out other"))
        .refused(&["tumour is no class of run", "benign, malignant"]);
    scratch
        .eosin(&format!("explain run {image} --out maps"))
        .refused(&["explain.json is there already", "--overwrite"]);
    scratch
        .eosin(&format!("explain run {image} --out data"))
        .refused(&["data is a folder of something else"]);
    assert!(!scratch.path("other").exists());
}

#[test]
fn maps_of_fresh_weights_are_others_and_images_of_other_sizes_are_listed() {
    let scratch = with_run();
    let images: Vec<String> = scratch
        .keys_of("test")
        .iter()
        .take(4)
        .map(|key| format!("data/{key}"))
        .collect();
    let images = images.join(" ");
    let outcome = scratch.eosin(&format!("explain run {images} --sanity --out maps"));
    assert!(outcome.done().stdout.contains("maps of fresh weights"));
    let sanity = scratch.json("maps/explain.json")["sanity"].clone();
    let count = |name: &str| sanity[name].as_u64().expect("a count");
    assert_eq!(count("pairs") + count("constant"), 20);
    let absolute = number(&sanity["absolute"]);
    assert!(number(&sanity["rank_correlation"]).abs() <= absolute && absolute < 1.0);
    scratch
        .eosin(&format!(
            "explain run {images} --sanity --way occlusion --out covers"
        ))
        .refused(&["not through its network", "--sanity"]);
    scratch
        .eosin("phantom --out larger --patients 2 --slides 1 --patches 1 --size 128")
        .done();
    let refused = scratch.eosin("explain run larger --out other");
    refused.refused(&[
        "is 128x128 px, the run's patches are 96x96 px",
        "--resize square",
    ]);
    let outcome = scratch.eosin("explain run larger --resize square --out other --json");
    assert_eq!(
        outcome.done().json()["images"][0]["way"],
        "class-map",
        "brought to size"
    );
}

#[test]
fn a_patch_that_is_covered_has_its_stain_given_once() {
    let scratch = with_run();
    scratch
        .eosin(&format!(
            "run --data data --out stained {JOB} --set data.stain=macenko"
        ))
        .done();
    let image = format!("data/{}", scratch.keys_of("test")[0]);
    let explained = scratch
        .eosin(&format!(
            "explain stained {image} --way occlusion --out maps --json"
        ))
        .done()
        .json();
    let row = scratch.eosin(&format!("predict stained {image} --json"));
    let row: Value = serde_json::from_str(row.done().stdout.trim()).expect("JSON");
    let one = &explained["images"][0];
    let class = one["class"].as_str().expect("a class");
    let (found, expected) = (number(&one["prob"]), number(&row["probs"][class]));
    assert!((found - expected).abs() < 1e-5, "{one} {row}");
}
