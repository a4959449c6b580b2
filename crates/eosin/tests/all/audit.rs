//! `eosin audit`: copies, overlaps, labels, shortcuts.

use std::fs;
use std::path::PathBuf;

use image::imageops;

use crate::scratch::{EXAMINED, Outcome, Scratch};

/// Each of `parts` must be in the result.
#[track_caller]
fn prints(outcome: &Outcome, parts: &[&str]) {
    for part in parts {
        assert!(
            outcome.stdout.contains(part),
            "'{part}' is not in: {}",
            outcome.stdout
        );
    }
}

/// Class folders without any manifest.
struct ClassFolders {
    scratch: Scratch,
    /// That of the benign patches.
    folder: PathBuf,
    /// Its files, sorted.
    names: Vec<PathBuf>,
}

/// Patches with sides of so many pixels.
fn class_folders(size_px: usize) -> ClassFolders {
    let scratch = Scratch::new();
    let options = "--patients 6 --test-patients 0 --slides 1 --patches 4";
    scratch
        .eosin(&format!("phantom --out data {options} --size {size_px}"))
        .done();
    fs::remove_file(scratch.path("data/manifest.csv")).expect("the phantom has a manifest");
    let folder = scratch.path("data/benign");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    ClassFolders {
        scratch,
        folder,
        names,
    }
}

/// Class folders of 96 px in which one patch stands again, changed in several ways.
fn with_copies() -> Scratch {
    let ClassFolders {
        scratch,
        folder,
        names,
    } = class_folders(96);
    let open = |at: usize| image::open(&names[at]).expect("a picture").to_rgb8();
    // The same bytes, with another label.
    fs::copy(&names[0], scratch.path("data/malignant/bytes.png")).expect("a copy");
    let turned = imageops::rotate90(&open(1));
    turned.save(folder.join("turned.png")).expect("a picture");
    let mut brighter = imageops::flip_horizontal(&open(2));
    for value in brighter.iter_mut() {
        *value = u8::try_from(u16::from(*value) * 9 / 10).expect("less");
    }
    brighter
        .save(folder.join("recoloured.jpg"))
        .expect("a picture");
    let crop = imageops::crop_imm(&open(3), 12, 4, 80, 80).to_image();
    let crop = imageops::resize(&crop, 96, 96, imageops::FilterType::CatmullRom);
    crop.save(folder.join("crop.png")).expect("a picture");
    scratch
}

fn pair_of<'a>(audit: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let pairs = audit["pairs"].as_array().expect("a list");
    let with = |pair: &&serde_json::Value| {
        let is = |side: &str| pair[side].as_str().is_some_and(|key| key.contains(name));
        is("a") || is("b")
    };
    let found: Vec<_> = pairs.iter().filter(with).collect();
    assert_eq!(found.len(), 1, "{name}: {pairs:#?}");
    found[0]
}

#[test]
fn copies_are_found_however_they_were_changed_and_share_a_group() {
    let scratch = with_copies();
    let outcome = scratch.eosin(&format!("audit --data data {EXAMINED} --out found"));
    let parts = [
        "2 copies, 1 near-copies, 1 overlaps",
        "1 with labels that differ",
    ];
    prints(&outcome.done(), &parts);
    let audit = scratch.json("found/audit.json");
    let kind = |name: &str| {
        pair_of(&audit, name)["kind"]
            .as_str()
            .expect("a word")
            .to_owned()
    };
    assert_eq!(kind("bytes"), "copy");
    assert_eq!(pair_of(&audit, "bytes")["labels_differ"], true);
    assert_eq!(kind("turned"), "copy");
    assert_eq!(kind("recoloured"), "near-copy");
    assert_eq!(pair_of(&audit, "recoloured")["symmetry"], "hflip");
    assert_eq!(kind("crop"), "overlap");
    let page = scratch.text("found/audit.html");
    assert!(page.contains("data:image/jpeg;base64,"));
    // The pair of one picture with two labels is what no run takes: the doctor names it.
    scratch
        .eosin(&format!(
            "run --data found/groups.csv {EXAMINED} --set train.doctor=warn --out run"
        ))
        .done();
    let folds = scratch.json("run/folds.json");
    assert_eq!(folds["group"], "group");
    for fold in folds["folds"].as_array().expect("a list") {
        let val: Vec<&str> = fold["val"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|key| key.as_str().expect("a key"))
            .collect();
        for pair in audit["pairs"].as_array().expect("a list") {
            let holds = |side: &str| val.contains(&pair[side].as_str().expect("a key"));
            assert_eq!(holds("a"), holds("b"), "{pair}");
        }
    }
}

