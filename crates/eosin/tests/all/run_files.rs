//! What a run folder holds, read back.

use std::collections::BTreeMap;
use std::fs;

use crate::scratch::Scratch;

/// The files that one seed must fix to the last byte, beside those of the folds.
const FIXED: [&str; 5] = [
    "predictions.csv",
    "metrics.json",
    "folds.json",
    "manifest.csv",
    "events.jsonl",
];

/// A row of a CSV file by column.
pub type Row = BTreeMap<String, String>;

/// The rows of a CSV text.
pub fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| row.expect("a row of the header's columns"))
        .collect()
}

/// The file's name at the end of a key or path.
pub fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Decision and probabilities, as they are written, by file name: of the rows of one part, or of
/// all where there are no parts.
pub fn answers(rows: &[Row], part: &str) -> BTreeMap<String, [String; 3]> {
    rows.iter()
        .filter(|row| row.get("part").is_none_or(|own| own == part))
        .map(|row| {
            let names = ["key", "path", "filename"];
            let path = names.iter().find_map(|name| row.get(*name));
            let path = path.expect("a key or a path");
            (
                file_name(path),
                ["pred", "prob_benign", "prob_malignant"].map(|name| row[name].clone()),
            )
        })
        .collect()
}

/// Two runs must agree to the last byte in all but times.
#[track_caller]
pub fn assert_same_run(scratch: &Scratch, one: &str, other: &str) {
    let mut names: Vec<String> = FIXED.map(str::to_owned).into();
    names.extend(of_folds(scratch, one));
    assert_eq!(of_folds(scratch, one), of_folds(scratch, other));
    for name in names {
        let [a, b] = [one, other].map(|run| scratch.read(&format!("{run}/{name}")));
        assert!(a == b, "{name} of {one} and {other} differ");
    }
}

/// The files of a run's folds, sorted. What a fold was made from holds the cache's folder, which
/// runs that are to be the same may not share.
fn of_folds(scratch: &Scratch, run: &str) -> Vec<String> {
    let folds = listing(scratch, &format!("{run}/folds")).into_iter();
    let files = folds.flat_map(|fold| {
        let files = listing(scratch, &format!("{run}/folds/{fold}"));
        let path = move |file| format!("folds/{fold}/{file}");
        files.into_iter().map(path)
    });
    files
        .filter(|file| !file.ends_with("outcome.json"))
        .collect()
}

/// The names of all that is in a folder, sorted.
pub fn listing(scratch: &Scratch, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(scratch.path(folder)).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// Copies the test patches to `new`, each under its own name; gives their labels by name.
pub fn copy_test_images(scratch: &Scratch) -> BTreeMap<String, String> {
    fs::create_dir(scratch.path("new")).expect("a new folder");
    let manifest = rows(&scratch.text("data/manifest.csv"));
    let test = manifest.iter().filter(|row| row["split"] == "test");
    test.map(|row| {
        let name = file_name(&row["path"]);
        let (from, to) = (format!("data/{}", row["path"]), format!("new/{name}"));
        fs::copy(scratch.path(&from), scratch.path(&to)).expect("a copy");
        (name, row["label"].clone())
    })
    .collect()
}
