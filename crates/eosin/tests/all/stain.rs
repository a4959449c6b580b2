//! Patches that are given one stain, from the run to the model that is shipped.

use std::fs;

use crate::run_files::{answers, assert_same_run, copy_test_images, rows};
use crate::scratch::{EPOCHS, JOB, Scratch, TEST_PATCHES, TRAIN_PATCHES};

const MACENKO: &str = "--set data.stain=macenko";

/// The target of a run as the cache's recipe has it.
fn text(scratch: &Scratch, run: &str) -> String {
    let record = scratch.json(&format!("{run}/run.json"));
    record["preprocess"][0]["stain"]
        .as_str()
        .expect("a text")
        .to_owned()
}

#[test]
fn a_stain_is_fitted_on_training_patches_kept_in_the_run_and_applied_by_predict() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    for (name, words) in [
        ("probe", format!("{JOB} {MACENKO}")),
        (
            "reinhard",
            format!("{JOB} --set data.stain=reinhard --normalise dataset"),
        ),
        (
            "sizes",
            format!("{JOB} {MACENKO} --set augment.sizes_px=[48]"),
        ),
        (
            "full",
            format!("{EPOCHS} --mode full {MACENKO} --set augment.hed=0.1"),
        ),
    ] {
        let run = scratch.eosin(&format!("run --data data --out {name} {words}"));
        run.done().says(&["are given the stain of the median of"]);
        let again = scratch.eosin(&format!("predict {name} new")).done();
        let of_run = rows(&scratch.text(&format!("{name}/predictions.csv")));
        assert_eq!(
            answers(&rows(&again.stdout), ""),
            answers(&of_run, "test-average"),
            "{name}"
        );
    }
    let fit = scratch.json("probe/stain.json");
    assert_eq!(fit["made_like"]["from"], "training");
    assert_eq!(fit["made_like"]["of"], TRAIN_PATCHES);
    assert_eq!(fit["patches"], TRAIN_PATCHES + TEST_PATCHES);
    assert_eq!(fit["stain"], text(&scratch, "probe"));
    let record = scratch.json("probe/run.json");
    let unchanged = fit["unchanged"].as_array().unwrap().len();
    assert_eq!(record["stain"]["unchanged"], unchanged);
    assert!(
        scratch
            .text("probe/events.jsonl")
            .contains("\"event\":\"stained\"")
    );
    assert!(
        scratch
            .text("probe/report.html")
            .contains("made like the median of")
    );
    // The same patches with one thread, from the cache.
    scratch
        .eosin(&format!(
            "run --data data --out again {JOB} {MACENKO} --threads 1"
        ))
        .done()
        .says(&["0 embeddings computed"]);
    assert_same_run(&scratch, "probe", "again");
}

#[test]
fn test_patches_contribute_nothing_to_the_target() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out one {JOB} {MACENKO}"))
        .done();
    // The test part is replaced by grey.
    let manifest = scratch.text("data/manifest.csv");
    let test = manifest.lines().filter(|line| line.ends_with(",test"));
    let mut count = 0;
    for line in test {
        let path = scratch.path("data").join(line.split(',').next().unwrap());
        let grey: Vec<u8> = (0..32 * 32 * 3_usize)
            .map(|at| u8::try_from(at / 3 * 7 % 200 + count % 50).unwrap())
            .collect();
        image::save_buffer(&path, &grey, 32, 32, image::ExtendedColorType::Rgb8).unwrap();
        count += 1;
    }
    assert_eq!(count, TEST_PATCHES);
    let run = scratch.eosin(&format!("run --data data --out two {JOB} {MACENKO}"));
    run.done()
        .says(&["warning", "keep their own stain", "one colour only"]);
    assert_eq!(text(&scratch, "one"), text(&scratch, "two"));
    let fit = scratch.json("two/stain.json");
    let kept = fit["unchanged"].as_array().unwrap();
    let of_test = kept.iter().filter(|one| one["split"] == "test");
    assert_eq!(of_test.count(), TEST_PATCHES);
    assert!(
        scratch
            .text("two/report.html")
            .contains("keep their own stain")
    );
    copy_test_images(&scratch);
    scratch.eosin("predict two new").done().says(&[&format!(
        "{TEST_PATCHES} of {TEST_PATCHES} images keep their own stain"
    )]);
}