#[test]
fn a_run_says_which_labels_it_contradicts_and_facts_are_held_against_it() {
    let scratch = Scratch::with_run();
    let outcome = scratch.eosin("audit --data data --run run --out found");
    prints(&outcome.done(), &["are contradicted by run"]);
    let audit = scratch.json("found/audit.json");
    assert_eq!(audit["labels"]["patches"], 36);
    let facts = audit["shortcuts"]["facts"].as_array().expect("a list");
    assert_eq!(facts.len(), 8);
    assert_eq!(facts[5]["name"], "side lengths");
    assert!(facts[5]["score"].is_null(), "all are of one size");
    assert!(audit["pseudo_patients"].is_null(), "patients are known");
}

#[test]
fn a_run_of_other_patches_is_refused() {
    let scratch = Scratch::with_run();
    let text = scratch.text("data/manifest.csv");
    let paths: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    let data = scratch.path("data");
    fs::copy(data.join(paths[1]), data.join(paths[2])).expect("a copy");
    scratch
        .eosin("audit --data data --run run --out found")
        .refused(&["was made of other patches"]);
    assert!(!scratch.path("found").exists());
}

#[test]
fn an_audit_is_not_written_among_the_patches_nor_over_another() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin("audit --data data --out data/found")
        .refused(&["lies in the data folder"]);
    scratch.eosin("audit --data data --out found").done();
    scratch
        .eosin("audit --data data --out found")
        .refused(&["is there already", "'--overwrite'"]);
    scratch
        .eosin("audit --data data --out found --overwrite")
        .done();
}

#[test]
fn many_copies_of_one_patch_are_one_cluster_and_as_many_pairs() {
    let scratch = Scratch::with_class_folders();
    let folder = scratch.path("data/benign");
    let first = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .min()
        .expect("a patch");
    for number in 0..300 {
        fs::copy(&first, folder.join(format!("again_{number}.png"))).expect("a copy");
    }
    let outcome = scratch.eosin(&format!("audit --data data {EXAMINED} --out found"));
    prints(&outcome.done(), &["300 copies"]);
    let audit = scratch.json("found/audit.json");
    assert_eq!(audit["clusters"].as_array().map(Vec::len), Some(1));
    assert_eq!(audit["clusters"][0].as_array().map(Vec::len), Some(301));
}

#[test]
fn empty_glass_is_said_and_nothing_is_made_of_it() {
    let scratch = Scratch::with_class_folders();
    for (number, value) in [255, 250, 245].into_iter().enumerate() {
        let blank = image::RgbImage::from_pixel(32, 32, image::Rgb([value; 3]));
        let path = scratch.path(&format!("data/benign/blank_{number}.png"));
        blank.save(path).expect("a picture");
    }
    scratch
        .eosin(&format!("audit --data data {EXAMINED} --out found"))
        .done()
        .says(&["3 patches show nothing that could be compared"]);
    let audit = scratch.json("found/audit.json");
    assert_eq!(audit["bare"].as_array().map(Vec::len), Some(3));
}

#[test]
fn training_patches_that_are_in_the_test_part_too_are_left_out_of_groups() {
    let scratch = Scratch::new();
    scratch
        .eosin("phantom --out data --patients 6 --test-patients 2 --slides 1 --patches 4 --size 64")
        .done();
    let text = scratch.text("data/manifest.csv");
    let row = |part: &str| {
        let mut rows = text.lines().filter(|line| line.contains(part));
        rows.next()
            .expect("a patch")
            .split(',')
            .next()
            .expect("a path")
            .to_owned()
    };
    let (train, test) = (row(",train"), row(",test"));
    fs::copy(
        scratch.path("data").join(&test),
        scratch.path("data").join(&train),
    )
    .expect("a copy");
    let outcome = scratch
        .eosin("audit --data data --folds 2 --out found")
        .done();
    prints(&outcome, &["1 of these pairs across the test part"]);
    outcome.says(&["groups.csv leaves out"]);
    scratch
        .eosin("run --data found/groups.csv --folds 2 --out run")
        .done();
}

