//! Tables.

use eosin_core::Rng;
use eosin_data::{IngestError, IngestOptions, Manifest, find_images, read_manifest};
use rand::RngExt as _;
use tempfile::TempDir;

use super::{check, check_files, each_case, pick};

/// A table and what it tells of each image.
struct Truth {
    dir: TempDir,
    rows: Vec<(String, &'static str)>,
    /// Folds that the table has a column of.
    folds: Option<usize>,
}

impl Truth {
    /// The fold of the row at this place.
    fn fold(&self, at: usize) -> Option<String> {
        Some((at % self.folds?).to_string())
    }
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
    let folds = [None, None, Some(2), Some(3)][rng.random_range(0..4)];
    Truth { dir, rows, folds }
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
    let fold_column = cell(pick(rng, &["fold", "Fold", "cv_fold"]));
    text.extend([&cell(path_column), sign, &cell(label_column)]);
    if truth.folds.is_some() {
        text.extend([sign, &fold_column]);
    }
    text.push_str(end);
    for (at, (name, label)) in truth.rows.iter().enumerate() {
        let name = match how {
            0 => name.replace('/', "\\"),
            1 => name.to_uppercase(),
            2 => name.trim_end_matches(".png").to_owned(),
            3 => format!("D:\\old\\{}", name.replace('/', "\\")),
            4 => name.replace('Ä', "A\u{308}").replace('ä', "a\u{308}"),
            _ => name.clone(),
        };
        text.extend([&cell(&name), sign, blank, &cell(label)]);
        if let Some(fold) = truth.fold(at) {
            text.extend([sign, &cell(&fold)]);
        }
        text.push_str(end);
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
        let predicted = find_images(&[truth.dir.path().join("t.csv")]).expect("the same images");
        check_files(&predicted.manifest);
        for (at, (name, label)) in truth.rows.iter().enumerate() {
            let path = truth.dir.path().join(name);
            let is_it = |patch: &&eosin_data::Patch| patch.source.file() == Some(path.as_path());
            let patch = manifest.patches.iter().find(is_it);
            let patch = patch.unwrap_or_else(|| panic!("{name} is missing"));
            let class = patch.class.map(|class| manifest.classes[class].as_str());
            assert_eq!(class, Some(*label), "{name}");
            assert_eq!(patch.fold, truth.fold(at), "{name}");
            let same = &predicted.manifest.patches[at];
            assert_eq!((&same.key, &same.source), (&patch.key, &patch.source));
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
        let read = read_table(&truth, &bytes);
        if let Ok(found) = find_images(&[truth.dir.path().join("t.csv")]) {
            check_files(&found.manifest);
        }
        if let Ok(manifest) = read {
            check(&manifest);
            assert!(
                manifest.patches.len() <= truth.rows.len(),
                "more patches than images"
            );
            let folds = manifest.patches.iter().filter(|patch| patch.fold.is_some());
            let folds = folds.count();
            let pool = manifest.training_pool().len();
            assert!(folds == 0 || folds == pool, "{folds} of {pool} in a fold");
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
