//! What files hold beside their pixels, and what of it tells classes apart.

use std::path::Path;

use eosin_data::{
    IngestOptions, InspectOptions, Inspection, NoLedger, ProblemKind, inspect, read_manifest,
};
use image::{ImageBuffer, Rgb};
use tempfile::tempdir;

use crate::fixtures::picture;

const CONTRADICTION: &str = "labels that contradict each other";

/// What is found, but for the one picture that most fixtures have in both classes.
fn scan(dir: &Path) -> Inspection {
    let mut found = scan_whole(dir);
    found.notes.retain(|note| !note.contains(CONTRADICTION));
    found
}

fn scan_whole(dir: &Path) -> Inspection {
    let manifest = read_manifest(dir, &IngestOptions::default()).unwrap();
    let options = InspectOptions {
        decode: true,
        sizes_may_differ: true,
        ..InspectOptions::default()
    };
    inspect(&manifest, &options, &NoLedger, &|_, _| {}).inspection
}

/// Writes eight images of each class.
fn write_classes(dir: &Path, write: impl Fn(&Path, &str, u32)) {
    for class in ["benign", "malignant"] {
        std::fs::create_dir_all(dir.join(class)).unwrap();
        for at in 0..8 {
            write(&dir.join(class).join(at.to_string()), class, at);
        }
    }
}

fn write_jpeg(path: &Path, quality: u8) {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
    picture(32).write_with_encoder(encoder).unwrap();
    std::fs::write(path.with_extension("jpg"), bytes).unwrap();
}

/// A 16-bit TIFF whose values are those of the picture times `factor`.
fn write_wide(path: &Path, factor: u16) {
    let picture = picture(32);
    let wide: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_fn(32, 32, |x, y| {
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|value| u16::from(value) * factor))
    });
    wide.save(path.with_extension("tif")).unwrap();
}

#[test]
fn one_picture_under_two_labels_is_said_with_both_keys() {
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, class, at| {
        let mut own = picture(32);
        let byte = u8::try_from(at).unwrap() + if class == "benign" { 0 } else { 100 };
        own.put_pixel(0, 0, Rgb([byte; 3]));
        own.save(path.with_extension("png")).unwrap();
    });
    let said = |dir: &Path| {
        let mut notes = scan_whole(dir).notes.into_iter();
        notes.find(|note| note.contains(CONTRADICTION))
    };
    let copy = |from: &str, to: &str| {
        std::fs::copy(dir.path().join(from), dir.path().join(to)).unwrap();
    };
    copy("benign/1.png", "benign/again.png");
    assert_eq!(said(dir.path()), None);
    copy("benign/3.png", "malignant/x.png");
    assert_eq!(
        said(dir.path()).unwrap(),
        "1 picture has labels that contradict each other, since files with the same content are \
         labelled differently: benign/3.png is 'benign' and malignant/x.png is 'malignant'; keep the \
         one that is right, since a common group would leave the other wrong"
    );
}

#[test]
fn jpeg_quality_and_size_that_tell_classes_apart_are_said() {
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, class, _| {
        write_jpeg(path, if class == "benign" { 90 } else { 60 });
    });
    let notes = scan(dir.path()).notes;
    assert_eq!(
        notes,
        [
            "the JPEG quality tells classes apart, so a network may learn it instead of tissue: \
             benign has 90 (8), malignant has 60 (8)"
        ]
    );
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, class, at| {
        let side = if class == "benign" { 32 } else { 40 };
        crate::fixtures::write_png(&path.with_extension("png"), side + at % 2);
    });
    let notes = scan(dir.path()).notes.join("\n");
    assert!(notes.contains("the size tells classes apart"), "{notes}");
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, _, at| {
        write_jpeg(path, if at % 2 == 0 { 90 } else { 60 });
    });
    assert_eq!(scan(dir.path()).notes, [""; 0], "both classes alike");
}

#[test]
fn twelve_bits_in_sixteen_are_said_and_refused_where_classes_differ() {
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, _, _| write_wide(path, 16));
    let all = scan(dir.path());
    assert_eq!(all.problems, []);
    assert!(
        all.notes[0].starts_with("16 images have 16 bits a sample and values up to"),
        "{:?}",
        all.notes
    );
    assert!(
        all.notes[0].contains("multiply the values by 16"),
        "{:?}",
        all.notes
    );
    write_classes(dir.path(), |path, class, at| {
        write_wide(
            path,
            if class == "benign" || at % 2 == 0 {
                16
            } else {
                257
            },
        );
    });
    let mixed = scan(dir.path());
    assert_eq!(mixed.problems.len(), 12);
    assert!(
        mixed
            .problems
            .iter()
            .all(|problem| problem.kind == ProblemKind::NarrowRange)
    );
    assert!(mixed.problems[0].kind.is_bad());
    write_classes(dir.path(), |path, _, at| {
        write_wide(path, if at % 2 == 0 { 16 } else { 257 });
    });
    let even = scan(dir.path());
    assert_eq!(even.problems, []);
    assert!(
        even.notes[0].contains("only, others more"),
        "{:?}",
        even.notes
    );
}

#[test]
fn pages_are_counted_and_masks_are_said() {
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, _, at| {
        if at == 0 {
            write_pages(path);
        } else {
            crate::fixtures::write_png(&path.with_extension("png"), 32);
        }
    });
    let found = scan(dir.path());
    assert_eq!(
        found.notes,
        ["2 images with several pages or frames, of which the first is read"]
    );
    let dir = tempdir().unwrap();
    write_classes(dir.path(), |path, _, at| {
        let mask = image::GrayImage::from_fn(32, 32, |x, _| image::Luma([u8::from(x > at)]));
        mask.save(path.with_extension("png")).unwrap();
    });
    let notes = scan(dir.path()).notes;
    assert_eq!(
        notes,
        ["16 images have values below 32 of 255 only, as masks have"]
    );
}

fn write_pages(path: &Path) {
    let file = std::fs::File::create(path.with_extension("tif")).unwrap();
    let mut encoder = tiff::encoder::TiffEncoder::new(file).unwrap();
    for _ in 0..3 {
        encoder
            .write_image::<tiff::encoder::colortype::RGB8>(32, 32, picture(32).as_raw())
            .unwrap();
    }
}

#[test]
fn an_orientation_that_only_one_class_has_is_said() {
    let dir = tempdir().unwrap();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    write_classes(dir.path(), |path, class, _| {
        write_jpeg(path, 90);
        if class == "malignant" {
            let jpeg = std::fs::read(path.with_extension("jpg")).unwrap();
            let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
            let turned = [&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat();
            std::fs::write(path.with_extension("jpg"), turned).unwrap();
        }
    });
    let notes = scan(dir.path()).notes.join("\n");
    assert!(
        notes.contains("the EXIF orientation tells classes apart"),
        "{notes}"
    );
}