#[test]
fn a_run_without_stain_says_nothing_of_it() {
    let scratch = Scratch::with_run();
    assert!(!scratch.path("run/stain.json").exists());
    let record = scratch.json("run/run.json");
    assert!(record.get("stain").is_none());
    assert!(record["preprocess"][0]["stain"].is_null());
    assert!(!scratch.text("run/config.toml").contains("stain_target"));
}

#[test]
fn targets_that_cannot_be_are_refused_before_anything_is_written() {
    let scratch = Scratch::with_phantom();
    let white = vec![255; 32 * 32 * 3];
    image::save_buffer(
        scratch.path("white.png"),
        &white,
        32,
        32,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
    let manifest = scratch.text("data/manifest.csv");
    let test = manifest
        .lines()
        .find(|line| line.ends_with(",test"))
        .unwrap();
    let test = test.split(',').next().unwrap();
    fs::copy(scratch.path("data").join(test), scratch.path("leak.png")).unwrap();
    let refused = |words: &str| {
        let refused = scratch.eosin(&format!("run --data data --out run {JOB} {words}"));
        assert!(!scratch.path("run").exists(), "{}", refused.stderr);
        refused
    };
    let target = |target: &str| refused(&format!("{MACENKO} --set data.stain_target={target}"));
    target("white.png").refused(&["white.png", "little tissue", "name an image of stained"]);
    target("leak.png").refused(&["leak.png", "is the test patch", test]);
    let leak = image::open(scratch.path("leak.png")).unwrap().to_rgb8();
    let turned = image::imageops::rotate90(&leak);
    let larger = image::imageops::resize(&turned, 48, 48, image::imageops::FilterType::Triangle);
    larger.save(scratch.path("turned.jpg")).unwrap();
    target("turned.jpg").refused(&["turned.jpg", "or shows it", test]);
    target("gone.png").refused(&["gone.png"]);
    refused("--set data.stain_target=reference").refused(&["data.stain is none"]);
    refused("--set data.stain=reinhard --set data.stain_target=reference")
        .refused(&["reinhard has no named reference"]);
    refused("--set data.stain=macenco").refused(&["macenco", "macenko:torchstain"]);
}

#[test]
fn a_grey_set_has_no_stain_to_be_fitted() {
    let scratch = Scratch::with_phantom();
    for line in scratch.text("data/manifest.csv").lines().skip(1) {
        let path = scratch.path("data").join(line.split(',').next().unwrap());
        let picture = image::open(&path).unwrap().to_luma8();
        image::DynamicImage::ImageLuma8(picture)
            .to_rgb8()
            .save(&path)
            .unwrap();
    }
    scratch
        .eosin(&format!("run --data data --out run {JOB} {MACENKO}"))
        .refused(&[
            "none of 36 training patches has stains",
            "one colour only",
            "data.stain=none",
        ]);
    assert!(!scratch.path("run").exists());
}

#[test]
fn exports_say_that_they_hold_no_stain_and_write_it_beside() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out run {JOB} {MACENKO}"))
        .done();
    scratch.eosin("export run --out model.onnx").done().says(&[
        "no model file holds",
        "model.stain.json",
        "eosin stain",
    ]);
    assert_eq!(
        scratch.text("model.stain.json"),
        scratch.text("run/stain.json")
    );
    // Another model of the run has the same beside it; what the run was not trained on has none.
    scratch.eosin("export run --out model.safetensors").done();
    let fit = scratch.text("run/stain.json");
    let changed = scratch.json("run/stain.json")["target"]["stains"]["strengths"][0].to_string();
    assert!(changed.contains('.'), "{fit}");
    scratch.write("run/stain.json", fit.replace(&changed, "1.25"));
    scratch
        .eosin("export run --out other.onnx")
        .refused(&["run/stain.json is not what the run was trained on"]);
    assert!(!scratch.path("other.onnx").exists());
    scratch.write("run/stain.json", &fit);
    scratch.eosin("pack run --out packed").done();
    assert_eq!(
        scratch.text("packed/stain.json"),
        scratch.text("run/stain.json")
    );
    // What stands beside the model makes the same of images as the run did.
    copy_test_images(&scratch);
    scratch
        .eosin("stain --data new --target model.stain.json --out made --preview sheet.png")
        .done();
    scratch
        .eosin("stain --data data --out whole --preview other.png")
        .done();
    let made = fs::read_dir(scratch.path("made/new")).unwrap();
    assert_eq!(made.count(), TEST_PATCHES);
    scratch
        .eosin("stain --data new --target model.stain.json --method reinhard --overwrite --preview sheet.png")
        .refused(&["is a target of macenko"]);
}

