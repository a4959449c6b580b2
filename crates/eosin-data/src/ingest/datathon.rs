//! The 2020 datathon's layout: numbered images beside a file of `<integer> <0|1>` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use eosin_core::Split;

use super::IngestError;
use super::found::{Found, FoundPatch};
use super::images::list;
use crate::table::read_text;

/// The words for the datathon's classes 0 and 1.
const CLASSES: [&str; 2] = ["benign", "malignant"];

/// Reads `train` and, when present, `test`; keys are `train/<integer>`.
///
/// A `test` folder without `test_label` is the set as competitors saw it: unlabelled.
pub(super) fn read(root: &Path) -> Result<Found, IngestError> {
    let mut found = Found {
        root: root.to_owned(),
        declared: CLASSES.map(|class| (class.to_owned(), None)).into(),
        ..Found::default()
    };
    let mut unmatched = (Vec::new(), Vec::new());
    add_part(&mut found, &mut unmatched, Split::Train)?;
    if root.join("test").is_dir() {
        add_part(&mut found, &mut unmatched, Split::Test)?;
    }
    let (labels_without_image, images_without_label) = unmatched;
    if labels_without_image.is_empty() && images_without_label.is_empty() {
        return Ok(found);
    }
    Err(IngestError::Unmatched {
        labels_without_image,
        images_without_label,
    })
}

fn add_part(
    found: &mut Found,
    unmatched: &mut (Vec<String>, Vec<String>),
    split: Split,
) -> Result<(), IngestError> {
    let folder = found.root.join(split.as_str());
    let images = numbered_images(&folder.join(format!("{split}_data")), split)?;
    let label_file = folder.join(format!("{split}_label"));
    let unlabelled = split == Split::Test && !label_file.exists();
    let labels = if unlabelled {
        found
            .notes
            .push("the test part has no test_label, so its patches are unlabelled".into());
        BTreeMap::new()
    } else {
        read_labels(&label_file, split)?
    };
    let has_no_image = labels.keys().filter(|key| !images.contains_key(*key));
    unmatched.0.extend(has_no_image.cloned());
    for (key, path) in images {
        let label = labels.get(&key);
        if label.is_none() && !unlabelled {
            unmatched.1.push(key.clone());
        }
        found.patches.push(FoundPatch {
            key,
            path,
            label: label.map(|&class| CLASSES[class].to_owned()),
            split: (split == Split::Test).then_some(split),
            ..FoundPatch::default()
        });
    }
    Ok(())
}

fn numbered_images(folder: &Path, split: Split) -> Result<BTreeMap<String, PathBuf>, IngestError> {
    let mut images = BTreeMap::new();
    let mut twice = Vec::new();
    let mut unnumbered = Vec::new();
    for path in list(folder)? {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        match stem.and_then(|stem| stem.parse::<u64>().ok()) {
            None => unnumbered.push(format!("{} is not named <integer>.png", path.display())),
            Some(number) => {
                let key = format!("{split}/{number}");
                if images.insert(key.clone(), path).is_some() {
                    twice.push(key);
                }
            }
        }
    }
    if !unnumbered.is_empty() {
        return Err(IngestError::BadLines {
            path: folder.to_owned(),
            lines: unnumbered,
        });
    }
    if twice.is_empty() {
        return Ok(images);
    }
    Err(IngestError::DuplicateKeys(twice))
}

/// Lines `<integer> <0|1>`, blank separated; empty lines do not count.
fn read_labels(file: &Path, split: Split) -> Result<BTreeMap<String, usize>, IngestError> {
    let text = read_text(file)?.text;
    let mut labels = BTreeMap::new();
    let mut bad = Vec::new();
    let mut twice = BTreeSet::new();
    for (line, text) in (1..)
        .zip(text.lines())
        .filter(|(_, text)| !text.trim().is_empty())
    {
        let Some((number, class)) = parse_line(text) else {
            bad.push(format!(
                "line {line} is '{text}', expected '<integer> <0 or 1>'"
            ));
            continue;
        };
        let key = format!("{split}/{number}");
        if labels.insert(key.clone(), class).is_some() {
            twice.insert(key);
        }
    }
    if !bad.is_empty() {
        return Err(IngestError::BadLines {
            path: file.to_owned(),
            lines: bad,
        });
    }
    if twice.is_empty() {
        return Ok(labels);
    }
    Err(IngestError::DuplicateKeys(twice.into_iter().collect()))
}

fn parse_line(text: &str) -> Option<(u64, usize)> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let class = match words.next()? {
        "0" => 0,
        "1" => 1,
        _ => return None,
    };
    words.next().is_none().then_some((number, class))
}
