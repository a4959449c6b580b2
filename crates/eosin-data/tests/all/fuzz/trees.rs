//! Folder trees.

use std::collections::BTreeMap;
use std::path::Path;

use eosin_core::Rng;
use eosin_data::{IngestError, IngestOptions, Manifest, find_images, read_manifest};
use rand::RngExt as _;
use tempfile::TempDir;

use super::{check, check_files, each_case, pick};

/// Families of names that a level of folders may have.
const FAMILIES: &[&[&str]] = &[
    &["benign", "malignant", "normal", "Benign", "tumour"],
    &[
        "train",
        "val",
        "test",
        "Training",
        "validation",
        "trian",
        "Testdaten",
    ],
    &["fold_0", "fold_1", "fold_2", "cv3"],
    &["0", "1", "2", "10", "01", "-1"],
    &["P001", "P002", "patient_3", "TCGA-A1-A0SB", "8863", "9254"],
    &["slide0", "slide1", "slide 2"],
    &[
        "colon_image_sets",
        "lung_image_sets",
        "colon_aca",
        "lung_scc",
        "colon_n",
    ],
    &["40X", "100X"],
    &[
        "red",
        "blue",
        "grün",
        "gru\u{308}n",
        "红",
        "🎉",
        " x",
        "a;b",
        "50%",
    ],
    &["images", "data"],
    &[
        "__MACOSX",
        ".git",
        "NA",
        "None",
        "unknown",
        "notebooks",
        "runs",
        "Thumbs.db",
    ],
];

const FILES: &[&str] = &[
    "1.png",
    "2.PNG",
    "3.jpg",
    "a b.tiff",
    "._1.png",
    ".hidden.png",
    "notes.txt",
    "x.py",
    "x.dcm",
    "run.json",
    "8863_idx5_x1_y2_class0.png",
    "SOB_B_A-14-22549AB-40-001.png",
    "s1_x1_y2.png",
    "Thumbs.db",
    "ä.png",
    "manifest.txt",
];

fn grow(rng: &mut Rng, folder: &Path, depth: usize) {
    std::fs::create_dir_all(folder).expect("a folder");
    let leaf = depth == 0 || rng.random_range(0..8) == 0;
    if leaf || rng.random_range(0..10) == 0 {
        for _ in 0..rng.random_range(0..3) {
            std::fs::write(folder.join(pick(rng, FILES)), "").ok();
        }
    }
    if leaf {
        return;
    }
    let family = FAMILIES[rng.random_range(0..FAMILIES.len())];
    for _ in 0..rng.random_range(1..4) {
        let other = FAMILIES[rng.random_range(0..FAMILIES.len())];
        let family = if rng.random_range(0..6) == 0 {
            other
        } else {
            family
        };
        let below = folder.join(pick(rng, family));
        if !below.is_file() {
            grow(rng, &below, depth - 1);
        }
    }
    #[cfg(unix)]
    if rng.random_range(0..12) == 0 {
        let target = pick(rng, &["..", ".", "gone", "../benign", "benign"]);
        std::os::unix::fs::symlink(target, folder.join("link")).ok();
    }
}

#[test]
fn any_tree_of_folders_is_read_right_or_refused() {
    each_case(|rng| {
        let dir = TempDir::new().expect("a folder");
        let depth = rng.random_range(1..5);
        grow(rng, dir.path(), depth);
        match read_manifest(dir.path(), &IngestOptions::default()) {
            Ok(manifest) => {
                check(&manifest);
                for class in &manifest.classes {
                    let part = ["train", "val", "test", "training", "validation"];
                    assert!(
                        !part.contains(&class.to_lowercase().as_str()),
                        "class '{class}' of {:?}",
                        keys(&manifest)
                    );
                    assert!(
                        !class.starts_with("fold_") && !class.starts_with("TCGA"),
                        "class '{class}' of {:?}",
                        keys(&manifest)
                    );
                }
                for patch in &manifest.patches {
                    let class = &manifest.classes[patch.class.expect("folders name classes")];
                    assert!(
                        patch.key.split('/').any(|part| part == class),
                        "{}",
                        patch.key
                    );
                }
            }
            Err(error) => check_refusal(dir.path(), &error),
        }
        // What training refuses may be predicted: only then no table was to be read.
        if let Ok(found) = find_images(&[dir.path().to_owned()]) {
            check_files(&found.manifest);
        }
    });
}

fn keys(manifest: &Manifest) -> Vec<&str> {
    let keys = manifest.patches.iter().map(|patch| patch.key.as_str());
    keys.collect()
}

/// A refusal names what it is about, and the ways out that it offers lead where it says.
fn check_refusal(dir: &Path, error: &IngestError) {
    assert!(!error.to_string().is_empty());
    let IngestError::Readings { readings, .. } = error else {
        return;
    };
    for reading in readings {
        let options = IngestOptions {
            layout: Some(reading.layout.parse().expect("a layout")),
            ..IngestOptions::default()
        };
        if let Ok(manifest) = read_manifest(dir, &options) {
            check(&manifest);
            let promised: BTreeMap<&String, usize> =
                reading.classes.iter().map(|(name, n)| (name, *n)).collect();
            let counts = manifest.class_counts();
            let found: BTreeMap<&String, usize> = manifest.classes.iter().zip(counts).collect();
            assert_eq!(found, promised, "{}", reading.layout);
        }
    }
}
