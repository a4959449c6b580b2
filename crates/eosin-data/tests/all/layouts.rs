//! Each layout, read right.

use eosin_core::Split;
use eosin_data::{IngestOptions, Layout, Manifest, read_manifest};
use tempfile::tempdir;

use crate::fixtures::{write_png, write_text};

fn read(folder: &std::path::Path) -> Manifest {
    read_manifest(folder, &IngestOptions::default()).unwrap()
}

fn keys(manifest: &Manifest) -> Vec<&str> {
    manifest
        .patches
        .iter()
        .map(|patch| patch.key.as_str())
        .collect()
}

#[test]
fn class_folders_are_read_to_any_depth_and_other_files_are_noted() {
    let dir = tempdir().unwrap();
    for name in [
        "malignant/b.png",
        "benign/deep/er/a.PNG",
        "benign/z.jpg",
        ".hidden/x.png",
    ] {
        write_png(&dir.path().join(name), 8);
    }
    write_text(&dir.path().join("benign/readme.txt"), "notes");
    let manifest = read(dir.path());
    assert_eq!(manifest.layout, Layout::CLASS_FOLDERS);
    assert_eq!(manifest.classes, ["benign", "malignant"]);
    assert_eq!(
        keys(&manifest),
        ["benign/deep/er/a.PNG", "benign/z.jpg", "malignant/b.png"]
    );
    assert_eq!(manifest.class_counts(), [2, 1]);
    assert_eq!(
        manifest.notes,
        ["1 file is not used: the name has no image ending"]
    );
}

#[test]
fn split_folders_give_each_patch_its_part() {
    let dir = tempdir().unwrap();
    for name in [
        "train/a/1.png",
        "train/b/1.png",
        "val/a/1.png",
        "test/b/1.png",
    ] {
        write_png(&dir.path().join(name), 8);
    }
    let manifest = read(dir.path());
    assert_eq!(manifest.layout.to_string(), "part/class");
    let parts: Vec<_> = manifest.patches.iter().map(|patch| patch.split).collect();
    let expected = [Split::Test, Split::Train, Split::Train, Split::Val].map(Some);
    assert_eq!(parts, expected);
    assert_eq!(manifest.training_pool().len(), 3);
    assert_eq!(manifest.split_counts()[2].by_class, [0, 1], "the test part");
}

#[test]
fn a_manifest_in_the_folder_is_used_and_survives_a_round_trip() {
    let dir = tempdir().unwrap();
    for name in ["x/1.png", "x/2.png", "y/3.png", "y/unlisted.png"] {
        write_png(&dir.path().join(name), 8);
    }
    write_text(
        &dir.path().join("manifest.csv"),
        "\u{feff}Path,label,slide,stainer,split\n./y/3.png,,S2,k,test\nx/2.png,bad,S1,k,train\n\
         x\\1.png,good,S1,k,train\n",
    );
    let manifest = read(dir.path());
    assert_eq!(manifest.layout, Layout::Manifest);
    assert_eq!(keys(&manifest), ["x/1.png", "x/2.png", "y/3.png"]);
    let classes: Vec<_> = manifest.patches.iter().map(|patch| patch.class).collect();
    assert_eq!(classes, [Some(1), Some(0), None]);
    assert_eq!(manifest.patches[2].slide.as_deref(), Some("S2"));
    assert_eq!(
        manifest.notes,
        [
            "1 column is not used: stainer",
            "1 image in the folder is not used: no row of the manifest names them",
        ]
    );
    let mut written = Vec::new();
    manifest.write_csv(&mut written).unwrap();
    let again = dir.path().join("again.csv");
    std::fs::write(&again, written).unwrap();
    assert_eq!(read(&again).hash(), manifest.hash());
}

#[test]
fn tabs_separate_as_commas_do() {
    let dir = tempdir().unwrap();
    write_png(&dir.path().join("1.png"), 8);
    write_png(&dir.path().join("2.png"), 8);
    let file = dir.path().join("list.tsv");
    write_text(&file, "path\tlabel\tpatient\n1.png\ta\tP1\n2.png\tb\tP2\n");
    let manifest = read(&file);
    assert_eq!(manifest.patches[1].patient.as_deref(), Some("P2"));
}

#[test]
fn the_datathons_folders_are_read_with_its_label_files() {
    let dir = tempdir().unwrap();
    for name in [
        "train/train_data/7.png",
        "train/train_data/10.png",
        "test/test_data/3.png",
    ] {
        write_png(&dir.path().join(name), 8);
    }
    write_text(&dir.path().join("train/train_label"), "10 1\n7 0\n\n");
    write_text(&dir.path().join("test/test_label"), "3  1\n");
    let manifest = read(dir.path());
    assert_eq!(manifest.layout, Layout::Datathon);
    assert_eq!(keys(&manifest), ["test/3", "train/10", "train/7"]);
    assert_eq!(manifest.classes, ["benign", "malignant"]);
    let classes: Vec<_> = manifest.patches.iter().map(|patch| patch.class).collect();
    assert_eq!(classes, [Some(1), Some(1), Some(0)]);
    std::fs::remove_file(dir.path().join("test/test_label")).unwrap();
    let unlabelled = read(dir.path());
    assert_eq!(unlabelled.patches[0].class, None, "as competitors saw it");
}

#[test]
fn classes_keep_the_order_that_the_caller_gives() {
    let dir = tempdir().unwrap();
    write_png(&dir.path().join("a/1.png"), 8);
    write_png(&dir.path().join("b/1.png"), 8);
    let options = IngestOptions {
        classes: Some(vec!["b".into(), "a".into()]),
        ..IngestOptions::default()
    };
    let manifest = read_manifest(dir.path(), &options).unwrap();
    assert_eq!(manifest.patches[0].class, Some(1));
    let fewer = IngestOptions {
        classes: Some(vec!["b".into(), "c".into()]),
        ..IngestOptions::default()
    };
    let error = read_manifest(dir.path(), &fewer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "label 'a' is none of the classes asked for (b, c); correct the label, or add the class"
    );
}
