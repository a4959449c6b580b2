//! Images that cannot be used: one problem each, all listed, none hiding the rest.

use std::path::Path;

use eosin_data::{
    DecodeLimits, ImageSums, IngestOptions, InspectOptions, Inspection, NoLedger, ProblemKind,
    decode_rgb_bytes, inspect, read_manifest,
};
use image::ImageFormat;
use tempfile::tempdir;

use crate::fixtures::{picture, rgb_of, write_png};

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture(64).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG whose header claims a size that no pixels follow.
fn png_header_of(side: u32) -> Vec<u8> {
    let mut bytes = encoded(ImageFormat::Png);
    bytes[16..20].copy_from_slice(&side.to_be_bytes());
    bytes[20..24].copy_from_slice(&side.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), step)
    })
}

fn error_of(bytes: &[u8]) -> String {
    decode_rgb_bytes(bytes, "x.png", &DecodeLimits::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_cut_off_file_of_any_format_is_an_error() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::WebP,
    ] {
        let bytes = encoded(format);
        for kept in [bytes.len() / 2, bytes.len() * 9 / 10] {
            let error = error_of(&bytes[..kept]);
            assert!(
                error.starts_with("x.png is truncated: "),
                "{format:?} {kept}: {error}"
            );
            assert!(error.ends_with("copy it again"), "{error}");
        }
    }
}

#[test]
fn text_and_other_formats_named_png_are_named_for_what_they_are() {
    assert_eq!(
        error_of(b"this is not an image\n"),
        "x.png is not an image: its content is text, not PNG, JPEG, TIFF, BMP or WebP; replace it"
    );
    assert!(error_of(b"GIF89a\0\0\0\0").contains("its content is GIF"));
    assert_eq!(error_of(b""), "x.png is empty (0 bytes); copy it again");
}

#[test]
fn an_enormous_image_is_refused_from_its_header() {
    assert_eq!(
        error_of(&png_header_of(30_000)),
        "x.png is 30000x30000 px, above the limit of 8192 px a side (data.max_side_px) and \
         536870912 bytes; cut it into patches"
    );
    for side in [1 << 31, (1 << 31) - 1] {
        let error = error_of(&png_header_of(side));
        let expected = format!("x.png is {side}x{side} px, above the limit of 8192 px a side");
        assert!(error.starts_with(&expected), "{error}");
    }
    let raised = DecodeLimits {
        max_side_px: 40_000,
        ..DecodeLimits::default()
    };
    let error = decode_rgb_bytes(&png_header_of(30_000), "x.png", &raised).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("above the limit of 40000 px a side (data.max_side_px) and 536870912 bytes")
    );
}

#[test]
fn a_single_pixel_is_too_small_to_classify() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(1, 1)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    assert_eq!(
        error_of(bytes.get_ref()),
        "x.png is 1x1 px, too small to classify (at least 8 px a side); export it again"
    );
}

#[test]
fn damage_behind_the_header_is_found_by_decoding() {
    let mut bytes = encoded(ImageFormat::Png);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    assert!(
        error_of(&bytes).starts_with("x.png is damaged: "),
        "{}",
        error_of(&bytes)
    );
}

#[test]
fn no_structure_of_the_decoder_is_shown() {
    let png = encoded(ImageFormat::Png);
    for at in (12..png.len()).step_by(7) {
        let mut bytes = png.clone();
        bytes[at] ^= 0x55;
        if let Err(error) = decode_rgb_bytes(&bytes, "x.png", &DecodeLimits::default()) {
            let error = error.to_string();
            let shown = ["ChunkType", "critical: "]
                .iter()
                .any(|sign| error.contains(sign));
            assert!(!shown, "{error}");
        }
    }
    let mut bytes = png;
    bytes[29] ^= 0x55;
    let error = error_of(&bytes);
    assert!(error.contains("while decoding IHDR chunk"), "{error}");
}

