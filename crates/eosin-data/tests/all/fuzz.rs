//! Folder trees and tables at random: read right or refused, never a panic, never a silent class.
//!
//! `EOSIN_FUZZ` is the number of cases (`cargo xtask fuzz [N]`), `EOSIN_FUZZ_SEED` their seed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eosin_core::{Rng, Seed, Stream};
use eosin_data::{IngestError, IngestOptions, Manifest, likeness, read_manifest};
use rand::RngExt as _;
use tempfile::TempDir;

const QUICK: u64 = 400;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Calls `case` with a generator for each case, and says which one failed.
fn each_case(case: impl Fn(&mut Rng)) {
    let seed = Seed(setting("EOSIN_FUZZ_SEED", 1));
    for number in 0..setting("EOSIN_FUZZ", QUICK) {
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            case(&mut seed.stream(Stream::Shuffle, &[number]));
        }));
        assert!(failed.is_ok(), "case {number} of seed {} failed", seed.0);
    }
}

fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.random_range(0..from.len())]
}

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

/// What must hold of everything that was read.
fn check(manifest: &Manifest) {
    let mut keys = BTreeSet::new();
    let mut used = BTreeSet::new();
    for patch in &manifest.patches {
        assert!(keys.insert(&patch.key), "key {} twice", patch.key);
        let path = patch.source.file().expect("a file");
        assert!(path.is_file(), "{} is no file", path.display());
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(!name.starts_with('.'), "a stray: {name}");
        used.extend(patch.class);
    }
    let alike: BTreeSet<String> = manifest
        .classes
        .iter()
        .map(|class| likeness(class))
        .collect();
    assert_eq!(
        alike.len(),
        manifest.classes.len(),
        "{:?}",
        manifest.classes
    );
    assert_eq!(used.len(), manifest.classes.len(), "{:?}", manifest.classes);
    for class in &manifest.classes {
        let small = class.trim().to_lowercase();
        let unknown = [
            "", "na", "none", "nan", "null", "-", "unknown", "__macosx", ".git",
        ];
        assert!(!unknown.contains(&small.as_str()), "class '{class}'");
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
                        "class '{class}'"
                    );
                    assert!(
                        !class.starts_with("fold_") && !class.starts_with("TCGA"),
                        "{class}"
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
    });
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

/// A table and the class of each image that it tells.
struct Truth {
    dir: TempDir,
    rows: Vec<(String, &'static str)>,
}

fn truth(rng: &mut Rng) -> Truth {
    let dir = TempDir::new().expect("a folder");
    let mut rows = Vec::new();
    for number in 0..rng.random_range(2..8) {
        let folder = pick(rng, &["img", "Präparate", "a b"]);
        let name = format!("{folder}/{}{number}.png", pick(rng, &["s", "Ä", "x,"]));
        std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        std::fs::write(dir.path().join(&name), "").expect("a file");
        rows.push((
            name,
            if number % 2 == 0 {
                "benign"
            } else {
                "malignant"
            },
        ));
    }
    Truth { dir, rows }
}

/// The same table as another program writes it.
fn written(rng: &mut Rng, truth: &Truth) -> Vec<u8> {
    let sign = pick(rng, &[",", ";", "\t", "|"]);
    let end = pick(rng, &["\n", "\r\n", "\r"]);
    let quoted = rng.random_range(0..2) == 0;
    let cell = |text: &str| {
        if quoted || text.contains([',', ';']) {
            format!("\"{text}\"")
        } else {
            text.to_owned()
        }
    };
    let path_column = pick(rng, &["path", "Path", "image_id", "file name", "ID"]);
    let label_column = pick(rng, &["label", "Label", "class", "target"]);
    let how = rng.random_range(0..6);
    let blank = pick(rng, &["", " ", "\u{a0}"]);
    let mut text = String::new();
    if rng.random_range(0..4) == 0 {
        text.extend(["sep=", sign, end]);
    }
    text.extend([&cell(path_column), sign, &cell(label_column), end]);
    for (name, label) in &truth.rows {
        let name = match how {
            0 => name.replace('/', "\\"),
            1 => name.to_uppercase(),
            2 => name.trim_end_matches(".png").to_owned(),
            3 => format!("D:\\old\\{}", name.replace('/', "\\")),
            4 => name.replace('Ä', "A\u{308}").replace('ä', "a\u{308}"),
            _ => name.clone(),
        };
        text.extend([&cell(&name), sign, blank, &cell(label), end]);
    }
    let units = || text.encode_utf16();
    match rng.random_range(0..5) {
        0 => [
            &[0xff, 0xfe][..],
            &units().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        ]
        .concat(),
        1 => [
            &[0xfe, 0xff][..],
            &units().flat_map(u16::to_be_bytes).collect::<Vec<_>>(),
        ]
        .concat(),
        2 => [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
        3 if text.chars().all(|c| u32::from(c) < 256) => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect(),
        _ => text.into_bytes(),
    }
}

fn read_table(truth: &Truth, bytes: &[u8]) -> Result<Manifest, IngestError> {
    let file = truth.dir.path().join("t.csv");
    std::fs::write(&file, bytes).expect("a file");
    read_manifest(&file, &IngestOptions::default())
}

#[test]
fn a_table_says_the_same_however_it_is_written() {
    each_case(|rng| {
        let truth = truth(rng);
        let bytes = written(rng, &truth);
        let manifest = read_table(&truth, &bytes);
        let manifest = manifest.unwrap_or_else(|error| {
            panic!("{error}\n{}", String::from_utf8_lossy(&bytes));
        });
        check(&manifest);
        assert_eq!(manifest.patches.len(), truth.rows.len());
        for (name, label) in &truth.rows {
            let path = truth.dir.path().join(name);
            let is_it = |patch: &&eosin_data::Patch| patch.source.file() == Some(path.as_path());
            let patch = manifest.patches.iter().find(is_it);
            let patch = patch.unwrap_or_else(|| panic!("{name} is missing"));
            let class = patch.class.map(|class| manifest.classes[class].as_str());
            assert_eq!(class, Some(*label), "{name}");
        }
    });
}

#[test]
fn a_damaged_table_is_refused_or_gives_sound_patches() {
    each_case(|rng| {
        let truth = truth(rng);
        let mut bytes = written(rng, &truth);
        for _ in 0..rng.random_range(1..6) {
            damage(rng, &mut bytes);
        }
        if let Ok(manifest) = read_table(&truth, &bytes) {
            check(&manifest);
            assert!(
                manifest.patches.len() <= truth.rows.len(),
                "more patches than images"
            );
        }
    });
}

fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    match rng.random_range(0..6) {
        0 => bytes[at] = rng.random(),
        1 => bytes.truncate(at),
        2 => {
            bytes.remove(at);
        }
        3 => {
            let end = bytes.len().min(at + 20);
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        4 => bytes.insert(at, *pick(rng, &[&b',', &b'"', &b'\n', &b';', &0])),
        _ => {
            let word = pick(
                rng,
                &["NA", "nan", "Benign", "benign ", "None", "1.0", "01"],
            );
            bytes.splice(at..at, word.bytes());
        }
    }
}
