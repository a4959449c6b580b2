//! The training patches that are most like an image.

use serde_json::Value;

use crate::scratch::{EPOCHS, Scratch, TRAIN_PATCHES};

fn neighbours(explained: &Value) -> &Vec<Value> {
    explained["nearest"]["neighbours"]
        .as_array()
        .expect("a list")
}

#[test]
fn neighbours_are_training_patches_by_distance_with_whom_they_belong_to() {
    let scratch = Scratch::with_run();
    let test = scratch.keys_of("test");
    let outcome = scratch.eosin(&format!(
        "explain run data/{} data/{} --nearest 5 --out maps --json",
        test[0], test[1]
    ));
    let explained = outcome.done().json();
    let train = scratch.keys_of("train");
    for one in explained["images"].as_array().expect("a list") {
        let near = neighbours(one);
        assert_eq!(near.len(), 5);
        let distances = near.iter().map(|near| near["distance"].as_f64());
        let distances: Vec<f64> = distances.map(|of| of.expect("a number")).collect();
        assert!(
            distances.is_sorted() && distances[0] >= 0.0,
            "{distances:?}"
        );
        let answer = &one["nearest"]["answer"];
        let agreeing = near.iter().filter(|near| near["class"] == *answer).count();
        assert_eq!(one["nearest"]["agreeing"], agreeing);
        assert_eq!(one["nearest"]["agree"], 2 * agreeing > 5);
        for near in near {
            let key = near["key"].as_str().expect("a key");
            assert!(train.iter().any(|of| of == key), "{key}");
            let patient = near["patient"].as_str().expect("a patient");
            assert!(key.contains(patient), "{key} {patient}");
        }
        let strip = scratch.read(one["nearest"]["strip"].as_str().expect("a path"));
        let strip = image::load_from_memory(&strip).expect("a picture");
        assert_eq!((strip.width(), strip.height()), (6 * 140, 140));
    }
    let shown = scratch.eosin(&format!(
        "explain run data/{} --nearest 3 --out more",
        test[0]
    ));
    assert!(shown.done().stdout.contains("of 3 "));
}

#[test]
fn a_training_patch_is_not_its_own_neighbour_and_all_there_are_is_said() {
    let scratch = Scratch::with_run();
    let train = scratch.keys_of("train");
    let outcome = scratch.eosin(&format!(
        "explain run data/{} --nearest 100 --out maps",
        train[3]
    ));
    outcome
        .done()
        .says(&["the run has 36 training patches, fewer than --nearest 100"]);
    let near = scratch.json("maps/explain.json")["images"][0].clone();
    assert_eq!(neighbours(&near).len(), TRAIN_PATCHES - 1);
    assert!(
        neighbours(&near)
            .iter()
            .all(|near| near["key"] != train[3].as_str())
    );
}

#[test]
fn where_no_embeddings_are_it_is_said_what_makes_them() {
    let scratch = Scratch::with_run();
    let image = format!("data/{}", scratch.keys_of("test")[0]);
    scratch
        .eosin(&format!("explain run {image} --nearest 0 --out maps"))
        .refused(&["--nearest 0"]);
    std::fs::rename(scratch.path("cache"), scratch.path("old")).expect("a new name");
    scratch
        .eosin(&format!("explain run {image} --nearest 3 --out maps"))
        .refused(&[
            "eosin embed --data",
            "config.toml",
            "lacks the embeddings of 36 of 36 training patches",
        ]);
    scratch
        .eosin("embed --data data --config run/config.toml")
        .done();
    scratch
        .eosin(&format!("explain run {image} --nearest 3 --out maps"))
        .done();
    scratch
        .eosin(&format!(
            "run --data data --out tail {EPOCHS} --mode last-block"
        ))
        .done();
    scratch
        .eosin(&format!("explain tail {image} --nearest 3 --out tails"))
        .refused(&["train.mode last-block", "'probe' and 'head'"]);
    scratch
        .eosin("ensemble run tail --method geometric --out both")
        .done();
    scratch
        .eosin(&format!("explain both {image} --nearest 3 --out boths"))
        .refused(&["both is an ensemble", "run, tail"]);
    std::fs::rename(scratch.path("data"), scratch.path("gone")).expect("a new name");
    let image = image.replacen("data", "gone", 1);
    scratch
        .eosin(&format!("explain run {image} --nearest 3 --out others"))
        .refused(&["'--nearest' shows training patches"]);
}
