//! Sets of patches that cannot be used, each with the error that says why.

use std::path::Path;

use eosin_data::{IngestOptions, Layout, read_manifest};
use tempfile::{TempDir, tempdir};

use crate::fixtures::{write_png, write_text};

fn folder(images: &[&str], texts: &[(&str, &str)]) -> TempDir {
    let dir = tempdir().unwrap();
    for name in images {
        write_png(&dir.path().join(name), 8);
    }
    for (name, text) in texts {
        write_text(&dir.path().join(name), text);
    }
    dir
}

/// The error's text, with the folder's name replaced by `DIR`.
fn error_of(folder: &Path) -> String {
    let error = read_manifest(folder, &IngestOptions::default()).unwrap_err();
    error
        .to_string()
        .replace(&folder.display().to_string(), "DIR")
}

#[test]
fn a_missing_folder_says_so() {
    let dir = tempdir().unwrap();
    let gone = dir.path().join("gone");
    assert_eq!(
        error_of(&gone),
        "DIR does not exist; give a folder of patches or a CSV manifest"
    );
}

#[test]
fn a_folder_without_classes_or_images_says_what_is_expected() {
    let dir = folder(&[], &[]);
    assert!(error_of(dir.path()).starts_with("DIR holds no class folders, no train/val/test"));
    let empty = folder(&[], &[("notes/readme.md", "x")]);
    assert_eq!(
        error_of(empty.path()),
        "DIR holds no images (png, jpg, tif, bmp, webp)"
    );
    let loose = folder(&["1.png", "2.png"], &[]);
    assert_eq!(
        error_of(loose.path()),
        "2 images lie directly in DIR and in no class folder: 1.png, 2.png; move each into its \
         class folder"
    );
}

#[test]
fn an_empty_class_and_a_single_class_are_refused() {
    let dir = folder(&["benign/1.png"], &[("malignant/readme.md", "x")]);
    assert_eq!(
        error_of(dir.path()),
        "class 'malignant' has no patches to train on; add images to it, or remove the class \
         (folder DIR/malignant holds 1 file, none with the ending of an image)"
    );
    let single = folder(&["benign/1.png", "benign/2.png"], &[]);
    assert_eq!(
        error_of(single.path()),
        "all patches are of one class, 'benign'; a classifier needs at least 2 classes"
    );
    let only_in_test = folder(&["train/a/1.png", "test/a/1.png", "test/b/1.png"], &[]);
    assert_eq!(
        error_of(only_in_test.path()),
        "class 'b' is in the test part only (1 patch), so nothing can be trained to know it; move \
         some of its patches into the train part, or take the class out of the test part"
    );
}

#[test]
fn labels_and_images_that_do_not_match_are_all_listed_at_once() {
    let images = [
        "train/train_data/1.png",
        "train/train_data/2.png",
        "train/train_data/5.png",
    ];
    let dir = folder(&images, &[("train/train_label", "1 0\n3 1\n4 1\n")]);
    assert_eq!(
        error_of(dir.path()),
        "2 labels have no image: train/3, train/4; 2 images have no label: train/2, train/5; add \
         what is missing, or remove the other half"
    );
    let rows: Vec<String> = (0..20).map(|at| format!("{at}.png,a")).collect();
    let rows = rows.join("\n");
    let listed = folder(&[], &[("manifest.csv", &format!("path,label\n{rows}"))]);
    let error = error_of(listed.path());
    assert!(error.starts_with("20 names have no image in "), "{error}");
    assert!(error.contains("manifest.csv: 0.png, 1.png"), "{error}");
    assert!(
        error.contains("7.png and 12 more; correct the name, or remove the row"),
        "{error}"
    );
}

#[test]
fn duplicated_keys_are_refused_in_every_layout() {
    let expected = "1 key occurs more than once: ";
    let csv = folder(
        &["1.png", "2.png"],
        &[("manifest.csv", "path,label\n1.png,a\n2.png,b\n./1.png,b\n")],
    );
    assert_eq!(
        error_of(csv.path()),
        format!("{expected}1.png; keep one of each")
    );
    let images = ["train/train_data/1.png", "train/train_data/2.png"];
    let label = folder(&images, &[("train/train_label", "1 0\n2 1\n1 1\n")]);
    assert_eq!(
        error_of(label.path()),
        format!("{expected}train/1; keep one of each")
    );
    let twice = ["train/train_data/1.png", "train/train_data/1.jpg"];
    let image = folder(&twice, &[("train/train_label", "1 0\n")]);
    assert_eq!(
        error_of(image.path()),
        format!("{expected}train/1; keep one of each")
    );
}

#[test]
fn bad_lines_are_listed_with_their_numbers() {
    let csv = folder(
        &["1.png"],
        &[(
            "manifest.csv",
            "path,label,split\n1.png,a,trian\n1.png,,train\n,b,test\n1.png,b,\n",
        )],
    );
    assert_eq!(
        error_of(csv.path()),
        "4 bad lines in DIR/manifest.csv: line 2 'trian' is unknown; choose one of train, val, \
         test (did you mean 'train'?), line 3 ('1.png') has no label; only rows whose split is \
         'test' may leave it empty, line 4 has no path, line 5 has no split, though other rows \
         have: name train, val or test"
    );
    let labels = folder(
        &["train/train_data/1.png"],
        &[("train/train_label", "1 0\n2 malignant\n")],
    );
    assert_eq!(
        error_of(labels.path()),
        "1 bad line in DIR/train/train_label: line 2 is '2 malignant', expected '<integer> <0 or \
         1>'"
    );
    let column = folder(&["1.png"], &[("manifest.csv", "path,labels\n1.png,a\n")]);
    assert_eq!(
        error_of(column.path()),
        "DIR/manifest.csv has no column 'label'; its columns are path, labels; rename 'labels' to \
         'label'"
    );
    let ragged = folder(&["1.png"], &[("manifest.csv", "path,label\n1.png,a,b\n")]);
    assert!(
        error_of(ragged.path()).starts_with("DIR/manifest.csv has 1 row with more or fewer cells")
    );
}

#[test]
fn ambiguity_is_refused_and_both_fixes_are_named() {
    let dir = folder(&["train/a/1.png", "tset/a/1.png"], &[]);
    assert_eq!(
        error_of(dir.path()),
        "DIR holds the split folder 'train' beside 'tset'; if 'tset' is a class, put it under train, \
         val or test or rename 'tset' to 'test'; if 'train' is a class too, say so with '--layout \
         class'"
    );
    let forced = IngestOptions {
        layout: Some(Layout::CLASS_FOLDERS),
        ..IngestOptions::default()
    };
    let manifest = read_manifest(dir.path(), &forced).unwrap();
    assert_eq!(manifest.classes, ["train", "tset"]);
    let both = folder(
        &[],
        &[
            ("manifest.csv", "path,label\n"),
            ("manifest.tsv", "path\tlabel\n"),
        ],
    );
    assert_eq!(
        error_of(both.path()),
        "DIR holds both manifest.csv and manifest.tsv; remove one, or name the one to use as the \
         manifest"
    );
}

#[test]
fn a_file_that_is_no_manifest_is_refused() {
    let dir = folder(&["1.png"], &[]);
    assert_eq!(
        error_of(&dir.path().join("1.png")),
        "DIR is neither a folder nor a .csv or .tsv manifest; give one of these"
    );
}
