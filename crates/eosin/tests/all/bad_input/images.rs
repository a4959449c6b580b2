//! Images that cannot be used: each is listed, none hides the others.

use std::fs;

use crate::run_files::rows;
use crate::scratch::{JOB, Outcome, Scratch};

/// A phantom whose first patch is replaced by `bytes`; gives the patch's key.
fn with_bad_patch(bytes: &[u8]) -> (Scratch, String) {
    let scratch = Scratch::with_phantom();
    let key = scratch.keys().swap_remove(0);
    scratch.write(&format!("data/{key}"), bytes);
    (scratch, key)
}

fn run(scratch: &Scratch) -> Outcome {
    scratch.eosin(&format!("run --data data --out run {JOB}"))
}

/// The bytes of a PNG file that says it has this size and holds next to nothing.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, body) in [
        (b"IHDR", &header[..]),
        (b"IDAT", b"\x78\x9c\x03\0\0\0\0\x01"),
        (b"IEND", b""),
    ] {
        let chunk = [&kind[..], body].concat();
        png.extend(
            u32::try_from(body.len())
                .expect("a short chunk")
                .to_be_bytes(),
        );
        png.extend(&chunk);
        png.extend(crc32(&chunk).to_be_bytes());
    }
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn a_truncated_png_is_listed() {
    let (scratch, key) = with_bad_patch(b"");
    let whole = scratch.read(&format!("data/{}", scratch.keys()[1]));
    scratch.write(&format!("data/{key}"), &whole[..whole.len() / 2]);
    run(&scratch).refused(&[
        &format!("{key} is truncated"),
        "1 of 48 patches cannot be used",
        "--skip-bad",
    ]);
}

#[test]
fn skipping_bad_patches_goes_on_and_records_them() {
    let (scratch, key) = with_bad_patch(b"");
    scratch
        .eosin(&format!("run --data data --out run {JOB} --skip-bad"))
        .done()
        .says(&[&key]);
    assert_eq!(scratch.text("run/skipped.txt"), format!("{key}\n"));
    let predictions = rows(&scratch.text("run/predictions.csv"));
    assert!(predictions.iter().all(|row| row["key"] != key));
    assert!(
        rows(&scratch.text("run/manifest.csv"))
            .iter()
            .all(|row| row["path"] != key)
    );
}

#[test]
fn an_overwritten_run_does_not_keep_the_list_of_skipped_patches() {
    let (scratch, key) = with_bad_patch(b"");
    scratch
        .eosin(&format!("run --data data --out run {JOB} --skip-bad"))
        .done();
    let good = scratch.read(&format!("data/{}", scratch.keys()[1]));
    scratch.write(&format!("data/{key}"), good);
    scratch
        .eosin(&format!("run --data data --out run {JOB} --overwrite"))
        .done();
    assert!(!scratch.path("run/skipped.txt").exists());
}

#[test]
fn an_image_of_one_pixel_is_listed() {
    let (scratch, key) = with_bad_patch(b"");
    scratch.write_png(&format!("data/{key}"), 1, 1);
    run(&scratch).refused(&[&format!("{key} is 1x1 px, too small"), "at least 8 px"]);
}

#[test]
fn an_image_that_claims_an_immense_size_is_refused_before_memory_is_taken() {
    let (scratch, key) = with_bad_patch(&png_that_claims(30_000, 30_000));
    let limited = format!("run --data data --out run {JOB}");
    let refused = scratch.eosin_under("ulimit -v 2000000", &limited);
    refused.refused(&[&format!(
        "{key} is 30000x30000 px, above the limit of 8192 px"
    )]);
}

#[test]
fn text_named_png_is_listed_for_what_it_is() {
    let (scratch, key) = with_bad_patch(b"patient,label\nP001,benign\n");
    let what = format!("{key} is not an image: its content is text");
    run(&scratch).refused(&[&what, "; replace it"]);
}

#[test]
fn several_problems_are_listed_at_once() {
    let (scratch, text) = with_bad_patch(b"not an image");
    let keys = scratch.keys();
    scratch.write(&format!("data/{}", keys[1]), b"");
    scratch.write_png(&format!("data/{}", keys[2]), 1, 1);
    scratch.write(
        &format!("data/{}", keys[3]),
        png_that_claims(30_000, 30_000),
    );
    let told = run(&scratch).refused(&[&text, &keys[1], &keys[2], &keys[3]]);
    told.says(&["is empty (0 bytes)", "4 of 48 patches cannot be used"]);
    let inspected = scratch.eosin("inspect --data data --json");
    assert_eq!(inspected.code, Some(1), "{}", inspected.stderr);
    assert_eq!(
        inspected.json()["problems"].as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn images_of_another_size_want_a_size_to_be_named() {
    let (scratch, key) = with_bad_patch(b"");
    scratch.write_png(&format!("data/{key}"), 48, 48);
    run(&scratch).refused(&[&key, "48x48", "--size"]);
    scratch
        .eosin(&format!("run --data data --out sized {JOB} --size 32"))
        .done();
    assert!(!scratch.path("sized/skipped.txt").exists());
    assert_eq!(rows(&scratch.text("sized/manifest.csv")).len(), 48);
}

#[test]
fn images_that_are_not_square_want_a_policy_to_be_named() {
    let scratch = Scratch::with_phantom();
    for key in scratch.keys() {
        scratch.write_png(&format!("data/{key}"), 48, 32);
    }
    run(&scratch).refused(&["48x32 px, not square", "data.non_square=stretch", "'pad'"]);
    let sized = scratch.eosin(&format!("run --data data --out square {JOB} --size 32"));
    sized.refused(&[
        "48 patches are not square",
        "(48x32)",
        "data.non_square to 'stretch' or 'pad'",
    ]);
    for policy in ["stretch", "pad"] {
        let flags = format!("--size 32 --set data.non_square={policy}");
        scratch
            .eosin(&format!("run --data data --out {policy} {JOB} {flags}"))
            .done();
    }
}

#[test]
fn a_patch_too_small_for_the_network_names_the_smallest_size() {
    let scratch = Scratch::with_phantom();
    let refused = scratch.eosin(&format!("run --data data --out run {JOB} --size 16"));
    refused.refused(&["eosin_mini needs patches of 32 px or more, these are 16"]);
}

#[test]
fn a_bad_image_to_predict_is_named() {
    let scratch = Scratch::with_phantom();
    run(&scratch).done();
    scratch.write("new/a.png", b"not an image");
    scratch
        .eosin("predict run new")
        .refused(&["new/a.png is not an image"]);
    scratch
        .eosin("predict run nowhere.png")
        .refused(&["nowhere.png does not exist"]);
    fs::remove_file(scratch.path("new/a.png")).unwrap();
    scratch
        .eosin("predict run new")
        .refused(&["new holds no image"]);
    scratch.write_png("new/large.png", 48, 48);
    scratch
        .eosin("predict run new")
        .refused(&["new/large.png is 48x48 px"]);
}
