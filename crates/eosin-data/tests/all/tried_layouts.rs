//! Folders as new users had them, each of which was read wrong once.

use std::path::Path;

use eosin_data::{IngestError, IngestOptions, Manifest, find_images, read_manifest};
use tempfile::{TempDir, tempdir};

use crate::fixtures::write_text;

/// Empty files of these names.
fn folder(files: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    for name in files {
        write_text(&dir.path().join(name), "");
    }
    dir
}

fn read(dir: &Path) -> Result<Manifest, String> {
    let read = read_manifest(dir, &IngestOptions::default());
    read.map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
}

#[test]
fn masks_beside_images_are_no_patches() {
    for files in [
        &[
            "benign/images/1.png",
            "benign/masks/1.png",
            "malignant/images/2.png",
            "malignant/masks/2.png",
        ][..],
        &[
            "benign/1.png",
            "benign/Masks/1.png",
            "malignant/2.png",
            "malignant/Masks/2.png",
        ],
        &[
            "benign/1.png",
            "benign/1_mask.png",
            "malignant/2.png",
            "malignant/2-Overlay.tif",
        ],
        &[
            "benign/1.png",
            "benign/1_mask_1.png",
            "malignant/2.png",
            "malignant/2_gt.png",
        ],
        &[
            "images/benign/1.png",
            "images/malignant/2.png",
            "label_images/benign/1.png",
            "label_images/malignant/2.png",
        ],
    ] {
        let dir = folder(files);
        let manifest = read(dir.path()).unwrap();
        assert_eq!(manifest.classes, ["benign", "malignant"], "{files:?}");
        assert_eq!(manifest.patches.len(), 2, "{files:?}");
        let said = "2 images are not used, by the name drawn on images that lie beside: ";
        assert!(
            manifest.notes.iter().any(|note| note.starts_with(said)),
            "{:?}",
            manifest.notes
        );
        assert_eq!(
            find_images(&[dir.path().to_owned()])
                .unwrap()
                .manifest
                .patches
                .len(),
            2
        );
    }
    // Without images beside them they are what there is.
    let alone = folder(&[
        "benign/masks/1.png",
        "malignant/masks/2.png",
        "malignant/3_mask.png",
    ]);
    assert!(
        find_images(&[alone.path().to_owned()])
            .unwrap()
            .manifest
            .patches
            .len()
            > 1
    );
}

#[test]
fn masks_are_known_by_many_names() {
    for name in [
        "GT",
        "gt",
        "ground_truth",
        "GroundTruth",
        "Ground Truth",
        "seg",
        "segmentation",
        "segmented images",
        "binary",
        "Mask",
        "gt_masks",
    ] {
        for images in ["images/", ""] {
            let files = ["benign", "malignant"].map(|class| {
                let image = format!("{class}/{images}1.png");
                [image, format!("{class}/{name}/1.png")]
            });
            let files: Vec<&str> = files.iter().flatten().map(String::as_str).collect();
            let manifest = read(folder(&files).path()).unwrap();
            assert_eq!(manifest.patches.len(), 2, "{files:?}");
            let said = format!("drawn on images that lie beside: {name}");
            let notes = &manifest.notes;
            assert!(notes.iter().any(|note| note.ends_with(&said)), "{notes:?}");
        }
    }
}

#[test]
fn a_folder_of_results_is_no_class() {
    for name in ["results", "Figures", "output_2", "model checkpoints"] {
        let file = format!("{name}/plots/1.png");
        let error = read(folder(&["benign/1.png", "malignant/2.png", &file]).path()).unwrap_err();
        assert_eq!(
            error,
            format!(
                "DIR/{name} would be a class, but its name is that of results; move it away, or \
                 rename it if it is a class"
            )
        );
    }
}

#[test]
fn images_of_formats_that_are_not_read_are_named() {
    let dir = folder(&["a/1.jp2", "a/2.jp2", "b/1.jp2", "b/notes.txt", "b/x.heic"]);
    let expected = "DIR holds no images (png, jpg, tif, bmp, webp), but 3 files that end in .jp2; \
                    convert these to PNG";
    assert_eq!(read(dir.path()).unwrap_err(), expected);
    let error = find_images(&[dir.path().to_owned()])
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("3 files that end in .jp2; convert these to PNG"),
        "{error}"
    );
}

#[test]
fn a_test_part_without_class_folders_is_to_be_predicted() {
    let dir = folder(&["train/a/1.png", "train/b/2.png", "test/3.png"]);
    let error = read(dir.path()).unwrap_err();
    assert!(
        error.starts_with("1 image lies directly in DIR/test")
            && error
                .ends_with("if their classes are not known, move the folder away and predict it"),
        "{error}"
    );
}

#[test]
fn a_fold_or_barcode_beside_other_names_makes_none_of_them_a_class() {
    for files in [
        ["P001/slide0/1.png", "fold_2/2.png"],
        ["TCGA-A1-A0SB/1.png", "benign/2.png"],
        ["cv3/1.png", "red/2.png"],
    ] {
        let error = read(folder(&files).path()).unwrap_err();
        assert!(
            error.contains("'--layout class': 2 classes: "),
            "{files:?}: {error}"
        );
    }
}

#[test]
fn each_way_to_read_a_folder_that_is_offered_is_one() {
    let dir = folder(&[
        "center_0/0a1b2c3d/red/1.png",
        "center_1/deadbe3f/blue/2.png",
        "center_1/deadbe3f/cv3/3.png",
    ]);
    let error = read_manifest(dir.path(), &IngestOptions::default()).unwrap_err();
    let IngestError::Readings { readings, .. } = error else {
        panic!("{error}");
    };
    let layouts: Vec<&str> = readings.iter().map(|way| way.layout.as_str()).collect();
    assert!(layouts.contains(&"any/group/class"), "{layouts:?}");
    for layout in layouts {
        let options = IngestOptions {
            layout: Some(layout.parse().unwrap()),
            ..IngestOptions::default()
        };
        assert_eq!(
            read_manifest(dir.path(), &options).unwrap().patches.len(),
            3
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_with_the_name_of_an_image_is_refused_and_not_waited_for() {
    let dir = folder(&["a/1.png", "b/2.png"]);
    let pipe = dir.path().join("b/pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return eosin_testing::skip("pipe", "there is no mkfifo");
    }
    let expected = "DIR/b/pipe.png is a pipe, socket or device, not a file; move it away";
    assert_eq!(read(dir.path()).unwrap_err(), expected);
}

#[test]
fn one_image_named_twice_is_not_predicted_twice() {
    let dir = folder(&["new/1.png", "new/2.png"]);
    write_text(&dir.path().join("t.csv"), "path\nnew/1.png\n");
    let named = ["new", "t.csv"].map(|name| dir.path().join(name));
    let error = find_images(&named).unwrap_err().to_string();
    assert!(
        error.contains("'new/1.png' are one image: name each image once"),
        "{error}"
    );
}