fn bad_folder(dir: &Path) {
    for name in ["a/1.png", "a/2.png", "b/1.png", "b/2.png"] {
        write_png(&dir.join(name), 64);
    }
    write_png(&dir.join("a/other.png"), 32);
    let png = encoded(ImageFormat::Png);
    std::fs::write(dir.join("a/cut.png"), &png[..png.len() / 2]).unwrap();
    std::fs::write(dir.join("a/text.png"), "hello").unwrap();
    std::fs::write(dir.join("b/empty.png"), "").unwrap();
    std::fs::write(dir.join("b/huge.png"), png_header_of(30_000)).unwrap();
    std::fs::write(dir.join("b/renamed.jpg"), &png).unwrap();
    image::RgbImage::from_pixel(64, 64, image::Rgb([244, 243, 245]))
        .save(dir.join("b/blank.png"))
        .unwrap();
}

fn scan(dir: &Path, options: InspectOptions) -> Inspection {
    let manifest = read_manifest(dir, &IngestOptions::default()).unwrap();
    let mut found = inspect(&manifest, &options, &NoLedger, &|_, _| {}).inspection;
    // The images of both classes are one picture.
    let is_other = |note: &String| !note.contains("labels that contradict each other");
    found.notes.retain(is_other);
    found
}

#[test]
fn one_bad_file_never_hides_the_others() {
    let dir = tempdir().unwrap();
    bad_folder(dir.path());
    let decode = InspectOptions {
        decode: true,
        ..InspectOptions::default()
    };
    let found = scan(dir.path(), decode);
    let kinds = found.problems.iter().map(|p| (p.key.as_str(), p.kind));
    let problems: Vec<_> = kinds.collect();
    assert_eq!(
        problems,
        [
            ("a/cut.png", ProblemKind::Truncated),
            ("a/other.png", ProblemKind::OtherSize),
            ("a/text.png", ProblemKind::WrongFormat),
            ("b/blank.png", ProblemKind::NearBlank),
            ("b/empty.png", ProblemKind::EmptyFile),
            ("b/huge.png", ProblemKind::TooLarge),
        ]
    );
    assert_eq!(
        found.problems[1].message,
        "a/other.png is 32x32 px, most images are 64x64 px"
    );
    assert_eq!(
        found.problems[1].fix,
        "give every image one size with --size"
    );
    // What to do is said once, beside what is wrong.
    let [cut, text] =
        [0, 2].map(|at| (&found.problems[at].message, found.problems[at].fix.as_str()));
    assert_eq!(cut.1, "copy it again");
    assert_eq!(text.1, "replace it");
    assert!(
        !cut.0.contains("copy") && !text.0.contains("replace"),
        "{cut:?} {text:?}"
    );
    assert_eq!(found.usual_size_px, Some((64, 64)));
    assert_eq!(found.images.len(), 7);
    assert_eq!(
        found.images[0].sums,
        Some(ImageSums::of(&rgb_of(&picture(64))))
    );
    assert_eq!(
        found.notes,
        ["1 image whose ending is not that of its format; the content decides"]
    );
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Inspection>(&json).unwrap(), found);
}

#[test]
fn skipping_leaves_the_usable_patches_only() {
    let dir = tempdir().unwrap();
    bad_folder(dir.path());
    let manifest = read_manifest(dir.path(), &IngestOptions::default()).unwrap();
    let headers = scan(dir.path(), InspectOptions::default());
    let kept = manifest.without(&headers.bad_keys(true));
    // Without decoding, the cut-off file looks whole: its header is.
    let keys: Vec<&str> = kept
        .patches
        .iter()
        .map(|patch| patch.key.as_str())
        .collect();
    let usable = [
        "a/1.png",
        "a/2.png",
        "a/cut.png",
        "b/1.png",
        "b/2.png",
        "b/blank.png",
    ];
    assert_eq!(keys[..6], usable);
    let resized = InspectOptions {
        sizes_may_differ: true,
        ..InspectOptions::default()
    };
    let problems = scan(dir.path(), resized).problems;
    assert!(
        problems
            .iter()
            .all(|problem| problem.kind != ProblemKind::OtherSize)
    );
}