/// Class folders of 64 px in which three patches stand again, turned.
fn with_turned() -> Scratch {
    let ClassFolders {
        scratch,
        folder,
        names,
    } = class_folders(64);
    for (number, name) in names.iter().take(3).enumerate() {
        let picture = image::open(name).expect("a picture").to_rgb8();
        imageops::rotate270(&picture)
            .save(folder.join(format!("turned_{number}.png")))
            .expect("a picture");
    }
    scratch
}

/// What a run says of pairs across folds.
const TORN_APART: &str = "show the same tissue in different folds or parts";

#[test]
fn a_run_says_which_copies_its_folds_tear_apart_and_the_groups_of_an_audit_mend_it() {
    let scratch = with_turned();
    for threads in [1, 2] {
        scratch
            .eosin(&format!(
                "run --data data {EXAMINED} --threads {threads} --out run{threads}"
            ))
            .done()
            .says(&["warning: ", TORN_APART, "eosin audit --data"]);
    }
    assert!(
        scratch.read("run1/audit.json") == scratch.read("run2/audit.json"),
        "audit.json depends on threads"
    );
    let audit = scratch.json("run1/audit.json");
    let folds = scratch.json("run1/folds.json");
    let fold_of = |key: &serde_json::Value| {
        let folds = folds["folds"].as_array().expect("a list");
        let holds = |fold: &serde_json::Value| {
            let val = fold["val"].as_array().expect("a list");
            val.contains(key)
        };
        folds
            .iter()
            .position(holds)
            .expect("a fold validates on it")
    };
    let pairs = audit["pairs"].as_array().expect("a list");
    assert_eq!(pairs.len(), 3, "{pairs:#?}");
    for pair in pairs {
        assert_eq!(pair["kind"], "copy");
        let is_turned = |side: &str| {
            let key = pair[side].as_str();
            key.is_some_and(|key| key.contains("turned_"))
        };
        assert!(is_turned("a") != is_turned("b"), "{pair}");
        let across = pair["across"].as_array().expect("a list");
        let torn_apart = fold_of(&pair["a"]) != fold_of(&pair["b"]);
        assert_eq!(!across.is_empty(), torn_apart, "{pair}");
    }
    let report = scratch.text("run1/report.html");
    assert!(report.contains("<section id=\"pairs\">") && report.contains(TORN_APART));
    assert!(report.contains("alt=\"Patch benign/turned_"));
    scratch
        .eosin(&format!("audit --data data {EXAMINED} --out found"))
        .done();
    let outcome = scratch.eosin(&format!(
        "run --data found/groups.csv {EXAMINED} --out grouped"
    ));
    let outcome = outcome.done();
    assert!(!outcome.stderr.contains(TORN_APART));
    let of_grouped = scratch.json("grouped/audit.json");
    assert_eq!(of_grouped["counts"]["across_folds"], 0);
    // Each run tells what the other comes to.
    let out_of_fold = |run: &str| {
        let metrics = scratch.json(&format!("{run}/metrics.json"));
        metrics["out_of_fold"][0]["auroc"].clone()
    };
    let (random, grouped) = (out_of_fold("run1"), out_of_fold("grouped"));
    assert_ne!(random, grouped);
    for (folds, by) in [(&audit["folds"], "pairs"), (&of_grouped["folds"], "group")] {
        let expected = serde_json::json!({
            "metric": "auroc", "by": by, "grouped": grouped, "random": random,
        });
        assert_eq!(*folds, expected);
    }
    assert!(outcome.stderr.contains("on random ones"));
}

#[test]
fn a_run_without_copies_says_nothing_of_pairs_and_without_a_doctor_looks_for_none() {
    let scratch = Scratch::with_phantom();
    let outcome = scratch.eosin(&format!("run --data data --out run {EXAMINED}"));
    assert!(!outcome.done().stderr.contains(TORN_APART));
    let audit = scratch.json("run/audit.json");
    assert_eq!(audit["pairs"].as_array().map(Vec::len), Some(0));
    assert!(audit["compared"].as_u64().is_some_and(|count| count > 0));
    assert!(!scratch.text("run/report.html").contains("id=\"pairs\""));
    let with_copies = with_turned();
    let outcome = with_copies.eosin(&format!(
        "run --data data --out run {EXAMINED} --set train.doctor=off"
    ));
    assert!(!outcome.done().stderr.contains(TORN_APART));
    assert!(!with_copies.path("run/audit.json").exists());
}