#[test]
fn a_sheet_shows_patches_before_and_after() {
    let scratch = Scratch::with_phantom();
    let shown = scratch.eosin("stain --data data --preview sheet.png --patches 4");
    let shown = shown.done();
    assert!(
        shown.stdout.contains("36 training patches by macenko"),
        "{}",
        shown.stdout
    );
    let sheet = image::open(scratch.path("sheet.png")).unwrap().to_rgb8();
    assert_eq!(sheet.dimensions(), (2 * 196 + 4, 4 * 196 + 4));
    scratch
        .eosin("stain --data data --preview sheet.png")
        .refused(&["sheet.png is there already"]);
    let white = vec![255; 40 * 40 * 3];
    image::save_buffer(
        scratch.path("white.png"),
        &white,
        40,
        40,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
    scratch
        .eosin("stain --data white.png --preview white-sheet.png")
        .refused(&["none of 1 training patches has stains", "little tissue"]);
    let kept = scratch
        .eosin("stain --data white.png --target reference --preview white-sheet.png")
        .done()
        .says(&["keeps its own stain: white.png"]);
    assert!(
        kept.stdout.contains("1 of 1 keep their own"),
        "{}",
        kept.stdout
    );
}

#[test]
fn an_ablation_says_what_a_stain_method_does() {
    let scratch = Scratch::with_phantom();
    let factors = "--factor data.stain=macenko --factor data.stain=reinhard";
    scratch
        .eosin(&format!(
            "ablate --data data --out ablation {JOB} {factors}"
        ))
        .done()
        .says(&["data.stain=macenko", "data.stain=reinhard"]);
}

#[test]
fn members_of_an_ensemble_keep_their_own_stain() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    for (name, words) in [("plain", ""), ("stained", MACENKO)] {
        let job = format!("run --data data --out {name} {JOB} {words}");
        scratch.eosin(&job).done();
    }
    for method in ["soft", "concat"] {
        let job = format!("ensemble plain stained --method {method} --out {method}");
        scratch.eosin(&job).done();
        let again = scratch.eosin(&format!("predict {method} new")).done();
        let of_run = rows(&scratch.text(&format!("{method}/predictions.csv")));
        assert_eq!(
            answers(&rows(&again.stdout), ""),
            answers(&of_run, "test-average"),
            "{method}"
        );
        scratch
            .eosin(&format!("export {method} --out {method}.onnx"))
            .refused(&["stained", "no model file holds"]);
    }
}

#[test]
fn a_run_goes_on_with_the_stain_that_it_began_with_or_not_at_all() {
    let scratch = Scratch::with_phantom();
    let names = scratch.keys_of("train");
    let images = [&names[0], &names[1]].map(|name| scratch.path(&format!("data/{name}")));
    // Byte by byte another image than any patch: what follows a PNG is not looked at.
    let target = |from: &std::path::Path| {
        let mut bytes = fs::read(from).unwrap();
        bytes.push(0);
        fs::write(scratch.path("target.png"), bytes).unwrap();
    };
    target(&images[0]);
    let job = format!("{JOB} {MACENKO} --set data.stain_target=target.png");
    scratch
        .eosin(&format!("run --data data --out run {job}"))
        .done();
    let metrics = scratch.text("run/metrics.json");
    // As if it had been killed before it was complete.
    fs::remove_file(scratch.path("run/run.json")).unwrap();
    target(&images[1]);
    scratch.eosin("run --resume run").refused(&[
        "target.png",
        "no longer what the run began with",
        "run/stain.json",
    ]);
    target(&images[0]);
    scratch.eosin("run --resume run").done();
    assert_eq!(scratch.text("run/metrics.json"), metrics);
}
