//! Weight files: looked into, found by name, refused.

use crate::scratch::{JOB, Scratch};

/// A folder of weights that holds a model of the program's own, called `mine`.
fn with_named_weights() -> Scratch {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    scratch.eosin("export run --out model.safetensors").done();
    scratch.write("shelf/mine.safetensors", scratch.read("model.safetensors"));
    scratch
}

#[test]
fn weights_are_found_by_name_in_the_weights_folder() {
    let scratch = with_named_weights();
    let job = format!("run --data data --out named --weights mine {JOB}");
    let told = scratch
        .eosin_under("export EOSIN_WEIGHTS=shelf", &job)
        .done();
    told.says(&["from the weights folder"]);
    let job = format!("run --data data --out by_path --weights shelf/mine.safetensors {JOB}");
    scratch.eosin(&job).done();
    assert_eq!(
        scratch.read("named/predictions.csv"),
        scratch.read("by_path/predictions.csv")
    );
    // The name stays in the configuration, the path becomes absolute.
    assert!(
        scratch
            .text("named/config.toml")
            .contains("weights = \"mine\"")
    );
}

#[test]
fn names_that_cannot_be_used_say_what_to_do() {
    let scratch = Scratch::with_phantom();
    let run = "run --data data --out never --folds 3";
    for (words, parts) in [
        (
            "--weights resnet18.a1_in1k",
            ["add '--backbone resnet18'", "not of eosin_mini"],
        ),
        (
            "--backbone resnet18 --weights resnet18.a1_in1",
            ["no weights are named", "resnet18.a1_in1k"],
        ),
        (
            "--backbone resnet18 --weights resnet18 --offline",
            ["resnet18.a1_in1k", "model.safetensors"],
        ),
        (
            "--backbone resnet18",
            [
                "no weights of its own",
                "eosin weights ls --backbone resnet18",
            ],
        ),
    ] {
        scratch.eosin(&format!("{run} {words}")).refused(&parts);
    }
    assert!(!scratch.path("never").exists());
}

#[test]
fn known_weights_are_listed_with_licence_and_place() {
    let scratch = Scratch::new();
    insta::assert_snapshot!(scratch.eosin("weights ls --backbone vgg16").done().stdout);
}

#[test]
fn a_weight_file_is_described_and_compared() {
    let scratch = with_named_weights();
    let told = scratch
        .eosin("weights show shelf/mine.safetensors")
        .done()
        .stdout;
    assert!(told.contains("fits      eosin_mini"), "{told}");
    let told = scratch.eosin("weights show shelf/mine.safetensors --backbone resnet18");
    assert_eq!(told.code, Some(1));
    assert!(
        told.stdout.contains("missing  layer1.0.bn1.bias"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout.contains("unexpected  blocks.0.bn1.bias"),
        "{}",
        told.stdout
    );
    scratch
        .eosin("weights show shelf/mine.safetensors --backbone eosin_mini")
        .done();
}

#[test]
fn a_pickle_that_wants_more_than_tensors_is_refused_by_name() {
    let scratch = Scratch::with_phantom();
    // Protocol 2: GLOBAL 'os system', a command, TUPLE1, REDUCE, STOP.
    let pickle: &[u8] = b"\x80\x02cos\nsystem\nX\x06\x00\x00\x00touch \x85R.";
    scratch.write("evil.pth", pickle);
    scratch
        .eosin("weights show evil.pth")
        .refused(&["evil.pth", "os.system"]);
    scratch
        .eosin("run --data data --folds 3 --weights evil.pth")
        .refused(&["evil.pth", "os.system"]);
    scratch.write("page.pth", "<!DOCTYPE html><html></html>");
    scratch
        .eosin("weights show page.pth")
        .refused(&["page.pth"]);
}
